"""The repositories that take pull requests: added, changed, removed, stopped; and how their forges are reached."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import msgspec
from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from seamark.core.assets import AssetKind, RelationKind
from seamark.core.errors import InvalidSetting, NotAllowed, RemoteFailure
from seamark.governance.access.changes import tell
from seamark.governance.triage.lifecycle import WORKS
from seamark.intake.connectors.guard import Guarded, check_url
from seamark.response.forges.pulls.contract import Home, Pulls
from seamark.response.forges.pulls.forge import FORGES, pulls_of
from seamark.response.remediation.pulls.git import Author
from seamark.response.remediation.pulls.terms import Terms
from seamark.store.access import Visible, visible_to
from seamark.store.models import Asset, Fix, PullRepository, PullSwitch, Relation, User
from seamark.store.permissions import Permission, needed
from seamark.store.secretbox import seal, unseal

RIGHT: Final = Permission.TOKEN_MANAGE
"""The right to manage repositories, held on everything: their secrets are the installation's."""
SECRETS: Final = ("token", "key", "signing")
"""Token or password; private key of a GitHub App; private SSH key that signs commits."""
KEPT: Final = "·" * 8
MERGING: Final = "merging"


def all_of(seen: Visible) -> QuerySet[PullRepository]:
    """Return the repositories of applications that somebody may see, by name."""
    rows = PullRepository.objects.select_related("asset", "asset__application").order_by("name", "pk")
    return rows.filter(asset__in=seen.assets().values("id"))


def manages(seen: Visible) -> bool:
    """Tell whether somebody adds and removes repositories."""
    return seen.may(RIGHT)


@transaction.atomic
def put(
    actor: User | None, asset: Asset, *, forge: str, api: str, remote: str, name: str, base: str = "", terms: Mapping[str, Any] | None = None,
    secrets: Mapping[str, str] | None = None, active: bool = True,
) -> PullRepository:  # fmt: skip
    """Add a repository, or change what is kept of it. `actor` is None for whoever holds the database.

    A secret that is left out or comes as `KEPT` stays, unless an address changes. Raises `NotAllowed`, `RemoteFailure`.
    """
    if actor is not None and not visible_to(actor).may(RIGHT):
        raise NotAllowed(needed(RIGHT))
    if asset.kind != AssetKind.REPOSITORY or asset.application_id is None:
        raise NotAllowed("Pull requests are opened in repositories that belong to an application")
    if forge not in FORGES:
        raise NotAllowed(f"The forge is one of {', '.join(FORGES)}")
    if "/" not in name or len(name) > 300 or not name.isprintable() or ".." in name or set(name) & set("?#%\\"):
        raise NotAllowed("A repository is named owner/name")
    api, remote = api.strip().rstrip("/"), remote.strip()
    for address in (api, remote):
        check_url(address, settings.SEAMARK_INTERNAL_HOSTS)
    row = PullRepository.objects.select_for_update(of=("self",)).filter(asset=asset).first()
    before = _state(row) if row is not None else None
    closed = _completed(row, api, remote, secrets or {})
    row = row or PullRepository(asset=asset)
    row.forge, row.api, row.remote, row.name, row.base = forge, api, remote, name.strip(), base.strip()
    row.details = msgspec.to_builtins(_terms(terms or {}))
    row.secrets = seal(msgspec.json.encode(closed).decode()) if closed else ""
    row.active = active
    row.save()
    tell("pull-repository", f"pull requests in {row.name}", actor=actor, before=before, after=_state(row), application=asset.application)  # fmt: skip
    return row


@transaction.atomic
def remove(actor: User | None, row: PullRepository) -> None:
    """Remove a repository with what is known of its pull requests; at the forge they stay. Raises `NotAllowed`."""
    if actor is not None and not visible_to(actor).may(RIGHT):
        raise NotAllowed(needed(RIGHT))
    tell("pull-repository", f"pull requests in {row.name}", actor=actor, before=_state(row), after=None, application=row.asset.application)  # fmt: skip
    row.delete()


@transaction.atomic
def switch_merging(actor: User | None, row: PullRepository, *, on: bool) -> None:
    """Let safe pull requests of a repository be merged by themselves, or stop that. Stopping takes less. Raises `NotAllowed`."""
    right = Permission.POLICY_EDIT if on else WORKS
    if actor is not None and not visible_to(actor).may(right, row.asset.application_id):
        raise NotAllowed(needed(right, row.asset.application))
    row = PullRepository.objects.select_for_update(of=("self",)).get(pk=row.pk)
    if row.merging != on:
        before = _state(row)
        row.merging = on
        row.save(update_fields=["merging"])
        tell("pull-repository", f"pull requests in {row.name}", actor=actor, before=before, after=_state(row), application=row.asset.application)  # fmt: skip


