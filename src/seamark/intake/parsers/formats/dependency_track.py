"""Dependency-Track: its Finding Packaging Format, and the bare list of findings that its API answers with."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Raw, Struct, field

from seamark.intake.parsers.formats._sca import shared_rule
from seamark.intake.parsers.kit import (
    Component,
    Cvss,
    Finding,
    Item,
    Kind,
    Probe,
    Reading,
    Run,
    Suppression,
    Vex,
    VexState,
    cwe_ids,
    first_line,
    json_object,
    json_rows,
    moment,
    parser,
    references,
    variant,
)
from seamark.intake.parsers.kit.packages import graded, identifiers, of_system, package, probability, purl_kind, rating

_STATES = {
    "EXPLOITABLE": VexState.AFFECTED,
    "IN_TRIAGE": VexState.UNDER_INVESTIGATION,
    "FALSE_POSITIVE": VexState.FALSE_POSITIVE,
    "NOT_AFFECTED": VexState.NOT_AFFECTED,
    "RESOLVED": VexState.FIXED,
}


class Part(Struct):
    name: str
    group: str | None = ""
    version: str | None = ""
    purl: str | None = ""
    scope: str | None = ""


class Alias(Struct, rename="camel"):
    cve_id: str | None = None
    ghsa_id: str | None = None
    osv_id: str | None = None
    snyk_id: str | None = None
    sonatype_id: str | None = None
    gsd_id: str | None = None
    all_by_source: dict[str, str | None] | None = None


class Weakness(Struct, rename="camel"):
    cwe_id: int | None = None


class Vulnerability(Struct, rename="camel"):
    vuln_id: str
    source: str | None = ""
    title: str | None = ""
    subtitle: str | None = ""
    severity: str | None = ""
    description: str | None = ""
    recommendation: str | None = ""
    references: str | None = ""
    cwe_id: int | None = None
    cwes: list[Weakness] | None = None
    aliases: list[Alias] | None = None
    score_2: float | None = field(default=None, name="cvssV2BaseScore")
    score_3: float | None = field(default=None, name="cvssV3BaseScore")
    score_4: float | None = field(default=None, name="cvssV4Score")
    vector_2: str | None = field(default="", name="cvssV2Vector")
    vector_3: str | None = field(default="", name="cvssV3Vector")
    vector_4: str | None = field(default="", name="cvssV4Vector")
    epss_score: float | None = None


class Analysis(Struct, rename="camel"):
    state: str | None = ""
    justification: str | None = ""
    response: str | None = ""
    detail: str | None = ""
    is_suppressed: bool = False


class Attribution(Struct, rename="camel"):
    attributed_on: str | float | None = None


class Row(Struct):
    component: Part
    vulnerability: Vulnerability
    analysis: Analysis | None = None
    attribution: Attribution | None = None
    matrix: str = ""


class Meta(Struct):
    application: str = ""
    version: str = ""
    timestamp: str = ""


class Project(Struct):
    name: str = ""
    version: str | None = ""


class Report(Struct):
    meta: Meta
    project: Project | None = None
    findings: Raw = field(default_factory=Raw)


def _is_fpf(probe: Probe) -> bool:
    return bool(probe.get("meta.application") == "Dependency-Track")


@parser(
    "dependency-track",
    title="Dependency-Track",
    kind=Kind.DEPENDENCY,
    looks=json_object("meta.application", "project", where=_is_fpf),
    made_with="GET /api/v1/finding/project/PROJECT/export",
    url="https://docs.dependencytrack.org/file-formats/fpf/",
    versions="FPF 1.0 to 1.3, Dependency-Track 3.4 to 4.14",
    lift=("findings",),
)
def read(report: Report, reading: Reading) -> Iterator[Item]:
    project = report.project or Project()
    missing = bytes(report.findings) in {b"", b"null"}
    yield Run(
        tool="Dependency-Track",
        version=report.meta.version,
        configuration=project.name,
        complete=False if missing else None,
        problems=("The export holds no list of findings",) if missing else (),
        finished=moment(report.meta.timestamp),
    )
    for row in reading.rows(report.findings, Row, where="$.findings"):
        yield _finding(row)


@variant("dependency-track", looks=json_rows("component", "vulnerability", "matrix"), lift=("[]",))
def read_list(rows: list[Row]) -> Iterator[Item]:
    yield Run(tool="Dependency-Track")
    for row in rows:
        yield _finding(row)


def _finding(row: Row) -> Finding:
    flaw, analysis = row.vulnerability, row.analysis or Analysis()
    component = _component(row.component)
    ratings = _ratings(flaw)
    detail = (analysis.detail or "").strip()
    return Finding(
        rule=flaw.vuln_id,
        title=flaw.title or f"{flaw.vuln_id} in {component.name}",
        severity=graded(flaw.severity, ratings),
        severity_given=flaw.severity or "",
        kind=Kind.CONTAINER if of_system(purl_kind(component.purl)) else Kind.DEPENDENCY,
        component=component,
        about=shared_rule(
            id=flaw.vuln_id,
            title=flaw.title or "",
            description=flaw.description or first_line(flaw.subtitle or ""),
            remedy=flaw.recommendation or "",
            cwes=cwe_ids(flaw.cwe_id, *(weakness.cwe_id for weakness in flaw.cwes or ())),
            references=references((flaw.references or "").translate(_BRACKETS)),
        ),
        vulnerabilities=_ids(flaw),
        cvss=ratings,
        epss=probability(flaw.epss_score),
        fingerprints=(("matrix", row.matrix),) if row.matrix else (),
        suppression=Suppression(origin="tool", justification=detail or _words(analysis.justification))
        if analysis.is_suppressed
        else None,
        vex=_vex(analysis, detail),
        seen_at=moment(row.attribution.attributed_on) if row.attribution else "",
    )


_BRACKETS = str.maketrans("()[]", "    ")
"""References are a list in Markdown: without its brackets the addresses are words."""


def _component(part: Part) -> Component:
    name = f"{part.group}/{part.name}" if part.group else part.name
    known = package("", name, part.version or "", part.purl or "")
    scope = {"REQUIRED": "runtime", "OPTIONAL": "optional"}.get((part.scope or "").upper(), "")
    return Component(name=known.name, version=known.version, purl=known.purl, scope=scope) if scope else known


def _ids(flaw: Vulnerability) -> tuple[str, ...]:
    found: list[str | None] = [flaw.vuln_id if (flaw.source or "").upper() not in {"NPM", "OSSINDEX"} else None]
    for alias in flaw.aliases or ():
        found += [alias.cve_id, alias.ghsa_id, alias.osv_id, alias.snyk_id, alias.sonatype_id, alias.gsd_id]
        found.extend((alias.all_by_source or {}).values())
    return identifiers(*found) or identifiers(flaw.vuln_id)


def _ratings(flaw: Vulnerability) -> tuple[Cvss, ...]:
    triples = (
        (flaw.vector_4, flaw.score_4, "4.0"),
        (flaw.vector_3, flaw.score_3, "3"),
        (flaw.vector_2, flaw.score_2, "2"),
    )
    found = (rating(vector, score, version, flaw.source or "") for vector, score, version in triples)
    return tuple(one for one in found if one is not None)


def _words(text: str | None) -> str:
    return "" if text in {None, "NOT_SET"} else (text or "").lower()


def _vex(analysis: Analysis, detail: str) -> Vex | None:
    state = _STATES.get(analysis.state or "")
    if state is None:
        return None
    response = _words(analysis.response)
    return Vex(
        state=state,
        justification=_words(analysis.justification),
        detail=detail,
        response=(response,) if response else (),
    )
