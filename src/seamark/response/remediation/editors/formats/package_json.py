"""`package.json`: dependencies, and the versions forced by npm's `overrides`, Yarn's `resolutions` and pnpm's `pnpm.overrides`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from seamark.response.remediation.change import ChangeKind
from seamark.response.remediation.editors.notation.json_ import Json, add_member, plain, read_json, set_string
from seamark.response.remediation.editors.notation.source import Source, Splice, UnsafeEdit
from seamark.response.remediation.editors.registry import Work, editor
from seamark.response.remediation.editors.requirement import raised

GROUPS: Final = ("dependencies", "devDependencies", "optionalDependencies")
_LOCKS: Final = {
    "pnpm-lock.yaml": "pnpm",
    "yarn.lock": "yarn",
    "package-lock.json": "npm",
    "npm-shrinkwrap.json": "npm",
}
_PLACES: Final = {"npm": ("overrides",), "yarn": ("resolutions",), "pnpm": ("pnpm", "overrides")}


@editor(
    "package-json", title="package.json", files=r"package\.json", ecosystems=("npm",), kinds=(ChangeKind.BUMP, ChangeKind.OVERRIDE), read=plain
)  # fmt: skip
def edits(work: Work, path: str) -> Iterator[Splice]:
    """Raise a direct dependency, or force the version of one that others pull in."""
    source = work.source(path)
    root = read_json(source)
    if root.members is None:
        raise UnsafeEdit(f"{path} holds no object.")
    yield from raised_ranges(work, source, root)
    if work.change.kind is ChangeKind.OVERRIDE:
        yield from _forced(work, source, root)


def raised_ranges(work: Work, source: Source, root: Json) -> Iterator[Splice]:
    """Yield the pieces that raise what a manifest, or its entry in a lock file, asks for."""
    change = work.change
    for group in (
        *GROUPS,
        *(("peerDependencies",) if _only_peer(root, change.name) and change.kind is ChangeKind.BUMP else ()),
    ):
        node = root.get(group, change.name)
        if node is None:
            continue
        new = raised(
            node.string, ecosystem="npm", name=change.name, current=change.from_version, wanted=change.to_version
        )
        if new is not None:
            yield set_string(source, node, new)


def _only_peer(root: Json, name: str) -> bool:
    return not any(root.get(group, name) for group in GROUPS)


def _forced(work: Work, source: Source, root: Json) -> Iterator[Splice]:
    change = work.change
    place = _PLACES[manager_of(work, source.path, root)]
    if place == ("overrides",) and any(root.get(group, change.name) for group in GROUPS):
        return  # npm refuses an override that differs from a direct dependency: raising that one forces it
    known = root.get(*place, change.name)
    if known is not None:
        if known.string == "":
            known = known.get(".")
        if known is None or known.string == "":
            raise UnsafeEdit(f"{source.path} already overrides what {change.name} pulls in, which is not edited.")
        new = raised(known.string, ecosystem="npm", name=change.name, current="", wanted=change.to_version)
        if new is not None:
            yield set_string(source, known, new)
        return
    inner = root.get(*place)
    _refuse_partial(source, inner, change.name)
    if inner is not None:
        yield add_member(source, inner, change.name, change.to_version)
    elif len(place) == 2 and (outer := root.get(place[0])) is not None:
        yield add_member(source, outer, place[1], {change.name: change.to_version})
    else:
        value = {change.name: change.to_version}
        yield add_member(source, root, place[0], value if len(place) == 1 else {place[1]: value})


def _refuse_partial(source: Source, inner: Json | None, name: str) -> None:
    for key, _ in inner.pairs() if inner else ():
        if key.startswith(f"{name}@") or key.endswith((f"/{name}", f">{name}")):
            raise UnsafeEdit(
                f"{source.path} already overrides {key}, beside which another override of {name} may not count."
            )


def manager_of(work: Work, path: str, root: Json) -> str:
    """Return `npm`, `yarn` or `pnpm`: as the change says, the manifest says, or the lock files beside it show."""
    said = root.get("packageManager")
    for name in (work.change.manager, said.string.partition("@")[0] if said else ""):
        if name in _PLACES:
            return name
    return next((manager for lock, manager in _LOCKS.items() if work.beside(path, lock)), "npm")
