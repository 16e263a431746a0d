"""`package-lock.json` and `npm-shrinkwrap.json`, versions 1 to 3, where the integrity of the new version is known."""

from __future__ import annotations

from collections.abc import Iterator

from seamark.response.remediation.change import ChangeKind
from seamark.response.remediation.editors.formats.package_json import raised_ranges
from seamark.response.remediation.editors.notation.json_ import Json, plain, read_json, set_string
from seamark.response.remediation.editors.notation.source import Source, Splice, UnsafeEdit
from seamark.response.remediation.editors.registry import Work, editor

_INSIDE = "node_modules/"


@editor(
    "package-lock", title="package-lock.json", files=r"(?:package-lock|npm-shrinkwrap)\.json", ecosystems=("npm",),
    kinds=(ChangeKind.BUMP, ChangeKind.OVERRIDE), read=plain,
)  # fmt: skip
def edits(work: Work, path: str) -> Iterator[Splice]:
    """Replace version, address and integrity of every installed copy, and raise what the workspace's own packages ask for."""
    source = work.source(path)
    root = read_json(source)
    packages = root.get("packages")
    for place, entry in packages.pairs() if packages else ():
        if _name_at(place, entry) == work.change.name and _INSIDE in place:
            yield from _locked(work, source, entry)
        elif _INSIDE not in place and work.beside(path, f"{place}/package.json".lstrip("/")) in work.change.manifests:
            yield from raised_ranges(work, source, entry)
    yield from _tree(work, source, root)


def _name_at(place: str, entry: Json) -> str:
    said = entry.get("name")
    return said.string if said is not None else place.rpartition(_INSIDE)[2]


def _tree(work: Work, source: Source, above: Json) -> Iterator[Splice]:
    """Yield the pieces of the tree that version 1 keeps, and version 2 for those who read only that."""
    dependencies = above.get("dependencies")
    for name, entry in dependencies.pairs() if dependencies else ():
        if entry.members is None:
            continue
        if name == work.change.name:
            yield from _locked(work, source, entry)
        yield from _tree(work, source, entry)


def _locked(work: Work, source: Source, entry: Json) -> Iterator[Splice]:
    change = work.change
    version = entry.get("version")
    if version is None or version.string != change.from_version:
        return
    integrity = entry.get("integrity")
    given = work.known("integrity")
    if integrity is not None:
        if not given:
            raise UnsafeEdit(
                f"{source.path} keeps integrity, and that of {change.name} {change.to_version} is not known; run npm install --package-lock-only."
            )
        yield set_string(source, integrity, given)
    yield set_string(source, version, change.to_version)
    resolved = entry.get("resolved")
    if resolved is not None:
        yield set_string(
            source,
            resolved,
            work.known("resolved") or moved(source.path, resolved.string, change.from_version, change.to_version),
        )


def moved(path: str, address: str, current: str, wanted: str) -> str:
    """Return the address of another version's archive on the same server. Raises `UnsafeEdit` where it does not follow from the old one."""
    ending = f"-{current}.tgz"
    if not address.endswith(ending):
        raise UnsafeEdit(
            f"{path} takes a package from {address.partition('?')[0][:200]}, from which the address of {wanted} does not follow."
        )
    return f"{address.removesuffix(ending)}-{wanted}.tgz"
