"""Gradle: build scripts, which are read and not run, version catalogues, and lock files."""

from __future__ import annotations

import re
from collections import ChainMap
from collections.abc import Iterator
from typing import Any, Final

from seamark.core.assets import Found, Listing
from seamark.intake.discovery.extractors.packages import gradle_script
from seamark.intake.discovery.extractors.packages.draft import Draft
from seamark.intake.discovery.extractors.packages.members import beside, by_folder
from seamark.intake.discovery.extractors.packages.read import mapping, script_at, toml_at, word, words
from seamark.intake.discovery.registry import extractor
from seamark.intake.discovery.tree import Tree, folder_of, joined

_LOCKS: Final = ("gradle.lockfile", "buildscript-gradle.lockfile", "settings-gradle.lockfile")
_RANGE = re.compile(r"[\[(,+$]|^latest\.")
_LOCKED = re.compile(r"([^\s:=#]+):([^\s:=]+):([^\s:=]+)(?:=(\S*))?$").match
_SIGNS = re.compile(r"[-_.]+")


class Catalogue:
    """A `libs.versions.toml`: coordinates by aliases, in the form in which scripts write them."""

    def __init__(self, found: dict[str, Any]) -> None:
        self.libraries: dict[str, tuple[str, str, str]] = {}
        self.bundles: dict[str, list[str]] = {}
        versions = mapping(found.get("versions"))
        for alias, given in mapping(found.get("libraries")).items():
            said = mapping(given)
            group, _, artifact = word(said.get("module")).partition(":")
            version = self._version(said.get("version"), versions)
            if isinstance(given, str):
                group, artifact, version = [*given.split(":"), "", ""][:3]
            group, artifact = group or word(said.get("group")), artifact or word(said.get("name"))
            if group and artifact:
                self.libraries[_dotted(alias)] = (group, artifact, version)
        for alias, given in mapping(found.get("bundles")).items():
            self.bundles[_dotted(alias)] = [_dotted(each) for each in words(given)]

    def _version(self, given: Any, versions: dict[str, Any]) -> str:
        said = mapping(given)
        if "ref" in said:
            return self._version(versions.get(word(said["ref"])), {})
        return word(said.get("strictly") or said.get("require") or said.get("prefer")) if said else word(given)

    def named(self, alias: str) -> list[tuple[str, str, str]]:
        """Return the coordinates that an alias of a script means."""
        if alias.startswith("bundles."):
            return [self.libraries[each] for each in self.bundles.get(alias[8:], ()) if each in self.libraries]
        return [self.libraries[alias]] if alias in self.libraries else []


def _dotted(alias: str) -> str:
    return _SIGNS.sub(".", alias)


@extractor("gradle", title="Gradle builds, version catalogues and locks")
def extract(tree: Tree) -> Iterator[Found | Listing]:
    """Yield the Gradle builds with their dependencies, the catalogues, and the locks."""
    catalogues = {
        path: Catalogue(found)
        for path in tree.matching("*.versions.toml")
        if (found := toml_at(tree, path)) is not None
    }
    files = frozenset(tree.matching("settings.gradle", "settings.gradle.kts", "gradle.properties", *_LOCKS))
    scripts = {
        path: gradle_script.plain(text)
        for path in tree.matching("build.gradle", "build.gradle.kts")
        if (text := script_at(tree, path)) is not None
    }
    known = _known(tree, scripts, files)
    drafts = {path: _build(tree, path, scripts, known, catalogues, files) for path in scripts}
    for draft in drafts.values():
        yield from draft.tell()
    for path, catalogue in catalogues.items():
        draft = Draft(tree, path, "maven", origin="gradle")
        draft.facts["purpose"] = "catalogue"
        for group, artifact, version in catalogue.libraries.values():
            _require(draft, group, artifact, version, "")
        yield from draft.tell()
    builds = by_folder(drafts)
    for path in tree.matching(*_LOCKS):
        yield from _lock(tree, path, drafts.get(builds.get(folder_of(path), "")))


