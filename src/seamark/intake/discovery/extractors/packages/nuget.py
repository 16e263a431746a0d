""".NET packages: project files with centrally managed versions, `packages.config`, and the locks of NuGet."""

from __future__ import annotations

import re
from collections import ChainMap
from collections.abc import Iterator, Mapping
from typing import Final

from seamark.core.assets import Found, Listing
from seamark.intake.discovery.extractors.packages import msbuild
from seamark.intake.discovery.extractors.packages.draft import Draft, Hashes, from_base64
from seamark.intake.discovery.extractors.packages.members import beside
from seamark.intake.discovery.extractors.packages.read import children, json_at, local, mapping, rows, word, xml_at
from seamark.intake.discovery.registry import extractor
from seamark.intake.discovery.tree import Tree, folder_of

_PROJECTS: Final = ("*.csproj", "*.fsproj", "*.vbproj")
_SHARED: Final = ("Directory.Build.props", "Directory.Build.targets", "Directory.Packages.props")
_MOST_INHERITED: Final = 1_000
_EXACT = re.compile(r"\[?\s*(\d[\w.+-]*)\s*\]?").fullmatch
_TESTING: Final = frozenset(
    {"microsoft.net.test.sdk", "mstest", "mstest.testframework", "nunit", "tunit", "xunit", "xunit.v3"}
)


@extractor("nuget", title=".NET packages (NuGet)")
def extract(tree: Tree) -> Iterator[Found | Listing]:
    """Yield the .NET projects with their packages, and NuGet's locks."""
    shared = {path: found for path in tree.matching(*_SHARED) if (found := msbuild.read(tree, path)) is not None}
    locks = frozenset(tree.matching("packages.lock.json"))
    for path in tree.matching(*_PROJECTS):
        if (project := msbuild.read(tree, path)) is not None:
            draft = Draft(tree, path, "nuget", origin="nuget")
            draft.facts["lock"] = beside(path, "packages.lock.json", locks)
            _project(draft, project, _above(path, shared))
            yield from draft.tell()
    for path, project in shared.items():
        if project.versions or project.everywhere or project.references:
            draft = Draft(tree, path, "nuget", origin="nuget")
            draft.facts["purpose"] = "catalogue"
            known = _properties(path, project, _above(path, shared))
            for each in (*project.versions, *project.everywhere, *project.references):
                _require(draft, each.name, msbuild.filled(each.version, known), "")
            yield from draft.tell()
    for path in tree.matching("packages.config"):
        yield from _config(tree, path)
    for path in sorted(locks):
        yield from _lock(tree, path)
    for path in tree.matching("project.assets.json"):
        yield from _assets(tree, path)


def _above(path: str, shared: dict[str, msbuild.Project]) -> list[tuple[str, msbuild.Project]]:
    """Return the shared files that hold for a project, the nearest first."""
    found = []
    folder = folder_of(path)
    while True:
        places = [f"{folder}/{name}".lstrip("/") for name in _SHARED]
        found += [(place, shared[place]) for place in places if place in shared and place != path]
        if not folder:
            return found
        folder = folder_of(folder)


def _properties(path: str, project: msbuild.Project, above: list[tuple[str, msbuild.Project]]) -> Mapping[str, str]:
    name = {"msbuildprojectname": path.rpartition("/")[2].rpartition(".")[0]}
    return ChainMap(name, project.properties, *(each.properties for _, each in above))


def _project(draft: Draft, project: msbuild.Project, above: list[tuple[str, msbuild.Project]]) -> None:
    known = _properties(draft.path, project, above)
    managed = ChainMap(*(each.managed for _, each in above))
    nearest: dict[str, msbuild.Project] = {}
    for path, each in above:
        nearest.setdefault(path.rpartition("/")[2], each)
    inherited = [one for each in nearest.values() for one in each.references[:_MOST_INHERITED] if not one.update]
    updated = {one.name.lower(): one.version for one in project.references if one.update and one.version}
    references = [*project.references, *inherited]
    names = {one.name.lower() for one in references}
    test = (
        known.get("istestproject", "").lower() == "true"
        or not _TESTING.isdisjoint(names)
        or project.sdk.startswith("mstest.sdk")
    )
    said = {
        key: msbuild.filled(known.get(key, ""), known)
        for key in ("packageid", "assemblyname", "version", "packagelicenseexpression")
    }
    draft.facts |= {
        "name": said["packageid"] or said["assemblyname"] or known["msbuildprojectname"],
        "version": said["version"],
        "licence": said["packagelicenseexpression"],
    }
    for one in references:
        if not one.update:
            version = one.version or updated.get(one.name.lower(), "") or managed.get(one.name.lower(), "")
            scope = "test" if test else "development" if one.private else "runtime"
            _require(draft, msbuild.filled(one.name, known), msbuild.filled(version, known), scope)
    for each in nearest.values():
        for one in each.everywhere[:_MOST_INHERITED]:
            _require(draft, one.name, msbuild.filled(one.version, known), "development")


