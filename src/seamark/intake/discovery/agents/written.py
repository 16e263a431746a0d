"""Which lines AI agents wrote, as far as the repository says so. A lower bound: what nobody marked looks like people's."""

from __future__ import annotations

import re
import time
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Final, NamedTuple

from seamark.intake.discovery.agents.tools import message_says, tool_of, tools
from seamark.intake.discovery.agents.traces import Trace, read_note, read_traces
from seamark.intake.discovery.git import answer
from seamark.intake.discovery.history.log import History, read_history
from seamark.intake.discovery.lines import line_map

MOST_NOTES: Final = 5_000
MOST_TRACED: Final = 2_000_000
"""Recorded lines that are followed to where they are now."""
MOST_BLAMED: Final = 2_000
"""Files whose lines are looked up in one repository."""
BLAME_TIMEOUT: Final = 20.0
MOST_SECONDS: Final = 120.0
"""Time for the lines of a whole repository; what is not looked at until then counts as people's."""
MOST_RANGES: Final = 200_000
"""Runs of lines that are told of one repository."""


class Verdict(NamedTuple):
    """Whether a line is known to be written by an agent, the commit that brought it, and why it is thought so."""

    ai: bool
    commit: str = ""
    why: str = ""


class Range(NamedTuple):
    """Lines of a file, from `first` to `last`, that an agent is known to have written."""

    path: str
    first: int
    last: int
    verdict: Verdict


class Standing(NamedTuple):
    """Lines of a file as it is now that one commit brought."""

    first: int
    last: int
    commit: str
    origin: str
    """The file's name in that commit."""
    start: int
    """The number of the first line in that commit."""


class AiCode:
    """Asked for lines of the newest commit. `commits` are those marked as an agent's, each with the reason."""

    def __init__(
        self, root: Path, commits: dict[str, str], parts: dict[str, list[Trace]], touched: frozenset[str]
    ) -> None:
        self.root, self.commits, self._parts, self._touched = root, commits, parts, touched
        self._files: dict[str, list[Standing]] = {}

    def at(self, path: str, line: int) -> Verdict:
        """Tell of one line of a file, relative to the root. Lines of files that were not looked at count as people's."""
        standing = self._standing(path, line)
        if standing is None:
            return self._traced(path, line)
        there = standing.start + line - standing.first
        parts = [part for part in self._parts.get(standing.commit, ()) if not part.of_newest]
        for part in parts:
            if part.covers(standing.origin, there):
                return Verdict(True, standing.commit, part.why)
        why = self.commits.get(standing.commit, "")
        return Verdict(True, standing.commit, why) if why else self._traced(path, line)

    def ranges(self, path: str) -> Iterator[tuple[int, int, Verdict]]:
        """Yield the runs of an agent's lines in a file: first, last, and what is known of them."""
        open_: tuple[int, int, Verdict] | None = None
        for line in self._lines(path):
            verdict = self.at(path, line)
            if open_ and verdict == open_[2] and line == open_[1] + 1:
                open_ = (open_[0], line, verdict)
                continue
            if open_:
                yield open_
            open_ = (line, line, verdict) if verdict.ai else None
        if open_:
            yield open_

    def all_ranges(self, seconds: float = MOST_SECONDS) -> Iterator[Range]:
        """Yield the runs of all files that the newest commit has, until the time is up; at most `MOST_RANGES`."""
        end, count = time.monotonic() + seconds, 0
        listed = answer(self.root, ["ls-tree", "-r", "-z", "--name-only", "HEAD"]) or []
        there = {raw.decode("utf-8", "surrogateescape") for raw in listed}
        for path in self.files:
            if path not in there:
                continue
            if time.monotonic() > end:
                return
            for first, last, verdict in self.ranges(path):
                yield Range(path, first, last, verdict)
                count += 1
                if count >= MOST_RANGES:
                    return

    @property
    def files(self) -> list[str]:
        """Return the files that marked commits changed or records speak of, by the names that they have now."""
        return sorted(self._touched | self._records.keys())

    @cached_property
    def head(self) -> str:
        """The commit whose lines are meant."""
        return (answer(self.root, ["rev-parse", "HEAD"]) or [b""])[0].decode().strip()

    def _lines(self, path: str) -> Iterable[int]:
        """Return the lines of a file that may be an agent's, rising."""
        rows = self._blamed(path)
        return (line for row in rows for line in range(row.first, row.last + 1)) if rows else sorted(self._records.get(path, ()))  # fmt: skip

    def _standing(self, path: str, line: int) -> Standing | None:
        rows = self._blamed(path)
        index = bisect_right(rows, line, key=lambda row: row.first) - 1
        return rows[index] if index >= 0 and line <= rows[index].last else None

    def _blamed(self, path: str) -> list[Standing]:
        if path not in self._touched:
            return []
        if path not in self._files and len(self._files) < MOST_BLAMED:
            self._files[path] = sorted(blame(self.root, path))
        return self._files.get(path, [])

    def _traced(self, path: str, line: int) -> Verdict:
        """Look the line up in records that speak of a file as it was at a commit, wherever its lines have moved since."""
        commit, why = self._records.get(path, {}).get(line, ("", ""))
        return Verdict(bool(commit), commit, why)

    @cached_property
    def _records(self) -> dict[str, dict[int, tuple[str, str]]]:
        """Recorded lines by file and line as they are now, each with the record's commit and reason."""
        found: dict[str, dict[int, tuple[str, str]]] = {}
        left = MOST_TRACED
        for commit, parts in self._parts.items():
            whole = [part for part in parts if part.of_newest]
            lines = (
                line_map(self.root, commit, self.head, {part.path for part in whole}) if whole and left > 0 else None
            )
            for part in whole if lines is not None else ():
                for line in part.lines():
                    left -= 1
                    if left > 0 and lines is not None and (now := lines.now(part.path, line)):
                        found.setdefault(now[0], {})[now[1]] = (commit, part.why)
        return found