def _build(
    tree: Tree,
    path: str,
    scripts: dict[str, str],
    known: dict[str, dict[str, str]],
    catalogues: dict[str, Catalogue],
    files: frozenset[str],
) -> Draft:
    draft = Draft(tree, path, "maven", origin="gradle")
    script = scripts[path]
    above = ChainMap(*(known[folder] for folder in _upwards(folder_of(path)) if folder in known))
    settings = beside(path, "settings.gradle", files) or beside(path, "settings.gradle.kts", files)
    name, projects = (
        gradle_script.included(gradle_script.plain(script_at(tree, settings) or "")) if settings else ("", [])
    )
    places = [joined(folder_of(path), each) for each in projects]
    version = re.search(r"""^version ?=? ?["']([^"'\n]{1,100})["']""", script, re.MULTILINE)
    draft.facts |= {
        "name": name,
        "version": version[1] if version else "",
        "lock": beside(path, "gradle.lockfile", files),
        "workspaces": [
            each for each in places if f"{each}/build.gradle" in scripts or f"{each}/build.gradle.kts" in scripts
        ],
    }
    for need in gradle_script.needs(script):
        if not gradle_script.is_configuration(need.configuration):
            continue
        scope = gradle_script.scope(need.configuration)
        if need.alias:
            catalogue = _nearest(path, f"gradle/{need.catalogue}.versions.toml", catalogues)
            for group, artifact, fixed in catalogue.named(need.alias) if catalogue else ():
                _require(draft, group, artifact, fixed, scope)
        else:
            fixed = gradle_script.filled(need.version, above)
            _require(
                draft, gradle_script.filled(need.group, above), gradle_script.filled(need.artifact, above), fixed, scope
            )
    return draft


def _known(tree: Tree, scripts: dict[str, str], files: frozenset[str]) -> dict[str, dict[str, str]]:
    """Return the variables that scripts and properties set, by their folders."""
    found: dict[str, dict[str, str]] = {}
    for path, script in scripts.items():
        found.setdefault(folder_of(path), {}).update(gradle_script.variables(script))
    for path in files:
        if path.rpartition("/")[2] == "gradle.properties":
            found.setdefault(folder_of(path), {}).update(gradle_script.properties(tree.text(path) or ""))
    return found


def _upwards(folder: str) -> Iterator[str]:
    yield folder
    while folder:
        yield (folder := folder_of(folder))


def _nearest(path: str, name: str, catalogues: dict[str, Catalogue]) -> Catalogue | None:
    places = (f"{folder}/{name}".lstrip("/") for folder in _upwards(folder_of(path)))
    return next((catalogues[place] for place in places if place in catalogues), None)


def _require(draft: Draft, group: str, artifact: str, version: str, scope: str) -> None:
    if "$" in group or "$" in artifact:
        return
    version = version.removesuffix("!!")
    draft.require(f"{group}/{artifact}", "" if _RANGE.search(version) else version, wanted=version, scope=scope)


def _lock(tree: Tree, path: str, build: Draft | None) -> Iterator[Found | Listing]:
    text = tree.text(path)
    if text is None:
        return
    draft = Draft(tree, path, "maven", origin="gradle", locked=True)
    named = {part.name: part.scope for part in build.parts.values()} if build is not None else {}
    for line in text.split("\n"):
        if found := _LOCKED(line.strip()):
            configurations = [each for each in (found[4] or "").split(",") if each]
            scope = _used_by(configurations) if path.rpartition("/")[2] == "gradle.lockfile" else "development"
            name = f"{found[1]}/{found[2]}"
            ref = draft.add(name, found[3], scope=scope)
            if name in named:
                draft.direct(ref, named[name])
    yield from draft.tell()


def _used_by(configurations: list[str]) -> str:
    plain = [each.lower() for each in configurations]
    if not plain or any("runtimeclasspath" in each and "test" not in each for each in plain):
        return "runtime"
    return "test" if all("test" in each for each in plain) else "development"
