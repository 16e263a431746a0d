"""Unified diffs of one file: read, applied exactly, and written.

Every line that a diff shows has to stand in the file as it says. Only numbers are forgiven, since models count badly: where a hunk does
not fit at the line that it names, it is taken where its lines stand, provided that they stand in one place alone.
"""

from __future__ import annotations

import difflib
import re
from typing import Final

from msgspec import Struct

from seamark.response.remediation.editors.notation.source import UnsafeEdit
from seamark.response.remediation.model_patches.sheet import lines_of

LARGEST: Final = 40_000
"""Characters of a diff that is read."""
MOST_HUNKS: Final = 20
_CONTEXT: Final = 3
_HUNK: Final = re.compile(r"@@ -(\d{1,9})(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@")
_LOOSE: Final = re.compile(r"@@(?: -(\d{1,9})\S* \+\S+)?(?: @@.*| *)")
_NO_END: Final = "\\ No newline"
_FORBIDDEN: Final = re.compile(
    r"(?:new file|deleted file|old mode|new mode|rename|copy|similarity|dissimilarity|GIT binary|Binary files)\b.*"
)


class Hunk(Struct, frozen=True):
    """A piece of a diff."""

    start: int
    """The line of the old file that it says it begins at, from 1; 0 where it says none."""
    lines: tuple[tuple[str, str], ...]
    """Pairs of ` `, `-` or `+` and the line with its line feed."""

    @property
    def old(self) -> list[str]:
        """Return the lines that have to stand in the file."""
        return [line for sign, line in self.lines if sign != "+"]


class Diff(Struct, frozen=True):
    """A change of one file."""

    path: str
    hunks: tuple[Hunk, ...]


class Placed(Struct, frozen=True):
    """What a diff made of a text."""

    text: str
    touched: tuple[tuple[int, int], ...]
    """First line and number of lines of the old text that each hunk is about, from 1."""


def read(text: str) -> Diff:
    """Return a diff of exactly one file that is changed. Raises `UnsafeEdit` for anything else."""
    if len(text) > LARGEST:
        raise UnsafeEdit("The diff is too large.")
    lines = text.split("\n")
    at, path = _headers(lines)
    hunks = []
    while at < len(lines):
        if lines[at].startswith("@@"):
            hunk, at = _hunk(lines, at)
            hunks.append(hunk)
        elif not lines[at].strip():
            at += 1
        else:
            raise UnsafeEdit("The diff is about more than one file, or is no diff.")
    if len(hunks) > MOST_HUNKS:
        raise UnsafeEdit(f"The diff has more than {MOST_HUNKS} pieces.")
    if not hunks or not any(sign != " " for hunk in hunks for sign, _ in hunk.lines):
        raise UnsafeEdit("The diff changes nothing.")
    return Diff(path, tuple(hunks))


def _headers(lines: list[str]) -> tuple[int, str]:
    """Return where the first hunk begins, and the path; everything before it has to be a header that changes a file in place."""
    names: list[str] = []
    for at, line in enumerate(lines):
        if line.startswith("@@"):
            if len(names) != 2 or names[0] != names[1]:
                raise UnsafeEdit("The diff does not say which file it changes, or would rename it.")
            return at, names[0]
        if line.startswith(("--- ", "+++ ")):
            if len(names) != (0 if line.startswith("---") else 1):
                raise UnsafeEdit("The diff is about more than one file.")
            names.append(_path(line[4:]))
        elif _FORBIDDEN.match(line):
            raise UnsafeEdit("The diff makes, removes or renames files, or changes their mode.")
        elif line.strip() and not line.startswith(("diff --git ", "index ", "#")):
            raise UnsafeEdit("The answer is no diff.")
    raise UnsafeEdit("The answer is no diff.")


def _path(name: str) -> str:
    """Return the path of a header. Raises `UnsafeEdit` for what leads elsewhere."""
    path = name.partition("\t")[0].strip()
    path = path[2:] if path.startswith(("a/", "b/")) else path
    parts = path.split("/")
    if not path or path.startswith(("/", '"')) or "\\" in path or ":" in parts[0] or not path.isprintable():
        raise UnsafeEdit("The diff names a file that cannot be in the repository.")
    if {"..", ".", "", ".git"} & {part.lower() for part in parts}:
        raise UnsafeEdit("The diff names a file outside of the repository's own.")
    return path


def _hunk(lines: list[str], at: int) -> tuple[Hunk, int]:
    """Return the hunk that begins at a line, and where the next one does: by its counts, else up to the next `@@`."""
    found = _HUNK.match(lines[at])
    if found is not None:
        counts = int(found[2] or 1), int(found[4] or 1)
        told = _body(lines, at + 1, counts)
        if told is not None:
            return Hunk(int(found[1]) + (0 if counts[0] else 1), told[0]), told[1]
    loose = _LOOSE.match(lines[at])
    end = next((after for after in range(at + 1, len(lines)) if lines[after].startswith("@@")), len(lines))
    while end > at + 1 and not lines[end - 1]:
        end -= 1
    told = _body(lines[:end], at + 1, None)
    if loose is None or told is None:
        raise UnsafeEdit("The diff is not well formed.")
    return Hunk(int(loose[1] or 0), told[0]), end


