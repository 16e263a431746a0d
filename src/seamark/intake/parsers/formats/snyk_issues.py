"""Snyk's REST API: the issues of an organisation or group, of all of its products.

Each project of the answer is a run of its own, so that an answer about one never closes findings of another.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct, field

from seamark.intake.parsers.formats._sca import shared_rule
from seamark.intake.parsers.kit import (
    CodeLocation,
    Component,
    Cvss,
    Finding,
    Item,
    Kind,
    Location,
    Probe,
    Reach,
    ResourceLocation,
    Run,
    Suppression,
    cwe_ids,
    json_object,
    moment,
    parser,
    references,
)
from seamark.intake.parsers.kit.packages import graded, identifiers, package, rating

_KINDS = {
    "package_vulnerability": Kind.DEPENDENCY,
    "license": Kind.LICENCE,
    "cloud": Kind.CLOUD,
    "code": Kind.CODE,
    "config": Kind.MISCONFIGURATION,
    "custom": None,
}
_REACH = {
    "function": Reach.STATIC,
    "reachable": Reach.STATIC,
    "package": Reach.POTENTIAL,
    "no-path-found": Reach.UNREACHABLE,
    "not-reachable": Reach.UNREACHABLE,
}
_ECOSYSTEMS = {
    "PYTHON": "pypi", "JS": "npm", "JAVA": "maven", "GOLANG": "golang", "RUBY": "gem", "PHP": "composer", "DOTNET": "nuget",
    "RUST": "cargo", "SWIFT": "swift", "COCOAPODS": "cocoapods", "HEX": "hex", "DART": "pub", "UNMANAGED": "generic",
}  # fmt: skip


class Point(Struct):
    line: int | None = None
    column: int | None = None


class Region(Struct):
    start: Point | None = None
    end: Point | None = None


class Source(Struct):
    file: str
    commit_id: str | None = ""
    region: Region | None = None


class Package(Struct):
    package_name: str
    package_version: str | None = ""


class Resource(Struct):
    name: str | None = ""
    native_id: str | None = ""
    type: str | None = ""
    location: str | None = ""
    account_id: str | None = ""


class Cloud(Struct):
    resource: Resource | None = None


class Representation(Struct):
    source: Source | None = field(default=None, name="sourceLocation")
    dependency: Package | None = None
    resource_path: str | None = field(default=None, name="resourcePath")
    cloud_resource: Cloud | None = field(default=None, name="cloud_resource")


class Remedy(Struct):
    type: str | None = ""
    description: str | None = ""


class Coordinate(Struct):
    representations: list[Representation] | None = None
    remedies: list[Remedy] | None = None
    reachability: str | None = ""


class Named(Struct):
    id: str
    source: str | None = ""
    url: str | None = ""


class Rated(Struct):
    score: float | None = None
    vector: str | None = ""
    version: str | None = ""
    source: str | None = ""


class Attributes(Struct):
    key: str
    title: str
    type: str
    effective_severity_level: str | None = ""
    status: str = "open"
    ignored: bool = False
    description: str | None = ""
    key_asset: str | None = None
    classes: list[Named] | None = None
    problems: list[Named] | None = None
    coordinates: list[Coordinate] | None = None
    severities: list[Rated] | None = None
    created_at: str | None = ""


class Ref(Struct):
    id: str = ""


class Relation(Struct):
    data: Ref | None = None


class Relations(Struct):
    scan_item: Relation | None = None


class Issue(Struct):
    id: str
    attributes: Attributes
    relationships: Relations | None = None


class Links(Struct):
    next: str | None = None


class Report(Struct):
    data: list[Issue]
    links: Links | None = None


def _is_answer(probe: Probe) -> bool:
    if probe.get("data.0"):
        return probe.get("data.0.type") == "issue" and probe.has("data.0.attributes.effective_severity_level")
    address = probe.get("links.self")
    return probe.get("data") == [] and isinstance(address, str) and "/issues" in address


@parser(
    "snyk-issues",
    title="Snyk",
    kind=Kind.DEPENDENCY,
    looks=json_object("jsonapi", "data", where=_is_answer),
    made_with="GET https://api.snyk.io/rest/orgs/ORG/issues?version=2024-10-15",
    url="https://docs.snyk.io/snyk-api/reference/issues",
    versions="API 2023-03-10 to 2024-10-15",
)
def read(report: Report) -> Iterator[Item]:
    partial = bool(report.links and report.links.next)
    projects: dict[str, list[Issue]] = {}
    for issue in report.data:
        item = issue.relationships.scan_item if issue.relationships else None
        projects.setdefault(item.data.id if item and item.data else "", []).append(issue)
    if not projects:
        yield Run(tool="Snyk", complete=False if partial else None)
    for project, issues in projects.items():
        commits = {commit for issue in issues for commit in _commits(issue)}
        yield Run(
            tool="Snyk",
            configuration=project,
            complete=False if partial else None,
            problems=("The answer is one page of several",) if partial else (),
            commit=commits.pop() if len(commits) == 1 else "",
        )
        for issue in issues:
            yield from _findings(issue)


def _commits(issue: Issue) -> Iterator[str]:
    for coordinate in issue.attributes.coordinates or ():
        for one in coordinate.representations or ():
            if one.source and one.source.commit_id:
                yield one.source.commit_id


def _findings(issue: Issue) -> Iterator[Finding]:
    said = issue.attributes
    places = [
        (coordinate, one)
        for coordinate in said.coordinates or ()
        for one in coordinate.representations or [Representation()]
    ]
    for coordinate, one in places or [(Coordinate(), Representation())]:
        yield _finding(issue, coordinate, one)


def _finding(issue: Issue, coordinate: Coordinate, one: Representation) -> Finding:
    said = issue.attributes
    ratings = _ratings(said.severities)
    package_like = said.type in {"package_vulnerability", "license"}
    # What Snyk Code calls the key differs for each occurrence: the title is what its rule is called.
    rule = said.key if package_like or not said.key_asset else said.title
    return Finding(
        rule=rule,
        title=said.title,
        severity=graded(said.effective_severity_level, ratings),
        severity_given=said.effective_severity_level or "",
        kind=_KINDS.get(said.type),
        location=_place(one),
        component=_component(said.key, one.dependency),
        about=shared_rule(
            id=rule,
            title=said.title,
            cwes=cwe_ids(named.id for named in said.classes or () if (named.source or "").upper() == "CWE"),
            references=references(*(named.url for named in said.problems or ())),
        ),
        description="" if said.description == said.title else said.description or "",
        remedy="\n".join(remedy.description for remedy in coordinate.remedies or () if remedy.description),
        vulnerabilities=identifiers(named.id for named in said.problems or ()) if package_like else (),
        cvss=ratings,
        fingerprints=_fingerprints(issue, own_key=not package_like),
        suppression=Suppression(origin="tool") if said.ignored else None,
        reach=_REACH.get((coordinate.reachability or "").lower()),
        baseline="absent" if said.status == "resolved" else "",
        seen_at=moment(said.created_at),
    )


def _fingerprints(issue: Issue, *, own_key: bool) -> tuple[tuple[str, str], ...]:
    said = issue.attributes
    given = (("snyk-issue", issue.id), ("snyk-key", said.key if own_key else ""), ("snyk-asset", said.key_asset or ""))
    return tuple((name, value) for name, value in given if value)


def _place(one: Representation) -> Location | None:
    if one.source is not None:
        region = one.source.region or Region()
        start, end = region.start or Point(), region.end or Point()
        return CodeLocation(
            path=one.source.file,
            line=start.line,
            column=start.column,
            end_line=end.line,
            end_column=end.column,
        )
    if one.cloud_resource is not None and one.cloud_resource.resource is not None:
        resource = one.cloud_resource.resource
        return ResourceLocation(
            resource=resource.native_id or resource.name or "",
            type=resource.type or "",
            region=resource.location or "",
            account=resource.account_id or "",
        )
    return ResourceLocation(resource=one.resource_path) if one.resource_path else None


def _component(key: str, dependency: Package | None) -> Component | None:
    if dependency is None:
        return None
    parts = key.split("-")
    ecosystem = _ECOSYSTEMS.get(parts[1].upper(), "") if len(parts) > 3 and parts[0].upper() == "SNYK" else ""
    return package(ecosystem, dependency.package_name, dependency.package_version or "")


def _ratings(given: list[Rated] | None) -> tuple[Cvss, ...]:
    ratings = (rating(one.vector, one.score, one.version or "", one.source or "") for one in given or ())
    return tuple(found for found in ratings if found is not None)
