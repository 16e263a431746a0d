"""One entry of a generic report: our own names and those that DefectDojo gave the same things, side by side."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlunsplit

from msgspec import Struct, field

from seamark.intake.parsers.kit import (
    CodeLocation,
    Component,
    Confidence,
    Cvss,
    Exchange,
    Finding,
    FlowStep,
    HostLocation,
    Kind,
    Location,
    Patch,
    Reach,
    Rule,
    Severity,
    Suppression,
    UnreadableReport,
    Verification,
    Vex,
    WebLocation,
    cvss,
    cwe_ids,
    first_line,
    moment,
    references,
    severity,
    vulnerability_ids,
)
from seamark.intake.parsers.kit.packages import probability

_AMERICAN = re.compile(r"^(\d{1,2})/(\d{1,2})/(\d{4})$")


class Endpoint(Struct):
    host: str | None = ""
    protocol: str | None = ""
    port: int | str | None = None
    path: str | None = ""
    query: str | None = ""
    fragment: str | None = ""
    userinfo: str | None = ""


class Entry(Struct):
    """`title` and `severity` must be there; everything else is optional."""

    title: str
    severity: str | int
    description: str | None = ""
    # Our own names: those of a finding as the product writes it.
    rule: str = ""
    severity_given: str = ""
    kind: Kind | None = None
    location: Location | None = None
    component: Component | None = None
    about: Rule | None = None
    remedy: str = ""
    confidence: Confidence | None = None
    cwes: list[int | str] | None = None
    vulnerabilities: list[str] | None = None
    cvss: list[Cvss] | None = None
    epss: float | None = None
    fixed_versions: list[str] | None = None
    dependency_paths: tuple[tuple[str, ...], ...] = ()
    flow: tuple[FlowStep, ...] = ()
    fingerprints: tuple[tuple[str, str], ...] = ()
    patches: tuple[Patch, ...] = ()
    verification: Verification | None = None
    suppression: Suppression | None = None
    vex: Vex | None = None
    reach: Reach | None = None
    exchange: Exchange | None = None
    secret: str = ""
    secret_digest: str = ""
    baseline: str = ""
    seen_at: str = ""
    # Names of both.
    references: list[str] | str | None = None
    tags: list[str] | str | None = None
    # DefectDojo's names.
    date: str | None = ""
    cwe: int | str | None = None
    cve: str | None = ""
    vulnerability_ids: list[str] | str | None = None
    cvssv3: str | None = ""
    cvssv3_score: float | None = None
    cvssv4: str | None = ""
    cvssv4_score: float | None = None
    epss_score: float | None = None
    mitigation: str | None = ""
    impact: str | None = ""
    steps_to_reproduce: str | None = ""
    severity_justification: str | None = ""
    active: bool | None = None
    verified: bool | None = None
    false_p: bool | None = None
    out_of_scope: bool | None = None
    risk_accepted: bool | None = None
    is_mitigated: bool | None = None
    mitigated: str | None = ""
    known_exploited: bool | None = None
    ransomware_used: bool | None = None
    file_path: str | None = ""
    line: int | str | None = None
    sast_source_object: str | None = ""
    sast_sink_object: str | None = ""
    sast_source_line: int | None = None
    sast_source_file_path: str | None = ""
    component_name: str | None = ""
    component_version: str | None = ""
    static_finding: bool | None = None
    dynamic_finding: bool | None = None
    unique_id_from_tool: str | int | None = ""
    vuln_id_from_tool: str | int | None = ""
    fix_version: str | None = ""
    service: str | None = ""
    param: str | None = ""
    payload: str | None = ""
    url: str | None = ""
    endpoints: list[Endpoint | str] = field(default_factory=list)


ALSO_ALLOWED = frozenset({
    "duplicate", "defect_review_requested_by", "under_review", "under_defect_review", "numerical_severity", "thread_id",
    "nb_occurences", "publish_date", "planned_remediation_date", "planned_remediation_version", "effort_for_fixing",
    "fix_available", "files", "kev_date", "epss_percentile", "has_tags", "hash_code", "last_status_update",
    "last_reviewed", "review_requested_by", "mitigated_by", "reporter", "id", "notes", "sonarqube_issue", "scanner_confidence",
    "unsaved_tags", "steps", "dynamic_tool", "static_tool",
})  # fmt: skip
"""Fields of DefectDojo's findings that say nothing about the problem; their presence does not make a report foreign."""

