"""Drawings of answers: nodes laid out in layers, so that no browser has to find an order, and edges with who says them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Final

from django.db.models import Q
from msgspec import Struct

from seamark.analysis.graph.answers import Hop, Node
from seamark.analysis.graph.asked import Asked
from seamark.analysis.graph.lens import Lens
from seamark.insight.analytics.questions import Reply
from seamark.store.access import Visible
from seamark.store.models import Asset, Relation

MOST_DRAWN: Final = 150
MOST_EDGES: Final = 300
MOST_NEAR: Final = 40
ACROSS: Final = 210
DOWN: Final = 58
MANY_ALIKE: Final = 6
"""From so many leaves of one kind under the same asset on, they are drawn as one."""


class Dot(Struct, frozen=True, kw_only=True):
    """A node of a drawing, with where it stands."""

    id: str
    asset: int | None
    """None for one that stands for many."""
    kind: str
    label: str
    owner: str = ""
    exposure: str = ""
    start: bool = False
    members: list[int] = []
    """The assets that it stands for."""
    x: int
    y: int


class Line(Struct, frozen=True, kw_only=True):
    """An edge of a drawing, in the relation's own direction."""

    source: str
    target: str
    kind: str
    """Empty where the way between both is not drawn."""
    said: str = ""
    """Who says so, and where."""
    confidence: float = 1.0


class Picture(Struct, frozen=True, kw_only=True):
    """A drawing."""

    dots: list[Dot] = []
    lines: list[Line] = []
    left_out: int = 0
    """How many nodes of the page there was no room for."""


def picture(reply: Reply, at: datetime | None = None) -> Picture:
    """Return the drawing of an answer; an empty one for questions that are lists."""
    if reply.question in {"blast", "origins"}:
        nodes = [*reply.start, *reply.nodes]
        layers = {node.id: node.depth for node in nodes}
        shown = nodes[:MOST_DRAWN]
        hops = [hop for hop in _between(shown, at) if abs(layers[hop.source] - layers[hop.target]) == 1]
        return _drawn(shown, layers, hops, {node.id for node in reply.start}, left_out=len(nodes) - len(shown))
    if reply.hops or reply.question == "line":
        layers = {node.id: place for place, node in enumerate(reply.nodes)}
        return _drawn(reply.nodes, layers, reply.hops or _line(reply.nodes, at), set())
    if reply.question == "order":
        layers = {step.asset.id: step.turn for step in reply.steps}
        shown = [step.asset for step in reply.steps][:MOST_DRAWN]
        return _drawn(shown, layers, _between(shown, at), set(), left_out=len(layers) - len(shown))
    return _combined(reply)


def near(visible: Visible, asset: Asset, at: datetime | None = None) -> Picture:
    """Return what stands one step from an asset, at most `MOST_NEAR`; the asset itself is the start."""
    found = Asked(visible, at).radius([asset.pk], Lens.NEAR, deepest=1, limit=MOST_NEAR)
    nodes = [*found.start, *found.nodes]
    hops = [hop for hop in _between(nodes, at) if asset.pk in {hop.source, hop.target}]
    drawn = _drawn(nodes, {node.id: node.depth for node in nodes}, hops, {asset.pk})
    return Picture(dots=drawn.dots, lines=drawn.lines, left_out=found.total - len(found.nodes))


def _between(nodes: Sequence[Node], at: datetime | None) -> list[Hop]:
    """Return the relations between some assets, the surest of each pair and kind."""
    numbers = [node.id for node in nodes]
    holds = Q(until=None) if at is None else Q(since__lte=at) & (Q(until=None) | Q(until__gt=at))
    rows = Relation.objects.filter(holds, source__in=numbers, target__in=numbers).order_by("-confidence", "id")
    found: dict[tuple[int, int, str], Hop] = {}
    for row in rows[: 4 * MOST_EDGES]:
        hop = Hop(
            source=row.source_id,
            kind=row.kind,
            target=row.target_id,
            origin=row.origin,
            at=row.at,
            confidence=row.confidence,
        )
        found.setdefault((row.source_id, row.target_id, row.kind), hop)
    return list(found.values())


def _line(nodes: Sequence[Node], at: datetime | None) -> list[Hop]:
    """Return the relations along a line; an edge without a kind where neighbours on it are no neighbours in the graph."""
    hops = _between(nodes, at)
    joined = {frozenset((hop.source, hop.target)) for hop in hops}
    gaps = [
        Hop(source=one.id, kind="", target=other.id, origin="")
        for one, other in pairwise(nodes)
        if frozenset((one.id, other.id)) not in joined
    ]
    return hops + gaps


