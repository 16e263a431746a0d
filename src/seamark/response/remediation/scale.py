"""What a set of moves is worth: the risk that it removes, the risk that it brings, what it costs."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from seamark.intake.connectors.registries.release import Catalogue
from seamark.response.remediation.flaws import Book, Flaw
from seamark.response.remediation.impact import effort, hints
from seamark.response.remediation.project import Move, Project
from seamark.response.remediation.resolve import Resolved, Resolver

Moves = frozenset[Move]


class Weighed(Struct, frozen=True, kw_only=True):
    """What becomes of a project by some moves. With a `conflict` there is no such state."""

    removed: frozenset[Flaw] = frozenset()
    introduced: frozenset[Flaw] = frozenset()
    left: frozenset[Flaw] = frozenset()
    """All flaws afterwards, introduced ones among them."""
    gain: float = 0.0
    """Risk removed less risk introduced."""
    conflict: str = ""
    resolved: Resolved = Resolved()


class Scale:
    """Weighs moves of one project; every set once."""

    def __init__(self, project: Project, catalogue: Catalogue, book: Book) -> None:
        self.project, self.book = project, book
        self.resolver = Resolver(project, catalogue)
        self._weighed: dict[Moves, Weighed] = {}
        self._efforts: dict[Move, float] = {}
        self.before = self._flaws(part.node for part in project.parts)
        self.asked = 0
        """How many states were worked out."""

    def _flaws(self, nodes: Iterable[tuple[str, str]]) -> frozenset[Flaw]:
        names = self.resolver.names
        return frozenset(flaw for node in nodes for flaw in self.book.of(node, names.get(node[0], "")))

    def risk(self, flaws: Iterable[Flaw]) -> float:
        """Return the sum of what flaws weigh."""
        return sum(map(self.book.risk, flaws))

    def weigh(self, moves: Moves) -> Weighed:
        """Return what comes of moves."""
        if moves not in self._weighed:
            self._weighed[moves] = self._weigh(moves)
        return self._weighed[moves]

    def _weigh(self, moves: Moves) -> Weighed:
        self.asked += 1
        resolved = self.resolver.resolve(moves)
        if resolved.conflict:
            return Weighed(conflict=resolved.conflict, left=self.before)
        after = self._flaws(resolved.nodes)
        removed, introduced = self.before - after, after - self.before
        gain = round(self.risk(removed) - self.risk(introduced), 6)
        return Weighed(removed=removed, introduced=introduced, left=after, gain=gain, resolved=resolved)

    def effort(self, moves: Iterable[Move]) -> float:
        """Return what moves cost together."""
        return sum(self._effort(one) for one in moves)

    def _effort(self, move: Move) -> float:
        if move not in self._efforts:
            self._efforts[move] = effort(self.project.ecosystem, move, self.hints(move))
        return self._efforts[move]

    def hints(self, move: Move) -> tuple[str, ...]:
        """Return what hints at a break."""
        return hints(self.project.ecosystem, move, self.resolver.releases(move.package))

    def rank(self, moves: Moves) -> tuple[float, int, float] | None:
        """Return what orders sets of moves, the best highest: gain, then fewer changes, then less effort. None for a conflict."""
        found = self.weigh(moves)
        return None if found.conflict else (found.gain, -len(moves), -round(self.effort(moves), 6))
