"""Records of which lines an agent wrote: agent-trace files, and notes that tools attach to commits."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct

from seamark.intake.discovery.agents.tools import tools
from seamark.intake.discovery.walk import read_file

LARGEST: Final = 20_000_000
MOST_RECORDS: Final = 20_000
LONGEST: Final = 100_000
"""Lines of one range; a longer one says nothing."""


class Trace(Struct, frozen=True):
    """Lines of a file, as one commit has it, that an agent wrote; without a path the whole commit is meant."""

    why: str
    path: str = ""
    ranges: tuple[tuple[int, int], ...] = ()
    of_newest: bool = False
    """Whether the lines are those of the file at the commit, whoever brought them, not only those the commit changed."""

    def covers(self, path: str, line: int) -> bool:
        """Tell whether a line of the commit is meant."""
        return path == self.path and any(first <= line <= last for first, last in self.ranges)

    def lines(self) -> Iterator[int]:
        """Yield all lines that are meant."""
        for first, last in self.ranges:
            yield from range(first, last + 1)


class _Contributor(Struct, frozen=True):
    type: str = ""
    model_id: str | None = None


class _Range(Struct, frozen=True):
    start_line: int
    end_line: int
    contributor: _Contributor | None = None


class _Conversation(Struct, frozen=True):
    contributor: _Contributor | None = None
    ranges: list[_Range] = []


class _File(Struct, frozen=True):
    path: str
    conversations: list[_Conversation] = []


class _Vcs(Struct, frozen=True):
    type: str = ""
    revision: str = ""


class _Tool(Struct, frozen=True):
    name: str | None = None


class _Record(Struct, frozen=True):
    """An agent-trace record, version 0.1."""

    version: str
    files: list[_File]
    vcs: _Vcs | None = None
    tool: _Tool | None = None


def read_traces(root: Path) -> Iterator[tuple[str, Trace]]:
    """Yield the agent-trace records of a working tree, each with the commit whose lines it counts. What is none is passed over."""
    for name in tools().traces:
        data = read_file(root / name, LARGEST)
        for row in (data.split(b"\n") if name.endswith("l") else [data])[:MOST_RECORDS] if data else ():
            if not row.strip():
                continue
            try:
                value: Any = msgspec.json.decode(row)
                records = msgspec.convert(value if isinstance(value, list) else [value], list[_Record])
            except (msgspec.MsgspecError, RecursionError):
                continue
            for record in records:
                yield from _traces(record)


def _traces(record: _Record) -> Iterator[tuple[str, Trace]]:
    revision = record.vcs.revision if record.vcs and record.vcs.type in {"git", ""} else ""
    if not re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", revision):
        return
    by = f" of {record.tool.name[:60]}" if record.tool and record.tool.name else ""
    for file in record.files:
        found = [
            (each.start_line, each.end_line)
            for conversation in file.conversations
            for each in conversation.ranges
            if _is_ai(each.contributor or conversation.contributor)
            and 0 < each.start_line <= each.end_line < each.start_line + LONGEST
        ]
        if found:
            yield (
                revision,
                Trace(f"an agent-trace record{by} says so", file.path.lstrip("/"), tuple(found), of_newest=True),
            )


def _is_ai(contributor: _Contributor | None) -> bool:
    return contributor is not None and contributor.type in {"ai", "mixed"}


_ENTRY: Final = re.compile(r"[ \t]+\S{1,200}[ \t]+([\d,-]{1,5000})\s*")


def read_note(text: str, name: str) -> list[Trace]:
    """Read a note that a tool attached to a commit.

    An authorship log has paths, under each indented lines with a session and its ranges (`  3f1c 1-4,9`), and data behind
    `---`. Of any other note it is only known that it is there: then the whole commit is meant.
    """
    why = f"a note in {name.removeprefix('refs/notes/')} says so"
    path, found = "", []
    log, divider, _ = f"\n{text}".partition("\n---")
    for line in log.split("\n")[:MOST_RECORDS] if divider else ():
        if line and not line[0].isspace():
            path = line.strip().strip('"')
        elif path and (entry := _ENTRY.fullmatch(line)) and (ranges := _ranges(entry[1])):
            found.append(Trace(why, path, ranges))
    if found:
        return found
    # A log without entries says that no line is an agent's.
    return [] if text.startswith("---") or not text.strip() else [Trace(why)]


def _ranges(text: str) -> tuple[tuple[int, int], ...]:
    found = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        if first.isdigit() and (not last or last.isdigit()) and len(first) < 8 and len(last) < 8:
            found.append((int(first), int(last or first)))
    return tuple(found)