def _combined(reply: Reply) -> Picture:
    """Return the ways of combinations in one drawing: from the internet to the asset, and on to the data."""
    nodes: dict[int, Node] = {}
    layers: dict[int, int] = {}
    hops: dict[tuple[int, int, str], Hop] = {}
    starts: set[int] = set()
    for one in reply.combinations:
        way = [*one.exposure.nodes, *one.data.nodes[1:]]
        if len(nodes.keys() | {node.id for node in way}) > MOST_DRAWN:
            break
        for place, node in enumerate(way):
            nodes.setdefault(node.id, node)
            layers[node.id] = max(place, layers.get(node.id, 0))
        for hop in (*one.exposure.hops, *one.data.hops):
            hops[hop.source, hop.target, hop.kind] = hop
        starts.add(one.asset.id)
    return _drawn(list(nodes.values()), layers, list(hops.values()), starts)


def _drawn(
    nodes: Sequence[Node],
    layers: Mapping[int, int],
    hops: Sequence[Hop],
    starts: set[int],
    *,
    left_out: int = 0,
) -> Picture:
    """Lay nodes out, a column for each layer, each near to what leads to it."""
    lines = sorted(hops, key=lambda hop: -hop.confidence)[:MOST_EDGES]
    touching: dict[int, list[int]] = defaultdict(list)
    for hop in lines:
        touching[hop.source].append(hop.target)
        touching[hop.target].append(hop.source)
    groups = _alike(nodes, layers, touching, starts)
    placed: dict[int, tuple[int, int]] = {}
    columns: dict[int, list[Node]] = defaultdict(list)
    for node in nodes:
        if groups.get(node.id, node.id) == node.id:
            columns[layers[node.id]].append(node)
    for place, layer in enumerate(sorted(columns)):
        column = columns[layer]
        column.sort(key=lambda node: (_middle(node.id, touching[node.id], placed), node.kind, node.name))
        top = -(len(column) - 1) * DOWN // 2
        for row, node in enumerate(column):
            placed[node.id] = (place * ACROSS, top + row * DOWN)
    members: dict[int, list[int]] = defaultdict(list)
    for number, head in groups.items():
        members[head].append(number)
    dots = [_dot(node, placed[node.id], members[node.id], starts) for node in nodes if node.id in placed]
    ids = {number: _name(groups.get(number, number), groups) for number in layers}
    drawn: dict[tuple[str, str, str], Line] = {}
    for hop in lines:
        if hop.source in ids and hop.target in ids:
            said = f"{hop.origin or 'a report'}{f', {hop.at}' if hop.at else ''}" if hop.kind else ""
            line = Line(
                source=ids[hop.source],
                target=ids[hop.target],
                kind=hop.kind.replace("_", " "),
                said=said,
                confidence=hop.confidence,
            )
            drawn.setdefault((line.source, line.target, line.kind), line)
    known = {dot.id for dot in dots}
    return Picture(
        dots=dots, lines=[one for one in drawn.values() if {one.source, one.target} <= known], left_out=left_out
    )


def _middle(number: int, others: Iterable[int], placed: Mapping[int, tuple[int, int]]) -> float:
    heights = [placed[other][1] for other in others if other in placed and other != number]
    return sum(heights) / len(heights) if heights else 0.0


def _alike(
    nodes: Sequence[Node], layers: Mapping[int, int], touching: Mapping[int, list[int]], starts: set[int]
) -> dict[int, int]:
    """Return the leaves that are drawn as one: each with the first of its group."""
    alike: dict[tuple[str, int, frozenset[int]], list[int]] = defaultdict(list)
    for node in nodes:
        others = frozenset(touching.get(node.id, ()))
        if node.id not in starts and others and all(layers[other] < layers[node.id] for other in others):
            alike[node.kind, layers[node.id], others].append(node.id)
    return {number: group[0] for group in alike.values() if len(group) >= MANY_ALIKE for number in group}


def _name(number: int, groups: Mapping[int, int]) -> str:
    return f"g{number}" if number in groups else f"n{number}"


def _dot(node: Node, place: tuple[int, int], members: list[int], starts: set[int]) -> Dot:
    x, y = place
    if members:
        label = f"{node.kind.replace('_', ' ')}: {len(members)}"
        return Dot(id=f"g{node.id}", asset=None, kind=node.kind, label=label, members=members, x=x, y=y)
    return Dot(
        id=f"n{node.id}", asset=node.id, kind=node.kind, label=node.name, owner=node.owner, exposure=node.exposure,
        start=node.id in starts, x=x, y=y,
    )  # fmt: skip
