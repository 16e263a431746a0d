"""Which finding of a file is which after an edit: the cheapest story of lines put in and taken out.

An edit moves everything below it by one and the same number of lines. So of all ways to match findings in their order, the best is
the one in which what says the same stays together and the shift between old and new line changes least often. Each pair is worth
the more the more of it agrees; each change of the shift has its price. A pair that is not worth its price is left open.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from seamark.analysis.correlation.signals import Signals

FAR = 400
"""Lines beyond which an equal message alone is no reason to believe that code moved."""
_AROUND, _CODE, _SHAPE, _MESSAGE, _EDITED = 6.0, 5.0, 3.0, 2.0, 0.8
"""Worth of a pair that agrees in its code with the lines around it, its code, its extent, its message, and in message but not code."""
_SCOPE, _COLUMN = 1.0, 0.2
_CHANGE, _PER_LINE, _MOST = 1.8, 0.02, 3.0
"""Price of a changed shift: at least, for each line, and at most."""
_START = 1.0
"""Price of the first shift of a file, unless it is none: imports grow, and everything below moves."""
_MARGIN, _MARGIN_OF_WORTH = 1.3, 0.45
"""How much worse a story must be that pairs a finding otherwise, at most and of the pair's worth: what is nearer is ambiguous."""
_NOTHING = float("-inf")
_FULL = 4096
"""Possible pairs of one message up to which all of them are weighed."""
_SHIFTS, _NEAREST, _WINDOW = 8, 4, 12


@dataclass(slots=True)
class _Pair:
    """A possible pair: positions of old and new, its shift, its own worth, and the best chains that end in it and go through it."""

    old: int
    new: int
    shift: int
    worth: float
    total: float = 0.0
    through: float = 0.0
    before: _Pair | None = None


def chain(old: Sequence[Signals], new: Sequence[Signals]) -> list[tuple[int, int]]:
    """Return pairs of positions of the findings of one file before and after; both sorted by line and column."""
    pairs = _candidates(old, new)
    if not pairs:
        return []
    best = _weigh(pairs, len(new), start=True)
    _through(pairs, len(old), len(new))
    chosen = []
    while best is not None:
        chosen.append(best)
        best = best.before
    return _certain(chosen[::-1], pairs, old, new)


def _through(pairs: list[_Pair], olds: int, news: int) -> None:
    """Tell of each pair what the best story is worth that it is part of: what leads to it, and what follows it."""
    mirrored = [_Pair(olds - pair.old, news - 1 - pair.new, pair.shift, pair.worth) for pair in reversed(pairs)]
    _weigh(mirrored, news, start=False)
    for pair, other in zip(pairs, reversed(mirrored), strict=True):
        pair.through = pair.total + other.total - pair.worth


def _certain(
    chosen: list[_Pair], pairs: list[_Pair], old: Sequence[Signals], new: Sequence[Signals]
) -> list[tuple[int, int]]:
    """Return the chosen pairs to which no other story that is about as good has an alternative."""
    old_best, new_best = _Two(new), _Two(old)
    for pair in pairs:
        old_best.add(pair.old, pair.new, pair.through)
        new_best.add(pair.new, pair.old, pair.through)
    return [
        (pair.old, pair.new)
        for pair in chosen
        if pair.through - max(old_best.rival(pair.old, pair.new), new_best.rival(pair.new, pair.old))
        >= min(_MARGIN, _MARGIN_OF_WORTH * pair.worth)
    ]


def worth(old: Signals, new: Signals, *, elsewhere: bool = False) -> float:
    """Return what speaks for a pair that says the same, 0 where nothing does; `elsewhere`: one of them has its equal."""
    if old.code and new.code:
        if old.code == new.code:
            agreed = _AROUND if old.moved == new.moved else _CODE
        else:
            agreed = 0.0 if elsewhere else _MESSAGE if old.shape and old.shape == new.shape else _EDITED
    elif old.shape and new.shape:
        agreed = _SHAPE if old.shape == new.shape else _EDITED
    else:
        agreed = _MESSAGE
    if agreed and old.scope and old.scope == new.scope:
        agreed += _SCOPE
    if agreed and old.column and old.column == new.column:
        agreed += _COLUMN
    return agreed


def says(signs: Signals) -> int:
    """Return what a finding says, whatever file it is in where that is known."""
    return signs.text or signs.loose


def _candidates(old: Sequence[Signals], new: Sequence[Signals]) -> list[_Pair]:
    """Return possible pairs, by old and new position."""
    codes = {signs.code for signs in old} & {signs.code for signs in new}
    newer: dict[int, list[int]] = defaultdict(list)
    older: dict[int, list[int]] = defaultdict(list)
    for at, signs in enumerate(new):
        newer[says(signs)].append(at)
    for at, signs in enumerate(old):
        if says(signs) in newer:
            older[says(signs)].append(at)
    found = []
    for said, lefts in older.items():
        rights = newer[said]
        small = len(lefts) * len(rights) <= _FULL
        possible = _all(lefts, rights) if small else _likely(lefts, rights, old, new)
        for left, right in possible:
            before, after = old[left], new[right]
            shift = after.line - before.line
            value = worth(before, after, elsewhere=before.code in codes or after.code in codes)
            if value and (abs(shift) <= FAR or value >= _CODE):
                found.append(_Pair(left, right, shift, value))
    found.sort(key=lambda pair: (pair.old, pair.new))
    return found


