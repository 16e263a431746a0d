"""All providers of single sign-on, and changing those that are kept in the database."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction

from seamark.core.errors import NotAllowed, NotFound
from seamark.governance.ledger.record import record
from seamark.pipeline.signon import declared
from seamark.pipeline.signon.audit import note
from seamark.pipeline.signon.model import Provider, checked
from seamark.store.models import SignOn, User
from seamark.store.secretbox import seal, unseal

_PLAIN = (
    "slug", "kind", "address", "name", "client_id", "entity_id", "certificate", "trusts_email", "creates_people",
    "trusts_second_factor", "groups_claim", "groups", "enabled",
)  # fmt: skip


def every() -> list[Provider]:
    """Return all providers: those of the file first, which hide rows of the same slug."""
    written = list(declared.read(settings.SEAMARK_SSO))
    hidden = {one.slug for one in written}
    return written + [_value(row) for row in SignOn.objects.exclude(slug__in=hidden).order_by("name", "id")]


def usable() -> list[Provider]:
    """Return the providers that are switched on."""
    return [one for one in every() if one.enabled]


def named(slug: str) -> Provider | None:
    """Return the provider of a slug, if it is switched on."""
    return next((one for one in usable() if one.slug == slug), None)


@transaction.atomic
def add(provider: Provider, actor: User | None = None) -> Provider:
    """Keep a new provider. Raises `InvalidSetting`, and `NotAllowed` where the slug is taken."""
    provider = checked(provider)
    if any(one.slug == provider.slug for one in every()):
        raise NotAllowed(f"There is a provider {provider.slug} already")
    SignOn.objects.create(**_plain(provider), sealed_secret=seal(provider.secret))
    _record(actor, provider.slug, None, provider)
    return provider


@transaction.atomic
def change(provider: Provider, actor: User | None = None) -> Provider:
    """Keep a provider as it is now; an empty secret keeps the one there is. Raises as `add`, and `NotFound`."""
    provider = checked(provider)
    row = _row(provider.slug)
    before = _value(row)
    if before.kind != provider.kind:
        raise NotAllowed("The kind of a provider stays: add another one")
    for name, value in _plain(provider).items():
        setattr(row, name, value)
    if provider.secret:
        row.sealed_secret = seal(provider.secret)
    row.save()
    _record(actor, provider.slug, before, provider)
    return provider


@transaction.atomic
def remove(slug: str, actor: User | None = None) -> None:
    """Forget a provider; people stay, and what they were linked by. Raises `NotFound`, and `NotAllowed` for one of the file."""
    row = _row(slug)
    before = _value(row)
    row.delete()
    _record(actor, slug, before, None)


def kept(slug: str) -> Provider:
    """Return a provider of the database, switched on or not. Raises `NotFound`, and `NotAllowed` for one of the file."""
    return _value(_row(slug))


def _row(slug: str) -> SignOn:
    if any(one.slug == slug for one in declared.read(settings.SEAMARK_SSO)):
        raise NotAllowed(f"{slug} stands in the file of SEAMARK_SSO: change it there")
    row = SignOn.objects.filter(slug=slug).first()
    if row is None:
        raise NotFound(f"There is no provider {slug[:60]!r}", hint="`seamark sso list` shows all")
    return row


def _plain(provider: Provider) -> dict[str, object]:
    return {name: getattr(provider, name) for name in _PLAIN}


def _value(row: SignOn) -> Provider:
    return Provider(**{name: getattr(row, name) for name in _PLAIN}, secret=unseal(row.sealed_secret))


def _record(actor: User | None, slug: str, before: Provider | None, after: Provider | None) -> None:
    """Note a change as an event and in the ledger; whether there is a secret, never which."""
    told = {"before": _told(before), "after": _told(after)}
    note("sign_on_changed", slug, actor=actor, **told)
    record("sign-on", f"provider {slug}", told, actor=actor)


def _told(provider: Provider | None) -> dict[str, object] | None:
    return None if provider is None else {**_plain(provider), "secret": bool(provider.secret)}
