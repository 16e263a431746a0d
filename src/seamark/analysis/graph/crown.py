"""Crown jewels: what the business would feel most, by somebody's word or by what is known of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any, Final

from django.db.models import Q
from msgspec import Struct

from seamark.analysis.graph.lens import Lens
from seamark.analysis.graph.stored import Stored
from seamark.analysis.graph.walk import reach
from seamark.core.assets import AssetKind, RelationKind
from seamark.store.graph import Edges
from seamark.store.models import Asset, CrownJewel, Relation
from seamark.store.models.inventory import Criticality

GRAVE: Final = ("PHI", "PCI")
"""Classes of data that make a jewel of what handles them."""
KINDS: Final = (
    AssetKind.APPLICATION, AssetKind.SERVICE, AssetKind.API, AssetKind.DATA_STORE, AssetKind.WORKLOAD, AssetKind.CLOUD_RESOURCE,
)  # fmt: skip
"""Kinds that become jewels by what is known of them. Any other does by somebody's word."""
TOUCHES: Final = 6
"""Steps from which a flaw still touches a jewel."""
MOST: Final = 5_000
_PIECE: Final = 5_000


class Jewel(Struct, frozen=True, kw_only=True):
    """One crown jewel, and why it is one."""

    asset: int | None
    """Its number, None for a package that is no asset."""
    package: str = ""
    """Package URL without version."""
    reason: str
    origin: str
    """`person`, the file that says so, or `derived`."""


def crown_jewels(assets: Iterable[int]) -> dict[int, str]:
    """Return which of these assets are crown jewels, with the reason in a sentence. A word of somebody's comes before what is derived."""
    numbers = sorted(set(assets))
    found: dict[int, str] = {}
    for at in range(0, len(numbers), _PIECE):
        piece = numbers[at : at + _PIECE]
        found |= {one.asset: one.reason for one in _derived(Q(pk__in=piece)) if one.asset is not None}
        found |= {one.asset: one.reason for one in _named(Q(asset__in=piece)) if one.asset is not None}
    return found


def catalogue(*, most: int = MOST) -> list[Jewel]:
    """Return all crown jewels, each once: those that somebody named, then those that follow from what is known; at most `most`."""
    named = list(_named(Q())[:most])
    told = {one.asset for one in named} - {None}
    derived = (one for one in _derived(Q(kind__in=[kind.value for kind in KINDS]), most) if one.asset not in told)
    return [*named, *derived][:most]


def named_touching() -> dict[int, str]:
    """Return the assets whose flaw a named crown jewel would feel, each with the words for which one it is.

    Only what somebody named counts here: what is derived follows from facts that the score weighs by themselves.
    """
    named = [one.asset for one in _named(Q(asset__isnull=False)) if one.asset is not None]
    near = touching(named)
    names = {row.pk: row.name or row.key for row in Asset.objects.filter(pk__in=set(near.values())).only("name", "key")}
    return {asset: f"touches the crown jewel {names[jewel]}" for asset, jewel in near.items()}


def crown_packages() -> dict[str, str]:
    """Return the packages that are crown jewels, by package URL without version, with the reason."""
    return {one.package: one.reason for one in _named(Q(asset=None))}


def touching(jewels: Collection[int], *, steps: int = TOUCHES) -> dict[int, int]:
    """Return what a flaw in would be felt by a jewel, with the nearest such jewel: one walk for all. Jewels touch themselves."""
    if not jewels:
        return {}
    walked = reach(Stored(Edges()), jewels, Lens.ORIGIN, most=200_000, deepest=steps)
    found: dict[int, int] = {}
    for node, before in zip(walked.nodes.tolist(), walked.before.tolist(), strict=True):
        found[node] = found[before] if before >= 0 else node
    return found


def _named(which: Q) -> list[Jewel]:
    """Return what somebody named, a person's word last, so that it is the one that counts."""
    rows = CrownJewel.objects.filter(which).select_related("author").order_by("id")
    ordered = sorted(rows, key=lambda row: row.origin == "person")
    found: dict[tuple[int | None, str], Jewel] = {}
    for row in ordered:
        who = row.author.get_username() if row.author else ("somebody" if row.origin == "person" else row.origin)
        why = f"{who} says so{': ' + row.reason if row.reason else ''}"
        found[row.asset_id, row.package] = Jewel(asset=row.asset_id, package=row.package, reason=why, origin=row.origin)
    return list(found.values())


def _derived(which: Q, most: int | None = None) -> Iterator[Jewel]:
    handles = Relation.objects.filter(
        kind=RelationKind.HANDLES.value, target__kind=AssetKind.DATA_CLASS.value, target__key__in=GRAVE, until=None
    )
    rows = Asset.objects.filter(which, kind__in=[kind.value for kind in KINDS], gone_at=None).order_by("id")
    count = 0
    classes: dict[int, set[str]] = {}
    for number, name in handles.filter(source__in=rows.order_by().values("pk")).values_list("source", "target__key"):
        classes.setdefault(number, set()).add(name)
    for asset in (
        rows.select_related("application")
        .only("kind", "attributes", "exposure", "application__criticality")
        .iterator(2_000)
    ):
        reason = _reason(asset, classes.get(asset.pk, set()))
        if reason:
            yield Jewel(asset=asset.pk, reason=reason, origin="derived")
            count += 1
            if count == most:
                return


def _reason(asset: Asset, handled: set[str]) -> str:
    grave = sorted({*handled, *_words(asset.attributes.get("data_classes"))} & set(GRAVE))
    if grave:
        return f"handles {' and '.join(grave)}"
    flows = asset.attributes.get("payment_flows")
    if flows and isinstance(flows, list):
        names = sorted(str(one.get("name", "") if isinstance(one, dict) else one) for one in flows)
        return f"takes part in the payment flow {', '.join(names[:3])}"
    tier = asset.attributes.get("criticality") or (asset.application.criticality if asset.application else None)
    if tier == Criticality.TIER_1 and asset.exposure == "internet":
        return "is of tier 1, and the internet reaches it"
    return ""


def _words(value: Any) -> set[str]:
    return {str(one).upper() for one in value} if isinstance(value, list) else set()
