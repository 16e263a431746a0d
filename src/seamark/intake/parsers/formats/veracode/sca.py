"""Veracode SCA (SourceClear): issues of the API and of the CSV export."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from msgspec import Struct, field

from seamark.intake.parsers.formats.veracode.scales import cve, level
from seamark.intake.parsers.kit import (
    Component,
    Csv,
    Cvss,
    Finding,
    Item,
    Kind,
    Probe,
    Reach,
    Rule,
    Run,
    Severity,
    Suppression,
    csv_header,
    cwe_ids,
    json_object,
    moment,
    parser,
    references,
    severity,
    variant,
)
from seamark.intake.parsers.kit.packages import graded, identifiers, package, rating

_GONE = {"fixed", "resolved"}


class Link(Struct):
    href: str | None = ""


class Links(Struct):
    html: Link | None = None


class Library(Struct):
    id: str | None = ""
    name: str | None = ""
    version: str | None = ""
    direct: bool | None = None


class Vulnerability(Struct):
    title: str | None = ""
    cve: str | None = ""
    id: str | int | None = ""
    cvss2_vector: str | None = ""
    cvss3_vector: str | None = ""
    cvss2_score: float | None = None
    cvss3_score: float | None = None
    cwe_id: str | None = ""
    overview: str | None = ""


class Licence(Struct):
    name: str | None = ""
    risk: str | None = ""


class Issue(Struct):
    issue_type: str
    library: Library
    id: str | None = ""
    issue_status: str | None = ""
    ignored: bool | None = False
    severity: float | None = None
    vulnerability: Vulnerability | None = None
    license: Licence | str | None = None
    vulnerable_method: bool | None = None
    created_date: str | None = ""
    project_branch: str | None = ""
    links: Links | None = field(name="_links", default=None)


class Issues(Struct):
    issues: list[Issue]


class Page(Struct):
    total_elements: int | None = None


class Answer(Struct):
    embedded: Issues = field(name="_embedded")
    page: Page | None = None


def _is_answer(probe: Probe) -> bool:
    first = probe.get("_embedded.issues.0")
    return isinstance(first, dict) and {"issue_type", "library"} <= first.keys()


@parser(
    "veracode-sca",
    title="Veracode SCA",
    kind=Kind.DEPENDENCY,
    looks=json_object("_embedded", where=_is_answer),
    made_with="http --auth-type veracode_hmac https://api.veracode.com/srcclr/v3/workspaces/ID/issues; or srcclr scan --json",
    url="https://docs.veracode.com/r/c_sca_REST_API",
)
def read(answer: Answer) -> Iterator[Item]:
    rows = answer.embedded.issues
    total = answer.page.total_elements if answer.page else None
    cut = total is not None and total > len(rows)
    branches = {row.project_branch for row in rows if row.project_branch}
    yield Run(
        tool="Veracode SCA",
        ref=branches.pop() if len(branches) == 1 else "",
        complete=False if cut else None,
        problems=(f"The answer is one page: {len(rows)} of {total}",) if cut else (),
    )
    for row in rows:
        if (row.issue_status or "").lower() not in _GONE:
            yield _issue(row)


def _issue(row: Issue) -> Finding:
    known = row.vulnerability
    component = of_coordinates(
        row.library.id or "", row.library.name or "", row.library.version or "", row.library.direct
    )
    suppressed = Suppression(origin="tool", justification="ignored") if row.ignored else None
    common = (("veracode-sca", row.id),) if row.id else ()
    link = row.links.html.href if row.links and row.links.html else ""
    if known is None:
        return _other(row, component, suppressed, common, link or "")
    name = cve(known.cve) or f"SRCCLR-SID-{known.id}"
    ratings = _ratings((known.cvss3_vector, known.cvss3_score, "3.1"), (known.cvss2_vector, known.cvss2_score, "2"))
    cwes = cwe_ids(known.cwe_id)
    return Finding(
        rule=name,
        title=f"{known.title} in {component.name}" if known.title else f"{name} in {component.name}",
        severity=severity(row.severity) if row.severity is not None else graded("", ratings),
        severity_given="" if row.severity is None else str(row.severity),
        component=component,
        about=Rule(id=name, title=known.title or "", description=known.overview or "", cwes=cwes),
        cwes=cwes,
        vulnerabilities=identifiers(name),
        cvss=ratings,
        fingerprints=common,
        suppression=suppressed,
        reach=Reach.STATIC if row.vulnerable_method else None,
        references=references(link),
        seen_at=moment(row.created_date),
    )


def _other(
    row: Issue, component: Component, suppressed: Suppression | None, ids: tuple[tuple[str, str], ...], link: str
) -> Finding:
    licence = row.license.name or "" if isinstance(row.license, Licence) else row.license or ""
    kind = row.issue_type.lower()
    title = f"Licence {licence} of {component.name}" if kind == "license" else f"Outdated library {component.name}"
    return Finding(
        rule=licence or kind,
        title=title,
        severity=severity(row.severity) if row.severity is not None else Severity.INFO,
        severity_given="" if row.severity is None else str(row.severity),
        kind=Kind.LICENCE if kind == "license" else Kind.DEPENDENCY,
        component=component,
        fingerprints=ids,
        suppression=suppressed,
        references=references(link),
        tags=(kind,),
        seen_at=moment(row.created_date),
    )


def _ratings(*given: tuple[str | None, float | None, str]) -> tuple[Cvss, ...]:
    found = (rating(vector, score, version) for vector, score, version in given if vector or score)
    return tuple(each for each in found if each)


def of_coordinates(identifier: str, name: str, version: str, direct: bool | None) -> Component:
    """Return the package for a library's id: `maven:group:artifact:version:`, `npm:name::version:`."""
    ecosystem, *coordinates = identifier.split(":")
    if len(coordinates) >= 2 and coordinates[0]:
        name = ":".join(part for part in coordinates[:2] if part)
        version = version or (coordinates[2] if len(coordinates) > 2 else "")
    else:
        ecosystem = ""
    found = package(ecosystem, name, version)
    return Component(name=found.name, version=version, purl=found.purl, direct=direct)


