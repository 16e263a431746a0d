"""`Cargo.toml`, and `Cargo.lock` where the checksum of the new version is known."""

from __future__ import annotations

import re
from collections.abc import Iterator

from seamark.response.remediation.change import ChangeKind
from seamark.response.remediation.editors.notation.source import Source, Splice, UnsafeEdit
from seamark.response.remediation.editors.notation.toml_ import Document, Path, Toml, plain, read_toml, set_string
from seamark.response.remediation.editors.registry import Work, editor
from seamark.response.remediation.editors.requirement import raised

_GROUPS = ("dependencies", "dev-dependencies", "build-dependencies")


@editor("cargo", title="Cargo.toml", files=r"Cargo\.toml", ecosystems=("cargo",), read=plain)
def edits(work: Work, path: str) -> Iterator[Splice]:
    """Raise a crate in all groups, those of targets and of the workspace included."""
    source = work.source(path)
    document = read_toml(source)
    for way, node in document.values:
        name, version = _dependency(document, way, node)
        if name != work.change.name:
            continue
        if version is None or version.string is None:
            continue  # from a path, a repository or the workspace: the version stands elsewhere
        change = work.change
        new = raised(
            version.string, ecosystem="cargo", name=name, current=change.from_version, wanted=change.to_version
        )
        if new is not None:
            yield set_string(source, version, new)


def _dependency(document: Document, way: Path, node: Toml) -> tuple[str, Toml | None]:
    """Return the crate that a value asks for and the place of its version; an empty name for other values."""
    at = next((number for number, part in enumerate(way) if part in _GROUPS), -1)
    if at < 0 or at + 1 >= len(way) or (at > 0 and way[0] not in {"workspace", "target"}):
        return "", None
    name, rest = str(way[at + 1]), way[at + 2 :]
    if rest and rest != ("version",):
        return "", None
    told = dict(node.members) if node.members is not None else {}
    package = told.get(("package",)) or document.get(*way[: at + 2], "package")
    version = told.get(("version",)) if node.members is not None else node
    return (package.string or name) if package is not None else name, version


@editor(
    "cargo-lock",
    title="Cargo.lock",
    files=r"Cargo\.lock",
    ecosystems=("cargo",),
    kinds=(ChangeKind.BUMP, ChangeKind.OVERRIDE),
    read=plain,
)
def lock_edits(work: Work, path: str) -> Iterator[Splice]:
    """Replace version and checksum of a crate, and the version where others name it."""
    source, change = work.source(path), work.change
    document = read_toml(source)
    packages = {
        way[1]
        for way, node in document.values
        if way[0] == "package" and way[2:] == ("name",) and node.string == change.name
    }
    versions = {number: document.get("package", number, "version") for number in packages}
    said = {number: node for number, node in versions.items() if node is not None}
    if any(node.string == change.to_version for node in said.values()) and any(
        node.string == change.from_version for node in said.values()
    ):
        raise UnsafeEdit(
            f"{path} has {change.name} {change.to_version} already beside {change.from_version}; run cargo update -p {change.name}@{change.from_version} --precise {change.to_version}."
        )
    for number, node in said.items():
        if node.string == change.from_version:
            yield set_string(source, node, change.to_version)
            yield from _checksum(work, source, document, number)
            yield from _references(work, source, document)


def _checksum(work: Work, source: Source, document: Document, number: str | int) -> Iterator[Splice]:
    node = document.get("package", number, "checksum")
    if node is None:
        raise UnsafeEdit(f"{source.path} takes {work.change.name} from a path or a repository.")
    given = work.known("checksum", "sha256")
    if not re.fullmatch(r"[0-9a-f]{64}", given):
        raise UnsafeEdit(
            f"{source.path} keeps checksums, and that of {work.change.name} {work.change.to_version} is not known; run cargo update -p {work.change.name}."
        )
    yield set_string(source, node, given)


def _references(work: Work, source: Source, document: Document) -> Iterator[Splice]:
    change = work.change
    exact = f"{change.name} {change.from_version}"
    for way, node in document.walk():
        if (
            way[0] == "package"
            and len(way) == 4
            and way[2] == "dependencies"
            and node.string is not None
            and (node.string == exact or node.string.startswith(f"{exact} "))
        ):
            yield set_string(source, node, f"{change.name} {change.to_version}" + node.string[len(exact) :])
