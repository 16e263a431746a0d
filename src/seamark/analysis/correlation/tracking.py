"""Which finding of a new scan is which finding of the scan before. Pure; works on arrays of signals.

Passes go from strong to weak. Each matches only one-to-one; what several findings share matches only where their order in the file
and their neighbours say which is which. What stays ambiguous is left to the next pass, and in the end is no match.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from seamark.analysis.correlation.chain import FAR, chain, says
from seamark.analysis.correlation.signals import Signals

__all__ = ["FAR", "Matches", "returned", "track"]


@dataclass
class Matches:
    """The outcome: pairs of positions (old, new) by pass, and what is left on both sides."""

    pairs: list[tuple[int, int, str]] = field(default_factory=list)
    old_left: list[int] = field(default_factory=list)
    new_left: list[int] = field(default_factory=list)


def track(
    old: Sequence[Signals],
    new: Sequence[Signals],
    equal: Sequence[Signals] = (),
    lines: tuple[Sequence[int], Sequence[int]] | None = None,
) -> Matches:
    """Match findings that are not equal to the letter. Both sides are rows of signals.

    `equal` are those of the same files that both scans report to the letter. The others are known by them, and they
    themselves may be others: where lines were put in, the finding of line 12 may by chance say what that of line 10 said.
    Their positions follow those of `old` and of `new`, and they are in a pair only where they are another's counterpart.
    `lines`, where the history is at hand, are hashes of rule and place: where the version control system says that each line of
    [*old, *equal] is now, and where those of [*new, *equal] are; 0 where it does not know.
    """
    work = _Work([*old, *equal], [*new, *equal])
    work.unique("tool", lambda s: s.tool)
    if lines is not None:
        work.by_history(*lines)
    work.whole_files()
    work.lines()
    work.renamed()
    work.in_order("context", lambda s: s.context)
    work.unique("package version", lambda s: s.scope if not s.line else 0)
    work.unique("package", lambda s: s.place if not s.line else 0)
    work.blocks("moved", lambda s: s.moved)
    work.blocks("code", lambda s: s.code)
    work.unchanged(len(old), len(new), len(equal))
    work.unique("scope", lambda s: s.scope)
    work.reworded()
    work.unique("loose", lambda s: s.loose if not s.line else 0)
    matches = work.matches
    matches.pairs = [pair for pair in matches.pairs if pair[0] < len(old) or pair[0] - len(old) != pair[1] - len(new)]
    matches.old_left = sorted(work.old_open)
    matches.new_left = sorted(work.new_open)
    return matches


def by_fingerprint(old: Sequence[Signals], new: Sequence[Signals]) -> Matches:
    """Match only what the tool's own fingerprint tells, one-to-one: for what needs no look at the rest of its file."""
    work = _Work(old, new)
    work.unique("tool", lambda s: s.tool)
    matches = work.matches
    matches.old_left, matches.new_left = sorted(work.old_open), sorted(work.new_open)
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

    def by_history(self, olds: Sequence[int], news: Sequence[int]) -> None:
        """Match what stands on one line of both versions, where one finding of the rule does."""
        older, newer = Counter(filter(None, olds)), Counter(filter(None, news))
        there = {key: at for at, key in enumerate(news) if newer[key] == 1}
        for at, key in enumerate(olds):
            if older[key] == 1 and key in there and at in self.old_open and there[key] in self.new_open:
                self._match(at, there[key], "history")

    def reworded(self) -> None:
        """Match what is at the same place in other words. In the same words it was weighed before, and found ambiguous."""
        for old, new in self._groups(lambda s: s.place if s.line else 0):
            if len(old) == len(new) == 1 and says(self.old[old[0]]) != says(self.new[new[0]]):
                self._match(old[0], new[0], "place")

    def in_order(self, name: str, key: Callable[[Signals], int]) -> None:
        """Match equal values, several of them in the order of their lines, where there are as many on both sides."""
        for old, new in self._groups(key):
            if len(old) == len(new):
                for left, right in zip(_sorted(self.old, old), _sorted(self.new, new), strict=True):
                    self._match(left, right, name)

    def unchanged(self, olds: int, news: int, count: int) -> None:
        """Let findings that are equal to the letter be the same, where nothing spoke for another."""
        for at in range(count):
            if olds + at in self.old_open and news + at in self.new_open:
                self._match(olds + at, news + at, "equal")

    def blocks(self, name: str, key: Callable[[Signals], int]) -> None:
        """Match equal code that left one file and came to one other; several in their order, where they are as many."""
        for old, new in self._groups(key):
            files = {_file(self.old[at]) for at in old}, {_file(self.new[at]) for at in new}
            if len(old) == len(new) and (len(old) == 1 or len(files[0]) == len(files[1]) == 1):
                for left, right in zip(_sorted(self.old, old), _sorted(self.new, new), strict=True):
                    self._match(left, right, name)

    def whole_files(self) -> None:
        """Match all findings of a file where every one of them moved by the same number of lines, and nothing else changed."""
        for old, new in self._groups(lambda s: _file(s) if s.line else 0):
            if len(old) != len(new) or len(old) < _SEVERAL:
                continue
            left, right = _sorted(self.old, old), _sorted(self.new, new)
            shift = self.new[right[0]].line - self.old[left[0]].line
            if all(_moved(self.old[a], self.new[b], shift) for a, b in zip(left, right, strict=True)):
                for a, b in zip(left, right, strict=True):
                    self._match(a, b, "lines")

    def lines(self) -> None:
        """Match the findings of a file in their order, by the shifts of lines that explain most of them."""
        for old, new in self._groups(lambda s: _file(s) if s.line else 0):
            self._chain(old, new, "lines")

    def _chain(self, old: list[int], new: list[int], name: str) -> None:
        old, new = _sorted(self.old, old), _sorted(self.new, new)
        for left, right in chain([self.old[at] for at in old], [self.new[at] for at in new]):
            self._match(old[left], new[right], name)

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
            self._chain(gone[before], come[after], "renamed")

    @staticmethod
    def _by_file(signs: Sequence[Signals], still: Iterable[int]) -> dict[int, list[int]]:
        found: dict[int, list[int]] = defaultdict(list)
        for at in still:
            if signs[at].file and signs[at].line:
                found[signs[at].file].append(at)
        return found

    @staticmethod
    def _texts(signs: Sequence[Signals], places: Iterable[int]) -> Counter[tuple[int, int]]:
        return Counter((says(signs[at]), signs[at].code or signs[at].shape) for at in places)


def _file(signs: Signals) -> int:
    return signs.file or signs.loose


_SEVERAL = 3
"""Findings that move together before their moving together says anything."""


def _moved(old: Signals, new: Signals, shift: int) -> bool:
    return (new.line - old.line, new.column, new.text, new.code) == (shift, old.column, old.text, old.code)


def _sorted(signs: Sequence[Signals], places: Iterable[int]) -> list[int]:
    return sorted(places, key=lambda at: (signs[at].line, signs[at].column, at))


_AGREEMENT = 0.6
"""Least share of what two files say that must agree for one to be the other, renamed."""
_FILES = 400


def _counterparts(
    gone: dict[int, Counter[tuple[int, int]]], come: dict[int, Counter[tuple[int, int]]]
) -> list[tuple[int, int]]:
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


def _agreement(left: Counter[tuple[int, int]], right: Counter[tuple[int, int]]) -> float:
    return (left & right).total() / max(left.total(), right.total())
