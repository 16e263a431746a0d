"""Reads assets and relations for answers."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from itertools import pairwise

from django.db.models import Q

from seamark.analysis.graph.answers import Hop, Node, Way
from seamark.analysis.graph.lens import STEPS, Lens, Step
from seamark.core.assets import RelationKind
from seamark.store.models import Asset, Ownership, Relation


def described(numbers: Sequence[int], depths: Mapping[int, int] | None = None) -> list[Node]:
    """Return assets as answers name them, in the order given; those that there are not are left out."""
    depths = depths or {}
    rows: dict[int, Asset] = {}
    owners: dict[int, str] = {}
    for at in range(0, len(numbers), 5000):
        piece = numbers[at : at + 5000]
        rows |= {row.pk: row for row in Asset.objects.filter(pk__in=piece).select_related("application")}
        first = Ownership.objects.filter(asset__in=piece).order_by("asset", "-rank")
        owners |= {row[0]: row[1] or row[2] for row in first.values_list("asset", "owner__name", "owner__key")}
    return [
        Node(
            id=row.pk, kind=row.kind, key=row.key, name=str(row), application=row.application.name if row.application else "",
            exposure=row.exposure, environment=row.environment, owner=owners.get(row.pk, ""), depth=depths.get(row.pk, 0),
        )
        for number in numbers
        if (row := rows.get(number)) is not None
    ]  # fmt: skip


def way(path: Sequence[int], lens: Lens, at: datetime | None = None) -> Way:
    """Return a path of assets with the surest relation behind each of its steps."""
    if not path:
        return Way()
    nodes = described(path, {number: depth for depth, number in enumerate(path)})
    if len(path) == 1:
        return Way(nodes=nodes)
    return Way(nodes=nodes, hops=_hops(path, STEPS[lens], at))


def _hops(path: Sequence[int], steps: Collection[Step], at: datetime | None) -> list[Hop]:
    holds = Q(until=None) if at is None else Q(since__lte=at) & (Q(until=None) | Q(until__gt=at))
    rows = Relation.objects.filter(holds, source__in=path, target__in=path).order_by("-confidence", "id")
    by_pair: dict[tuple[int, int], list[Relation]] = {}
    for row in rows:
        by_pair.setdefault((row.source_id, row.target_id), []).append(row)
    found = []
    for here, there in pairwise(path):
        ahead = [row for row in by_pair.get((here, there), ()) if Step(RelationKind(row.kind), True) in steps]
        back = [row for row in by_pair.get((there, here), ()) if Step(RelationKind(row.kind), False) in steps]
        row = max([*ahead, *back], key=lambda each: each.confidence)
        found.append(
            Hop(
                source=row.source_id, kind=row.kind, target=row.target_id, origin=row.origin, at=row.at,
                confidence=row.confidence,
            )
        )  # fmt: skip
    return found