def _require(draft: Draft, name: str, wanted: str, scope: str) -> None:
    """Add a reference: a bare version is the lowest that will do, which is the one that NuGet takes."""
    exact = _EXACT(wanted)
    if "$(" not in name and "@(" not in name:
        draft.require(name, exact[1] if exact else "", wanted=wanted, scope=scope)


def _config(tree: Tree, path: str) -> Iterator[Found | Listing]:
    root = xml_at(tree, path)
    if root is None or local(root) != "packages":
        return
    draft = Draft(tree, path, "nuget", origin="nuget", locked=True)
    for each in children(root, "package"):
        scope = "development" if str(each.get("developmentDependency") or "").lower() == "true" else "runtime"
        draft.require(str(each.get("id") or ""), str(each.get("version") or ""), scope=scope)
    yield from draft.tell()


def _lock(tree: Tree, path: str) -> Iterator[Found | Listing]:
    found = json_at(tree, path)
    if found is None:
        return
    draft = Draft(tree, path, "nuget", origin="nuget", locked=True)
    for table in mapping(found.get("dependencies")).values():
        entries = {name: mapping(entry) for name, entry in mapping(table).items()}
        refs: dict[str, str] = {}
        for name, entry in entries.items():
            own = word(entry.get("type")) == "Project"
            refs[name.lower()] = ref = draft.add(name, word(entry.get("resolved")), hashes=_sha512(entry.get("contentHash")), internal=own)  # fmt: skip
            if own or word(entry.get("type")) == "Direct":
                draft.direct(ref, "runtime")
        for name, entry in entries.items():
            draft.depend(
                refs[name.lower()], (refs.get(need.lower(), "") for need in mapping(entry.get("dependencies")))
            )
    draft.spread_scopes()
    yield from draft.tell()


def _sha512(digest: object) -> Hashes:
    hexadecimal = from_base64(digest) if isinstance(digest, str) else ""
    return (("sha512", hexadecimal),) if hexadecimal else ()


def _assets(tree: Tree, path: str) -> Iterator[Found | Listing]:
    found = json_at(tree, path)
    if found is None or "libraries" not in found:
        return
    draft = Draft(tree, path, "nuget", origin="nuget", locked=True)
    refs: dict[str, str] = {}
    for key, entry in mapping(found.get("libraries")).items():
        name, _, version = key.partition("/")
        said = mapping(entry)
        refs[key.lower()] = draft.add(name, version, hashes=_sha512(said.get("sha512")), internal=word(said.get("type")) == "project")  # fmt: skip
    project = mapping(found.get("project"))
    draft.facts |= {
        "name": word(mapping(project.get("restore")).get("projectName")),
        "version": word(project.get("version")),
    }
    wanted = {name.lower() for each in mapping(project.get("frameworks")).values() for name in mapping(mapping(each).get("dependencies"))}  # fmt: skip
    groups = mapping(found.get("projectFileDependencyGroups")).values()
    wanted |= {word(each).partition(" ")[0].lower() for group in groups for each in rows(group)}
    for target in mapping(found.get("targets")).values():
        names = {key.partition("/")[0].lower(): refs.get(key.lower(), "") for key in mapping(target)}
        for key, entry in mapping(target).items():
            needs = mapping(mapping(entry).get("dependencies"))
            draft.depend(refs.get(key.lower(), ""), (names.get(need.lower(), "") for need in needs))
        for name in wanted & set(names):
            draft.direct(names[name], "runtime")
    draft.spread_scopes()
    yield from draft.tell()