@transaction.atomic
def switch_all(actor: User | None, *, stopped: bool, why: str = "") -> None:
    """Stop all merging by itself, or take that back. Whoever writes policies anywhere may stop it. Raises `NotAllowed`."""
    right = Permission.POLICY_EDIT
    if actor is not None:
        seen = visible_to(actor)
        if not (seen.may_anywhere(right) if stopped else seen.may(right)):
            raise NotAllowed(needed(right))
    before = {"stopped": is_stopped()}
    PullSwitch.objects.update_or_create(
        name=MERGING, defaults={"stopped": stopped, "why": why[:300], "by": actor, "at": timezone.now()}
    )
    tell("pull-switch", "merging of pull requests by itself", actor=actor, before=before, after={"stopped": stopped, "why": why[:300]})  # fmt: skip


def is_stopped() -> bool:
    """Tell whether nothing is merged by itself anywhere."""
    return PullSwitch.objects.filter(name=MERGING, stopped=True).exists()


def repository_of(fix: Fix) -> PullRepository | None:
    """Return the repository that a fix's pull request goes to, None where none is kept."""
    return next(iter(repositories_for(fix)), None)


def repositories_for(fix: Fix) -> list[PullRepository]:
    """Return the repositories that a fix's pull requests go to: of a base image all of its application that build on it, else the fix's own."""
    own = fix.asset.key.partition("//")[0]
    keys = _building_on(fix) if fix.asset.kind == AssetKind.IMAGE else {own}
    rows = PullRepository.objects.select_related("asset", "asset__application").filter(active=True)
    return list(
        rows.filter(asset__kind=AssetKind.REPOSITORY, asset__key__in=keys, asset__application=fix.application_id).order_by("name", "pk")
    )  # fmt: skip


def _building_on(fix: Fix) -> set[str]:
    """Return the keys of the repositories from which images are built that are based on a fix's image, or that are that image."""
    now = Relation.objects.filter(until=None)
    based = now.filter(kind=RelationKind.BASED_ON, target=fix.asset_id).values("source")
    built = now.filter(Q(source=fix.asset_id) | Q(source__in=based), kind=RelationKind.BUILT_FROM)
    return {key.partition("//")[0] for key in built.values_list("target__key", flat=True)}


def terms_of(row: PullRepository) -> Terms:
    """Return the settings of a repository. Raises `NotAllowed`."""
    return _terms(row.details)


def author_of(row: PullRepository) -> Author:
    """Return who commits."""
    terms = terms_of(row)
    return Author(terms.author, terms.email, _secrets(row).get("signing", ""))


@contextmanager
def forge_of(row: PullRepository) -> Iterator[Pulls]:
    """Yield a repository's pull requests at its forge, called through the guard. Raises `RemoteFailure`."""
    terms, closed = terms_of(row), _secrets(row)
    home = Home(
        api=row.api, name=row.name, token=closed.get("token", ""), app=terms.app if row.forge == "github" else "",
        installation=terms.installation, key=closed.get("key", ""),
    )  # fmt: skip
    found = pulls_of(row.forge, home, transport=Guarded(settings.SEAMARK_INTERNAL_HOSTS))
    try:
        yield found
    finally:
        found.close_connections()


def secrets_kept(row: PullRepository) -> list[str]:
    """Return which secrets are kept, by name."""
    return sorted(name for name, value in _secrets(row).items() if value)


def _secrets(row: PullRepository) -> dict[str, str]:
    try:
        return msgspec.json.decode(unseal(row.secrets) or "{}", type=dict[str, str])
    except (InvalidSetting, msgspec.MsgspecError) as error:
        raise RemoteFailure(f"The secrets of {row.name} cannot be read: {error}", permanent=True) from None


def _completed(row: PullRepository | None, api: str, remote: str, given: Mapping[str, str]) -> dict[str, str]:
    """Return the secrets to keep. Raises `NotAllowed` where a kept one would go to another place."""
    if unknown := set(given) - set(SECRETS):
        raise NotAllowed(f"There is no secret {min(unknown)!r}; there are {', '.join(SECRETS)}")
    wanted = {name: value.strip() for name, value in given.items() if value.strip() not in {"", KEPT}}
    kept = {name: value for name, value in (_secrets(row) if row is not None else {}).items() if name not in wanted}
    if kept and row is not None and (row.api, row.remote) != (api, remote) and set(kept) & {"token", "key"}:
        raise NotAllowed("Give the secrets again with the new address: those that are kept go nowhere else")
    return {**kept, **wanted}


def _terms(given: Mapping[str, Any]) -> Terms:
    try:
        return msgspec.convert(dict(given), Terms, strict=False)
    except msgspec.ValidationError as error:
        raise NotAllowed(f"The settings of pull requests do not fit: {error}") from None


def _state(row: PullRepository) -> dict[str, Any]:
    """Return a repository as the ledger has it: no secrets."""
    return {
        "forge": row.forge, "api": row.api, "remote": row.remote, "name": row.name, "base": row.base, "terms": row.details, "active": row.active,
        "merging": row.merging,
    }  # fmt: skip
