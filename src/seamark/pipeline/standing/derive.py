"""What the graph says of a place: who reaches it, where it runs and with which rights, what it leads to. No queries in here.

Only relations that are at least half sure carry anything. A compose file tells how developers start things: it may show that
something is open, but not that it is closed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from seamark.core.assets import AssetKind as K
from seamark.core.assets import RelationKind as R
from seamark.pipeline.standing.around import Around, Edge, Said
from seamark.pipeline.standing.running import RUNTIME

WIDTH: Final = {"internet": 4, "partner": 3, "internal": 2, "none": 1}
"""Exposures, the widest with the highest number."""
PERSON: Final = "person"
"""The source of statements that a person makes: they win."""
_SURE: Final = 0.5
_BEHIND: Final = frozenset({R.BUILT_FROM.value, R.BASED_ON.value, R.RUNS.value, R.EXPOSES.value, R.DECLARED_IN.value})
"""Relations whose source carries the code of their target, or lets others in to it."""
_SHARES: Final = frozenset({R.CONTAINS.value, R.DEPENDS_ON.value})
_LIVE: Final = frozenset({K.WORKLOAD.value, K.CLOUD_RESOURCE.value})
_PRODUCTIVE: Final = (
    ("production", ("production", "prod", "prd", "live")),
    ("staging", ("staging", "stage", "stg", "preproduction", "preprod", "uat", "acceptance")),
    ("test", ("test", "testing", "qa", "ci", "integration")),
    ("development", ("development", "dev", "develop", "local", "sandbox", "preview")),
)
_RANK: Final = {word: len(_PRODUCTIVE) - at for at, (_, words) in enumerate(_PRODUCTIVE) for word in words}
_MEANS: Final = {word: name for name, words in _PRODUCTIVE for word in words}
MOST_BLAST: Final = 1_000


class Known(NamedTuple):
    """A fact and where it is known from; an empty value is not known."""

    value: str
    origin: str = ""
    firm: bool = True
    """Whether it may take the place of a wider word for the whole application."""
    decided: bool = False
    """Whether a person said it."""


NOTHING: Final = Known("")


class Trail:
    """What carries the code of a place: the place, the images built from it, what runs them, what lets others in."""

    def __init__(self, around: Around, starts: Sequence[int], application: int) -> None:
        self._around, self._application = around, application
        self.starts = self._sharing(starts)
        self.steps: dict[int, Edge | None] = dict.fromkeys(self.starts)
        """Each asset of the trail with the relation that led to it, nearest first."""
        self.ran: dict[int, Edge] = {}
        """What runs by the word of a cluster or a cloud, with the relation that says so."""
        waiting = deque(self.starts)
        while waiting:
            for edge in around.ahead(waiting.popleft(), application):
                if edge.forward or edge.kind not in _BEHIND or edge.confidence < _SURE:
                    continue
                if edge.kind == R.RUNS.value and RUNTIME.fullmatch(edge.said_in):
                    self.ran.setdefault(edge.far, edge)
                if edge.far not in self.steps:
                    self.steps[edge.far] = edge
                    waiting.append(edge.far)

    def _sharing(self, starts: Sequence[int]) -> list[int]:
        """Return the starts, with the services that share a manifest among them."""
        found = dict.fromkeys(starts)
        for number in starts:
            if self._kind(number) == K.MANIFEST.value:
                for edge in self._around.ahead(number, self._application):
                    if not edge.forward and edge.kind in _SHARES and self._kind(edge.far) == K.SERVICE.value:
                        found[edge.far] = None
        return list(found)

    def _kind(self, number: int) -> str:
        node = self._around.nodes.get(number)
        return node.kind if node is not None else ""

    def exposure(self) -> Known:
        """Return the widest exposure that is said of anything on the trail."""
        best: tuple[tuple[int, bool, bool, bool, int], Known] | None = None
        for hops, (number, edge) in enumerate(self.steps.items()):
            node = self._around.nodes.get(number)
            if node is None or node.exposure not in WIDTH:
                continue
            said = self._around.said(number, "exposure", node.exposure)
            if said is not None and said.source == PERSON and number in self.starts:
                return Known(node.exposure, PERSON, decided=True)
            origin = _origin(said, edge if edge is not None and edge.kind == R.EXPOSES.value else None)
            firm = not self._is_compose(number)
            # What lets others in proves more than what somebody says of the place itself.
            rank = (WIDTH[node.exposure], ":" in origin, firm, edge is not None, -hops)
            if best is None or rank > best[0]:
                best = rank, Known(node.exposure, origin, firm=firm)
        return best[1] if best is not None else NOTHING

    def environment(self) -> Known:
        """Return the most productive environment that anything on the trail is in."""
        best: tuple[tuple[int, bool, int], Known] | None = None
        for hops, number in enumerate(self.steps):
            node = self._around.nodes.get(number)
            if node is None or not node.environment or node.kind not in {*_LIVE, K.SERVICE.value}:
                continue
            said = self._around.said(number, "environment", node.environment)
            if said is not None and said.source == PERSON and number in self.starts:
                return Known(node.environment, PERSON, decided=True)
            word = node.environment.strip().lower()
            firm = not self._is_compose(number)
            rank = (_RANK.get(word, 0), firm, -hops)
            if best is None or rank > best[0]:
                best = rank, Known(_MEANS.get(word, node.environment), _origin(said, None), firm=firm)
        return best[1] if best is not None else NOTHING

    def privileges(self) -> Known:
        """Return the rights of what runs it: of what runs by the word of a cluster where that is known, else as declared."""
        live = [number for number in self.steps if self._kind(number) in _LIVE]
        chosen = [number for number in live if number in self.ran] or [
            number for number in live if not self._is_compose(number)
        ]
        for word, fact in (("privileged", "privileged"), ("root", "run_as_root")):
            for number in chosen:
                if self._around.nodes[number].attributes.get(fact) is True:
                    return Known(word, self._place(number))
        told = [number for number in chosen if self._around.nodes[number].attributes.get("run_as_root") is False]
        return Known("restricted", self._place(told[0])) if told and len(told) == len(chosen) else NOTHING

    def running(self) -> Known:
        """Return that it runs, where a cluster or a cloud says so."""
        for edge in self.ran.values():
            return Known("running", edge.said_in)
        return NOTHING

    @property
    def is_built(self) -> bool:
        """Tell whether an image is known that a survey of what runs would show."""
        return any(self._kind(number) == K.IMAGE.value for number in self.steps)

    def data(self) -> dict[str, str]:
        """Return the classes of data that it handles, reads or writes, each with the place that says so."""
        found: dict[str, str] = {}
        for edge in self._holding():
            node = self._around.nodes[edge.far]
            if node.kind == K.DATA_CLASS.value:
                found.setdefault(node.key.upper(), edge.proof)
        return found

    def _holding(self) -> Iterator[Edge]:
        """Yield the relations to classes of data: of the trail, of its endpoints, and of the stores that it uses."""
        through = {R.SERVES.value, R.READS.value, R.WRITES.value}
        stores: dict[int, None] = {}
        carriers = [
            number for number in self.steps if self._kind(number) in {*_LIVE, K.SERVICE.value, K.DATA_STORE.value}
        ]
        for number in carriers:
            for edge in self._sure(number):
                if edge.kind == R.HANDLES.value:
                    yield edge
                elif edge.kind in through:
                    stores[edge.far] = None
        for number in stores:
            yield from (edge for edge in self._sure(number) if edge.kind == R.HANDLES.value)

    def _sure(self, number: int) -> Iterable[Edge]:
        return (
            edge for edge in self._around.ahead(number, self._application) if edge.forward and edge.confidence >= _SURE
        )

    def blast(self) -> int:
        """Return how many assets a flaw reaches, at most `MOST_BLAST`; -1 where nothing is known to hang together with it."""
        return self._around.spread(self.starts, self._application, MOST_BLAST) or -1

    def _is_compose(self, number: int) -> bool:
        return self._around.nodes[number].attributes.get("orchestrator") == "compose"

    def _place(self, number: int) -> str:
        edge = self.steps[number]
        return edge.proof if edge is not None else self._around.nodes[number].key


def _origin(said: Said | None, edge: Edge | None) -> str:
    """Return where a fact stands: the relation that lets others in, else the statement, by file and line where there are any."""
    places = [edge.at if edge is not None else "", said.at if said is not None else ""]
    sources = [edge.said_in if edge is not None else "", said.source if said is not None else ""]
    return next((each for each in (*places, *sources) if each), "")


def rank_of(environment: str) -> int:
    """Return how productive an environment is, 0 for one of another name."""
    return _RANK.get(environment.strip().lower(), 0)
