"""`pnpm-lock.yaml` (versions 5 to 9) where the integrity of the new version is known, and the overrides of `pnpm-workspace.yaml`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from seamark.response.remediation.change import ChangeKind
from seamark.response.remediation.editors.formats.package_json import GROUPS
from seamark.response.remediation.editors.notation.json_ import read_json
from seamark.response.remediation.editors.notation.source import Source, Splice, UnsafeEdit
from seamark.response.remediation.editors.notation.yaml_ import child, loaded, read_yaml, set_scalar, text_of
from seamark.response.remediation.editors.registry import Work, editor
from seamark.response.remediation.editors.requirement import raised

_INTEGRITY: Final = re.compile(r"(?:\{|\s)integrity:\s*([A-Za-z0-9+/=-]+)")


@editor(
    "pnpm-workspace", title="pnpm-workspace.yaml", files=r"pnpm-workspace\.ya?ml", ecosystems=("npm",),
    kinds=(ChangeKind.BUMP, ChangeKind.OVERRIDE), read=loaded,
)  # fmt: skip
def workspace_edits(work: Work, path: str) -> Iterator[Splice]:
    """Raise a package in the catalogues, or force the version of one that others pull in."""
    source, change = work.source(path), work.change
    roots = read_yaml(source)
    root = roots[0] if roots else None
    catalogues = child(root, "catalogs")
    groups = [
        child(root, "catalog"),
        *(
            value
            for _, value in (
                catalogues.value if catalogues is not None and not isinstance(catalogues.value, str) else ()
            )
        ),
    ]
    if change.kind is ChangeKind.OVERRIDE:
        groups = [child(root, "overrides")]
    named = False
    for group in groups:
        node = child(group, change.name)
        if node is None:
            continue
        named = True
        new = raised(
            text_of(node), ecosystem="npm", name=change.name, current=change.from_version, wanted=change.to_version
        )
        if new is not None:
            yield set_scalar(source, roots, node, new)
    if change.kind is ChangeKind.OVERRIDE and not named:
        yield _added(source, groups[0] is not None, change.name, change.to_version)


def _added(source: Source, there: bool, name: str, version: str) -> Splice:
    line = f'  "{name}": "{version}"'
    found = re.search(r"^overrides:[ \t]*(?:#[^\r\n]*)?(?=\r?$)", source.text, re.MULTILINE)
    if there and found is None:
        raise UnsafeEdit(f"{source.path} writes its overrides in a way that cannot be edited.")
    if found is not None:
        indent = re.compile(r"[ \t]*(?:\r?\n)([ \t]+)\S").match(source.text, found.end())
        line = (indent[1] if indent else "  ") + line.strip()
        return source.splice(found.end(), found.end(), source.newline + line)
    end = len(source.text)
    gap = "" if not source.text or source.text.endswith("\n") else source.newline
    return source.splice(end, end, f"{gap}overrides:{source.newline}{line}{source.newline}")


@editor(
    "pnpm-lock",
    title="pnpm-lock.yaml",
    files=r"pnpm-lock\.yaml",
    ecosystems=("npm",),
    kinds=(ChangeKind.BUMP, ChangeKind.OVERRIDE),
    read=loaded,
)
def edits(work: Work, path: str) -> Iterator[Splice]:
    """Replace a version with its integrity wherever the lock names it: as key, and in what depends on it."""
    source, change = work.source(path), work.change
    name, old, new = re.escape(change.name), re.escape(change.from_version), change.to_version
    if not change.from_version or not re.search(rf"^ +['\"]?/?{name}[@/]{old}['\"]?:", source.text, re.MULTILINE):
        return
    own = rf"(?<![\w./-]){name}"
    peers = (
        rf"{own}[@/]{old}[(_]",  # it has a choice of its own
        rf"^ +['\"]?{own}['\"]?: ['\"]?{old}[(_]",
        rf"^ +['\"]?{own}['\"]?:\r?\n +specifier:[^\n]*\n +version: ['\"]?{old}[(_]",
        rf"[(_]{name}@{old}\b",  # it is part of another's choice
    )
    if any(re.search(each, source.text, re.MULTILINE) for each in peers):
        raise UnsafeEdit(
            f"{path} installs {change.name} {change.from_version} beside others that it chose for it (peers); run pnpm update."
        )
    if re.search(rf"^ +['\"]?/?{name}[@/]{re.escape(new)}['\"]?:", source.text, re.MULTILINE):
        raise UnsafeEdit(f"{path} has {change.name} {new} already beside {change.from_version}; run pnpm dedupe.")
    given = work.known("integrity")
    if not given:
        raise UnsafeEdit(
            f"{path} keeps integrity, and that of {change.name} {new} is not known; run pnpm install --lockfile-only."
        )
    for match in re.finditer(
        rf"^ +['\"]?/?{name}[@/]({old})['\"]?:(?: *\{{\}})?[ \t]*\r?\n(?:(?P<indent> +)[^\n]*\n)?",
        source.text,
        re.MULTILINE,
    ):
        yield source.splice(match.start(1), match.end(1), new, 2)
        yield from _integrity(source, match.end(1), given)
    yield from _references(work, source)


def _integrity(source: Source, start: int, given: str) -> Iterator[Splice]:
    """Yield the piece with the integrity of the entry whose key stands before a place."""
    end = re.compile(r"\r?\n {0,2}\S|\Z").search(source.text, start)
    found = _INTEGRITY.search(source.text, start, end.start() if end else len(source.text))
    if found is not None:
        yield source.splice(found.start(1), found.end(1), given)


def _references(work: Work, source: Source) -> Iterator[Splice]:
    """Yield the pieces of what depends on the package: `name: 1.2.3`, and `specifier` and `version` of the workspace's own."""
    change = work.change
    name, old = re.escape(change.name), re.escape(change.from_version)
    for match in re.finditer(rf"^ +['\"]?{name}['\"]?: ['\"]?({old})['\"]?(?=\r?$)", source.text, re.MULTILINE):
        yield source.splice(match.start(1), match.end(1), change.to_version)
    direct = re.compile(
        rf"^ +['\"]?{name}['\"]?:\r?\n +specifier: (?P<asked>[^\r\n]+)\r?\n +version: (?P<version>{old})(?=\r?$)",
        re.MULTILINE,
    )
    for match in direct.finditer(source.text):
        yield source.splice(match.start("version"), match.end("version"), change.to_version)
        asked = match["asked"].strip("'\"")
        if _manifest_asks(work, source, asked):
            start = match.start("asked") + match["asked"].index(asked)
            new = raised(
                asked, ecosystem="npm", name=change.name, current=change.from_version, wanted=change.to_version
            )
            if new is not None:
                yield source.splice(start, start + len(asked), new)


def _manifest_asks(work: Work, source: Source, asked: str) -> bool:
    """Tell whether a manifest that is changed as well asks for the package in these words."""
    folder = source.path[: source.path.rfind("/") + 1]
    for path in work.change.manifests:
        if path.startswith(folder) and path.endswith("package.json"):
            root = read_json(work.source(path))
            if any(
                (node := root.get(group, work.change.name)) is not None and node.string == asked for group in GROUPS
            ):
                return True
    return False
