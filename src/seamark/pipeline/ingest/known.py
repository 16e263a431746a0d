"""What streams hold open: by the hash of what the tool says, and in full where something changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from seamark.analysis.correlation.signals import Signals, signals
from seamark.analysis.correlation.tracking import track
from seamark.core.location import CodeLocation
from seamark.pipeline.ingest.rows import Read
from seamark.store import evidence, writer
from seamark.store.models import Finding as Row
from seamark.store.models import Stream

_encode = msgspec.msgpack.Encoder().encode


class Old(NamedTuple):
    """A stored finding that a scan does not repeat to the letter."""

    number: int
    issue: int
    rule: int
    path: str
    line: int | None
    signals: Signals
    code: str = ""
    """The tool's id of the rule."""

    @property
    def place(self) -> str:
        """Return the place as its issue shows it."""
        return f"{self.path}:{self.line}" if self.line else self.path


class Hashes:
    """Content hashes of open findings, sorted, with their row ids: sixteen bytes a finding. Each is matched once."""

    def __init__(self, pairs: Sequence[tuple[int, int]] | NDArray[np.int64]) -> None:
        rows = np.array(pairs, dtype=np.int64).reshape(-1, 2)
        order = np.argsort(rows[:, 1], kind="stable")
        self.ids, self.contents = rows[order, 0], rows[order, 1]
        self.matched = np.zeros(len(rows), dtype=bool)

    def __len__(self) -> int:
        return len(self.ids)

    def match(self, wanted: Sequence[int]) -> list[int]:
        """Match contents one-to-one; return for each the row id that it equals, 0 for none."""
        if not len(self):
            return [0] * len(wanted)
        contents, matched, size = self.contents, self.matched, len(self.contents)
        asked = np.array(wanted, dtype=np.int64)
        places = np.searchsorted(contents, asked)
        equal = (contents[np.minimum(places, size - 1)] == asked) & (places < size)
        found = [0] * len(wanted)
        for at in np.flatnonzero(equal).tolist():
            place, content = int(places[at]), wanted[at]
            while place < size and matched[place] and contents[place] == content:
                place += 1
            if place < size and contents[place] == content:
                matched[place] = True
                found[at] = int(self.ids[place])
        return found

    @property
    def left(self) -> list[int]:
        """Row ids that nothing matched."""
        return [int(number) for number in self.ids[~self.matched]]


class Held(Hashes):
    """What one stream has open."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        rows = Row.objects.filter(stream=stream, closed_in=None).order_by("id").values_list("id", "content")
        super().__init__(list(rows))
        self.known = frozenset(self.contents.tolist()).__contains__
        """Tells whether a content hash is that of an open finding."""

    def repeat(self, rows: Sequence[int]) -> int:
        """Mark all findings of rows that are as they were as seen; return how many."""
        wanted = np.unique(np.array(rows, dtype=np.int64))
        starts, ends = np.searchsorted(self.contents, wanted, "left"), np.searchsorted(self.contents, wanted, "right")
        seen = 0
        for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
            seen += (
                int(end - start - self.matched[start:end].sum()) if end - start > 1 else int(not self.matched[start])
            )
            self.matched[start:end] = True
        return seen

    def unequal(self, waiting: Sequence[Read]) -> list[Read]:
        """Match findings that are equal to the letter, one-to-one, and return the rest."""
        found = self.match([read.content for read in waiting])
        return [read for read, number in zip(waiting, found, strict=True) if not number]

    def missing(self) -> list[Old]:
        """Return the open findings that the scan does not repeat to the letter, with the signals of their evidence."""
        return [old for old, _ in stored(self.left)]

    def equal(self, paths: set[str]) -> list[tuple[Old, Read]]:
        """Return the findings of some files that the scan does repeat to the letter, as they were and as they are."""
        if not paths or not self.matched.any():
            return []
        found = writer.select_in(
            "SELECT id FROM store_finding WHERE stream_id = %s AND closed_in_id IS NULL AND path {values}",
            sorted(paths),
            [self._stream.pk],
        )
        matched = set(self.ids[self.matched].tolist())
        return stored([number for (number,) in found if number in matched])


def stored(numbers: Iterable[int]) -> list[tuple[Old, Read]]:
    """Return findings as they are stored, by row id, each also as if it were read anew."""
    wanted = sorted(numbers)
    rows: list[Row] = []
    for at in range(0, len(wanted), 5000):
        rows += Row.objects.filter(pk__in=wanted[at : at + 5000]).order_by("id")
    full = evidence.read(rows, texts=False)
    return [
        (
            Old(row.pk, row.issue_id, row.rule_id, row.path, row.line, signals(full[row.pk]), full[row.pk].rule),
            Read(row.report_index, full[row.pk], None, _encode(full[row.pk]), row.content),
        )
        for row in rows
        if row.pk in full
    ]


class Aligned(NamedTuple):
    """What became of findings: pairs of old and new, what is gone, what is new, and how many equal ones were another's counterpart."""

    pairs: list[tuple[Old, Read]]
    gone: list[Old]
    new: list[Read]
    moved_on: int


Moved = Callable[[str, int], tuple[str, int] | None]
"""Returns where a line of a file is now, None where that is not known."""


def align(gone: list[Old], reads: list[Read], equal: list[tuple[Old, Read]], moved: Moved | None = None) -> Aligned:
    """Match what two scans say of the same files. `equal` are pairs that both say to the letter; `moved` asks the history."""
    olds, news = [*gone, *(old for old, _ in equal)], [*reads, *(read for _, read in equal)]
    matches = track(
        [old.signals for old in gone], [signals(read.finding) for read in reads], [old.signals for old, _ in equal],
        ([_then(old, moved) for old in olds], [_now(read) for read in news]) if moved is not None else None,
    )  # fmt: skip
    moved_on = {at - len(gone) for at in (*(pair[0] for pair in matches.pairs), *matches.old_left) if at >= len(gone)}
    return Aligned(
        [(olds[before], news[after]) for before, after, _pass in matches.pairs],
        [olds[at] for at in matches.old_left],
        [news[at] for at in matches.new_left],
        len(moved_on),
    )


def _then(old: Old, moved: Moved) -> int:
    """Return a number for the rule and the place at which an old finding has to be now, 0 where that is not known."""
    there = moved(old.path, old.line) if old.line else None
    return hash((old.code, *there, old.signals.column)) if there is not None else 0


def _now(read: Read) -> int:
    location = read.finding.location
    if type(location) is not CodeLocation or not location.line:
        return 0
    return hash((read.finding.rule, location.path, location.line, location.column or 0))
