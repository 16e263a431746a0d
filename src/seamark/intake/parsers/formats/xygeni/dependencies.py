"""Xygeni's inventory of dependencies with their vulnerabilities."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from seamark.intake.parsers.formats.xygeni.common import Failure, Metadata, Place, is_report, location, run
from seamark.intake.parsers.kit import (
    CodeLocation,
    Component,
    Cvss,
    DependsOn,
    Finding,
    Item,
    Kind,
    Rule,
    cvss,
    cwe_ids,
    references,
    variant,
)
from seamark.intake.parsers.kit.packages import DependencyGraph, graded, identifiers, package


class Rating(Struct):
    score: float | None = None
    vector: str | None = ""


class Vulnerability(Struct, rename="camel"):
    id: str
    severity: str | None = ""
    cve: str | None = ""
    aliases: list[str] | None = None
    cwes: list[str] | None = None
    fixed_version: str | None = ""
    ratings: list[Rating] | None = None
    overall_cvss_score: float | None = None
    unique_hash: str | None = ""
    references: list[str] | None = None
    description: str | None = ""


class Paths(Struct, rename="camel"):
    id: int | None = None
    parents: list[int] | None = None
    dependency_paths: list[str] | None = None
    locations: list[Place] | None = None
    direct_dependency: bool | None = None
    current_project: bool | None = False
    root: bool | None = False


class Licence(Struct, rename="camel"):
    name: str | None = ""
    spdx_id: str | None = ""


class Dependency(Struct, rename="camel"):
    name: str
    group: str | None = ""
    version: str | None = ""
    ecosystem: str | None = ""
    repository_type: str | None = ""
    scope: str | None = ""
    file_name: str | None = ""
    licenses: list[Licence] | None = None
    hashes: dict[str, str] | None = None
    paths: Paths | None = None
    tags: list[str] | None = None
    vulnerabilities: list[Vulnerability] | None = None


class Report(Struct, rename="camel"):
    metadata: Metadata
    dependencies: list[Dependency]
    errors: list[Failure] | None = None
    current_branch: str | None = ""


@variant("xygeni", looks=is_report("deps-xygeni", "dependencies"))
def read(report: Report) -> Iterator[Item]:
    yield run(report.metadata, report.errors or (), report.current_branch or "")
    components = [_component(each) for each in report.dependencies]
    names = {component.ref: f"{component.name}@{component.version}" for component in components}
    graph = _graph(report.dependencies)
    for dependency, component in zip(report.dependencies, components, strict=True):
        ways = (
            [tuple(names.get(step, step) for step in way) for way in graph.ways(component.ref)] if component.ref else []
        )
        paths = tuple(way for way in ways if len(way) > 1)
        for row in dependency.vulnerabilities or ():
            yield _finding(row, dependency, component, paths)
    yield from components
    for ref, targets in _edges(report.dependencies).items():
        yield DependsOn(ref, tuple(targets))


def _ref(number: int | None) -> str:
    return "" if number is None else str(number)


def _graph(dependencies: list[Dependency]) -> DependencyGraph:
    graph = DependencyGraph()
    for each in dependencies:
        paths = each.paths or Paths()
        if paths.direct_dependency:
            graph.direct(_ref(paths.id))
        for parent in paths.parents or ():
            graph.add(_ref(parent), _ref(paths.id))
    return graph


def _edges(dependencies: list[Dependency]) -> dict[str, list[str]]:
    known = {each.paths.id for each in dependencies if each.paths is not None}
    edges: dict[str, list[str]] = {}
    for each in dependencies:
        paths = each.paths or Paths()
        for parent in paths.parents or ():
            if parent in known and paths.id is not None:
                edges.setdefault(_ref(parent), []).append(_ref(paths.id))
    return edges


def _component(each: Dependency) -> Component:
    name = (
        f"{each.group}:{each.name}"
        if each.group and each.ecosystem == "maven"
        else f"{each.group}/{each.name}"
        if each.group
        else each.name
    )
    found = package(each.ecosystem or each.repository_type or "", name, each.version or "")
    paths = each.paths or Paths()
    return Component(
        name=found.name,
        version=found.version,
        purl=found.purl,
        licences=tuple(licence.spdx_id or licence.name or "" for licence in each.licenses or ()),
        ref=_ref(paths.id),
        direct=paths.direct_dependency,
        scope={
            "compile": "runtime",
            "runtime": "runtime",
            "test": "test",
            "dev": "development",
            "optional": "optional",
        }.get((each.scope or "").lower(), ""),
        hashes=tuple((each.hashes or {}).items()),
    )


def _finding(
    row: Vulnerability, dependency: Dependency, component: Component, paths: tuple[tuple[str, ...], ...]
) -> Finding:
    ratings = _ratings(row)
    cwes = cwe_ids(row.cwes)
    name = row.cve or row.id
    return Finding(
        rule=name,
        title=f"{name} in {component.name}",
        severity=graded(row.severity, ratings),
        severity_given=row.severity or "",
        kind=Kind.DEPENDENCY,
        location=_place(dependency),
        component=component,
        about=Rule(
            id=name,
            description=row.description or "",
            cwes=cwes,
            references=references(tuple(link.rpartition("](")[2].rstrip(")") for link in row.references or ())),
        ),
        cwes=cwes,
        vulnerabilities=identifiers(row.cve, row.id, row.aliases),
        cvss=ratings,
        fixed_versions=(row.fixed_version,) if row.fixed_version else (),
        dependency_paths=paths,
        fingerprints=(("xygeni", row.unique_hash),) if row.unique_hash else (),
        tags=tuple(dependency.tags or ()),
    )


def _place(dependency: Dependency) -> CodeLocation | None:
    """Return where the dependency is declared, else the lock file that pulls it in."""
    paths = dependency.paths or Paths()
    declared = next((place for each in paths.locations or () if (place := location(each)) is not None), None)
    if declared is not None:
        return declared
    file = next(iter(paths.dependency_paths or ()), "") or dependency.file_name or ""
    return CodeLocation(path=file) if file else None


def _ratings(row: Vulnerability) -> tuple[Cvss, ...]:
    # -1 stands for "not rated".
    given = [cvss(each.vector, each.score) for each in row.ratings or () if each.vector or (each.score or 0) > 0]
    if not given and (row.overall_cvss_score or 0) > 0:
        given.append(cvss("", row.overall_cvss_score))
    return tuple(dict.fromkeys(each for each in given if each is not None))
