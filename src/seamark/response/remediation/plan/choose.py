"""The best set of moves: greedy, bettered step by step, and proven by branch and bound where the time suffices."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import Final

from msgspec import Struct

from seamark.response.remediation.flaws import Flaw
from seamark.response.remediation.impact import LEAST
from seamark.response.remediation.plan.candidates import Groups, descendants, parts, reach
from seamark.response.remediation.project import Move, Node
from seamark.response.remediation.scale import Moves, Scale

MOST_STATES: Final = 10_000
"""States that the proof of one part may look at; beyond, the best found so far is taken."""
SMALL: Final = 12
"""Packages of a part for which the proof may take as long as it does."""
MOST_OF_SMALL: Final = 1_000_000
MOST_PAIRS: Final = 40
"""Up to so many moves, pairs are tried together where no single one helps."""


class Chosen(Struct, frozen=True):
    """The moves, and whether it is proven that none are better."""

    moves: Moves
    proven: bool


def choose(scale: Scale, groups: Groups, *, most_states: int = MOST_STATES) -> Chosen:
    """Return the moves with the greatest gain; of those the fewest, of those the easiest."""
    chosen: set[Move] = set()
    proven = True
    gains = 0.0
    for nodes in parts(scale, groups):
        part = _Part(scale, {node: groups[node] for node in nodes}, most_states)
        found = part.best()
        chosen |= found.moves
        proven &= found.proven
        gains += scale.weigh(found.moves).gain
    together = frozenset(chosen)
    whole = scale.weigh(together)
    if whole.conflict or abs(whole.gain - gains) > 1e-5:
        # What was taken for independent is not: all is weighed as one.
        return _Part(scale, groups, most_states).best()
    return Chosen(together, proven)


class _Part:
    """Moves that bear on each other."""

    def __init__(self, scale: Scale, groups: Groups, most_states: int) -> None:
        self._scale, self._groups = scale, groups
        self._left = MOST_OF_SMALL if most_states and len(groups) <= SMALL else most_states
        below = descendants(scale)
        self._reached = {node: reach(scale, moves, below) for node, moves in groups.items()}
        # What bears on most is decided first: what comes later then bears on little, and bounds are tight.
        self._order = sorted(groups, key=lambda node: (-len(self._reached[node]), -self._worth(node), node))
        self._later: list[frozenset[str]] = [frozenset()]
        for node in reversed(self._order):
            self._later.insert(0, self._later[0] | self._reached[node])
        self._clearable = frozenset(
            flaw for flaw in scale.before if flaw.package in self._later[0] and not self._sticks(flaw)
        )
        self._removable = scale.risk(self._clearable)
        self._touching: dict[str, frozenset[int]] = {}
        self._best: Moves = frozenset()
        self._rank = scale.rank(self._best) or (0.0, 0, 0.0)

    def _sticks(self, flaw: Flaw) -> bool:
        """Tell whether no plan is rid of a flaw: the project asks for the package, and all versions have it."""
        resolver = self._scale.resolver
        nodes = [node for node in resolver.direct if node[0] == flaw.package]
        if not nodes:
            return False
        known = resolver.stable(flaw.package) or self._scale.book.named(flaw.package, "")
        versions = {
            *known,
            *resolver.locked[flaw.package],
            *(move.version for node in nodes for move in self._groups.get(node, ())),
        }
        return all(flaw in self._scale.book.of((flaw.package, version)) for version in versions)

    def _worth(self, node: Node) -> float:
        return max((self._scale.weigh(frozenset([one])).gain for one in self._groups[node]), default=0.0)

    def best(self) -> Chosen:
        """Return the best set of these moves."""
        for start in (frozenset[Move](), self._greedy()):
            self._better(self._polished(start))
        self._branch(0, frozenset(), round(self._removable, 6))
        return Chosen(self._best, self._left > 0)

    def _better(self, moves: Moves) -> bool:
        rank = self._scale.rank(moves)
        if rank is None or rank <= self._rank:
            return False
        self._best, self._rank = moves, rank
        return True

    def _greedy(self) -> Moves:
        chosen: Moves = frozenset()
        while True:
            rank = self._scale.rank(chosen) or (0.0, 0, 0.0)
            options = [(found, moves) for moves in self._grown(chosen) if (found := self._scale.rank(moves)) is not None and found > rank]  # fmt: skip
            if not options:
                return chosen
            chosen = max(options, key=lambda one: ((one[0][0] - rank[0]) / max(len(one[1]) - len(chosen), 1), one[0], sorted(one[1])))[1]  # fmt: skip

    def _grown(self, chosen: Moves) -> Iterable[Moves]:
        taken = {one.node for one in chosen}
        free = [move for node, moves in self._groups.items() if node not in taken for move in moves]
        for move in free:
            yield chosen | {move}
        if len(free) <= MOST_PAIRS:
            for one, other in combinations(free, 2):
                if one.node != other.node:
                    yield chosen | {one, other}

    def _polished(self, start: Moves) -> Moves:
        """Take one step at a time to a better set: add, drop, replace, or replace several by one."""
        current, rank = start, self._scale.rank(start) or (0.0, 0, 0.0)
        better = True
        while better:
            better = False
            for moves in self._neighbours(current):
                found = self._scale.rank(moves)
                if found is not None and found > rank:
                    current, rank, better = moves, found, True
                    break
        return current

    def _neighbours(self, current: Moves) -> Iterable[Moves]:
        ordered = sorted(current)
        for move in ordered:
            yield current - {move}
        yield from self._grown(current)
        taken = {one.node: one for one in current}
        for node, moves in self._groups.items():
            for move in moves:
                rest = current - {taken[node]} if node in taken else current
                if move in current:
                    continue
                yield rest | {move}
                for dropped in ordered:
                    yield (rest | {move}) - {dropped}
        for move in ordered:
            # One in place of which two do better.
            yield from self._grown(current - {move})
        for pair in combinations(ordered, 2):
            rest = current - set(pair)
            yield rest
            for node, moves in self._groups.items():
                if node not in {one.node for one in rest}:
                    yield from (rest | {move} for move in moves)

    def _branch(self, at: int, chosen: Moves, above: float) -> None:
        """Look at all sets that begin with these moves; `above` is a gain that none of them exceeds."""
        if self._left <= 0:
            return
        self._left -= 1
        bound = min(above, self._bound(at, chosen))
        more = self._needed(at, chosen, bound)
        effort = -round(self._scale.effort(chosen) + more * LEAST, 6)
        if (bound, -len(chosen) - more, effort) <= self._rank:
            return
        self._better(chosen)
        if at == len(self._order):
            return
        node = self._order[at]
        for move in self._sorted(self._groups[node]):
            self._branch(at + 1, chosen | {move}, bound)
        self._branch(at + 1, chosen, bound)

    def _needed(self, at: int, chosen: Moves, bound: float) -> int:
        """Return how many moves more it takes at least to be as good as the best set: flaws that no one move can clear together."""
        found = self._scale.weigh(chosen)
        if found.conflict:
            return 1
        slack = bound - self._rank[0] + 1e-6
        used: set[int] = set()
        count = 0
        for flaw in sorted(found.left & self._clearable, key=lambda one: len(self._movers(one.package))):
            movers = {one for one in self._movers(flaw.package) if one >= at}
            if self._scale.risk([flaw]) > slack and movers and used.isdisjoint(movers):
                used |= movers
                count += 1
        return count

    def _movers(self, package: str) -> frozenset[int]:
        """Return the places in the order of the moves that bear on a package."""
        if package not in self._touching:
            self._touching[package] = frozenset(
                at for at, node in enumerate(self._order) if package in self._reached[node]
            )
        return self._touching[package]

    def _sorted(self, moves: Sequence[Move]) -> list[Move]:
        return sorted(
            moves, key=lambda one: (-self._scale.weigh(frozenset([one])).gain, self._scale.effort([one]), one)
        )

    def _bound(self, at: int, chosen: Moves) -> float:
        """Return a gain that no more moves from here on can exceed: flaws in packages that nothing later touches stay."""
        found = self._scale.weigh(chosen)
        if found.conflict:
            return round(self._removable, 6)
        later, mine = self._later[at], self._later[0]
        stays = self._scale.risk(
            flaw
            for flaw in found.left
            if flaw.package not in later
            and flaw.package in mine
            and (flaw in self._clearable or flaw not in self._scale.before)
        )
        return round(self._removable - stays, 6)
