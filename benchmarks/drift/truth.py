"""What git says: which finding of a step is which. The rule stands in the package's docstring."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from difflib import SequenceMatcher
from functools import lru_cache

from benchmarks.drift.repositories import Change, Hunk, Repository
from benchmarks.drift.values import Step, Truth, head, place, statement

ALIKE, UNLIKE = 0.6, 0.3
TELLING = 20
"""Letters and digits that a statement needs to be known again elsewhere."""


def truth_of(step: Step, changes: Iterable[Change], repository: Repository) -> Truth:
    """Return which findings are the same by git's account."""
    work = _Work(step)
    hunks = {
        c.old_path: (c.new_path, repository.hunks(c.old_blob, c.new_blob)) for c in changes if c.old_path and c.new_path
    }
    work.kept(hunks)
    work.moved(3)
    work.moved(0)
    work.edited(hunks)
    work.perhaps()
    return work.truth


def mapped(line: int, hunks: Iterable[Hunk]) -> int | None:
    """Return the line that an old line became, None where it was changed."""
    shift = 0
    for start, removed, _, added in hunks:
        # Of a pure insertion git names the line before it.
        if line < start + (removed == 0):
            break
        if removed and line < start + removed:
            return None
        shift += added - removed
    return line + shift


class _Work:
    def __init__(self, step: Step) -> None:
        self.step = step
        self.truth = Truth()
        self.old_open = dict.fromkeys(range(len(step.old)))
        self.new_open = dict.fromkeys(range(len(step.new)))

    def _same(self, old: int, new: int) -> None:
        self.truth.same[old] = new
        del self.old_open[old]
        del self.new_open[new]

    def _grouped(
        self, old_key: Callable[[int], object], new_key: Callable[[int], object]
    ) -> list[tuple[list[int], list[int]]]:
        groups: dict[object, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
        for at in self.old_open:
            groups[old_key(at)][0].append(at)
        for at in self.new_open:
            groups[new_key(at)][1].append(at)
        return [(old, new) for key, (old, new) in groups.items() if key is not None and old and new]

    def kept(self, hunks: dict[str, tuple[str, tuple[Hunk, ...]]]) -> None:
        """Lines that git does not count as changed."""
        old, new = self.step.old, self.step.new
        self.changed: set[int] = set()
        """Old findings on lines that were removed."""

        def became(at: int) -> object:
            where = place(old[at])
            if where.path not in hunks:
                self.changed.add(at)
                return None
            path, cuts = hunks[where.path]
            line = mapped(where.line or 0, cuts)
            if line is None:
                self.changed.add(at)
                return None
            return (path, line, old[at].rule)

        groups = self._grouped(became, lambda at: (place(new[at]).path, place(new[at]).line, new[at].rule))
        for left, right in groups:
            left.sort(key=lambda at: (place(old[at]).column or 0, at))
            right.sort(key=lambda at: (place(new[at]).column or 0, at))
            if len(left) == len(right):
                for before, after in zip(left, right, strict=True):
                    self._same(before, after)
            else:
                self.truth.undecided.update((before, after) for before in left for after in right)
        # A finding on a line that stayed, no longer reported there, is gone: nothing it could have moved to.
        for at in list(self.old_open):
            if at not in self.changed:
                del self.old_open[at]
        stayed = {(path, line) for path, line in self._stayed(hunks)}
        for at in list(self.new_open):
            if (place(new[at]).path, place(new[at]).line) in stayed:
                del self.new_open[at]

    def _stayed(self, hunks: dict[str, tuple[str, tuple[Hunk, ...]]]) -> Iterable[tuple[str, int]]:
        """Return the new lines that were there before."""
        wanted: dict[str, set[int]] = defaultdict(set)
        for at in self.new_open:
            wanted[place(self.step.new[at]).path].add(place(self.step.new[at]).line or 0)
        for path, cuts in hunks.values():
            for line in wanted.get(path, ()):
                if not any(start <= line < start + added for _, _, start, added in cuts):
                    yield path, line

    def moved(self, around: int) -> None:
        """Statements that were taken out in one place and put in at another."""
        old, new, step = self.step.old, self.step.new, self.step

        def key(of_old: bool) -> Callable[[int], object]:
            findings, files = (old, step.old_files) if of_old else (new, step.new_files)
            return lambda at: (findings[at].rule, statement(findings[at], files, around), _nth(findings, at))

        for left, right in self._grouped(key(True), key(False)):
            text = statement(old[left[0]], step.old_files)
            if len(left) == len(right) == 1 and sum(map(str.isalnum, text)) >= TELLING:
                self._same(left[0], right[0])
            elif not around:
                self.truth.undecided.update((before, after) for before in left for after in right)

    def edited(self, hunks: dict[str, tuple[str, tuple[Hunk, ...]]]) -> None:
        """Statements that were changed within one hunk."""
        old, new, step = self.step.old, self.step.new, self.step
        by_new = dict(hunks.values())

        def before(at: int) -> object:
            where = place(old[at])
            cuts = hunks.get(where.path, ("", ()))
            hunk = next((cut for cut in cuts[1] if cut[0] <= (where.line or 0) < cut[0] + cut[1]), None)
            return hunk and (cuts[0], hunk, old[at].rule, head(old[at], step.old_files))

        def after(at: int) -> object:
            where = place(new[at])
            hunk = next(
                (cut for cut in by_new.get(where.path, ()) if cut[2] <= (where.line or 0) < cut[2] + cut[3]), None
            )
            return hunk and (where.path, hunk, new[at].rule, head(new[at], step.new_files))

        for left, right in self._grouped(before, after):
            left.sort(key=lambda at: (place(old[at]).line or 0, place(old[at]).column or 0))
            right.sort(key=lambda at: (place(new[at]).line or 0, place(new[at]).column or 0))
            likeness = [[self._alike(one, other) for other in right] for one in left]
            for row, column in _best(likeness):
                if likeness[row][column] >= ALIKE:
                    self._same(left[row], right[column])
                elif likeness[row][column] >= UNLIKE:
                    self.truth.undecided.add((left[row], right[column]))

    def perhaps(self) -> None:
        """Statements alike elsewhere in the step: git cannot say."""
        old, new = self.step.old, self.step.new
        for left, right in self._grouped(lambda at: old[at].rule, lambda at: new[at].rule):
            if len(left) * len(right) <= 10_000:
                self.truth.undecided.update(
                    (one, other) for one in left for other in right if self._alike(one, other) >= ALIKE
                )

    def _alike(self, old: int, new: int) -> float:
        return _likeness(
            statement(self.step.old[old], self.step.old_files), statement(self.step.new[new], self.step.new_files)
        )


def _nth(findings: list, at: int) -> tuple[int, int]:  # type: ignore[type-arg]
    """Return what tells findings of one statement apart: how far into it they begin."""
    where = place(findings[at])
    return ((where.end_line or where.line or 0) - (where.line or 0), (where.end_column or 0) - (where.column or 0))


@lru_cache(maxsize=200_000)
def _likeness(left: str, right: str) -> float:
    return SequenceMatcher(None, left, right, autojunk=False).ratio() if left and right else 0.0


def _best(likeness: list[list[float]]) -> list[tuple[int, int]]:
    """Return the pairs, in order on both sides, whose likeness adds up to most; nothing below `UNLIKE`."""
    rows, columns = len(likeness), len(likeness[0])
    best = [[0.0] * (columns + 1) for _ in range(rows + 1)]
    for row in range(rows - 1, -1, -1):
        for column in range(columns - 1, -1, -1):
            alike = likeness[row][column]
            pair = alike + best[row + 1][column + 1] if alike >= UNLIKE else 0.0
            best[row][column] = max(pair, best[row + 1][column], best[row][column + 1])
    pairs, row, column = [], 0, 0
    while row < rows and column < columns:
        if best[row][column] == best[row + 1][column]:
            row += 1
        elif best[row][column] == best[row][column + 1]:
            column += 1
        else:
            pairs.append((row, column))
            row, column = row + 1, column + 1
    return pairs
