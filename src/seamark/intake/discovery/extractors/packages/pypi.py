"""Python packages: requirements, `pyproject.toml`, `setup.py`, `Pipfile`, and the locks of pip, Poetry, uv, PDM and Pipenv."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from seamark.core.assets import Found, Listing
from seamark.intake.discovery.extractors.packages import pyproject, python_locks, requirements
from seamark.intake.discovery.extractors.packages.draft import Draft
from seamark.intake.discovery.extractors.packages.members import Workspaces, by_folder
from seamark.intake.discovery.extractors.packages.read import mapping, script_at, toml_at, words
from seamark.intake.discovery.registry import extractor
from seamark.intake.discovery.tree import Tree, folder_of

_LOCKS: Final = {
    "uv.lock": python_locks.uv,
    "poetry.lock": python_locks.poetry,
    "pdm.lock": python_locks.pdm,
    "pylock.toml": python_locks.pylock,
    "pylock.*.toml": python_locks.pylock,
}
_MANIFESTS: Final = ("pyproject.toml", "Pipfile", "setup.cfg", "setup.py")


@extractor("pypi", title="Python packages (pip, Poetry, uv, PDM, Pipenv)")
def extract(tree: Tree) -> Iterator[Found | Listing]:
    """Yield the manifests and locks of Python packages, with what they list."""
    tables = {path: found for path in tree.matching("pyproject.toml") if (found := toml_at(tree, path)) is not None}
    locks = [path for name in _LOCKS for path in tree.matching(name)]
    spaces = Workspaces(
        {folder_of(path): patterns for path, found in tables.items() if (patterns := _patterns(found))},
        by_folder(locks),
        map(folder_of, tables),
    )
    drafts: dict[str, Draft] = {}
    for path in tree.matching(*_MANIFESTS):
        draft = Draft(tree, path, "pypi", origin="pypi")
        if _read(tree, draft, tables):
            drafts[path] = draft
    pipfiles = frozenset(tree.matching("Pipfile.lock"))
    for path, draft in drafts.items():
        folder, name = folder_of(path), path.rpartition("/")[2]
        if name == "Pipfile":
            draft.facts["lock"] = path + ".lock" if path + ".lock" in pipfiles else ""
        elif name == "pyproject.toml":
            draft.facts |= {"lock": spaces.lock(folder), "workspaces": spaces.members(folder)}
        yield from draft.tell()
    for name, read in _LOCKS.items():
        for path in tree.matching(name):
            yield from _lock(tree, path, read, drafts.get(f"{folder_of(path)}/pyproject.toml".lstrip("/")))
    for path in pipfiles:
        yield from _lock(tree, path, python_locks.pipenv, drafts.get(path.removesuffix(".lock")))
    yield from requirements.extract(tree, "pypi")


def _lock(tree: Tree, path: str, read: Any, manifest: Draft | None) -> Iterator[Found | Listing]:
    draft = Draft(tree, path, "pypi", origin="pypi", locked=True)
    if manifest is not None:
        draft.facts |= {fact: manifest.facts.get(fact) for fact in ("name", "version")}
    if read(tree, draft, manifest):
        yield from draft.tell()


def _read(tree: Tree, draft: Draft, tables: dict[str, dict[str, Any]]) -> bool:
    name = draft.path.rpartition("/")[2]
    if name == "pyproject.toml":
        return draft.path in tables and pyproject.pyproject(draft, tables[draft.path])
    if name == "Pipfile":
        found = toml_at(tree, draft.path)
        if found is not None:
            pyproject.pipfile(draft, found)
        return found is not None
    text = script_at(tree, draft.path)
    if text is None:
        return False
    return pyproject.setup_cfg(draft, text) if name == "setup.cfg" else pyproject.setup_py(tree, draft, text)


def _patterns(found: dict[str, Any]) -> list[str]:
    space = mapping(mapping(mapping(found.get("tool")).get("uv")).get("workspace"))
    return words(space.get("members")) + [f"!{each}" for each in words(space.get("exclude"))]
