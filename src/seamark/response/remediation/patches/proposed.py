"""Changes that a tool proposes (SARIF `fixes`, Semgrep's autofix), made exactly where it said and only while the file is what it saw."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from seamark.core.finding import Patch, Replacement
from seamark.core.location import CodeLocation
from seamark.response.remediation.editors.notation.source import Source, Splice, UnsafeEdit, source, spliced
from seamark.response.remediation.patches.patch import Patched, well_formed


def apply(
    proposed: Patch, files: Mapping[str, bytes], seen: CodeLocation | None = None, digests: Mapping[str, str] | None = None
) -> Patched:  # fmt: skip
    """Return the files with a tool's proposal made.

    The file has to be the one that the tool saw, shown by `digests` (path to SHA-256, hexadecimal) or by the snippet of the finding's place,
    `seen`, which has to stand where it stood. Raises `UnsafeEdit` where neither shows it, where a range lies outside of the file, where two
    ranges overlap, or where the result cannot be parsed.
    """
    if not proposed.replacements:
        raise UnsafeEdit("The tool describes a change, and does not say what to write where.")
    sources = {path: _source(path, files) for path in dict.fromkeys(each.path for each in proposed.replacements)}
    for path, own in sources.items():
        _refuse_changed(
            own, [each for each in proposed.replacements if each.path == path], seen, digests or {}, files[path]
        )
    after: dict[str, bytes] = {}
    for path, own in sources.items():
        text = spliced(own.text, [_splice(own, each) for each in proposed.replacements if each.path == path])
        well_formed(path, own.text, text)
        after[path] = own.encoded(text)
    if all(files[path] == data for path, data in after.items()):
        raise UnsafeEdit("The files are already as the tool proposes.")
    title = proposed.description.strip().partition("\n")[0] or "Make the change that the tool proposes"
    return Patched(
        files={**files, **after},
        name="proposed",
        title=title[:500],
        note="Written by the tool that reported the finding; read it before you merge it.",
    )


def _source(path: str, files: Mapping[str, bytes]) -> Source:
    if path not in files:
        raise UnsafeEdit(f"{path} is not among the files.")
    return source(path, files[path])


def _refuse_changed(
    own: Source, mine: list[Replacement], seen: CodeLocation | None, digests: Mapping[str, str], data: bytes
) -> None:
    if own.path in digests:
        if hashlib.sha256(data).hexdigest() != digests[own.path].lower():
            raise UnsafeEdit(f"{own.path} was changed after the tool saw it.")
        return
    if seen is None or seen.path != own.path or not seen.snippet.strip() or (seen.snippet_line or seen.line) is None:
        raise UnsafeEdit(f"Nothing shows that {own.path} is the file that the tool saw.")
    first = seen.snippet_line or seen.line or 1
    shown = seen.snippet.splitlines()
    there = own.text.splitlines()[first - 1 : first - 1 + len(shown)]
    # A snippet may begin and end within a line.
    if len(there) != len(shown) or not all(one.strip() in other for one, other in zip(shown, there, strict=True)):
        raise UnsafeEdit(f"{own.path} was changed after the tool saw it.")
    for each in mine:
        if not first <= each.line <= (each.end_line or each.line) <= first + len(shown):
            raise UnsafeEdit(f"{own.path} would be changed on line {each.line}, which the finding does not show.")


def _splice(own: Source, each: Replacement) -> Splice:
    start = _position(own, each.line, each.column)
    end = (
        _position(own, each.end_line or each.line, each.end_column)
        if each.end_column
        else own.end_of_line(_position(own, each.end_line or each.line, 1))
    )
    if end < start:
        raise UnsafeEdit(f"The tool's range in {own.path} ends before it starts.")
    return own.splice(start, end, each.text.replace("\r\n", "\n").replace("\n", own.newline))


def _position(own: Source, line: int, column: int | None) -> int:
    """Return the character at a line and column. A line behind the last one, at its first column, is the end of the file."""
    start = 1 if own.text.startswith("\ufeff") else 0
    for _ in range(line - 1):
        found = own.text.find("\n", start)
        if found < 0:
            raise UnsafeEdit(f"{own.path} has no line {line}.")
        start = found + 1
    at = start + (column or 1) - 1
    if at > own.end_of_line(start):
        raise UnsafeEdit(f"{own.path} has no column {column} on line {line}.")
    return at
