"""`requirements.txt` and the files that it includes, with hashes, and with the origins that pip-compile and uv note."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from msgspec import Struct, field

from seamark.core.assets import Found, Listing
from seamark.intake.discovery.extractors.packages.draft import Draft, prefixed
from seamark.intake.discovery.extractors.packages.pep508 import Requirement, file_scope, normal, requirement
from seamark.intake.discovery.tree import Tree, folder_of, joined

PATTERNS: Final = (
    "requirements*.txt", "requirements*.in", "requirements*.lock", "*requirements.txt", "*requirements.in",
    "requirements/*.txt", "requirements/*.in", "requirements/*.lock", "*/requirements/*.txt", "*/requirements/*.in", "*/requirements/*.lock",
)  # fmt: skip
_MOST_INCLUDED: Final = 500
_INCLUDE = re.compile(r"(-r|--requirement|-c|--constraint)(?:\s+|=|(?<=-r)|(?<=-c))(\S+)").match
_HASH = re.compile(r"--hash[= ]\s*(\S+)")
_COMMENT = re.compile(r"(?:^|\s)#(.*)")
_OPTION = re.compile(r"\s--?[A-Za-z]")
_FILE = re.compile(r"^-r |\.toml\b|\.cfg\b|\.py\b|\.in\b|\.txt\b")
_EGG = re.compile(r"#(?:.*&)?egg=([A-Za-z0-9][A-Za-z0-9._-]*)")


class Line(Struct):
    """One requirement, with its hashes and with what stands in comments about who asked for it."""

    what: Requirement
    hashes: list[str] = field(default_factory=list)
    via: list[str] | None = None


class Contents(Struct):
    """A requirements file."""

    lines: list[Line] = field(default_factory=list)
    includes: list[str] = field(default_factory=list)
    constraints: list[str] = field(default_factory=list)
    unread: int = 0


def extract(tree: Tree, origin: str) -> Iterator[Found | Listing]:
    """Yield what the requirements files of a tree list, and those that they include under any name."""
    waiting = list(tree.matching(*PATTERNS))
    found: dict[str, Contents] = {}
    while waiting and len(found) < 20_000:
        path = waiting.pop()
        text = tree.text(path) if path not in found else None
        if text is None:
            continue
        found[path] = contents = parse(text, folder_of(path))
        waiting += contents.includes[:_MOST_INCLUDED] + contents.constraints[:_MOST_INCLUDED]
    constrained = {each for contents in found.values() for each in contents.constraints}
    for path, contents in sorted(found.items()):
        if contents.unread > len(contents.lines):
            tree.trouble(path, "is called as requirements are, and holds others than Python's")
            continue
        draft = _draft(tree, path, contents, found, origin)
        only = path in constrained and not any(path in each.includes for each in found.values())
        if only and "requirement" not in path.rpartition("/")[2]:
            # Constraints install nothing: they only say which version, if any.
            draft.facts["purpose"] = "constraints"
            yield draft.manifest()
        else:
            yield from draft.tell()


def _draft(tree: Tree, path: str, contents: Contents, files: dict[str, Contents], origin: str) -> Draft:
    stem, _, ending = path.rpartition(".")
    locked = ending != "in" and bool(contents.lines) and all(line.what.version for line in contents.lines)
    draft = Draft(tree, path, "pypi", origin=origin, locked=locked)
    lock = next((each for each in (f"{stem}.txt", f"{stem}.lock") if ending == "in" and each in files), "")
    draft.facts |= {"lock": lock, "includes": contents.includes, "constraints": contents.constraints}
    fixed = {normal(line.what.name): line.what.version for each in contents.constraints if each in files for line in files[each].lines}  # fmt: skip
    scope = file_scope(path)
    refs: dict[str, dict[str, None]] = {}
    for line in contents.lines:
        what = line.what
        version = what.version or fixed.get(normal(what.name), "")
        ref = draft.add(what.name, version, scope=scope, hashes=prefixed(line.hashes))
        if what.wanted and not what.version:
            draft.ranges[what.name] = what.wanted[:300]
        refs.setdefault(normal(what.name), {})[ref] = None
    for line in contents.lines:
        targets = refs[normal(line.what.name)]
        sources = [ref for each in line.via or () for ref in refs.get(normal(each), ())]
        for source in sources:
            draft.depend(source, targets)
        if not sources or any(_FILE.search(each) for each in line.via or ()):
            for ref in targets:
                draft.direct(ref, scope)
    return draft


def parse(text: str, folder: str = "") -> Contents:
    """Return what a requirements file says. Included files come as paths of the tree; those outside of it are left out."""
    found = Contents()
    last: Line | None = None
    for raw in _whole(text):
        line = raw
        if comment := _COMMENT.search(raw):
            line = raw[: comment.start()]
            if not line.strip():
                _note(last, comment[1])
        line = line.strip()
        if not line:
            continue
        if included := _INCLUDE(line):
            path = joined(folder, included[2].strip("\"'"))
            if path and "://" not in included[2]:
                (found.constraints if included[1] in {"-c", "--constraint"} else found.includes).append(path)
            last = None
            continue
        last = _line(line)
        if last is not None:
            found.lines.append(last)
            if comment:
                _note(last, comment[1])
        elif not line.startswith(("-", ".", "/", "http:", "https:", "git+", "file:")) and "://" not in line:
            found.unread += 1
    return found


def _whole(text: str) -> Iterator[str]:
    """Yield lines, with those that a backslash continues joined; comments amid them end none."""
    parts: list[str] = []
    for line in text.split("\n"):
        if line.endswith("\\"):
            parts.append(line[:-1])
            continue
        parts.append(line)
        yield " ".join(parts)
        parts = []
    if parts:
        yield " ".join(parts)


def _line(line: str) -> Line | None:
    hashes = _HASH.findall(line)
    if line.startswith(("-e ", "--editable")) or "://" in line.partition("@")[0]:
        egg = _EGG.search(line)
        return Line(Requirement(egg[1], line.removeprefix("-e ").strip())) if egg and "://" in line else None
    if option := _OPTION.search(line):
        line = line[: option.start()]
    what = requirement(line)
    return Line(what, hashes) if what else None


def _note(line: Line | None, comment: str) -> None:
    """Keep what a comment under a requirement says of who asked for it: `# via flask`, or a list under `# via`."""
    said = comment.strip()
    if line is None or not said:
        return
    if said.startswith("via"):
        line.via = (line.via or []) + [each.strip() for each in said[3:].split(",") if each.strip()]
    elif line.via is not None:
        line.via.append(said)
