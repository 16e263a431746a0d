"""The locks of npm: `package-lock.json` and `npm-shrinkwrap.json`, versions 1 to 3."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from seamark.intake.discovery.extractors.packages.draft import Draft, integrity, weightier
from seamark.intake.discovery.extractors.packages.read import json_at, licences, mapping, word
from seamark.intake.discovery.tree import Tree

_INSIDE: Final = "node_modules/"
_DEEPEST: Final = 50
_LONGEST_PATH: Final = 1_000
_RUNTIME: Final = (("dependencies", "runtime"), ("peerDependencies", "runtime"), ("optionalDependencies", "optional"))
_ALL: Final = (("devDependencies", "development"), *_RUNTIME)


def read(tree: Tree, draft: Draft, own: Mapping[str, dict[str, Any]]) -> bool:
    """Fill a draft from its lock, and tell whether it could be read. `own` are the manifests of the workspace by folder."""
    found = json_at(tree, draft.path)
    if found is None:
        return False
    packages = mapping(found.get("packages"))
    root: Any = packages.get("")
    if not packages:
        packages = _unfolded(tree, draft, found)
        root = next(iter(own.values()), {})
    for fact in ("name", "version"):
        draft.facts[fact] = word(found.get(fact)) or draft.facts.get(fact, "")
    entries = {
        path: entry for path, entry in packages.items() if 0 < len(path) < _LONGEST_PATH and isinstance(entry, dict)
    }
    refs = _refs(draft, entries)
    _direct(draft, "", mapping(root), refs)
    for path, entry in entries.items():
        ref = refs[path]
        if path.startswith(_INSIDE) or f"/{_INSIDE}" in path:
            draft.depend(ref, _targets(path, entry, refs))
        else:
            draft.direct(ref)
            _direct(draft, path, entry, refs)
            draft.depend(ref, _targets(path, entry, refs, _ALL))
    return True


def _refs(draft: Draft, entries: dict[str, dict[str, Any]]) -> dict[str, str]:
    """Add the packages, and return their refs by the paths at which they are installed."""
    refs: dict[str, str] = {}
    links: dict[str, str] = {}
    for path, entry in entries.items():
        if entry.get("link") is True:
            links[path] = word(entry.get("resolved"))
            continue
        folder, mark, name = path.rpartition(_INSIDE)
        inside = bool(mark) and (not folder or folder.endswith("/"))
        refs[path] = draft.add(
            word(entry.get("name")) or (name if inside else path.rpartition("/")[2]),
            word(entry.get("version")),
            scope=_scope(entry) if inside else "runtime",
            hashes=integrity(entry["integrity"]) if isinstance(entry.get("integrity"), str) else (),
            licences=licences(entry.get("license")),
            internal=not inside,
        )
    for path, target in links.items():
        refs[path] = refs.get(target, "")
    return refs


def _scope(entry: dict[str, Any]) -> str:
    if entry.get("dev") is True:
        return "development"
    return "optional" if entry.get("optional") is True or entry.get("devOptional") is True else "runtime"


def _direct(draft: Draft, path: str, entry: dict[str, Any], refs: dict[str, str]) -> None:
    scopes: dict[str, str] = {}
    for group, scope in _ALL:
        for name in mapping(entry.get(group)):
            scopes[name] = weightier(scopes.get(name, ""), scope)
    for name, scope in scopes.items():
        draft.direct(_resolved(path, name, refs), scope)


def _targets(path: str, entry: dict[str, Any], refs: dict[str, str], groups: tuple[tuple[str, str], ...] = _RUNTIME) -> list[str]:  # fmt: skip
    found = []
    for group, _ in groups:
        needed = entry.get(group)
        if isinstance(needed, dict):
            found += [_resolved(path, name, refs) for name in needed if isinstance(name, str)]
    return found


def _resolved(path: str, name: str, refs: dict[str, str]) -> str:
    """Return what a package at a path gets when it asks for a name: the one installed nearest, from the inside out."""
    for _ in range(_DEEPEST):
        place = f"{path}/{_INSIDE}{name}" if path else _INSIDE + name
        if place in refs:
            return refs[place]
        if not path:
            break
        above = path.rfind(f"/{_INSIDE}")
        path = path[:above] if above > 0 else ""
    return ""


def _unfolded(tree: Tree, draft: Draft, found: dict[str, Any]) -> dict[str, Any]:
    """Return the nested packages of version 1 by the paths at which they are installed, as later versions write them."""
    flat: dict[str, Any] = {}
    waiting = [("", mapping(found.get("dependencies")), 0)]
    while waiting:
        above, packages, depth = waiting.pop()
        if depth > _DEEPEST:
            tree.trouble(draft.path, "is nested too deeply: the innermost packages were left out")
            continue
        for name, entry in packages.items():
            if not isinstance(entry, dict) or len(name) > 300:
                continue
            path = f"{above}/{_INSIDE}{name}" if above else _INSIDE + name
            version = word(entry.get("version"))
            real, at, fixed = version.removeprefix("npm:").rpartition("@") if version.startswith("npm:") else ("", "", version)  # fmt: skip
            if version.startswith("file:") and not version.endswith((".tgz", ".tar.gz")):
                path, fixed = version[5:], ""
            elif "/" in fixed or ":" in fixed:
                # An address of a repository or archive, which says no version.
                fixed = ""
            flat[path] = {
                **entry,
                "name": real if at else name,
                "version": fixed,
                "dependencies": mapping(entry.get("requires")),
            }
            waiting.append((path, mapping(entry.get("dependencies")), depth + 1))
    return flat
