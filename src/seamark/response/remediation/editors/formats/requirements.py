"""Requirements and constraints files of pip, hashes included."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from seamark.response.remediation.change import ChangeKind
from seamark.response.remediation.editors.notation.source import Source, Splice, UnsafeEdit
from seamark.response.remediation.editors.pep508 import asked, normal, raise_specifier
from seamark.response.remediation.editors.registry import Work, editor

_LINE: Final = re.compile(r"(?:[^\\\r\n]|\\(?:\r?\n)?)*(?:\r?\n)?")
_HASH: Final = re.compile(r"--hash[= ](?P<algorithm>[a-z0-9]+):(?P<value>[0-9a-fA-F]+)")
_HASHES: Final = re.compile(r"(?P<gap>(?:[ \t]|\\\r?\n)+)--hash[= ][a-z0-9]+:[0-9a-fA-F]+")
_COMMENT: Final = re.compile(r"(?:^|[ \t])#[^\r\n]*")


def lines(text: str) -> list[str]:
    """Return what a file asks for, one requirement or option each, comments and layout left out."""
    found = (re.sub(r"\\\r?\n", " ", _COMMENT.sub("", each[0])) for each in _LINE.finditer(text.removeprefix("\ufeff")))
    return [" ".join(each.split()) for each in found if each.strip()]


@editor(
    "requirements", title="Requirements and constraints files of pip", files=r"[^/]*(?:requirements|constraints)[^/]*\.(?:txt|in|pip)|requirements/[^/]+\.(?:txt|in)",
    ecosystems=("pypi",), kinds=(ChangeKind.BUMP, ChangeKind.OVERRIDE), read=lines,
)  # fmt: skip
def edits(work: Work, path: str) -> Iterator[Splice]:
    """Raise a package where the file names it; an override of one that it does not name is added as its last line."""
    source = work.source(path)
    named = False
    for match in _LINE.finditer(source.text):
        # A comment ends a line also where it ends with a backslash: pip joins lines first, so nothing behind it counts.
        found = asked(match[0].removeprefix("\ufeff"))
        if found is None or normal(found.name) != normal(work.change.name):
            continue
        named = True
        yield from _raised(work, source, match)
    if work.change.kind is ChangeKind.OVERRIDE and not named:
        yield _added(work, source)


def _raised(work: Work, source: Source, match: re.Match[str]) -> Iterator[Splice]:
    mark = len(match[0]) - len(match[0].removeprefix("\ufeff"))
    written = match[0][mark:]
    new = raise_specifier(written, work.change)
    hashes = list(_HASHES.finditer(written))
    if new is None:
        return
    start, end, text = new
    base = match.start() + mark
    yield source.splice(base + start, base + end, text)
    if hashes:
        yield from _hashes(work, source, base, hashes)


def _hashes(work: Work, source: Source, base: int, hashes: list[re.Match[str]]) -> Iterator[Splice]:
    given = work.all_known("sha256")
    start, end = base + hashes[0].start(), base + hashes[-1].end()
    gap = hashes[-1]["gap"] if len(hashes) > 1 else hashes[0]["gap"]
    if given:
        written = [
            f"{hashes[0]['gap'] if not number else gap}--hash=sha256:{each}"
            for number, each in enumerate(sorted(given))
        ]
        yield source.splice(start, end, "".join(written))
        return
    if len(_HASH.findall(source.text)) > len(hashes):
        raise UnsafeEdit(
            f"{source.path} pins hashes, and those of {work.change.name} {work.change.to_version} are not known; pip would refuse the file without them."
        )
    yield source.splice(
        start, end, f"  # the hashes of {work.change.to_version} are not known: run pip-compile --generate-hashes"
    )


def _added(work: Work, source: Source) -> Splice:
    if _HASH.search(source.text) and not work.known("sha256"):
        raise UnsafeEdit(
            f"{source.path} pins hashes, and those of {work.change.name} {work.change.to_version} are not known."
        )
    hashes = (
        "".join(f" --hash=sha256:{each}" for each in sorted(work.all_known("sha256")))
        if _HASH.search(source.text)
        else ""
    )
    sign = "==" if hashes else ">="
    line = f"{work.change.name}{sign}{work.change.to_version}{hashes}"
    end = len(source.text)
    if not source.text.strip():
        return source.splice(end, end, f"{line}{source.newline}")
    if source.text.endswith("\n"):
        return source.splice(end, end, f"{line}{source.newline}")
    if source.text.rstrip(" \t").endswith("\\"):
        raise UnsafeEdit(f"{source.path} ends in the middle of a line.")
    return source.splice(end, end, f"{source.newline}{line}")