NAMES = frozenset(Entry.__struct_fields__) | ALSO_ALLOWED


def findings(entry: Entry, where: str) -> Iterator[Finding]:
    """Yield a finding for each place that the entry names."""
    rating = _ratings(entry)
    ids = vulnerability_ids(entry.cve, entry.vulnerability_ids, entry.vulnerabilities)
    ids = ids or tuple(entry.vulnerabilities or ())
    given = str(entry.severity).strip()
    cwes = cwe_ids(entry.cwe, entry.cwes, entry.about.cwes if entry.about else None)
    for location in _places(entry):
        yield Finding(
            rule=entry.rule or str(entry.vuln_id_from_tool or "") or (ids[0] if ids else "") or first_line(entry.title),
            title=entry.title,
            severity=_severity(entry.severity, where),
            severity_given=entry.severity_given or given,
            kind=entry.kind or _kind(entry, location, ids),
            location=location,
            component=_component(entry),
            about=entry.about,
            description=_description(entry),
            remedy=entry.remedy or entry.mitigation or "",
            confidence=entry.confidence,
            cwes=cwes,
            vulnerabilities=ids,
            cvss=rating,
            epss=probability(entry.epss if entry.epss is not None else entry.epss_score),
            fixed_versions=tuple(entry.fixed_versions or ((entry.fix_version,) if entry.fix_version else ())),
            dependency_paths=entry.dependency_paths,
            flow=entry.flow or _flow(entry, location),
            fingerprints=entry.fingerprints
            or ((("generic", str(entry.unique_id_from_tool)),) if entry.unique_id_from_tool else ()),
            patches=entry.patches,
            verification=_verification(entry),
            suppression=entry.suppression or _suppression(entry),
            vex=entry.vex,
            reach=entry.reach,
            exchange=entry.exchange,
            secret=entry.secret,
            secret_digest=entry.secret_digest,
            baseline=entry.baseline,
            references=references(entry.references, _other_places(entry)),
            tags=_tags(entry),
            seen_at=entry.seen_at or date(entry.date or ""),
        )


def _severity(given: str | int, where: str) -> Severity:
    """Return the severity; unlike a tool's report, what a person wrote is refused where it makes no sense."""
    if given == "":
        return Severity.MEDIUM
    if isinstance(given, int) or given.isdigit():
        if 1 <= int(given) <= 5:
            return Severity(int(given))
    elif (found := severity(given, Severity.INFO)) is severity(given, Severity.CRITICAL):  # no default was needed
        return found
    raise UnreadableReport(
        f"{given!r} is no severity", where=where, hint="critical, high, medium, low, info, or 5 (critical) to 1 (info)"
    )


def _places(entry: Entry) -> list[Location | None]:
    if entry.location is not None:
        return [entry.location]
    if entry.file_path:
        line = entry.line if isinstance(entry.line, int) else _number(entry.line)
        return [CodeLocation(path=entry.file_path, line=line, scope=entry.sast_sink_object or "")]
    endpoints: list[Endpoint | str] = [*entry.endpoints, *(entry.url.split() if entry.url else ())]
    places: list[Location | None] = [_endpoint(endpoint, entry.param or "") for endpoint in endpoints if endpoint]
    return places or [None]


def _other_places(entry: Entry) -> list[str]:
    """Return the addresses of an entry whose place is in the code, where they are but a hint."""
    if not entry.file_path and entry.location is None:
        return []
    places = (_endpoint(endpoint, "") for endpoint in entry.endpoints if endpoint)
    return [place.url for place in places if isinstance(place, WebLocation)]


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else None