def _body(lines: list[str], at: int, counts: tuple[int, int] | None) -> tuple[tuple[tuple[str, str], ...], int] | None:
    """Return the lines of a hunk and where they end; None where they are not as many as the hunk says, or are no lines of one."""
    body: list[tuple[str, str]] = []
    old = new = 0
    while at < len(lines) and (counts is None or (old, new) != counts or lines[at].startswith(_NO_END)):
        line = lines[at]
        if line.startswith(_NO_END) and body:
            body[-1] = (body[-1][0], body[-1][1].removesuffix("\n"))
            at += 1
            continue
        # Editors and models drop the space of empty lines.
        sign, rest = (line[0], line[1:]) if line and line != "\r" else (" ", line)
        if sign not in " +-" or (counts is None and line.startswith(("--- ", "+++ ")) and _is_header(lines, at)):
            return None
        body.append((sign, f"{rest}\n"))
        old, new = old + (sign != "+"), new + (sign != "-")
        at += 1
    return None if counts is not None and (old, new) != counts else (tuple(body), at)


def _is_header(lines: list[str], at: int) -> bool:
    return any(line.startswith(("--- a/", "+++ b/", "--- /", "+++ /")) for line in lines[at : at + 2])


def apply(diff: Diff, text: str) -> Placed:
    """Return a text with a diff made. Raises `UnsafeEdit` where a line is not there, or could be meant in several places."""
    lines = lines_of(text)
    after: list[str] = []
    touched = []
    at = 0
    for hunk in diff.hunks:
        start = _place(hunk, lines, at)
        after += lines[at:start]
        at = start
        plain = any(line != there for line, there in zip(hunk.old, lines[start:], strict=False))
        for sign, line in hunk.lines:
            if sign == "+":
                after.append(
                    f"{line[:-1]}\r\n" if plain and _has_returns(lines, start) and line.endswith("\n") else line
                )
                continue
            after += lines[at : at + 1] if sign == " " else []
            at += 1
        touched.append((start + 1, len(hunk.old)))
    after += lines[at:]
    if any(not line.endswith("\n") for line in after[:-1]):
        raise UnsafeEdit(f"The diff would join two lines of {diff.path}.")
    return Placed("".join(after), tuple(touched))


def _place(hunk: Hunk, lines: list[str], least: int) -> int:
    old = hunk.old
    stated = hunk.start - 1
    if not old:
        if lines and not (least <= stated <= len(lines) and hunk.start):
            raise UnsafeEdit("The diff adds lines without saying where.")
        return max(stated, 0) if lines else 0
    if stated >= least and _fits(old, lines, stated):
        return stated
    found = [at for at in range(least, len(lines) - len(old) + 1) if _fits(old, lines, at)]
    if len(found) == 1:
        return found[0]
    why = "could be meant in several places" if found else "shows lines that the file does not have"
    raise UnsafeEdit(f"The diff {why}.")


def _fits(old: list[str], lines: list[str], at: int) -> bool:
    there = lines[at : at + len(old)]
    return len(there) == len(old) and all(map(_same, old, there))


def _same(said: str, there: str) -> bool:
    """Tell whether a line is the one that is said; what ends a line is the file's business."""
    return said == there or said.removesuffix("\n") == there.removesuffix("\n").removesuffix("\r")


def _has_returns(lines: list[str], at: int) -> bool:
    return any(line.endswith("\r\n") for line in lines[at : at + 1] or lines[:1])


def write(path: str, before: str, after: str) -> str:
    """Return what leads from one text to another, as `git apply` takes it; empty where they are the same."""
    one, other = lines_of(before), lines_of(after)
    start, end = common(one, other)
    first = max(start - _CONTEXT, 0)
    # Only what differs is compared: files with many equal lines would take long.
    parts = one[first : len(one) - max(end - _CONTEXT, 0)], other[first : len(other) - max(end - _CONTEXT, 0)]
    lines = list(difflib.unified_diff(*parts, f"a/{path}", f"b/{path}", n=_CONTEXT))
    if not lines:
        return ""
    lines[2:] = [_moved(line, first) if line.startswith("@@") else line for line in lines[2:]]
    told = "".join(line if line.endswith("\n") else f"{line}\n{_NO_END} at end of file\n" for line in lines)
    return f"diff --git a/{path} b/{path}\n{told}"


def common(one: list[str], other: list[str]) -> tuple[int, int]:
    """Return how many lines two texts begin with alike, and how many of the others they end with alike."""
    least = min(len(one), len(other))
    start = next((at for at in range(least) if one[at] != other[at]), least)
    end = next((at for at in range(least - start) if one[-1 - at] != other[-1 - at]), least - start)
    return start, end


def _moved(header: str, by: int) -> str:
    """Return the header of a hunk for a text that begins so many lines earlier."""
    return re.sub(r"([-+])(\d+)", lambda found: f"{found[1]}{int(found[2]) + by}", header)
