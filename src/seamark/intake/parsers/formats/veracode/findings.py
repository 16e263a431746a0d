"""Findings of Veracode's REST API, static, dynamic, manual and of components, as answered or as a bare list."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from seamark.intake.parsers.formats.veracode.scales import level, links, mitigation, plain
from seamark.intake.parsers.kit import (
    CodeLocation,
    Cvss,
    Finding,
    Item,
    Kind,
    Location,
    Probe,
    Rule,
    Run,
    Suppression,
    WebLocation,
    cwe_ids,
    json_object,
    moment,
    references,
    variant,
)
from seamark.intake.parsers.kit.packages import identifiers, package, rating

_KINDS = {"STATIC": Kind.CODE, "DYNAMIC": Kind.WEB, "MANUAL": Kind.PENTEST, "SCA": Kind.DEPENDENCY}


class Cwe(Struct):
    id: int | str | None = None
    name: str | None = ""


class Category(Struct):
    name: str | None = ""


class Cvss3(Struct):
    score: float | None = None
    vector: str | None = ""


class Cve(Struct):
    name: str | None = ""
    cvss: float | None = None
    vector: str | None = ""
    href: str | None = ""
    cvss3: Cvss3 | None = None


class Licence(Struct):
    license_id: str | None = ""


class Path(Struct):
    path: str | None = ""


class Details(Struct):
    severity: int | str | None = None
    cwe: Cwe | None = None
    finding_category: Category | None = None
    file_path: str | None = ""
    file_name: str | None = ""
    file_line_number: int | None = None
    procedure: str | None = ""
    module: str | None = ""
    attack_vector: str | None = ""
    url: str | None = ""
    hostname: str | None = ""
    port: int | str | None = None
    path: str | None = ""
    plugin: str | None = ""
    vulnerable_parameter: str | None = ""
    location: str | None = ""
    cve: Cve | None = None
    component_filename: str | None = ""
    component_path: list[Path] | None = None
    version: str | None = ""
    language: str | None = ""
    licenses: list[Licence] | None = None


class Status(Struct):
    status: str | None = ""
    resolution: str | None = ""
    resolution_status: str | None = ""
    mitigation_review_status: str | None = ""
    first_found_date: str | None = ""


class Annotation(Struct):
    action: str | None = ""
    comment: str | None = ""


class Row(Struct):
    finding_details: Details
    scan_type: str
    issue_id: int | str | None = None
    context_guid: str | None = ""
    description: str | None = ""
    finding_status: Status | None = None
    annotations: list[Annotation] | None = None


class Report(Struct):
    findings: list[Row]


class Page(Struct):
    total_elements: int | None = None


def _is_row(row: object) -> bool:
    return isinstance(row, dict) and {"scan_type", "finding_details"} <= row.keys()


@variant("veracode", looks=json_object("findings", where=lambda probe: _is_row(probe.get("findings.0"))))
def read(report: Report) -> Iterator[Item]:
    yield Run(tool="Veracode")
    yield from _findings(report.findings)


class Embedded(Struct, rename={"embedded": "_embedded"}):
    embedded: Report
    page: Page | None = None


def _is_answer(probe: Probe) -> bool:
    return _is_row(probe.get("_embedded.findings.0"))


@variant("veracode", looks=json_object("_embedded", where=_is_answer))
def read_answer(answer: Embedded) -> Iterator[Item]:
    rows = answer.embedded.findings
    total = answer.page.total_elements if answer.page else None
    cut = total is not None and total > len(rows)
    yield Run(
        tool="Veracode",
        complete=False if cut else None,
        problems=(f"The answer is one page: {len(rows)} of {total}",) if cut else (),
    )
    yield from _findings(rows)


def _findings(rows: list[Row]) -> Iterator[Finding]:
    for row in rows:
        status = row.finding_status or Status()
        # Closed ones were not found any more by the last scan; a mitigated flaw that is still there stays open.
        if (status.status or "").upper() != "CLOSED":
            yield _component(row, status) if row.scan_type == "SCA" else _flaw(row, status)


def _flaw(row: Row, status: Status) -> Finding:
    details = row.finding_details
    cwe = details.cwe or Cwe()
    category = (details.finding_category.name or "") if details.finding_category else ""
    cwes = cwe_ids(cwe.id)
    about = Rule(
        id=f"CWE-{cwe.id}" if cwe.id else category or row.scan_type,
        name=category,
        title=cwe.name or category,
        cwes=cwes,
    )
    text = row.description or ""
    return Finding(
        rule=about.id,
        title=category or about.title or about.id,
        severity=level(details.severity),
        severity_given="" if details.severity is None else str(details.severity),
        kind=_KINDS.get(row.scan_type, Kind.CODE),
        location=_location(details),
        about=about,
        description=plain(text),
        cwes=cwes,
        fingerprints=(("veracode", f"{row.context_guid}/{row.issue_id}"),) if row.issue_id else (),
        suppression=_suppression(row, status),
        references=references(links(text)),
        tags=tuple(tag for tag in (details.attack_vector, details.module) if tag),
        seen_at=moment(status.first_found_date),
    )


def _location(details: Details) -> Location | None:
    if details.url or details.hostname:
        url = details.url or f"https://{details.hostname}{details.path or ''}"
        return WebLocation(url=url, parameter=details.vulnerable_parameter or "")
    path = details.file_path or details.file_name or details.location
    return (
        CodeLocation(path=path, line=details.file_line_number or None, scope=details.procedure or "") if path else None
    )


def _suppression(row: Row, status: Status) -> Suppression | None:
    said = "\n".join(f"{each.action}: {each.comment}" for each in row.annotations or ())
    resolution = (status.resolution or "").upper()
    if resolution in {"", "UNRESOLVED", "NONE", "FIXED"}:
        return mitigation(status.mitigation_review_status or "", said)
    words = resolution.lower().replace("_", " ")
    justification = "\n".join(part for part in (words, said) if part)
    reviewed = (status.resolution_status or "").upper()
    if reviewed == "REJECTED":
        return None
    return Suppression(origin="tool", justification=justification, accepted=reviewed != "PROPOSED")


def _component(row: Row, status: Status) -> Finding:
    details = row.finding_details
    cve = details.cve or Cve()
    name = cve.name or details.component_filename or "SCA"
    ratings: list[Cvss] = []
    if cve.cvss3 is not None and (three := rating(cve.cvss3.vector, cve.cvss3.score, "3.1")):
        ratings.append(three)
    if two := rating(cve.vector, cve.cvss, "2"):
        ratings.append(two)
    file = _file(details)
    cwes = cwe_ids(details.cwe.id) if details.cwe else ()
    component = package("", file, details.version or "")
    paths = [each.path for each in details.component_path or () if each.path]
    return Finding(
        rule=name,
        title=f"{name} in {component.name}",
        severity=level(details.severity),
        severity_given="" if details.severity is None else str(details.severity),
        kind=Kind.DEPENDENCY,
        location=CodeLocation(path=paths[0]) if paths else None,
        component=component,
        about=Rule(
            id=name,
            title=(details.cwe.name or "") if details.cwe else "",
            description=plain(row.description or ""),
            cwes=cwes,
        ),
        cwes=cwes,
        vulnerabilities=identifiers(cve.name),
        cvss=tuple(ratings),
        suppression=_suppression(row, status),
        references=references(cve.href, links(row.description or "")),
        seen_at=moment(status.first_found_date),
    )


def _file(details: Details) -> str:
    """Return the library's name out of its file's (`guava-30.0-jre.jar` in version `30.0-jre`)."""
    name = details.component_filename or ""
    return name.replace(f"-{details.version}", "", 1) if details.version else name