def _all(lefts: list[int], rights: list[int]) -> Iterable[tuple[int, int]]:
    return ((left, right) for left in lefts for right in rights)


def _likely(
    lefts: list[int], rights: list[int], old: Sequence[Signals], new: Sequence[Signals]
) -> set[tuple[int, int]]:
    """Return the pairs of a message too frequent to weigh them all: by the commonest shifts, and by the nearest lines."""
    lines = [new[at].line for at in rights]
    by_line: dict[int, list[int]] = defaultdict(list)
    for at in rights:
        by_line[new[at].line].append(at)
    shifts: Counter[int] = Counter()
    for left in lefts[:: max(len(lefts) // 64, 1)]:
        line = old[left].line
        around = range(bisect_left(lines, line - FAR), bisect_left(lines, line + FAR + 1))
        shifts.update(lines[at] - line for at in around)
    common = [shift for shift, _ in sorted(shifts.items(), key=lambda one: (-one[1], abs(one[0]), one[0]))[:_SHIFTS]]
    found: set[tuple[int, int]] = set()
    for left in lefts:
        line = old[left].line
        found.update((left, right) for shift in common for right in by_line.get(line + shift, ())[:_NEAREST])
        middle = bisect_left(lines, line)
        found.update((left, rights[at]) for at in range(max(middle - _NEAREST, 0), min(middle + _NEAREST, len(rights))))
    return found


def _price(shift: int, earlier: int) -> float:
    return 0.0 if shift == earlier else min(_CHANGE + _PER_LINE * abs(shift - earlier), _MOST)


class _Two:
    """The best pair of each position, and the best of its rivals: those with a partner that is not the same in everything."""

    def __init__(self, partners: Sequence[Signals]) -> None:
        self._partners = partners
        self._first: dict[int, tuple[float, Signals]] = {}
        self._second: dict[int, float] = {}

    def add(self, position: int, partner: int, value: float) -> None:
        signs = self._partners[partner]
        first, second = self._first.get(position, (_NOTHING, None)), self._second.get(position, _NOTHING)
        if signs == first[1]:
            self._first[position] = (max(value, first[0]), signs)
        elif value > first[0]:
            self._first[position], self._second[position] = (value, signs), first[0]
        else:
            self._second[position] = max(value, second)

    def rival(self, position: int, partner: int) -> float:
        """Return what the best pair of the position with another partner is worth."""
        value, best = self._first[position]
        return self._second.get(position, _NOTHING) if best == self._partners[partner] else value


class _Highest:
    """The best chain that ends before a position of `new` (a Fenwick tree of maxima)."""

    def __init__(self, size: int) -> None:
        self._tree: list[_Pair | None] = [None] * (size + 1)

    def put(self, pair: _Pair) -> None:
        at = pair.new + 1
        while at < len(self._tree):
            there = self._tree[at]
            if there is None or pair.total > there.total:
                self._tree[at] = pair
            at += at & -at

    def before(self, position: int) -> _Pair | None:
        best, at = None, position
        while at:
            there = self._tree[at]
            if there is not None and (best is None or there.total > best.total):
                best = there
            at -= at & -at
        return best


def _weigh(candidates: list[_Pair], size: int, *, start: bool) -> _Pair | None:
    """Return the last pair of the best chain: over near predecessors, the last of the same shift, and the best of all."""
    highest, by_shift, recent = _Highest(size), dict[int, _Pair](), list[_Pair]()
    best: _Pair | None = None
    for _, same_old in groupby(candidates, key=lambda pair: pair.old):
        group = list(same_old)
        for pair in group:
            pair.total = pair.worth - (_START if start and pair.shift else 0.0)
            _extend(pair, highest.before(pair.new), by_shift.get(pair.shift), recent)
            if best is None or pair.total > best.total:
                best = pair
        for pair in group:
            highest.put(pair)
            there = by_shift.get(pair.shift)
            if there is None or pair.total >= there.total:
                by_shift[pair.shift] = pair
        recent = (recent + group)[-_WINDOW:] if len(group) < _WINDOW else group[-_WINDOW:]
    return best


def _extend(pair: _Pair, highest: _Pair | None, alike: _Pair | None, recent: list[_Pair]) -> None:
    """Let a pair follow the chain that makes the most of it, if that is better than to begin one."""
    for earlier in (alike, highest, *recent):
        if earlier is not None and earlier.new < pair.new:
            total = earlier.total + pair.worth - _price(pair.shift, earlier.shift)
            if total > pair.total:
                pair.total, pair.before = total, earlier
