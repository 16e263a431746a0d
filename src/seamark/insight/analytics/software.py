"""What inventories of software hold, and what changed between two of one asset."""

from __future__ import annotations

from typing import Any, Final

from django.db.models import Count, Q, QuerySet
from msgspec import Struct

from seamark.analysis.software.difference import Difference, difference
from seamark.core.component import Component
from seamark.core.sbom import Entry
from seamark.core.sbom import Sbom as Document
from seamark.store.access import Visible
from seamark.store.models import Asset, Sbom, SbomComponent

MOST_COMPARED: Final = 20_000
"""Components of an inventory that are looked at when two are compared."""


def held(sbom: Sbom, words: str = "") -> QuerySet[SbomComponent]:
    """Return what an inventory holds; with words, what has all of them in its package URL."""
    rows = SbomComponent.objects.filter(sbom=sbom).select_related("component")
    for word in words.split()[:8]:
        rows = rows.filter(Q(component__purl__icontains=word) | Q(component__name__icontains=word))
    return rows


def changes(before: Sbom, after: Sbom) -> Difference:
    """Return what changed from one inventory to another: of each the first `MOST_COMPARED` components."""
    return difference(_document(before), _document(after))


def _document(sbom: Sbom) -> Document:
    rows = SbomComponent.objects.filter(sbom=sbom).select_related("component").order_by("id")[:MOST_COMPARED]
    return Document(
        format="",
        entries=tuple(
            Entry(
                component=Component(
                    name=row.component.name, version=row.component.version, purl=row.component.purl, ref=row.ref,
                    licences=tuple(row.licences),
                )
            )
            for row in rows
        ),
    )  # fmt: skip


class Replaced(Struct, frozen=True, kw_only=True):
    """An inventory that took another one's place."""

    asset: Asset
    before: Sbom
    after: Sbom
    was: int
    now: int
    """How many components."""


def replaced(visible: Visible, application: int, limit: int = 5) -> list[Replaced]:
    """Return the inventories of an application's assets that changed last, the newest change first."""
    rows = Sbom.objects.filter(asset__in=visible.assets().filter(application=application).values("id"))
    if not visible.everything:
        rows = rows.filter(Q(scan=None) | Q(scan__in=visible.scans().values("id")))
    old = list(rows.exclude(replaced_at=None).order_by("-replaced_at", "-id").select_related("asset")[:limit])
    # What replaced it is the inventory of the same asset that was made in that moment.
    pairs = Q()
    for one in old:
        pairs |= Q(asset=one.asset_id, created_at=one.replaced_at)
    new: dict[tuple[int, Any], Sbom] = {}
    for row in rows.filter(pairs).order_by("id") if old else ():
        new[row.asset_id, row.created_at] = row
    numbers = [one.pk for one in (*old, *new.values())]
    counted = SbomComponent.objects.filter(sbom__in=numbers).order_by().values_list("sbom")
    sizes = dict(counted.annotate(number=Count("pk")))
    return [
        Replaced(asset=one.asset, before=one, after=after, was=sizes.get(one.pk, 0), now=sizes.get(after.pk, 0))
        for one in old
        if (after := new.get((one.asset_id, one.replaced_at))) is not None
    ]
