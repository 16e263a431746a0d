"""Naming crown jewels, and taking that back: by people, and by the `seamark.yaml` of an application."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from django.db import transaction

from seamark.core.assets import AssetKind
from seamark.core.errors import NotFound
from seamark.pipeline.restanding import restand_around
from seamark.store.models import Asset, CrownJewel, User

PERSON: Final = "person"
_MOST: Final = 10


def name_jewel(what: str, reason: str = "", *, by: User | None = None, origin: str = PERSON) -> CrownJewel:
    """Make an asset or a package a crown jewel, or change why. `what` as `find_jewel` takes it. Raises `NotFound`."""
    row = _name(what, reason, by, origin)
    _restand({row.asset_id})
    return row


def _name(what: str, reason: str, by: User | None, origin: str) -> CrownJewel:
    asset, package = _meant(what)
    row, _ = CrownJewel.objects.update_or_create(
        asset=asset, package=package, origin=origin[:300], defaults={"reason": reason[:2000], "author": by}
    )
    return row


def _restand(assets: set[int | None]) -> None:
    """Score anew what touches these assets: of a package without an asset nothing stands elsewhere."""
    restand_around({one for one in assets if one is not None})


def withdraw_jewel(what: str, *, origin: str = PERSON) -> CrownJewel:
    """Take back that something is a crown jewel, and return what is gone. What files or facts say stays. Raises `NotFound`."""
    asset, package = _meant(what)
    row = CrownJewel.objects.filter(asset=asset, package=package, origin=origin[:300]).first()
    if row is None:
        raise NotFound(f"{what} was not named a crown jewel", hint="what follows from facts is not taken back here")
    CrownJewel.objects.filter(pk=row.pk).delete()
    _restand({row.asset_id})
    return row


@transaction.atomic
def declare_jewels(names: Iterable[str], origin: str) -> list[str]:
    """Put a file's crown jewels in the place of those that it named before; return the names that mean nothing that is known."""
    unknown: list[str] = []
    before = CrownJewel.objects.filter(origin=origin[:300])
    assets: set[int | None] = set(before.values_list("asset_id", flat=True))
    kept: dict[int, int | None] = {}
    for name in names:
        try:
            row = _name(name, "", None, origin)
            kept[row.pk] = row.asset_id
        except NotFound:
            unknown.append(name)
    before.exclude(pk__in=kept).delete()
    _restand(assets ^ set(kept.values()))
    return unknown


def _meant(what: str) -> tuple[Asset | None, str]:
    """Return the asset or the package that words mean: a number, `kind:key`, a key, a name, or a package URL. Raises `NotFound`."""
    words = what.strip()
    if words.startswith("pkg:"):
        return None, _without_version(words)
    kind, colon, key = words.partition(":")
    rows = Asset.objects.filter(gone_at=None)
    found: list[Asset] = []
    if words.isascii() and words.isdigit() and len(words) < 18:
        found = list(rows.filter(pk=int(words)))
    elif colon and kind in set(AssetKind):
        found = list(rows.filter(kind=kind, key=key))
    for field in ("key", "name"):
        found = found or list(rows.filter(**{field: words}).order_by("id")[:_MOST])
    if len(found) == 1:
        return found[0], ""
    if not found:
        raise NotFound(
            f"There is no asset {words[:200]!r}", hint="name its key, kind:key, or a package URL (pkg:npm/lodash)"
        )
    several = ", ".join(f"{each.kind}:{each.key}" for each in found)
    raise NotFound(f"{words[:200]!r} may be several assets", hint=f"one of {several}")


def _without_version(purl: str) -> str:
    head = purl.partition("?")[0].partition("#")[0]
    # An @ of a namespace stands before the last slash (pkg:npm/@acme/payments@1.0).
    place, slash, name = head.rpartition("/")
    return f"{place}{slash}{name.partition('@')[0]}"
