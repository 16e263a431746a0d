"""A step of history as the trackers and the truth see it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from seamark.core.finding import Finding
from seamark.core.location import CodeLocation

Pair = tuple[int, int]


@dataclass(frozen=True)
class Step:
    """Two consecutive scans of one tool, cut down to the files that changed in between."""

    old: list[Finding]
    new: list[Finding]
    old_files: dict[str, list[str]]
    """Lines of the files, by path, before."""
    new_files: dict[str, list[str]]


@dataclass
class Truth:
    """Which finding of `old` is which of `new`, by their positions."""

    same: dict[int, int] = field(default_factory=dict)
    undecided: set[Pair] = field(default_factory=set)


Tracker = Callable[[Step], list[Pair]]


def place(finding: Finding) -> CodeLocation:
    """Return where a finding is; the benchmark only has findings in code."""
    assert isinstance(finding.location, CodeLocation)  # noqa: S101 - static analysers report nothing else
    return finding.location


def statement(finding: Finding, files: dict[str, list[str]], around: int = 0) -> str:
    """Return the text of a finding's lines, at most ten, without white space."""
    where = place(finding)
    lines = files.get(where.path, [])
    first = where.line or 1
    last = min(where.end_line or first, first + 9)
    return "".join("".join(line.split()) for line in lines[max(first - 1 - around, 0) : last + around])


def head(finding: Finding, files: dict[str, list[str]]) -> str:
    """Return what a rule matched, up to its first bracket: the call or the keyword."""
    where = place(finding)
    lines = files.get(where.path, [])
    if not where.line or where.line > len(lines):
        return ""
    text = lines[where.line - 1]
    text = text[where.column - 1 :] if where.column else text.strip()
    return text.split("(")[0].split()[0] if text.split("(")[0].split() else ""
