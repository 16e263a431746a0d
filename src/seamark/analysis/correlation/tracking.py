"""Which finding of a new scan is which finding of the scan before. Pure; works on arrays of signals.

Passes go from strong to weak. Each matches only one-to-one; a value that several findings share matches only where their order
in the file says which is which. What stays ambiguous is left to the next pass, and in the end is no match.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from seamark.analysis.correlation.signals import Signals


@dataclass
class Matches:
    """The outcome: pairs of positions (old, new) by pass, and what is left on both sides."""

    pairs: list[tuple[int, int, str]] = field(default_factory=list)
    old_left: list[int] = field(default_factory=list)
    new_left: list[int] = field(default_factory=list)


FAR = 400
"""Lines beyond which an equal message alone is no reason to believe that code moved."""
_MOST_STEPS = 300_000
"""Steps of the exact assignment, about a tenth of a second, beyond which a quicker rule takes over."""


def track(old: Sequence[Signals], new: Sequence[Signals]) -> Matches:
    """Match findings that are not equal to the letter. Both sides are rows of signals."""
    work = _Work(old, new)
    work.unique("tool", lambda s: s.tool)
    work.in_order("context", lambda s: s.context)
    work.unique("scope", lambda s: s.scope)
    work.unique("package", lambda s: s.place if not s.line else 0)
    work.aligned("drift", lambda s: s.loose if s.line else 0)
    work.unique("moved", lambda s: s.moved)
    work.renamed()
    work.unique("place", lambda s: s.place)
    work.unique("loose", lambda s: s.loose if not s.line else 0)
    matches = work.matches
    matches.old_left = sorted(work.old_open)
    matches.new_left = sorted(work.new_open)
    return matches


def returned(closed: Sequence[Signals], new: Sequence[Signals]) -> Matches:
    """Match new findings with closed ones: only where nothing is ambiguous, since the code in between is not known."""
    work = _Work(closed, new)
    work.unique("tool", lambda s: s.tool, newest=True)
    work.unique("context", lambda s: s.context, newest=True)
    work.unique("scope", lambda s: s.scope, newest=True)
    work.unique("place", lambda s: s.place, newest=True)
    work.unique("loose", lambda s: s.loose, newest=True)
    matches = work.matches
    matches.new_left = sorted(work.new_open)
    return matches


class _Work:
    def __init__(self, old: Sequence[Signals], new: Sequence[Signals]) -> None:
        self.old, self.new = old, new
        self.old_open = dict.fromkeys(range(len(old)))
        self.new_open = dict.fromkeys(range(len(new)))
        self.matches = Matches()

    def _groups(self, key: Callable[[Signals], int]) -> list[tuple[list[int], list[int]]]:
        """Return the old and new positions that share a value, for values that occur on both sides."""
        if not self.old_open or not self.new_open:
            return []
        newer: dict[int, list[int]] = defaultdict(list)
        for at in self.new_open:
            if value := key(self.new[at]):
                newer[value].append(at)
        older: dict[int, list[int]] = defaultdict(list)
        for at in self.old_open:
            value = key(self.old[at])
            if value and value in newer:
                older[value].append(at)
        return [(places, newer[value]) for value, places in older.items()]

    def _match(self, old: int, new: int, name: str) -> None:
        self.matches.pairs.append((old, new, name))
        del self.old_open[old]
        del self.new_open[new]

    def unique(self, name: str, key: Callable[[Signals], int], *, newest: bool = False) -> None:
        """Match values that one finding has on each side; with `newest`, the last of several old ones stands for them."""
        for old, new in self._groups(key):
            if len(new) == 1 and (len(old) == 1 or newest):
                self._match(old[-1], new[0], name)

    def in_order(self, name: str, key: Callable[[Signals], int]) -> None:
        """Match equal values; several of them in the order of their lines, where there are as many on both sides."""
        for old, new in self._groups(key):
            if len(old) == len(new):
                old.sort(key=lambda at: self.old[at].line)
                new.sort(key=lambda at: self.new[at].line)
                for left, right in zip(old, new, strict=True):
                    self._match(left, right, name)
            else:
                self._align(old, new, name)

    def aligned(self, name: str, key: Callable[[Signals], int]) -> None:
        """Match what says the same in the same file, in the order of lines, by the shift that explains most of it."""
        for old, new in self._groups(key):
            self._align(old, new, name)

    def renamed(self) -> None:
        """Match the findings of a file that is gone with those of one that is new, where they say the same in the same order.

        Two files are one renamed file only where each is the other's best counterpart, and most of what they say agrees.
        """
        gone, come = self._by_file(self.old, self.old_open), self._by_file(self.new, self.new_open)
        for file in {signs.file for signs in self.new}:
            gone.pop(file, None)
        for file in {signs.file for signs in self.old}:
            come.pop(file, None)
        best = _counterparts(
            {file: self._texts(self.old, places) for file, places in gone.items()},
            {file: self._texts(self.new, places) for file, places in come.items()},
        )
        for before, after in best:
            texts = defaultdict(lambda: ([], []))  # type: ignore[var-annotated]
            for at in gone[before]:
                texts[self.old[at].text][0].append(at)
            for at in come[after]:
                texts[self.new[at].text][1].append(at)
            for old, new in texts.values():
                if old and new:
                    self._align(old, new, "renamed")

    @staticmethod
    def _by_file(signs: Sequence[Signals], still: Iterable[int]) -> dict[int, list[int]]:
        found: dict[int, list[int]] = defaultdict(list)
        for at in still:
            if signs[at].file:
                found[signs[at].file].append(at)
        return found

    @staticmethod
    def _texts(signs: Sequence[Signals], places: Iterable[int]) -> Counter[int]:
        return Counter(signs[at].text for at in places)

    def _align(self, old: list[int], new: list[int], name: str) -> None:
        old.sort(key=lambda at: self.old[at].line)
        new.sort(key=lambda at: self.new[at].line)
        before = [self.old[at].line for at in old]
        after = [self.new[at].line for at in new]
        for left, right in alignment(before, after):
            self._match(old[left], new[right], name)


_AGREEMENT = 0.6
"""Least share of what two files say that must agree for one to be the other, renamed."""
_FILES = 400


def _counterparts(gone: dict[int, Counter[int]], come: dict[int, Counter[int]]) -> list[tuple[int, int]]:
    """Return pairs of files that are each other's best counterpart, and clearly so."""
    if not gone or not come or len(gone) * len(come) > _FILES * _FILES:
        return []
    scores = {(old, new): _agreement(says, said) for old, says in gone.items() for new, said in come.items()}
    chosen = []
    for old in gone:
        ranked = sorted(((scores[old, new], new) for new in come), reverse=True)
        score, new = ranked[0]
        rivals = [scores[other, new] for other in gone if other != old]
        clear = (len(ranked) < 2 or ranked[1][0] < score) and all(rival < score for rival in rivals)
        if score >= _AGREEMENT and clear:
            chosen.append((old, new))
    return chosen


