"""Where the lines of one commit are in another, by git's own differences."""

from __future__ import annotations

import os
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from seamark.intake.discovery import git

MOST_NAMED = 500
"""Paths handed to git by name; beyond, it compares everything."""


class Hunk(NamedTuple):
    """Lines that were replaced: where they stood, how many, and how many stand there now."""

    start: int
    """First old line that is not what it was, or the one before which lines were put in."""
    before: int
    after: int


class _Change(NamedTuple):
    path: str
    """The file's name now, empty where it is gone or cannot be compared."""
    starts: tuple[int, ...] = ()
    hunks: tuple[Hunk, ...] = ()
    shifts: tuple[int, ...] = ()
    """By how much a line after each hunk has moved."""


class LineMap:
    """Where lines of an old commit are in a newer one."""

    def __init__(self, changes: dict[str, _Change], asked: frozenset[str] | None = None) -> None:
        self._changes, self._asked = changes, asked

    def now(self, path: str, line: int) -> tuple[str, int] | None:
        """Return file and line that a line (counted from 1) of the old commit has now; None where it was deleted or changed.

        A file in which nothing changed keeps its lines; of files that were not asked for nothing is known.
        """
        change = self._changes.get(path)
        if change is None:
            return None if line < 1 or (self._asked is not None and path not in self._asked) else (path, line)
        if not change.path or line < 1:
            return None
        index = bisect_right(change.starts, line) - 1
        if index < 0:
            return change.path, line
        hunk = change.hunks[index]
        return None if line < hunk.start + hunk.before else (change.path, line + change.shifts[index])


def line_map(root: Path, before: str, after: str, paths: Iterable[str] | None = None) -> LineMap | None:
    """Return the map from one commit to another, of some files (as the old commit names them) or of all.

    `root` is the repository or a folder in it; paths are relative to it. Commits are hexadecimal ids of at least seven
    digits. None where there is no repository, a commit is unknown, or git fails, takes too long or says too much.
    """
    if not (_COMMIT.fullmatch(before) and _COMMIT.fullmatch(after)) or not root.is_dir():
        return None
    known = git.output(root, ["cat-file", "--batch-check"], f"{before}^{{commit}}\n{after}^{{commit}}\n".encode())
    if known is None or [row.split(b" ")[1:2] for row in known.splitlines()] != [[b"commit"], [b"commit"]]:
        return None
    asked = frozenset(paths) if paths is not None else None
    named: list[str] = []
    if asked is not None:
        listed = git.output(root, [*_DIFF, "--raw", "-z", before, after, "--"])
        if listed is None:
            return None
        records = [record for record in _records(listed) if record.old in asked]
        if not records:
            return LineMap({}, asked)
        if len(records) <= MOST_NAMED:
            named = sorted({name for record in records for name in (record.old, record.new)})
    changes = git.output(root, [*_DIFF, "--raw", "-z", "--patch", "--unified=0", before, after, "--", *named])
    if changes is None:
        return None
    return LineMap({path: each for path, each in _changes(changes) if asked is None or path in asked}, asked)


_COMMIT = re.compile(r"[0-9a-f]{7,64}")
_DIFF = (
    "diff", "--no-ext-diff", "--no-textconv", "--no-color", "--find-renames=50%", "-l1000", "--relative", "--submodule=short",
    "--ignore-submodules=all", "--inter-hunk-context=0", "--diff-algorithm=histogram", "--src-prefix=a/", "--dst-prefix=b/",
)  # fmt: skip


class _Record(NamedTuple):
    status: str
    old: str
    new: str


def _records(listed: bytes) -> Iterator[_Record]:
    """Read `git diff --raw -z`: which files changed, and into which."""
    fields = iter(os.fsdecode(listed).split("\0"))
    for field in fields:
        if not field.startswith(":"):
            return
        status = field.rpartition(" ")[2][:1]
        old = next(fields)
        yield _Record(status, old, next(fields) if status in "RC" else old)


_HUNK = re.compile(rb"@@ -(\d+)(?:,(\d+))? \+\d+(?:,(\d+))? @@")


def _changes(output: bytes) -> Iterator[tuple[str, _Change]]:
    """Join the list of changed files with the differences that follow it, in the same order."""
    # The list ends with an empty field; names have no NUL, and contents come after it.
    listed, _, patch = output.partition(b"\0\0")
    sections = _sections(patch)
    for record in _records(listed):
        hunks = next(sections, None)
        if record.status == "T":  # written as a deletion and a creation
            next(sections, None)
        lost = hunks is None or record.status in "DTU"
        if record.status != "A":
            yield record.old, _change("" if lost else record.new, hunks or [])


def _sections(patch: bytes) -> Iterator[list[Hunk] | None]:
    """Yield the hunks of each file, None for one that git does not compare line by line."""
    hunks: list[Hunk] | None = None
    begun = False
    for line in patch.split(b"\n"):
        if line.startswith(b"diff --git "):
            if begun:
                yield hunks
            begun, hunks = True, []
        elif line.startswith(b"Binary files "):
            hunks = None
        elif hunks is not None and (match := _HUNK.match(line)):
            start, before, after = int(match[1]), int(match[2] or 1), int(match[3] or 1)
            hunks.append(Hunk(start if before else start + 1, before, after))
    if begun:
        yield hunks


def _change(path: str, hunks: list[Hunk]) -> _Change:
    shifts, shift = [], 0
    for hunk in hunks:
        shift += hunk.after - hunk.before
        shifts.append(shift)
    return _Change(path, tuple(hunk.start for hunk in hunks), tuple(hunks), tuple(shifts))
