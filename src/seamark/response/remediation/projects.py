"""The projects of a working tree or an inventory: each lock with the manifests it belongs to, each manifest without a lock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from msgspec.structs import replace

from seamark.core.assets import AssetKind, Discovery, Listing
from seamark.core.component import Component, DependsOn
from seamark.response.remediation.project import Node, Part, Project, package_of, package_of_purl

EXTRACTORS: Final = ("npm", "pypi", "maven", "gradle", "golang", "cargo", "gem", "composer", "nuget")
"""Readers of discovery whose packages can be planned for."""
_MANAGERS: Final = {
    "package-lock.json": "npm", "npm-shrinkwrap.json": "npm", "yarn.lock": "yarn", "pnpm-lock.yaml": "pnpm", "bun.lock": "bun", "poetry.lock": "poetry",
    "uv.lock": "uv", "pdm.lock": "pdm", "pylock.toml": "pip", "Pipfile.lock": "pipenv", "Pipfile": "pipenv", "pom.xml": "maven", "go.mod": "go",
    "Cargo.lock": "cargo", "Cargo.toml": "cargo", "Gemfile.lock": "bundler", "gems.locked": "bundler", "Gemfile": "bundler", "composer.lock": "composer",
    "composer.json": "composer", "gradle.lockfile": "gradle", "build.gradle": "gradle", "build.gradle.kts": "gradle", "packages.lock.json": "nuget",
    "package.json": "npm",
}  # fmt: skip
_USUAL: Final = {"npm": "npm", "pypi": "pip", "maven": "maven", "golang": "go", "cargo": "cargo", "gem": "bundler", "composer": "composer", "nuget": "nuget"}  # fmt: skip


def projects(found: Discovery) -> tuple[Project, ...]:
    """Return the projects that discovery tells of, in the order of their places. What has no versions has no project."""
    facts = {one.ref.key: one.facts for one in found.assets if one.ref.kind is AssetKind.MANIFEST}
    paths = {key: _path(key) for key in facts}
    locks = {_path(one.manifest.key): one for one in found.listings if one.locked}
    beside: dict[str, list[str]] = {}
    for key, told in facts.items():
        if (lock := told.get("lock", "")) and lock in locks and paths[key] != lock:
            beside.setdefault(lock, []).append(key)
    owned = {key for keys in beside.values() for key in keys}
    made = []
    for listing in found.listings:
        key, path = listing.manifest.key, _path(listing.manifest.key)
        if key in owned and not (listing.locked and listing.ecosystem == "golang"):
            continue
        manifests = [key, *beside.get(path, ())]
        ranges = {name: wanted for one in manifests for name, wanted in _ranges(facts.get(one, {})).items()}
        project = project_of(listing.components, listing.edges, place=key, ecosystem=listing.ecosystem, ranges=ranges)
        if project is not None:
            made.append(_with_files(project, path, [paths[one] for one in manifests[1:]], facts.get(key, {}), listing))
    return tuple(sorted(made, key=lambda one: one.place))


def _with_files(project: Project, path: str, others: list[str], facts: Mapping[str, Any], listing: Listing) -> Project:
    lock = path if others else ""
    sums = facts.get("lock") or ""
    files = (*sorted(others), path, *([sums] if sums and sums != path and listing.ecosystem == "golang" else ()))
    name = facts.get("name", "")
    publishes = package_of(project.ecosystem, name) if isinstance(name, str) and name and not lock else ""
    return replace(
        project, manifests=files, lock=lock, manager=manager_of(path, project.ecosystem), publishes=publishes,
        forces=None if path.rpartition("/")[2] not in {"uv.lock", "pnpm-lock.yaml", "yarn.lock"} else True,
    )  # fmt: skip


def manager_of(path: str, ecosystem: str) -> str:
    """Return the program that keeps a manifest or lock."""
    name = path.rpartition("/")[2]
    return _MANAGERS.get(name) or _USUAL.get(ecosystem, "")


def project_of(
    components: Iterable[Component], edges: Iterable[DependsOn], *, place: str, ecosystem: str, ranges: Mapping[str, str] | None = None
) -> Project | None:  # fmt: skip
    """Return what a listing or inventory installs of one ecosystem; None where that is nothing with a version.

    Edges are between the components' refs, from `""` or any other ref that is none of theirs for what the project itself asks for.
    """
    nodes: dict[str, Node] = {}
    parts: dict[Node, Part] = {}
    for one in components:
        package = package_of_purl(one.purl)
        if package.startswith(f"{ecosystem}/") and one.version:
            nodes[one.ref or one.purl] = node = (package, one.version)
            known = parts.get(node)
            direct = bool(one.direct) or (known is not None and known.direct)
            parts[node] = Part(package=package, name=one.name, version=one.version, purl=one.purl, direct=direct, scope=one.scope)  # fmt: skip
    if not parts:
        return None
    drawn: dict[Node, dict[Node, None]] = {}
    for edge in edges:
        if (source := nodes.get(edge.ref)) is not None:
            drawn.setdefault(source, {}).update((nodes[target], None) for target in edge.targets if target in nodes)
    asked = {target for targets in drawn.values() for target in targets}
    if not any(part.direct for part in parts.values()):
        # Where nobody says what is direct, it is what nothing else asks for.
        parts = {node: _direct(part) if node not in asked else part for node, part in parts.items()}
    return Project(
        place=place, ecosystem=ecosystem, parts=tuple(parts[node] for node in sorted(parts)),
        edges={node: tuple(sorted(targets)) for node, targets in drawn.items()},
        wanted={package_of(ecosystem, name): wanted for name, wanted in (ranges or {}).items()},
    )  # fmt: skip


def _direct(part: Part) -> Part:
    return replace(part, direct=True)


def _path(key: str) -> str:
    return key.partition("//")[2]


def _ranges(facts: Mapping[str, Any]) -> dict[str, str]:
    given = facts.get("ranges")
    return {name: wanted for name, wanted in given.items() if isinstance(wanted, str)} if isinstance(given, dict) else {}  # fmt: skip
