"""Rust: `Cargo.toml` with workspaces, and `Cargo.lock`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeVar

from msgspec import Struct

from seamark.core.assets import Found, Listing
from seamark.intake.discovery.extractors.packages.draft import Draft, weightier, without_password
from seamark.intake.discovery.extractors.packages.members import Workspaces, by_folder
from seamark.intake.discovery.extractors.packages.read import mapping, rows, toml_at, word, words
from seamark.intake.discovery.registry import extractor
from seamark.intake.discovery.tree import Tree, folder_of

_T = TypeVar("_T")
_GROUPS: Final = (("dependencies", "runtime"), ("build-dependencies", "development"), ("dev-dependencies", "test"), ("dev_dependencies", "test"), ("build_dependencies", "development"))  # fmt: skip
_EXACT = re.compile(r"=\s*(\d+\.\d+\.\d+[\w.+-]*)").fullmatch


class Need(Struct, frozen=True):
    """A dependency of a crate."""

    name: str
    wanted: str
    scope: str
    own: bool


@extractor("cargo", title="Rust crates")
def extract(tree: Tree) -> Iterator[Found | Listing]:
    """Yield the crates' manifests and locks."""
    tables = {path: found for path in tree.matching("Cargo.toml") if (found := toml_at(tree, path)) is not None}
    by_place = {folder_of(path): found for path, found in tables.items()}
    locks = by_folder(tree.matching("Cargo.lock"))
    roots = {folder: mapping(found["workspace"]) for folder, found in by_place.items() if "workspace" in found}
    spaces = Workspaces({folder: _patterns(space) for folder, space in roots.items()}, locks, by_place)
    crates: dict[str, dict[str, list[Need]]] = {}
    for folder, found in by_place.items():
        above = roots.get(folder) or roots.get(spaces.root(folder)) or _enclosing(folder, roots, {})
        needs = list(_needs(found, mapping(above.get("dependencies"))))
        draft = Draft(tree, f"{folder}/Cargo.toml".lstrip("/"), "cargo", origin="cargo")
        draft.facts |= _facts(found, mapping(above.get("package")))
        draft.facts |= {"lock": spaces.lock(folder), "workspaces": spaces.members(folder)}
        for need in needs:
            exact = _EXACT(need.wanted)
            if not need.own:
                draft.require(need.name, exact[1] if exact else "", wanted=need.wanted, scope=need.scope)
        yield from draft.tell()
        crates.setdefault(spaces.lock(folder) or _enclosing(folder, locks, ""), {})[word(mapping(found.get("package")).get("name"))] = needs  # fmt: skip
    for folder, path in locks.items():
        root = word(mapping(by_place.get(folder, {}).get("package")).get("name"))
        yield from _lock(tree, path, root, crates.get(path, {}))


def _enclosing(folder: str, places: Mapping[str, _T], nothing: _T) -> _T:
    """Return what belongs to the nearest folder above: crates that others take by their path are members as well."""
    while folder:
        folder = folder_of(folder)
        if folder in places:
            return places[folder]
    return nothing


def _patterns(space: dict[str, Any]) -> list[str]:
    return words(space.get("members")) + [f"!{each}" for each in words(space.get("exclude"))]


def _facts(found: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    package = mapping(found.get("package"))

    def said(key: str) -> str:
        given = package.get(key)
        return word(above.get(key)) if mapping(given).get("workspace") is True else word(given)

    private = package.get("publish") is False or package.get("publish") == []
    return {"name": said("name"), "version": said("version"), "licence": said("license"), "private": private}


def _needs(found: dict[str, Any], inherited: dict[str, Any]) -> Iterator[Need]:
    tables = [found, *(mapping(each) for each in mapping(found.get("target")).values())]
    for table in tables:
        for group, scope in _GROUPS:
            for name, given in mapping(table.get(group)).items():
                yield _need(name, given, scope, inherited)


def _need(name: str, given: Any, scope: str, inherited: dict[str, Any]) -> Need:
    said = mapping(given)
    optional = said.get("optional") is True
    if said.get("workspace") is True:
        given = inherited.get(name)
        said = mapping(given)
    wanted = word(said.get("version")) if said else word(given)
    address = word(said.get("git"))
    return Need(
        word(said.get("package")) or name,
        wanted or without_password(address),
        "optional" if optional and scope == "runtime" else scope,
        own="path" in said and not address,
    )


def _lock(tree: Tree, path: str, root: str, crates: dict[str, list[Need]]) -> Iterator[Found | Listing]:
    found = toml_at(tree, path)
    if found is None:
        return
    draft = Draft(tree, path, "cargo", origin="cargo", locked=True)
    sums = mapping(found.get("metadata"))
    entries = [entry for entry in map(mapping, rows(found.get("package"))) if word(entry.get("name"))]
    refs: dict[str, str] = {}
    own: dict[str, tuple[str, dict[str, Any]]] = {}
    for entry in entries:
        name, version, source = (word(entry.get(key)) for key in ("name", "version", "source"))
        digest = word(entry.get("checksum")) or word(sums.get(f"checksum {name} {version} ({source})"))
        ref = "" if name == root and not source else draft.add(name, version, hashes=(("sha256", digest),) if digest else (), internal=not source)  # fmt: skip
        for each in (f"{name} {version} ({source})", f"{name} {version}", name):
            refs.setdefault(each, ref)
        if not source:
            own[name] = (ref, entry)
            draft.facts |= {"name": name, "version": version} if name == root else {}
    for entry in entries:
        ref = refs[f"{word(entry.get('name'))} {word(entry.get('version'))} ({word(entry.get('source'))})"]
        if ref and ref not in draft.internal:
            draft.depend(ref, (refs.get(need, "") for need in words(entry.get("dependencies"))))
    for name, (ref, entry) in own.items():
        draft.direct(ref, "runtime")
        scopes: dict[str, str] = {}
        for asked in crates.get(name, ()):
            scopes[asked.name] = weightier(scopes.get(asked.name, ""), asked.scope)
        for need in words(entry.get("dependencies")):
            draft.direct(refs.get(need, ""), scopes.get(need.partition(" ")[0], "runtime"))
    draft.spread_scopes()
    for ref, entry in own.values():
        if ref:
            draft.depend(ref, (refs.get(need, "") for need in words(entry.get("dependencies"))))
    yield from draft.tell()