def _endpoint(given: Endpoint | str, parameter: str) -> Location:
    if isinstance(given, str):
        if "://" in given:
            return WebLocation(url=given, parameter=parameter)
        if "/" in given:
            return WebLocation(url=f"http://{given}", parameter=parameter)
        host, _, service = given.partition(":")
        return HostLocation(host=host, port=_number(service))
    port = given.port if isinstance(given.port, int) else _number(given.port)
    protocol = given.protocol or ""
    if not protocol and not given.path:
        return HostLocation(host=given.host or "", port=port)
    place = f"{given.host or ''}{f':{port}' if port else ''}"
    path = "/" + (given.path or "").lstrip("/") if given.path else ""
    url = urlunsplit((protocol or "http", place, path, given.query or "", given.fragment or ""))
    return WebLocation(url=url, parameter=parameter)


def _kind(entry: Entry, location: Location | None, ids: tuple[str, ...]) -> Kind | None:
    if (entry.component or entry.component_name) and (ids or entry.fix_version):
        return Kind.DEPENDENCY
    if isinstance(location, WebLocation):
        return Kind.WEB
    if isinstance(location, CodeLocation):
        return Kind.CODE
    return Kind.HOST if isinstance(location, HostLocation) else None


def _component(entry: Entry) -> Component | None:
    if entry.component is not None or not entry.component_name:
        return entry.component
    return Component(name=entry.component_name, version=entry.component_version or "")


def _description(entry: Entry) -> str:
    parts = (
        ("", entry.description),
        ("Impact", entry.impact),
        ("Steps to reproduce", entry.steps_to_reproduce),
        ("Why this severity", entry.severity_justification),
        ("Payload", entry.payload),
        ("Service", entry.service),
    )
    return "\n\n".join(f"{name}: {text}" if name else text for name, text in parts if text)


def _ratings(entry: Entry) -> tuple[Cvss, ...]:
    if entry.cvss:
        return tuple(entry.cvss)
    given = (cvss(entry.cvssv4, entry.cvssv4_score), cvss(entry.cvssv3, entry.cvssv3_score))
    return tuple(rating for rating in given if rating is not None)


def _flow(entry: Entry, location: Location | None) -> tuple[FlowStep, ...]:
    if not entry.sast_source_file_path or not isinstance(location, CodeLocation):
        return ()
    source = CodeLocation(
        path=entry.sast_source_file_path, line=entry.sast_source_line, scope=entry.sast_source_object or ""
    )
    return (FlowStep(location=source, message="source"), FlowStep(location=location, message="sink"))


def _verification(entry: Entry) -> Verification | None:
    if entry.verification is not None:
        return entry.verification
    if entry.false_p:
        return Verification.REFUTED
    return Verification.VERIFIED if entry.verified else None


def _suppression(entry: Entry) -> Suppression | None:
    reasons = (
        (entry.false_p, "false positive"),
        (entry.out_of_scope, "out of scope"),
        (entry.risk_accepted, "risk accepted"),
        (entry.is_mitigated or entry.mitigated, f"mitigated {entry.mitigated or ''}".strip()),
        (entry.active is False, "not active"),
    )
    reason = next((text for said, text in reasons if said), "")
    return Suppression(origin="tool", justification=reason) if reason else None


def _tags(entry: Entry) -> tuple[str, ...]:
    given = entry.tags.split(",") if isinstance(entry.tags, str) else entry.tags or ()
    tags = [tag.strip() for tag in given if tag.strip()]
    if entry.known_exploited:
        tags.append("known-exploited")
    if entry.ransomware_used:
        tags.append("ransomware")
    return tuple(tags)


def date(text: str) -> str:
    """Return a date as RFC 3339; `1/30/2024` is read the American way, as DefectDojo does."""
    american = _AMERICAN.match(text.strip())
    if american:
        month, day = int(american[1]), int(american[2])
        text = f"{american[3]}-{month:02}-{day:02}" if month <= 12 else f"{american[3]}-{day:02}-{month:02}"
    return moment(text)


def allowed(row: Any) -> bool:
    """Tell whether a row has what an entry must have, and nothing that no entry has."""
    return isinstance(row, dict) and {"title", "severity"} <= row.keys() and row.keys() <= NAMES
