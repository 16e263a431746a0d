"""The locks of Python: `poetry.lock`, `uv.lock`, `pdm.lock`, `pylock.toml` and `Pipfile.lock`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Final

from seamark.intake.discovery.extractors.packages.draft import Draft, Hashes, prefixed
from seamark.intake.discovery.extractors.packages.pep508 import group_scope, normal, requirement
from seamark.intake.discovery.extractors.packages.read import json_at, mapping, rows, toml_at, word, words
from seamark.intake.discovery.tree import Tree

_MOST_VERSIONS: Final = 20
_MAIN: Final = frozenset({"main", "default"})


class _Index:
    """The refs of a lock's packages by their normal names; a name has several where platforms differ."""

    def __init__(self) -> None:
        self.refs: dict[str, dict[str, str]] = {}

    def put(self, name: str, version: str, ref: str) -> None:
        self.refs.setdefault(normal(name), {})[version] = ref

    def get(self, name: str, version: str = "") -> list[str]:
        known = self.refs.get(normal(name), {})
        return [known[version]] if version in known else list(islice(known.values(), _MOST_VERSIONS))


def _packages(found: dict[str, Any], key: str = "package") -> list[tuple[str, str, dict[str, Any]]]:
    entries = [mapping(entry) for entry in rows(found.get(key))]
    return [
        (word(entry.get("name")), word(entry.get("version")), entry) for entry in entries if word(entry.get("name"))
    ]


def _wants(draft: Draft, wanted: Iterable[tuple[str, str]], index: _Index) -> None:
    for name, scope in wanted:
        for ref in index.get(name):
            draft.direct(ref, scope)


def wanted_by(manifest: Draft | None) -> list[tuple[str, str]]:
    """Return the names that a manifest asks for, with what for."""
    if manifest is None:
        return []
    direct = manifest.edges.get("", {})
    return [(part.name, part.scope) for ref, part in manifest.parts.items() if ref in direct]


def poetry(tree: Tree, draft: Draft, manifest: Draft | None) -> bool:
    """Fill a draft from a `poetry.lock`, with the direct dependencies of the manifest beside it."""
    found = toml_at(tree, draft.path)
    if found is None:
        return False
    files = mapping(mapping(found.get("metadata")).get("files"))
    index = _Index()
    packages = _packages(found)
    for name, version, entry in packages:
        hashes = _files(entry.get("files") or files.get(name))
        own = word(mapping(entry.get("source")).get("type")) == "directory"
        ref = draft.add(name, version, scope=_grouped(entry), hashes=hashes, internal=own)
        index.put(name, version, ref)
    for name, version, entry in packages:
        needs = mapping(entry.get("dependencies"))
        draft.depend(index.get(name, version)[0], (ref for each in needs for ref in index.get(each)))
    _wants(draft, wanted_by(manifest), index)
    draft.spread_scopes()
    return True


def _grouped(entry: dict[str, Any]) -> str:
    """Return the scope that a lock tells by groups or, in older files, by category."""
    groups = words(entry.get("groups")) or ([word(entry["category"])] if entry.get("category") else [])
    if not groups:
        return "optional" if entry.get("optional") is True else ""
    if not _MAIN.isdisjoint(groups):
        return "optional" if entry.get("optional") is True else "runtime"
    return "test" if all(group_scope(group) == "test" for group in groups) else "development"


def _files(given: Any) -> Hashes:
    return prefixed(word(mapping(each).get("hash")) for each in rows(given))


def pdm(tree: Tree, draft: Draft, manifest: Draft | None) -> bool:
    """Fill a draft from a `pdm.lock`, with the direct dependencies of the manifest beside it."""
    found = toml_at(tree, draft.path)
    if found is None:
        return False
    index = _Index()
    packages = _packages(found)
    for name, version, entry in packages:
        own = bool(entry.get("path")) and not word(entry.get("path")).endswith((".whl", ".tar.gz", ".zip"))
        ref = draft.add(name, version, scope=_grouped(entry), hashes=_files(entry.get("files")), internal=own)
        index.put(name, version, ref)
    for name, version, entry in packages:
        needs = filter(None, map(requirement, words(entry.get("dependencies"))))
        draft.depend(index.get(name, version)[0], (ref for each in needs for ref in index.get(each.name, each.version)))
    _wants(draft, wanted_by(manifest), index)
    draft.spread_scopes()
    return True


