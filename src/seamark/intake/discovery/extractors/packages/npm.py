"""JavaScript packages: `package.json`, and the locks of npm, yarn, pnpm and bun."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from seamark.core.assets import Found, Listing
from seamark.intake.discovery.extractors.packages import bun, npm_lock, pnpm, yarn
from seamark.intake.discovery.extractors.packages.draft import Draft
from seamark.intake.discovery.extractors.packages.members import Workspaces, by_folder
from seamark.intake.discovery.extractors.packages.read import json_at, licences, mapping, word, words, yaml_at
from seamark.intake.discovery.registry import extractor
from seamark.intake.discovery.tree import Tree, folder_of

_LOCKS: Final = {
    "npm-shrinkwrap.json": npm_lock.read,
    "package-lock.json": npm_lock.read,
    "pnpm-lock.yaml": pnpm.read,
    "yarn.lock": yarn.read,
    "bun.lock": bun.read,
}
"""In the order in which they count where several stand in one folder."""
_GROUPS: Final = (
    ("dependencies", "runtime"), ("optionalDependencies", "optional"), ("devDependencies", "development"),
)  # fmt: skip
_EXACT = re.compile(r"=?\s*v?(\d+\.\d+\.\d+(?:[-+][0-9A-Za-z.+-]+)?)").fullmatch
_OWN: Final = ("workspace:", "file:", "link:", "portal:")


@extractor("npm", title="JavaScript packages (npm, yarn, pnpm, bun)")
def extract(tree: Tree) -> Iterator[Found | Listing]:
    """Yield the manifests and locks of JavaScript packages, with what they list."""
    said = {
        path: found for path in tree.matching("package.json") if (found := json_at(tree, path)) and _is_manifest(found)
    }
    manifests = {folder_of(path): found for path, found in said.items()}
    locks = by_folder(sorted(tree.matching(*_LOCKS), key=lambda path: list(_LOCKS).index(path.rpartition("/")[2])))
    patterns = {folder: given for folder, found in manifests.items() if (given := _patterns(tree, folder, found))}
    spaces = Workspaces(patterns, locks, manifests)
    names = {root: {word(manifests[each].get("name")) for each in (root, *spaces.members(root))} for root in patterns}
    for path, found in said.items():
        folder = folder_of(path)
        draft = manifest(tree, path, found, names.get(spaces.root(folder), set()))
        draft.facts |= {"lock": spaces.lock(folder), "workspaces": spaces.members(folder)}
        yield from draft.tell()
    for path in tree.matching(*_LOCKS):
        folder = folder_of(path)
        draft = Draft(tree, path, "npm", origin="npm", locked=True)
        own = {each: manifests[each] for each in (folder, *spaces.members(folder)) if each in manifests}
        root = manifests.get(folder, {})
        draft.facts |= {"name": word(root.get("name")), "version": word(root.get("version"))}
        if _LOCKS[path.rpartition("/")[2]](tree, draft, own):
            yield from draft.tell()


def _is_manifest(found: dict[str, Any]) -> bool:
    """Tell whether a `package.json` describes a package: many hold no more than `{"type": "module"}`."""
    return any(found.get(key) for key in ("name", "version", "workspaces", "scripts", "peerDependencies", *(group for group, _ in _GROUPS)))  # fmt: skip


def _patterns(tree: Tree, folder: str, found: dict[str, Any]) -> list[str]:
    space = f"{folder}/pnpm-workspace.yaml".lstrip("/")
    if space in tree.files:
        return words(yaml_at(tree, space).get("packages"))
    given = found.get("workspaces")
    return words(given.get("packages") if isinstance(given, dict) else given)


def manifest(tree: Tree, path: str, found: dict[str, Any], names: set[str]) -> Draft:
    """Return what a `package.json` says; `names` are the packages of its workspace, which are left out."""
    draft = Draft(tree, path, "npm", origin="npm")
    said = licences(found.get("license") or found.get("licenses"))
    draft.facts |= {
        "name": word(found.get("name")),
        "version": word(found.get("version")),
        "licence": " OR ".join(said),
        "private": found.get("private") is True,
    }
    optional = mapping(found.get("optionalDependencies"))
    for group, scope in _GROUPS:
        for name, wanted in mapping(found.get(group)).items():
            if group != "dependencies" or name not in optional:
                _require(draft, name, word(wanted), scope, names)
    perhaps = mapping(found.get("peerDependenciesMeta"))
    installed = {name for group, _ in _GROUPS for name in mapping(found.get(group))}
    for name, wanted in mapping(found.get("peerDependencies")).items():
        if name not in installed:
            _require(draft, name, word(wanted), "optional" if mapping(perhaps.get(name)).get("optional") is True else "runtime", names)  # fmt: skip
    return draft


def _require(draft: Draft, name: str, wanted: str, scope: str, names: set[str]) -> None:
    if name in names or (wanted.startswith(_OWN) and not wanted.endswith((".tgz", ".tar.gz"))):
        return
    if wanted.startswith("npm:"):
        real, at, wanted = wanted[4:].rpartition("@")
        name, wanted = (real, wanted) if at and real else (wanted, "*")
    exact = _EXACT(wanted)
    draft.require(name, exact[1] if exact else "", wanted=wanted, scope=scope)