_ROW: Final = re.compile(rb"([0-9a-f]{40}|[0-9a-f]{64}) (\d+) (\d+) (\d+)")


def blame(root: Path, path: str) -> Iterator[Standing]:
    """Yield which commit brought which lines of a file of the newest commit; nothing where git does not know it."""
    told = answer(
        root,
        ["blame", "--incremental", "--no-textconv", "-M", "HEAD", "--", path],
        BLAME_TIMEOUT,
    )
    row: re.Match[bytes] | None = None
    for line in b"\0".join(told or ()).split(b"\n"):
        if found := _ROW.fullmatch(line):
            row = found
        elif row is not None and line.startswith(b"filename "):
            start, first, count = (int(row[index]) for index in (2, 3, 4))
            name = line.removeprefix(b"filename ").decode("utf-8", "surrogateescape")
            yield Standing(first, first + count - 1, row[1].decode(), name, start)
            row = None


def find_ai_code(root: Path, history: History | None = None) -> AiCode | None:
    """Return what a repository says of agents' code: by trailers, authors, notes and agent-trace records; None without a repository."""
    history = history or read_history(root)
    if history is None:
        return None
    commits: dict[str, str] = {}
    for commit in history.commits:
        if tool := tool_of(commit.author.name, commit.author.email):
            commits[commit.id] = f"the author is {tool}"
        elif why := message_says(commit.message):
            commits[commit.id] = f"the commit {why}"
    parts: dict[str, list[Trace]] = {}
    for id, trace in [*_notes(root), *read_traces(root)]:
        if trace.path:
            parts.setdefault(id, []).append(trace)
        else:
            commits.setdefault(id, trace.why)
    marked = commits.keys() | parts.keys()
    touched = {change.path for commit in history.commits if commit.id in marked for change in commit.changes}
    return AiCode(root, commits, parts, frozenset(touched))


def _notes(root: Path) -> Iterator[tuple[str, Trace]]:
    refs = answer(root, ["for-each-ref", "--format=%(refname)", "refs/notes/"]) or [b""]
    expression = re.compile("|".join(tools().notes))
    names = [name for name in refs[0].decode("utf-8", "replace").split("\n") if expression.search(name)]
    for name in names[:10]:
        listed = answer(root, ["notes", f"--ref={name}", "list"]) or [b""]
        for row in listed[0].decode("ascii", "replace").split("\n")[:MOST_NOTES]:
            note, _, commit = row.partition(" ")
            if re.fullmatch(r"[0-9a-f]{40,64}", note) and re.fullmatch(r"[0-9a-f]{40,64}", commit):
                text = b"\0".join(answer(root, ["cat-file", "blob", note]) or ())
                for trace in read_note(text.decode("utf-8", "replace"), name):
                    yield commit, trace
