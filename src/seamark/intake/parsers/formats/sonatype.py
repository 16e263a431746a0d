"""Sonatype Lifecycle (Nexus IQ): the raw data of an application's report, and its policy violations.

The files that a component was recognised by are evidence for one component: the finding is at the first of them.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Raw, Struct, field

from seamark.intake.parsers.formats._sca import ecosystem, of_coordinates, shared_rule
from seamark.intake.parsers.kit import (
    CodeLocation,
    Component,
    Finding,
    Item,
    Kind,
    Probe,
    Reading,
    Run,
    Severity,
    Suppression,
    cwe_ids,
    json_object,
    moment,
    parser,
    references,
    variant,
)
from seamark.intake.parsers.kit.packages import graded, identifiers, package, rating

_NAMED = {"a-name": "npm"}
"""Ecosystems of Sonatype's own formats: `a-name` is what it recognises JavaScript files by."""


class Coordinates(Struct):
    group: str | None = field(default="", name="groupId")
    artifact: str | None = field(default="", name="artifactId")
    name: str | None = ""
    package_id: str | None = field(default="", name="packageId")
    namespace: str | None = ""
    version: str | None = ""


class Identifier(Struct):
    format: str | None = ""
    coordinates: Coordinates | None = None


class Issue(Struct, rename="camel"):
    reference: str
    severity: float | None = None
    status: str | None = ""
    url: str | None = ""
    threat_category: str | None = ""
    cwe: str | None = ""
    cvss_vector: str | None = ""


class Security(Struct, rename="camel"):
    security_issues: list[Issue] | None = None


class Licence(Struct, rename="camel"):
    license_id: str = ""


class Licences(Struct, rename="camel"):
    declared_licenses: list[Licence] | None = None


class Position(Struct, rename="camel"):
    direct_dependency: bool | None = None
    parent_component_purls: list[str] | None = None


class Part(Struct, rename="camel"):
    component_identifier: Identifier | None = None
    package_url: str | None = ""
    display_name: str | None = ""
    hash: str | None = ""
    pathnames: list[str] | None = None
    security_data: Security | None = None
    license_data: Licences | None = None
    dependency_data: Position | None = None


class Report(Struct):
    components: Raw


@parser(
    "sonatype",
    title="Sonatype Lifecycle",
    kind=Kind.DEPENDENCY,
    looks=json_object("components", "matchSummary"),
    made_with="GET /api/v2/applications/APPLICATION/reports/REPORT/raw",
    url="https://help.sonatype.com/en/report-rest-api.html",
    versions="API version 2",
    lift=("components",),
)
def read(report: Report, reading: Reading) -> Iterator[Item]:
    yield Run(tool="Sonatype Lifecycle")
    for part in reading.rows(report.components, Part, where="$.components"):
        issues = (part.security_data.security_issues if part.security_data else None) or ()
        if issues:
            component, place, ways = _component(part), _place(part), _ways(part)
            for issue in issues:
                yield _finding(issue, component, place, ways)


def _component(part: Part) -> Component:
    identifier = part.component_identifier or Identifier()
    given = identifier.coordinates or Coordinates()
    form = identifier.format or ""
    name = given.artifact or given.package_id or given.name or part.display_name or ""
    group = given.group or given.namespace
    kind = _NAMED.get(form) or ecosystem(form)
    # `pkg:a-name/…` is of no ecosystem: the type is Sonatype's own.
    purl = part.package_url or ""
    known = of_coordinates(purl) if purl and not purl.startswith("pkg:a-name/") else None
    if known is None or not known.purl:
        known = package(kind, f"{group}/{name}" if group else name, given.version or "")
    declared = (part.license_data.declared_licenses if part.license_data else None) or ()
    return Component(
        name=known.name,
        version=known.version,
        purl=known.purl,
        direct=part.dependency_data.direct_dependency if part.dependency_data else None,
        licences=tuple(one.license_id for one in declared if one.license_id),
        hashes=(("sha1", part.hash),) if part.hash else (),
    )


def _place(part: Part) -> CodeLocation | None:
    return CodeLocation(path=part.pathnames[0]) if part.pathnames else None


def _ways(part: Part) -> tuple[tuple[str, ...], ...]:
    parents = (part.dependency_data.parent_component_purls if part.dependency_data else None) or ()
    found = (of_coordinates(purl) for purl in parents)
    own = _component(part) if parents else None
    return tuple((f"{one.name}@{one.version}", f"{own.name}@{own.version}") for one in found if own is not None)[:20]


