"""Mend (WhiteSource): vulnerabilities by its API of versions 1 and 3, alerts, and the Unified Agent's report of a scan.

What the API says of a library that is removed is no longer there: such findings are marked as absent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from msgspec import Raw, Struct, field

from seamark.intake.parsers.formats._sca import shared_rule
from seamark.intake.parsers.kit import (
    CodeLocation,
    Component,
    Cvss,
    Finding,
    Item,
    Kind,
    Probe,
    Reach,
    Reading,
    Rule,
    Run,
    Suppression,
    json_object,
    moment,
    parser,
    references,
    variant,
)
from seamark.intake.parsers.kit.packages import graded, identifiers, package, probability, rating

_LAST_VERSION: Final = re.compile(r"(?:^|[:\s-])v?(\d[\w.+]*(?:-[\w.+]+)*)\s*$")
_ECOSYSTEMS = {
    "MAVEN": "maven", "JAVA": "maven", "NODE": "npm", "JAVASCRIPT": "npm", "NPM": "npm", "PYTHON": "pypi", "NUGET": "nuget",
    "DOT": "nuget", "RUBY": "gem", "GO": "golang", "PHP": "composer", "RUST": "cargo", "CARGO": "cargo", "COCOAPODS": "cocoapods",
    "HEX": "hex", "DEBIAN": "deb", "RPM": "rpm", "ALPINE": "apk", "CRAN": "cran", "CONDA": "conda", "DART": "pub",
}  # fmt: skip
_REACH = {"RED_SHIELD": Reach.STATIC, "GREEN_SHIELD": Reach.UNREACHABLE, "YELLOW_SHIELD": Reach.POTENTIAL}


class Fix(Struct, rename="camel"):
    type: str | None = ""
    fix_resolution: str | None = ""
    url: str | None = ""


class SourceFile(Struct, rename="camel"):
    local_path: str | None = ""


class Library(Struct, rename="camel"):
    name: str
    artifact_id: str | None = ""
    group_id: str | None = ""
    version: str | None = ""
    type: str | None = ""
    library_type: str | None = ""
    sha1: str | None = ""
    dependency_type: str | None = ""
    local_path: str | None = ""
    path: str | None = ""
    dependency_file: str | None = ""


class Link(Struct):
    url: str | None = ""


class Vulnerability(Struct, rename="camel"):
    name: str
    severity: str | None = ""
    score: float | None = None
    type: str | None = ""
    severity_3: str | None = field(default="", name="cvss3_severity")
    score_3: float | None = field(default=None, name="cvss3_score")
    vector: str | None = field(default="", name="scoreMetadataVector")
    url: str | None = ""
    description: str | None = ""
    top_fix: Fix | None = None
    fix_resolution_text: str | None = ""
    source_files: list[SourceFile] | None = None
    references: list[Link] | None = None


class Row(Vulnerability):
    library: Library | None = None
    project: str | None = ""


class Report(Struct):
    vulnerabilities: Raw


def _is_report(probe: Probe) -> bool:
    if probe.get("vulnerabilities.0"):
        return probe.has("vulnerabilities.0.library.keyUuid") or probe.has("vulnerabilities.0.scoreMetadataVector")
    # A list of nothing alone does not say whose it is.
    return probe.named and probe.keys == {"vulnerabilities"} and probe.get("vulnerabilities") == []


@parser(
    "mend",
    title="Mend SCA",
    kind=Kind.DEPENDENCY,
    looks=json_object("vulnerabilities", where=_is_report),
    made_with="Mend API: getProjectVulnerabilityReport, or GET /api/v3.0/projects/PROJECT/dependencies/findings/security",
    url="https://docs.mend.io",
    versions="API 1.0 to 3.0, Unified Agent 19 to 24",
    lift=("vulnerabilities",),
)
def read(report: Report, reading: Reading) -> Iterator[Item]:
    yield Run(tool="Mend SCA")
    for row in reading.rows(report.vulnerabilities, Row, where="$.vulnerabilities"):
        yield _finding(row, row.library)


class Found(Library):
    vulnerabilities: list[Vulnerability] | None = None


class Vitals(Struct, rename="camel"):
    name: str = ""
    last_updated_date: str | None = ""


class Scan(Struct, rename="camel"):
    libraries: Raw
    project_vitals: Vitals | None = None


@variant("mend", looks=json_object("libraries", "projectVitals"), lift=("libraries",))
def read_scan(report: Scan, reading: Reading) -> Iterator[Item]:
    vitals = report.project_vitals or Vitals()
    yield Run(tool="Mend SCA", configuration=vitals.name, finished=moment(vitals.last_updated_date))
    for library in reading.rows(report.libraries, Found, where="$.libraries"):
        for row in library.vulnerabilities or ():
            yield _finding(row, library)


class Alert(Struct, rename="camel"):
    vulnerability: Vulnerability | None = None
    library: Library | None = None
    status: str | None = ""
    comments: str | None = ""


class Alerts(Struct):
    alerts: list[Alert]


@variant("mend", looks=json_object("alerts", where=lambda probe: probe.has("alerts.0.library.keyUuid")))
def read_alerts(report: Alerts) -> Iterator[Item]:
    yield Run(tool="Mend SCA")
    for alert in report.alerts:
        if alert.vulnerability is not None:
            ignored = (alert.status or "").lower() == "ignored"
            yield _finding(
                alert.vulnerability,
                alert.library,
                suppression=Suppression(origin="tool", justification=alert.comments or "") if ignored else None,
            )


class Scoring(Struct):
    score: float | None = None
    severity: str | None = ""
    type: str | None = ""
    vector: str | None = ""


class Flaw(Struct, rename="camel"):
    name: str = ""
    description: str | None = ""
    severity: str | None = ""
    score: float | None = None
    vulnerability_scoring: list[Scoring] | None = None


class Comment(Struct):
    comment: str | None = ""
    text: str | None = ""


class State(Struct, rename="camel"):
    status: str | None = ""
    comment: Comment | str | None = None
    detected_at: str | None = ""


class Threat(Struct, rename="camel"):
    epss_percentage: float | None = None


class Answer(Struct, rename="camel"):
    name: str
    component: Library
    vulnerability: Flaw | None = None
    finding_info: State | None = None
    top_fix: Fix | None = None
    threat_assessment: Threat | None = None
    effective: str | None = ""
    vector: str | None = field(default="", name="scoreMetadataVector")


class Page(Struct, rename="camel"):
    total_items: int | None = None


class Answers(Struct, rename="camel"):
    response: list[Answer]
    additional_data: Page | None = None


def _is_answer(probe: Probe) -> bool:
    return probe.get("response") == [] or (probe.has("response.0.component") and probe.has("response.0.findingInfo"))


@variant("mend", looks=json_object("supportToken", "additionalData", "response", where=_is_answer))
def read_answers(report: Answers) -> Iterator[Item]:
    """Read the security findings of a project by the API of version 3."""
    total = (report.additional_data.total_items if report.additional_data else None) or 0
    missing = total - len(report.response)
    yield Run(
        tool="Mend SCA",
        complete=False if missing > 0 else None,
        problems=(f"{missing} of {total} findings are on other pages",) if missing > 0 else (),
    )
    for row in report.response:
        yield _answered(row)


def _answered(row: Answer) -> Finding:
    flaw, state = row.vulnerability or Flaw(), row.finding_info or State()
    status = (state.status or "").upper()
    comment = (
        state.comment
        if isinstance(state.comment, str)
        else (state.comment.comment or state.comment.text if state.comment else "")
    )
    scored = [
        rating(one.vector, one.score, (one.type or "").removeprefix("CVSS_"))
        for one in flaw.vulnerability_scoring or ()
    ]
    whole = rating(row.vector, flaw.score) if row.vector else None
    ratings = (whole,) if whole else tuple(one for one in scored if one is not None)
    epss = row.threat_assessment.epss_percentage if row.threat_assessment else None
    return _made(
        row.name,
        flaw.severity or "",
        ratings,
        row.component,
        about=shared_rule(
            id=row.name,
            description=flaw.description or "",
            references=references(row.top_fix.url if row.top_fix else None),
        ),
        fix=row.top_fix,
        epss=probability(None if epss is None else epss / 100),
        suppression=Suppression(origin="tool", justification=comment or "") if status == "IGNORED" else None,
        reach=_REACH.get(row.effective or ""),
        baseline="absent" if status == "LIBRARY_REMOVED" else "",
        seen_at=moment(state.detected_at),
    )


def _finding(row: Vulnerability, library: Library | None, suppression: Suppression | None = None) -> Finding:
    three = rating(row.vector, row.score_3, "3") if row.score_3 is not None or row.vector else None
    two = rating("", row.score, "2") if row.score is not None else None
    ratings = tuple(one for one in (three, two) if one is not None)
    files = [file.local_path for file in row.source_files or () if file.local_path]
    return _made(
        row.name,
        row.severity_3 or row.severity or "",
        ratings,
        library,
        about=shared_rule(
            id=row.name,
            description=row.description or "",
            references=references(
                row.url,
                row.top_fix.url if row.top_fix else None,
                [one.url for one in row.references or () if one.url],
            ),
        ),
        fix=row.top_fix,
        remedy=row.fix_resolution_text or "",
        files=files,
        suppression=suppression,
    )


def _made(
    name: str,
    given: str,
    ratings: tuple[Cvss, ...],
    library: Library | None,
    *,
    about: Rule,
    fix: Fix | None,
    remedy: str = "",
    files: list[str] | None = None,
    epss: float | None = None,
    suppression: Suppression | None = None,
    reach: Reach | None = None,
    baseline: str = "",
    seen_at: str = "",
) -> Finding:
    component = _component(library) if library else None
    manifest = (library.dependency_file or library.local_path or library.path or "") if library else ""
    path = files[0] if files else manifest
    resolution = (fix.fix_resolution or "") if fix else ""
    return Finding(
        rule=name,
        title=f"{name} in {component.name if component else 'a library'}",
        severity=graded(given, ratings),
        severity_given=given,
        location=CodeLocation(path=path) if path else None,
        component=component,
        about=about,
        description="Vulnerable source files:\n" + "\n".join(files) if files and len(files) > 1 else "",
        remedy=remedy or resolution,
        vulnerabilities=identifiers(name),
        cvss=ratings,
        epss=epss,
        fixed_versions=_versions(resolution) if fix and (fix.type or "") == "UPGRADE_VERSION" else (),
        suppression=suppression,
        reach=reach,
        baseline=baseline,
        seen_at=seen_at,
    )


@lru_cache(maxsize=16384)
def _versions(resolution: str) -> tuple[str, ...]:
    """Return the versions that a resolution names: `Upgrade to version 3.6.0`, `group:artifact:1.2,group:artifact:1.3`."""
    found = (_LAST_VERSION.search(part) for part in re.split(r"[,;]", resolution))
    return tuple(dict.fromkeys(one[1] for one in found if one))


def _component(library: Library) -> Component:
    kind = _ECOSYSTEMS.get(re.split(r"[_ ]", (library.type or library.library_type or "").upper(), maxsplit=1)[0], "")
    artifact, group = library.artifact_id or "", library.group_id or ""
    if kind == "maven":
        name = f"{group}/{artifact}" if group and artifact else artifact or library.name
    elif kind:
        # The artefact is a file (lru-cache-5.1.1.tgz); the package's name stands as the group.
        name = group or artifact or library.name
    else:
        name = f"{group}/{artifact}" if group and artifact and group != artifact else artifact or library.name
    known = package(kind, name, library.version or "")
    direct = {"direct": True, "transitive": False}.get((library.dependency_type or "").lower())
    return Component(
        name=known.name,
        version=known.version,
        purl=known.purl,
        direct=direct,
        hashes=(("sha1", library.sha1),) if library.sha1 else (),
    )
