"""Wiz CLI: scans of directories, images and infrastructure as code."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct, field

from seamark.intake.parsers.formats._sca import shared_rule
from seamark.intake.parsers.kit import (
    CodeLocation,
    Component,
    Finding,
    ImageLocation,
    Item,
    Kind,
    Location,
    Run,
    Severity,
    Suppression,
    json_object,
    moment,
    parser,
    references,
)
from seamark.intake.parsers.kit.packages import graded, identifiers, package, rating

_MANIFESTS = {
    "go.mod": "golang", "go.sum": "golang", "package-lock.json": "npm", "yarn.lock": "npm", "pnpm-lock.yaml": "npm",
    "package.json": "npm", "requirements.txt": "pypi", "poetry.lock": "pypi", "Pipfile.lock": "pypi", "METADATA": "pypi",
    "pom.xml": "maven", "build.gradle": "maven", "gradle.lockfile": "maven", "Gemfile.lock": "gem", "composer.lock": "composer",
    "Cargo.lock": "cargo", "packages.config": "nuget", "packages.lock.json": "nuget", "uv.lock": "pypi",
}  # fmt: skip
_ENDINGS = {".jar": "maven", ".war": "maven", ".ear": "maven", ".csproj": "nuget", ".deps.json": "nuget"}


class Ignored(Struct):
    """Any match of an ignore rule."""


class Vulnerability(Struct, rename="camel"):
    name: str
    severity: str | None = ""
    fixed_version: str | None = ""
    source: str | None = ""
    description: str | None = ""
    score: float | None = None
    has_cisa_kev_exploit: bool | None = False
    ignored_policy_matches: list[Ignored] | None = None


class Layer(Struct):
    id: str | None = ""


class Package(Struct, rename="camel"):
    name: str
    version: str | None = ""
    path: str | None = ""
    vulnerabilities: list[Vulnerability] | None = None
    layer_metadata: Layer | None = None


class Secret(Struct, rename="camel"):
    description: str
    path: str
    line_number: int | None = None
    type: str | None = ""
    severity: str | None = ""
    ignored_policy_matches: list[Ignored] | None = None


class Named(Struct):
    name: str = ""
    id: str = ""


class Match(Struct, rename="camel"):
    file_name: str
    resource_name: str | None = ""
    line_number: int | None = None
    match_content: str | None = ""
    expected: str | None = ""
    found: str | None = ""
    file_type: str | None = ""
    remediation_instructions: str | None = ""
    ignored_policy_matches: list[Ignored] | None = None


class RuleMatch(Struct):
    rule: Named
    severity: str | None = ""
    matches: list[Match] | None = None


class Statistics(Struct, rename="camel"):
    queries_execution_failed: int | None = None


class Result(Struct, rename="camel"):
    os_packages: list[Package] | None = None
    libraries: list[Package] | None = None
    applications: list[Package] | None = None
    cpes: list[Package] | None = None
    secrets: list[Secret] | None = None
    rule_matches: list[RuleMatch] | None = None
    scan_statistics: Statistics | None = None


class Status(Struct):
    state: str = ""


class Origin(Struct):
    type: str = field(default="", name="__typename")
    name: str | None = ""
    digest: str | None = ""


class Report(Struct, rename="camel"):
    result: Result | None
    status: Status | None = None
    origin: Origin | None = field(default=None, name="scanOriginResource")
    created_at: str | None = ""
    tags: dict[str, str] | list[str] | None = None


@parser(
    "wizcli",
    title="Wiz CLI",
    kind=Kind.DEPENDENCY,
    looks=json_object("scanOriginResource", "result", "policies"),
    made_with="wizcli dir scan --path . --format json --output wiz.json (also: docker scan, iac scan)",
    url="https://docs.wiz.io/wiz-docs/docs/using-wiz-cli",
    versions="0.20 to 0.50",
)
def read(report: Report) -> Iterator[Item]:
    result, status, origin = report.result or Result(), report.status or Status(), report.origin or Origin()
    image = (origin.name or "") if "Image" in origin.type else ""
    problems = []
    if status.state not in {"", "SUCCESS"} or report.result is None:
        problems.append(f"The scan ended as {status.state or 'unknown'}")
    statistics = result.scan_statistics or Statistics()
    if statistics.queries_execution_failed:
        problems.append(f"{statistics.queries_execution_failed} rules could not be run")
    yield Run(
        tool="Wiz CLI",
        configuration=_sort(origin.type),
        successful=status.state == "SUCCESS" and report.result is not None if status.state else None,
        complete=False if problems else None,
        problems=tuple(problems),
        image=image,
        image_digest=origin.digest or "",
        finished=moment(report.created_at),
    )
    for packages, kind in (
        (result.os_packages, Kind.CONTAINER if image else Kind.HOST),
        (result.libraries, None),
        (result.applications, None),
        (result.cpes, None),
    ):
        for one in packages or ():
            component, place = _component(one), _place(one, image, origin.digest or "")
            for row in one.vulnerabilities or ():
                yield _vulnerability(row, component, place, kind)
    for secret in result.secrets or ():
        yield _secret(secret, image)
    for found in result.rule_matches or ():
        for match in found.matches or ():
            yield _misconfiguration(found, match)


def _sort(origin: str) -> str:
    return origin.removeprefix("CICDScanOrigin").lower()


def _component(one: Package) -> Component:
    file = (one.path or "").rpartition("/")[2]
    kind = _MANIFESTS.get(file) or next((kind for end, kind in _ENDINGS.items() if file.endswith(end)), "")
    return package(kind, one.name, one.version or "")


def _place(one: Package, image: str, digest: str) -> Location | None:
    if image:
        layer = (one.layer_metadata.id if one.layer_metadata else "") or ""
        return ImageLocation(image=image, digest=digest, layer=layer, path=one.path or "")
    return CodeLocation(path=one.path) if one.path else None


def _vulnerability(row: Vulnerability, component: Component, place: Location | None, kind: Kind | None) -> Finding:
    found = rating("", row.score)
    ratings = (found,) if found else ()
    return Finding(
        rule=row.name,
        title=f"{row.name} in {component.name}",
        severity=graded(row.severity, ratings),
        severity_given=row.severity or "",
        kind=kind,
        location=place,
        component=component,
        about=shared_rule(id=row.name, description=row.description or "", references=references(row.source)),
        vulnerabilities=identifiers(
            row.name, (row.source or "").rpartition("/")[2] if "GHSA-" in (row.source or "") else None
        ),
        cvss=ratings,
        fixed_versions=(row.fixed_version,) if row.fixed_version else (),
        suppression=Suppression(origin="tool") if row.ignored_policy_matches else None,
        tags=("cisa-kev",) if row.has_cisa_kev_exploit else (),
    )


def _secret(row: Secret, image: str) -> Finding:
    place: Location = CodeLocation(path=row.path, line=row.line_number or None)
    rule = row.type or "SECRET"
    return Finding(
        rule=rule,
        title=row.description or rule,
        severity=graded(row.severity) if row.severity else Severity.HIGH,
        severity_given=row.severity or "",
        kind=Kind.SECRET,
        location=place,
        about=shared_rule(id=rule),
        description=f"In image {image}" if image else "",
        suppression=Suppression(origin="tool") if row.ignored_policy_matches else None,
    )


def _misconfiguration(found: RuleMatch, match: Match) -> Finding:
    parts = (f"Expected: {match.expected}" if match.expected else "", f"Found: {match.found}" if match.found else "")
    rule = found.rule.id or found.rule.name
    return Finding(
        rule=rule,
        title=found.rule.name or rule,
        severity=graded(found.severity),
        severity_given=found.severity or "",
        kind=Kind.MISCONFIGURATION,
        location=CodeLocation(
            path=match.file_name,
            line=match.line_number or None,
            snippet=match.match_content or "",
            scope=match.resource_name or "",
        ),
        about=shared_rule(id=rule, name=found.rule.name, tags=(match.file_type,) if match.file_type else ()),
        description="\n".join(part for part in parts if part),
        remedy=match.remediation_instructions or "",
        suppression=Suppression(origin="tool") if match.ignored_policy_matches else None,
    )
