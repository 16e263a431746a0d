"""Trustwave: flaws of hosts; the CSV of its scans, and answers of its Fusion API."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct, field

from seamark.intake.parsers.formats._hosts import said, service
from seamark.intake.parsers.kit import (
    Component,
    Csv,
    Finding,
    Item,
    Kind,
    Location,
    Probe,
    Rule,
    Run,
    Severity,
    WebLocation,
    csv_header,
    cvss,
    json_object,
    moment,
    parser,
    severity,
    variant,
    vulnerability_ids,
)
from seamark.intake.parsers.kit.texts import described

_WORDS = {"C": Severity.CRITICAL, "H": Severity.HIGH, "M": Severity.MEDIUM, "L": Severity.LOW, "I": Severity.INFO}


class Row(Struct):
    name: str = field(name="Vulnerability Name")
    ip: str = field(name="IP", default="")
    target: str = field(name="Target Name", default="")
    domain: str = field(name="Domain", default="")
    status: str = field(name="Status", default="")
    description: str = field(name="Description", default="")
    remedy: str = field(name="Remediation", default="")
    protocol: str = field(name="Protocol", default="")
    port: str = field(name="Port", default="")
    severity: str = field(name="Severity", default="")
    cve: str = field(name="CVE", default="")
    service: str = field(name="Service", default="")
    evidence: str = field(name="Evidence", default="")


@parser(
    "trustwave",
    title="Trustwave",
    kind=Kind.HOST,
    looks=csv_header("Target Name", "Vulnerability Name", "Remediation", "Evidence", "Severity"),
    made_with="the export of a scan's findings as CSV",
    url="https://www.trustwave.com/",
    versions="as of 2016 to 2024",
)
def read(rows: Csv[Row]) -> Iterator[Item]:
    yield Run(tool="Trustwave")
    for row in rows:
        given = row.severity.strip()
        yield Finding(
            rule=row.name,
            title=row.name,
            severity=_WORDS.get(given.upper()) or severity(given or None),
            severity_given=given,
            location=service(row.ip or row.domain, row.port, row.protocol),
            about=Rule(id=row.name, title=row.name, description=row.description, remedy=row.remedy),
            description=described(
                ("", row.evidence),
                ("Service", row.service),
                ("Target", row.target),
                ("Domain", row.domain),
                ("State", row.status),
            ),
            vulnerabilities=vulnerability_ids(row.cve) or tuple(name for name in (said(row.cve),) if name),
        )


class Place(Struct, rename="camel"):
    application_cpe: str | None = ""
    application_protocol: str | None = ""
    domain: str | None = ""
    ip: str | None = ""
    port: int | str | None = None
    transport_protocol: str | None = ""
    url: str | None = ""


class Job(Struct, rename="camel"):
    id: str | None = ""
    job_name: str | None = ""
    job_end_time: str | None = ""


class Kb(Struct, rename="camel"):
    id: str | None = ""
    cves: list[str] | None = None
    description: str | None = ""
    remediation: str | None = ""
    cvss_v2_base_score: float | str | None = None
    cvss_v3_base_score: float | str | None = None
    references: list[str] | None = None


class Detected(Struct, rename="camel"):
    id: str
    name: str
    severity: str | None = ""
    classification: str | None = ""
    evidence: str | None = ""
    location: Place | None = None
    job: Job | None = None
    kb: Kb | None = None
    updated_on: str | None = ""
    asset_id: str | None = ""


class Answer(Struct):
    items: list[Detected]


def _is_answer(probe: Probe) -> bool:
    row = probe.get("items.0")
    return isinstance(row, dict) and {"customerId", "severity", "classification", "kb", "location"} <= row.keys()


@variant("trustwave", looks=json_object("items", where=_is_answer))
def read_answer(answer: Answer) -> Iterator[Item]:
    yield Run(tool="Trustwave")
    for one in answer.items:
        kb, place, job = one.kb or Kb(), one.location or Place(), one.job or Job()
        ratings = (cvss("", _score(kb.cvss_v3_base_score)), cvss("", _score(kb.cvss_v2_base_score)))
        yield Finding(
            rule=said(kb.id) or one.name,
            title=one.name,
            severity=severity(one.severity or None),
            severity_given=one.severity or "",
            location=_place(place),
            component=_component(said(place.application_cpe)),
            about=Rule(
                id=said(kb.id) or one.name,
                title=one.name,
                description=said(kb.description),
                remedy=said(kb.remediation),
                tags=(one.classification,) if one.classification else (),
            ),
            description=described(
                ("", said(one.evidence)),
                ("Address", said(place.ip)),
                ("Domain", said(place.domain)),
                ("Job", said(job.job_name)),
            ),
            vulnerabilities=vulnerability_ids(kb.cves),
            cvss=tuple(rating for rating in ratings if rating and rating.score),
            seen_at=moment(one.updated_on) or moment(job.job_end_time),
        )


def _score(given: float | str | None) -> float | str | None:
    return None if given in {"None", ""} else given


def _place(place: Place) -> Location | None:
    if url := said(place.url):
        return WebLocation(url=url)
    host = said(place.ip) or said(place.domain)
    return service(host, place.port, said(place.transport_protocol)) if host else None


def _component(cpe: str) -> Component | None:
    """Return the product in `nginx:nginx:1.20.0`, or in a CPE."""
    parts = cpe.removeprefix("cpe:/a:").removeprefix("cpe:2.3:a:").split(":")
    if len(parts) < 2:
        return None
    return Component(name=parts[1], version=parts[2] if len(parts) > 2 and parts[2] not in {"*", "-"} else "")