def _finding(
    issue: Issue, component: Component, place: CodeLocation | None, ways: tuple[tuple[str, ...], ...]
) -> Finding:
    found = rating(issue.cvss_vector, issue.severity, "" if issue.cvss_vector else "3")
    ratings = (found,) if found else ()
    return Finding(
        rule=issue.reference,
        title=f"{issue.reference} in {component.name}",
        severity=graded(None if ratings else issue.threat_category, ratings),
        severity_given=issue.threat_category or ("" if issue.severity is None else str(issue.severity)),
        location=place,
        component=component,
        about=shared_rule(id=issue.reference, cwes=cwe_ids(issue.cwe), references=references(issue.url)),
        vulnerabilities=identifiers(issue.reference),
        cvss=ratings,
        dependency_paths=ways,
        suppression=Suppression(origin="tool", justification="Not Applicable")
        if (issue.status or "").lower() == "not applicable"
        else None,
        tags=(issue.status,) if issue.status and issue.status.lower() not in {"open", "not applicable"} else (),
    )


class Condition(Struct, rename="camel"):
    condition_summary: str | None = ""
    condition_reason: str | None = ""


class Constraint(Struct, rename="camel"):
    conditions: list[Condition] | None = None


class Violation(Struct, rename="camel"):
    policy_name: str
    policy_threat_category: str | None = ""
    policy_threat_level: int | None = None
    policy_violation_id: str | None = ""
    waived: bool | None = False
    grandfathered: bool | None = False
    legacy_violation: bool | None = False
    constraints: list[Constraint] | None = None


class JudgedPart(Part):
    violations: list[Violation] | None = None


class Judged(Struct, rename="camel"):
    components: list[JudgedPart]
    report_time: str | float | None = None
    commit_hash: str | None = ""


def _is_judged(probe: Probe) -> bool:
    return "matchSummary" not in probe.keys and isinstance(probe.get("components"), list)


@variant("sonatype", looks=json_object("reportTime", "application.publicId", "components", where=_is_judged))
def read_policy(report: Judged) -> Iterator[Item]:
    yield Run(
        tool="Sonatype Lifecycle",
        configuration="policy",
        finished=moment(report.report_time),
        commit=report.commit_hash or "",
    )
    for part in report.components:
        for violation in part.violations or ():
            yield _violation(part, violation)


def _violation(part: Part, violation: Violation) -> Finding:
    component = _component(part)
    conditions = [one for constraint in violation.constraints or () for one in constraint.conditions or ()]
    reasons = [text for one in conditions if (text := one.condition_reason or one.condition_summary)]
    ids = identifiers(
        word.strip("().,")
        for text in reasons
        for word in text.split()
        if "-" in word and word[-1:].strip("().,").isdigit()
    )
    level = violation.policy_threat_level
    set_aside = (
        "waived"
        if violation.waived
        else "legacy violation"
        if violation.legacy_violation or violation.grandfathered
        else ""
    )
    return Finding(
        rule=violation.policy_name,
        title=f"{violation.policy_name}: {component.name}",
        severity=_threat(level),
        severity_given="" if level is None else str(level),
        kind=Kind.LICENCE if (violation.policy_threat_category or "").upper() == "LICENSE" else Kind.DEPENDENCY,
        location=_place(part),
        component=component,
        about=shared_rule(
            id=violation.policy_name,
            name=violation.policy_name,
            tags=tuple(filter(None, (violation.policy_threat_category,))),
        ),
        description="\n".join(reasons),
        vulnerabilities=ids,
        fingerprints=(("policy-violation", violation.policy_violation_id),) if violation.policy_violation_id else (),
        suppression=Suppression(origin="tool", justification=set_aside) if set_aside else None,
    )


def _threat(level: int | None) -> Severity:
    """Return the severity of a threat level: 8 to 10 critical, 4 to 7 severe, 2 and 3 moderate, 1 low."""
    if level is None:
        return Severity.MEDIUM
    bands = ((8, Severity.CRITICAL), (4, Severity.HIGH), (2, Severity.MEDIUM), (1, Severity.LOW))
    return next((band for least, band in bands if level >= least), Severity.INFO)
