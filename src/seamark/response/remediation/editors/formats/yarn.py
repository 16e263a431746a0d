"""`yarn.lock` of Yarn 1 and of later ones, where the integrity or checksum of the new version is known."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from seamark.response.remediation.change import ChangeKind
from seamark.response.remediation.editors.formats.package_json import GROUPS
from seamark.response.remediation.editors.formats.package_lock import moved
from seamark.response.remediation.editors.notation.json_ import read_json
from seamark.response.remediation.editors.notation.source import Source, Splice, UnsafeEdit, lines
from seamark.response.remediation.editors.registry import Work, editor
from seamark.response.remediation.editors.requirement import raised

_BLOCK: Final = re.compile(
    r"^(?P<head>[^\s#][^\r\n]*):\r?\n(?P<body>(?:[ \t]+[^\r\n]*(?:\r?\n|\Z)|\r?\n(?=[ \t]))*)", re.MULTILINE
)


@editor(
    "yarn-lock",
    title="yarn.lock",
    files=r"yarn\.lock",
    ecosystems=("npm",),
    kinds=(ChangeKind.BUMP, ChangeKind.OVERRIDE),
    read=lines,
)
def edits(work: Work, path: str) -> Iterator[Splice]:
    """Replace version, address and integrity of a package, and the ranges that lead to it where the manifest's are raised."""
    source = work.source(path)
    for match in _BLOCK.finditer(source.text):
        if any(_name(each) == work.change.name for each in _patterns(match["head"])):
            yield from _block(work, source, match)
    yield from _workspaces(work, source)


def _patterns(head: str) -> list[str]:
    return [each.strip().strip('"') for each in head.split(",")]


def _name(pattern: str) -> str:
    return pattern[: pattern.find("@", 1)]


def _block(work: Work, source: Source, match: re.Match[str]) -> Iterator[Splice]:
    change, old = work.change, re.escape(work.change.from_version)
    version = re.search(rf'^[ \t]+version:? "?({old})"?[ \t]*(?=\r?$)', match["body"], re.MULTILINE)
    if version is None or not change.from_version:
        return
    if any(not re.fullmatch(rf"{re.escape(change.name)}@(?:npm:)?[^:/]+", each) for each in _patterns(match["head"])):
        raise UnsafeEdit(
            f"{source.path} takes {change.name} from elsewhere than its registry on line {source.line(match.start())}."
        )
    base = match.start("body")
    yield source.splice(base + version.start(1), base + version.end(1), change.to_version)
    yield from _proof(work, source, match["body"], base)
    yield from _resolved(work, source, match["body"], base)
    yield from _head(work, source, match)


def _proof(work: Work, source: Source, body: str, base: int) -> Iterator[Splice]:
    for key, names in (("integrity", ("integrity",)), ("checksum", ("checksum",))):
        found = re.search(rf'^[ \t]+{key}:? "?([^\s"]+)', body, re.MULTILINE)
        if found is None:
            continue
        given = work.known(*names)
        if not given:
            raise UnsafeEdit(
                f"{source.path} keeps the {key}, and that of {work.change.name} {work.change.to_version} is not known; run yarn up or yarn upgrade."
            )
        yield source.splice(base + found.start(1), base + found.end(1), given)


def _resolved(work: Work, source: Source, body: str, base: int) -> Iterator[Splice]:
    change = work.change
    found = re.search(r'^[ \t]+resolved "([^"]+)"', body, re.MULTILINE)
    if found is not None:
        address, mark, _ = found[1].partition("#")
        given = work.known("resolved")
        if mark and not given and not work.known("sha1"):
            raise UnsafeEdit(
                f"{source.path} keeps the SHA-1 of archives, and that of {change.name} {change.to_version} is not known; run yarn upgrade."
            )
        if not given or (mark and "#" not in given and not work.known("sha1")):
            given = moved(source.path, address, change.from_version, change.to_version)
        if mark and "#" not in given and work.known("sha1"):
            given += f"#{work.known('sha1')}"
        yield source.splice(base + found.start(1), base + found.end(1), given)
    resolution = re.search(
        rf'^[ \t]+resolution: "{re.escape(change.name)}@npm:({re.escape(change.from_version)})"', body, re.MULTILINE
    )
    if resolution is not None:
        yield source.splice(base + resolution.start(1), base + resolution.end(1), change.to_version)


def _head(work: Work, source: Source, match: re.Match[str]) -> Iterator[Splice]:
    """Yield the piece that adds the manifest's new range to those that lead to an entry, in place of the old one where nobody else uses that."""
    change = work.change
    for asked, new in _raised_in_manifests(work, source):
        for pattern in (f"{change.name}@{asked}", f"{change.name}@npm:{asked}"):
            if pattern not in _patterns(match["head"]):
                continue
            at = match.start("head") + match["head"].index(pattern)
            fresh = pattern[: len(pattern) - len(asked)] + new
            if fresh in _patterns(match["head"]):
                continue
            if _others_ask(source, change.name, asked):
                quoted = (
                    f'"{fresh}"'
                    if not match["head"].startswith('"') and ("@" in change.name[:1] or " " in fresh)
                    else fresh
                )
                end = at + len(pattern)
                yield source.splice(end, end, f", {quoted}")
            else:
                yield source.splice(at, at + len(pattern), fresh)


def _others_ask(source: Source, name: str, asked: str) -> bool:
    """Tell whether an entry of the lock depends on a package in these words; the workspace's own entries do not count."""
    wanted = re.compile(rf'^[ \t]+"?{re.escape(name)}"?:? "?(?:npm:)?{re.escape(asked)}"?[ \t]*\r?$', re.MULTILINE)
    return any(
        wanted.search(each["body"]) for each in _BLOCK.finditer(source.text) if "@workspace:" not in each["head"]
    )


def _raised_in_manifests(work: Work, source: Source) -> Iterator[tuple[str, str]]:
    folder, change = source.path[: source.path.rfind("/") + 1], work.change
    seen = set()
    for path in change.manifests:
        if not path.startswith(folder) or not path.endswith("package.json"):
            continue
        root = read_json(work.source(path))
        for group in GROUPS:
            node = root.get(group, change.name)
            if node is None or node.string in seen:
                continue
            seen.add(node.string)
            new = raised(
                node.string, ecosystem="npm", name=change.name, current=change.from_version, wanted=change.to_version
            )
            if new is not None:
                yield node.string, new


def _workspaces(work: Work, source: Source) -> Iterator[Splice]:
    """Yield the pieces of what later Yarns keep of the workspace's own packages."""
    changed = dict(_raised_in_manifests(work, source))
    for block in _BLOCK.finditer(source.text):
        if "@workspace:" not in block["head"]:
            continue
        for match in re.finditer(
            rf'^[ \t]+"?{re.escape(work.change.name)}"?: "?(?:npm:)?([^"\r\n]+?)"?[ \t]*\r?$',
            block["body"],
            re.MULTILINE,
        ):
            if match[1] in changed:
                yield source.splice(
                    block.start("body") + match.start(1), block.start("body") + match.end(1), changed[match[1]]
                )
