"""The part of the graph that lies beyond some assets: loaded step by step for all of them, walked in memory for each."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Iterator
from typing import Any, Final, NamedTuple

from seamark.analysis.graph.lens import STEPS, Lens
from seamark.core.assets import AssetKind
from seamark.store import writer
from seamark.store.models import Asset, Statement

MOST_NODES: Final = 100_000
"""Assets after which nothing more is loaded: what lies beyond is not known then."""
DEEPEST: Final = 12
_ENTRIES: Final = (AssetKind.WORKLOAD.value, AssetKind.CLOUD_RESOURCE.value)
_KINDS: Final = {
    way: ", ".join(f"'{kind.value}'" for kind, forward in sorted(STEPS[Lens.IMPACT]) if forward is way)
    for way in (True, False)
}


class Edge(NamedTuple):
    """A relation as a walk goes along it, and who says so."""

    kind: str
    forward: bool
    """Whether it is gone from its source to its target."""
    near: int
    far: int
    said_in: str
    at: str
    confidence: float

    @property
    def proof(self) -> str:
        """Return where it is said, else who says it."""
        return self.at or self.said_in


class Node(NamedTuple):
    """What is looked at of an asset."""

    kind: str
    key: str
    name: str
    application: int | None
    exposure: str
    environment: str
    attributes: dict[str, Any]
    """Of what runs; nothing of the others."""


class Said(NamedTuple):
    """What one statement says of an asset's exposure or environment."""

    fact: str
    value: str
    source: str
    origin: str
    at: str
    confidence: float


class Around:
    """Grows with every `load`; walks see only what was loaded for their start."""

    def __init__(self) -> None:
        self.nodes: dict[int, Node] = {}
        self.complete = True
        self._ahead: dict[int, list[Edge]] = {}
        self._said: dict[int, list[Said]] = defaultdict(list)

    def load(self, starts: Iterable[int], applications: Collection[int]) -> None:
        """Load what a flaw in these assets is felt by, as far as it is of these applications or of none."""
        frontier = sorted(set(starts) - self._ahead.keys())
        self._describe(frontier)
        for _ in range(DEEPEST):
            if not frontier:
                return
            if len(self._ahead) > MOST_NODES:
                break
            found = list(_edges(frontier))
            for number in frontier:
                self._ahead[number] = []
            self._describe({edge.far for edge in found})
            reached: set[int] = set()
            for edge in found:
                far = self.nodes.get(edge.far)
                if far is not None and (far.application is None or far.application in applications):
                    self._ahead[edge.near].append(edge)
                    reached.add(edge.far)
            frontier = sorted(reached - self._ahead.keys())
        self.complete = self.complete and not frontier

    def ahead(self, number: int, application: int) -> Iterator[Edge]:
        """Yield the edges that lead on from an asset to assets of the application, or of none."""
        for edge in self._ahead.get(number, ()):
            if self.nodes[edge.far].application in {None, application}:
                yield edge

    def said(self, number: int, fact: str, value: str) -> Said | None:
        """Return the statement behind an asset's exposure or environment: a place before none, a surer one before others."""
        told = [one for one in self._said.get(number, ()) if (one.fact, one.value) == (fact, value)]
        return max(told, key=lambda one: (bool(one.at), one.confidence, one.at), default=None)

    def spread(self, starts: Iterable[int], application: int, most: int) -> int:
        """Return how many assets a flaw in some reaches, the starts left out; at most `most`."""
        seen = set(starts)
        begin, waiting = len(seen), deque(sorted(seen))
        while waiting and len(seen) - begin < most:
            for edge in self.ahead(waiting.popleft(), application):
                if edge.far not in seen:
                    seen.add(edge.far)
                    waiting.append(edge.far)
        return min(len(seen) - begin, most)

    def _describe(self, numbers: Iterable[int]) -> None:
        fresh = sorted(set(numbers) - self.nodes.keys())
        columns = ("id", "kind", "key", "name", "application_id", "exposure", "environment")
        live: list[int] = []
        for at in range(0, len(fresh), 5000):
            rows = Asset.objects.filter(pk__in=fresh[at : at + 5000]).values_list(*columns)
            for number, kind, key, name, application, exposure, environment in rows:
                self.nodes[number] = Node(kind, key, name, application, exposure, environment, {})
                if kind in _ENTRIES:
                    live.append(number)
        for at in range(0, len(live), 5000):
            for number, attributes in Asset.objects.filter(pk__in=live[at : at + 5000]).values_list("id", "attributes"):
                self.nodes[number] = self.nodes[number]._replace(attributes=attributes)
        self._quote([number for number in fresh if number in self.nodes and _tells(self.nodes[number])])

    def _quote(self, numbers: list[int]) -> None:
        """Load who says what of the exposure and environment of assets."""
        columns = ("asset_id", "source", "origin", "at", "confidence", "facts__exposure", "facts__environment")
        for at in range(0, len(numbers), 5000):
            rows = Statement.objects.filter(asset__in=numbers[at : at + 5000], until=None).order_by("id")
            for number, source, origin, place, confidence, exposure, environment in rows.values_list(*columns):
                for fact, value in (("exposure", exposure), ("environment", environment)):
                    if isinstance(value, str) and value:
                        self._said[number].append(Said(fact, value, source, origin, place, confidence))


def _tells(node: Node) -> bool:
    return bool(node.exposure or node.environment)


def _edges(frontier: list[int]) -> Iterator[Edge]:
    """Yield what leads on from assets: one query for each direction."""
    for forward, near, far in ((True, "source_id", "target_id"), (False, "target_id", "source_id")):
        sql = (
            f"SELECT {near}, {far}, kind, said_in, at, confidence FROM store_relation "  # noqa: S608 - names of ours
            f"WHERE until IS NULL AND kind IN ({_KINDS[forward]}) AND {near} {{values}}"
        )
        for start, end, kind, said_in, at, confidence in writer.select_in(sql, frontier):
            yield Edge(kind, forward, start, end, said_in, at, confidence)