def uv(tree: Tree, draft: Draft, manifest: Draft | None) -> bool:  # noqa: ARG001 - the lock holds the project itself
    """Fill a draft from a `uv.lock`: the project and the members of its workspace stand in it as packages."""
    found = toml_at(tree, draft.path)
    if found is None:
        return False
    index = _Index()
    packages = _packages(found)
    projects: list[tuple[str, dict[str, Any]]] = []
    for name, version, entry in packages:
        source = mapping(entry.get("source"))
        folder = next((word(source[key]) for key in ("virtual", "editable", "directory") if key in source), None)
        ref = "" if folder == "." else draft.add(name, version, hashes=_archives(entry), internal=folder is not None)
        index.put(name, version, ref)
        if folder is not None:
            projects.append((ref, entry))
            draft.direct(ref, "runtime")
        if not ref:
            draft.facts |= {"name": name, "version": version}
    for name, version, entry in packages:
        draft.depend(index.get(name, version)[0], (target for _, target in _uv_needs(entry, index)))
    for _, entry in projects:
        for scope, target in _uv_needs(entry, index):
            draft.direct(target, scope)
    _spread(draft, projects)
    return True


def _spread(draft: Draft, projects: list[tuple[str, dict[str, Any]]]) -> None:
    """Spread the scopes from what the projects ask for; a project's tools are no run-time need although it has them."""
    own = {ref for ref, _ in projects if ref}
    kept = {ref: draft.edges.pop(ref) for ref in own if ref in draft.edges}
    draft.spread_scopes()
    draft.edges |= kept


def _uv_needs(entry: dict[str, Any], index: _Index) -> Iterator[tuple[str, str]]:
    tables = [("runtime", entry.get("dependencies"))]
    tables += [("optional", table) for table in mapping(entry.get("optional-dependencies")).values()]
    tables += [(group_scope(group), table) for group, table in mapping(entry.get("dev-dependencies")).items()]
    for scope, table in tables:
        for need in rows(table):
            said = mapping(need)
            for target in index.get(word(said.get("name")), word(said.get("version"))):
                yield scope, target


def _archives(entry: dict[str, Any]) -> Hashes:
    found = [entry.get("sdist"), *rows(entry.get("wheels"))]
    return prefixed(word(mapping(each).get("hash")) for each in found)


def pylock(tree: Tree, draft: Draft, manifest: Draft | None) -> bool:
    """Fill a draft from a `pylock.toml`, with the direct dependencies of the manifest beside it."""
    found = toml_at(tree, draft.path)
    if found is None:
        return False
    index = _Index()
    packages = _packages(found, "packages")
    for name, version, entry in packages:
        archives = [entry.get("sdist"), entry.get("archive"), *rows(entry.get("wheels"))]
        digests = [mapping(mapping(each).get("hashes")) for each in archives]
        hashes = prefixed(f"{algorithm}:{word(digest)}" for each in digests for algorithm, digest in each.items())
        index.put(name, version, draft.add(name, version, hashes=hashes, internal="directory" in entry))
    for name, version, entry in packages:
        needs = [mapping(each) for each in rows(entry.get("dependencies"))]
        draft.depend(
            index.get(name, version)[0],
            (ref for need in needs for ref in index.get(word(need.get("name")), word(need.get("version")))),
        )
    _wants(draft, wanted_by(manifest), index)
    draft.spread_scopes()
    return True


def pipenv(tree: Tree, draft: Draft, manifest: Draft | None) -> bool:
    """Fill a draft from a `Pipfile.lock`, which lists a package under each of its groups and holds no graph."""
    found = json_at(tree, draft.path)
    if found is None:
        return False
    index = _Index()
    for group, table in found.items():
        if group == "_meta":
            continue
        scope = "runtime" if group == "default" else "development" if group == "develop" else group_scope(group)
        for name, given in mapping(table).items():
            entry = mapping(given)
            own = bool(entry.get("path")) and entry.get("editable") is True
            version = word(entry.get("version")).lstrip("=").strip()
            ref = draft.add(name, version, scope=scope, hashes=prefixed(words(entry.get("hashes"))), internal=own)
            index.put(name, version, ref)
    _wants(draft, wanted_by(manifest), index)
    return True
