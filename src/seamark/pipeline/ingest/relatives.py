"""The same tool's findings on other branches: what is recognised there keeps its issue, and with it its triage."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence

import numpy as np
from django.db.models import Q
from numpy.typing import NDArray

from seamark.analysis.correlation.signals import place_text
from seamark.pipeline.ingest.known import Hashes, Moved, align, stored
from seamark.pipeline.ingest.rows import Read
from seamark.pipeline.ingest.source import Source
from seamark.store import writer
from seamark.store.models import Finding as Row
from seamark.store.models import Scan, Stream


class Relatives:
    """Open findings of the same asset, tool and configuration under other refs, the default branch's first.

    A branch is compared with the default branch, and with issues that only branches have; the default branch with those only.
    """

    def __init__(self, stream: Stream, source: Source, commit: str = "") -> None:
        self._source, self._commit = source, commit
        others = Stream.objects.filter(
            asset=stream.asset_id, tool=stream.tool, configuration=stream.configuration
        ).exclude(pk=stream.pk)
        self._defaults = [] if stream.is_default else [one.pk for one in others if one.is_default]
        self._branches = [one.pk for one in others if not one.is_default]

    def __bool__(self) -> bool:
        """Tell whether there are any."""
        return bool(self._defaults or self._branches)

    def issues_of(self, contents: NDArray[np.int64], read: Callable[[Sequence[int]], list[Read]]) -> dict[int, int]:
        """Return the issues of new findings that are known from other refs, by position.

        `contents` are their content hashes, `read` returns those at some positions.
        """
        found: dict[int, int] = {}
        if not len(contents):
            return found
        for which, moved in self._places():
            left = [at for at in range(len(contents)) if at not in found]
            if left:
                found |= _recognise(which, moved, left, contents, read)
        return found

    def _places(self) -> list[tuple[Q, Moved | None]]:
        """Return which findings to look at, in their order, and where the history says that their lines are now."""
        places: list[tuple[Q, Moved | None]] = []
        if self._defaults:
            latest = Scan.objects.filter(stream__in=self._defaults).order_by("-id").first()
            moved = self._source.moved(latest.commit, self._commit) if latest is not None else None
            places.append((Q(stream__in=self._defaults), moved))
        if self._branches:
            places.append((Q(stream__in=self._branches, issue__branch_only=True), None))
        return places


def _recognise(
    which: Q, moved: Moved | None, left: list[int], contents: NDArray[np.int64], read: Callable[[Sequence[int]], list[Read]]
) -> dict[int, int]:  # fmt: skip
    rows = array("q")
    open_rows = Row.objects.filter(which, closed_in=None, component="").order_by("id")
    for row in open_rows.values_list("id", "content", "issue").iterator(chunk_size=10_000):
        rows.extend(row)
    held = np.array(rows, dtype=np.int64).reshape(-1, 3)
    if not len(held):
        return {}
    hashes = Hashes(held[:, :2])
    same = hashes.match([int(contents[at]) for at in left])
    equal = {at: number for at, number in zip(left, same, strict=True) if number}
    issues = held[np.searchsorted(held[:, 0], np.array(list(equal.values()), dtype=np.int64)), 2].tolist()
    found = dict(zip(equal, issues, strict=True))
    positions = [at for at in left if at not in equal]
    if not positions:
        return found
    reads = read(positions)
    beside = _in_files({place_text(one.finding) for one in reads}, equal)
    gone = [old for old, _ in stored(hashes.left)]
    olds = {old.number: old for old, _ in stored(number for _, number in beside)}
    pairs = [
        (olds[number], one, at)
        for (at, number), one in zip(beside, read([at for at, _ in beside]), strict=True)
        if number in olds
    ]
    aligned = align(gone, reads, [(old, one) for old, one, _ in pairs], moved)
    place = {id(one): at for at, one in zip(positions, reads, strict=True)} | {id(one): at for _, one, at in pairs}
    for one in aligned.new:
        found.pop(place[id(one)], None)
    return found | {place[id(one)]: old.issue for old, one in aligned.pairs}


def _in_files(paths: set[str], equal: dict[int, int]) -> list[tuple[int, int]]:
    """Return those pairs of position and row id whose row is in one of these files."""
    rows = dict(writer.select_in("SELECT id, path FROM store_finding WHERE id {values}", sorted(equal.values())))
    return [(at, number) for at, number in equal.items() if rows.get(number) in paths]