def _agreement(left: Counter[int], right: Counter[int]) -> float:
    return (left & right).total() / max(left.total(), right.total())


def alignment(before: Sequence[int], after: Sequence[int]) -> list[tuple[int, int]]:
    """Return pairs of positions of two rising lists of lines: as many as possible in order, with the steadiest shift.

    Lines of one message in one file, before and after an edit. Of all order-keeping assignments of the shorter to the
    longer list, the one with the least change of shift between neighbours wins, and then the least shift. A pair
    further apart than `FAR` lines is given up.
    """
    if not before or not after:
        return []
    if len(before) == len(after):
        pairs = [(at, at) for at in range(len(before))]
    elif min(len(before), len(after)) * (abs(len(before) - len(after)) + 1) ** 2 > _MOST_STEPS:
        pairs = _greedy(before, after)
    elif len(before) < len(after):
        pairs = _assign(before, after)
    else:
        pairs = [(left, right) for right, left in _assign(after, before)]
    return [(left, right) for left, right in pairs if abs(after[right] - before[left]) <= FAR]


def _assign(few: Sequence[int], many: Sequence[int]) -> list[tuple[int, int]]:
    """Assign each of `few` to one of `many`, in order, by dynamic programming over the change of shift."""
    rows, columns = len(few), len(many)
    spare = columns - rows
    infinite = float("inf")
    cost = [[infinite] * columns for _ in range(rows)]
    back = [[0] * columns for _ in range(rows)]
    for column in range(spare + 1):
        cost[0][column] = abs(many[column] - few[0]) * 0.01
    for row in range(1, rows):
        for column in range(row, spare + row + 1):
            shift = many[column] - few[row]
            best, chosen = infinite, 0
            for earlier in range(row - 1, column):
                total = cost[row - 1][earlier] + abs(shift - (many[earlier] - few[row - 1]))
                if total < best:
                    best, chosen = total, earlier
            cost[row][column] = best + abs(shift) * 0.01
            back[row][column] = chosen
    column = min(range(columns), key=lambda at: cost[rows - 1][at])
    pairs = []
    for row in range(rows - 1, -1, -1):
        pairs.append((row, column))
        column = back[row][column]
    return pairs[::-1]


def _greedy(before: Sequence[int], after: Sequence[int]) -> list[tuple[int, int]]:
    """Match equal lines first and then the rest from the top, for lists too long to weigh every assignment."""
    pairs, right = [], 0
    for left, line in enumerate(before):
        while right < len(after) - 1 and abs(after[right + 1] - line) < abs(after[right] - line):
            right += 1
        if right < len(after) and abs(after[right] - line) <= FAR:
            pairs.append((left, right))
            right += 1
    return pairs