class Row(Struct):
    id: str = field(name="Issue ID")
    kind: str = field(name="Issue type")
    library: str = field(name="Library")
    version: str = field(name="Version in use", default="")
    ignored: str = field(name="Ignored", default="")
    status: str = field(name="Status", default="")
    manager: str = field(name="Package manager", default="")
    first: str = field(name="Coordinate 1", default="")
    second: str = field(name="Coordinate 2", default="")
    direct: str = field(name="Dependency (Transitive or Direct)", default="")
    title: str = field(name="Title", default="")
    score: str = field(name="CVSS score", default="")
    severity: str = field(name="Severity", default="")
    cve: str = field(name="CVE", default="")
    vulnerability: str = field(name="Vulnerability ID", default="")
    methods: str = field(name="Has vulnerable methods", default="")
    updated: str = field(name="Updated Version", default="")
    licence: str = field(name="License", default="")
    opened: str = field(name="Issue opened: Scan date", default="")


@variant("veracode-sca", looks=csv_header("Issue ID", "Issue type", "Coordinate 1", "Version in use"))
def read_csv(rows: Csv[Row]) -> Iterator[Item]:
    yield Run(tool="Veracode SCA")
    for row in rows:
        if row.status.lower() not in _GONE:
            yield _of_row(row)


def _of_row(row: Row) -> Finding:
    name = ":".join(part for part in (row.first, row.second) if part) or row.library
    found = package(row.manager, name, row.version)
    direct = {"direct": True, "transitive": False}.get(row.direct.lower())
    component = Component(name=found.name, version=row.version, purl=found.purl, direct=direct)
    kind = row.kind.lower()
    ratings = _ratings(("", _score(row.score), ""))
    if kind == "vulnerability":
        rule = cve(row.cve) or f"SRCCLR-SID-{row.vulnerability}"
        title = f"{row.title} in {component.name}" if row.title else f"{rule} in {component.name}"
    else:
        rule = row.licence or kind
        title = (
            f"Licence {row.licence} of {component.name}" if "licen" in kind else f"Outdated library {component.name}"
        )
    return Finding(
        rule=rule,
        title=title,
        severity=level(row.severity) if row.severity else graded("", ratings) if ratings else Severity.INFO,
        severity_given=row.severity,
        kind=Kind.LICENCE if "licen" in kind else Kind.DEPENDENCY,
        component=component,
        about=Rule(id=rule, title=row.title),
        vulnerabilities=identifiers(rule) if kind == "vulnerability" else (),
        cvss=ratings,
        fixed_versions=(row.updated,) if row.updated else (),
        fingerprints=(("veracode-sca", row.id),) if row.id else (),
        suppression=Suppression(origin="tool", justification="ignored") if row.ignored.lower() == "true" else None,
        reach=Reach.STATIC if row.methods.lower() == "true" else None,
        tags=() if kind == "vulnerability" else (kind,),
        seen_at=_time(row.opened),
    )


def _score(text: str) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None


def _time(text: str) -> str:
    """Return a time of the export (`7 Jul 2022 09:15AM GMT`), whose hours after noon are written as 13 and more."""
    words = text.split()
    if len(words) < 4:
        return moment(text)
    try:
        day = datetime.strptime(f"{' '.join(words[:3])} {words[3][:5]}", "%d %b %Y %H:%M").replace(tzinfo=UTC)
    except ValueError:
        return ""
    return moment(day.isoformat())
