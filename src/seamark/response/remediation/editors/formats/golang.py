"""`go.mod`, with `go.sum` where the sums of the new version are known."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from seamark.analysis.software.order import compare
from seamark.response.remediation.change import ChangeKind
from seamark.response.remediation.editors.notation.source import Source, Splice, UnsafeEdit, lines
from seamark.response.remediation.editors.registry import Work, editor

_LINE: Final = re.compile(
    r"^[ \t]*(?:(?P<word>require|replace|exclude|retract)[ \t]+)?(?P<path>[^\s()/][^\s()]*)[ \t]+(?P<version>v[^\s]+)(?P<rest>[^\r\n]*)",
    re.MULTILINE,
)
_BLOCK: Final = re.compile(r"^[ \t]*(require|replace|exclude|retract)[ \t]*\(|^[ \t]*\)", re.MULTILINE)


@editor(
    "go-mod",
    title="go.mod",
    files=r"go\.mod",
    ecosystems=("golang",),
    kinds=(ChangeKind.BUMP, ChangeKind.OVERRIDE),
    read=lines,
)
def edits(work: Work, path: str) -> Iterator[Splice]:
    """Raise a module; an override of one that is not named is required as an indirect one. `go.sum` beside it follows where its sums are known."""
    source, change = work.source(path), work.change
    wanted = _version(change.to_version)
    _refuse_other_path(change.name, wanted)
    if re.search(
        rf"^[ \t]*(?:replace[ \t]+)?{re.escape(change.name)}(?:[ \t]+v\S+)?[ \t]*=>", source.text, re.MULTILINE
    ):
        raise UnsafeEdit(f"{path} replaces {change.name} by something else, so that its version does not count.")
    named = False
    for match in _LINE.finditer(source.text):
        if match["path"] != change.name or _within(source.text, match) != "require":
            continue
        named = True
        if change.from_version and match["version"] != _version(change.from_version):
            continue
        if (compare("golang", match["version"], wanted) or 0) < 0:
            yield source.splice(*match.span("version"), wanted)
    if change.kind is ChangeKind.OVERRIDE and not named:
        yield _added(source, change.name, wanted)
    sums = work.beside(path, "go.sum")
    if sums and sums not in change.manifests and work.known("h1"):
        yield from sum_edits(work, sums)


def _version(text: str) -> str:
    return text if text.startswith("v") else f"v{text}"


def _refuse_other_path(name: str, wanted: str) -> None:
    major = int(wanted[1:].partition(".")[0]) if wanted[1:].partition(".")[0].isdigit() else 0
    found = re.search(r"[/.]v([0-9]+)$", name)
    said = int(found[1]) if found else 1
    if (major >= 2 and said != major and not wanted.endswith("+incompatible")) or (found and major != said):
        raise UnsafeEdit(f"{name} {wanted} has another import path: the code that imports it has to change with it.")


def _within(text: str, match: re.Match[str]) -> str:
    """Return the word that a line belongs to: its own, or that of the block it stands in."""
    if match["word"]:
        return str(match["word"])
    word = ""
    for block in _BLOCK.finditer(text, 0, match.start()):
        word = block[1] or ""
    return word


def _added(source: Source, name: str, version: str) -> Splice:
    blocks = list(re.finditer(r"^require[ \t]*\([^)]*?(?=^\))", source.text, re.MULTILINE))
    if blocks:
        at = blocks[-1].end()
        return source.splice(at, at, f"\t{name} {version} // indirect{source.newline}")
    end = len(source.text)
    gap = "" if source.text.endswith("\n") else source.newline
    return source.splice(end, end, f"{gap}{source.newline}require {name} {version} // indirect{source.newline}", 2)


@editor(
    "go-sum",
    title="go.sum",
    files=r"go\.sum",
    ecosystems=("golang",),
    kinds=(ChangeKind.BUMP, ChangeKind.OVERRIDE),
    read=lines,
)
def sum_edits(work: Work, path: str) -> Iterator[Splice]:
    """Put the sums of the new version in the place of the old ones'."""
    source, change = work.source(path), work.change
    wanted, current = _version(change.to_version), _version(change.from_version)
    given = {"": work.known("h1"), "/go.mod": work.known("h1_mod", "go.mod")}
    if not all(re.fullmatch(r"h1:[A-Za-z0-9+/]{43}=", each) for each in given.values()):
        raise UnsafeEdit(
            f"{path} keeps sums, and those of {change.name} {wanted} (h1, h1_mod) are not known; run go mod tidy."
        )
    if re.search(rf"^{re.escape(change.name)} {re.escape(wanted)} ", source.text, re.MULTILINE):
        return
    texts = {part: f"{change.name} {wanted}{part} {value}" for part, value in given.items()}
    found = {
        each["part"] or "": each
        for each in re.finditer(
            rf"^{re.escape(change.name)} {re.escape(current)}(?P<part>/go\.mod)? h1:\S+", source.text, re.MULTILINE
        )
    }
    if not found:
        if not _required_beside(work, path):
            return
        at = 0
        for each in re.finditer(r"^(\S+) \S+ h1:\S+\r?\n", source.text, re.MULTILINE):
            at = each.end() if each[1] <= change.name else at
        yield source.splice(at, at, "".join(each + source.newline for each in texts.values()), 2)
        return
    for part, match in found.items():
        # The old version's own go.mod may still be asked for while versions are chosen; a sum too many does no harm.
        both = source.newline.join((texts[""], texts[part])) if part and "" not in found else texts[part]
        yield source.splice(*match.span(), both, 2)
    if "/go.mod" not in found:
        end = found[""].end()
        yield source.splice(end, end, source.newline + texts["/go.mod"])


def _required_beside(work: Work, path: str) -> bool:
    """Tell whether the module file of a sum file requires the module, or comes to by this change."""
    module = work.beside(path, "go.mod")
    if not module:
        return False
    forced = work.change.kind is ChangeKind.OVERRIDE and module in work.change.manifests
    return forced or any(each["path"] == work.change.name for each in _LINE.finditer(work.source(module).text))
