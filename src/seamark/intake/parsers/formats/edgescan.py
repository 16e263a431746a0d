"""Edgescan: vulnerabilities of sites and hosts, as the JSON of its interface."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from seamark.intake.parsers.formats._web import place
from seamark.intake.parsers.kit import (
    Finding,
    Item,
    Kind,
    Probe,
    Run,
    Severity,
    Suppression,
    cvss,
    cwe_ids,
    json_object,
    json_rows,
    moment,
    parser,
    variant,
    vulnerability_ids,
)

LEVELS = {1: Severity.INFO, 2: Severity.LOW, 3: Severity.MEDIUM, 4: Severity.HIGH, 5: Severity.CRITICAL}


class Vulnerability(Struct):
    id: int | str
    name: str
    severity: int
    location: str | None = ""
    asset_name: str | None = ""
    status: str | None = ""
    risk: int | None = None
    threat: int | None = None
    layer: str | None = ""
    description: str | None = ""
    remediation: str | None = ""
    cwes: list[str] | None = None
    cves: list[str] | None = None
    cvss_score: float | str | None = None
    cvss_vector: str | None = ""
    cvss_version: Any = None
    date_opened: str | None = ""
    date_closed: str | None = ""
    definition_id: int | str | None = None
    pci_compliance_status: str | None = ""
    label: str | None = ""
    asset_tags: str | list[str] | None = ""


class Report(Struct):
    vulnerabilities: list[Vulnerability]


NAMES = ("location_specifier_id", "asset_id", "severity", "threat")


def _is_answer(probe: Probe) -> bool:
    row = probe.get("vulnerabilities.0")
    return isinstance(row, dict) and {*NAMES} <= row.keys()


@parser(
    "edgescan",
    title="Edgescan",
    kind=Kind.WEB,
    looks=json_rows("id", "name", *NAMES),
    made_with="GET /api/v1/vulnerabilities.json",
    url="https://www.edgescan.com/",
    lift=("[]",),
)
def read(rows: list[Vulnerability]) -> Iterator[Item]:
    yield Run(tool="Edgescan")
    for row in rows:
        yield _finding(row)


@variant("edgescan", looks=json_object("vulnerabilities", where=_is_answer))
def read_answer(report: Report) -> Iterator[Item]:
    yield Run(tool="Edgescan")
    for row in report.vulnerabilities:
        yield _finding(row)


def _finding(row: Vulnerability) -> Finding:
    rating = cvss(row.cvss_vector, row.cvss_score)
    status = (row.status or "").lower()
    tags = row.asset_tags.split(",") if isinstance(row.asset_tags, str) else row.asset_tags or []
    accepted = status in {"risk accepted", "risk_accepted", "accepted", "false positive", "false_positive"}
    return Finding(
        rule=str(row.definition_id) if row.definition_id is not None else row.name,
        title=row.name,
        severity=LEVELS.get(row.severity, Severity.MEDIUM),
        severity_given=str(row.severity),
        kind=Kind.WEB if (row.layer or "").lower() == "application" else Kind.HOST if row.layer else None,
        location=place(row.location or row.asset_name or ""),
        description=row.description or "",
        remedy=row.remediation or "",
        cwes=cwe_ids(row.cwes),
        vulnerabilities=vulnerability_ids(row.cves),
        cvss=(rating,) if rating else (),
        suppression=Suppression(origin="tool", justification=status.replace("_", " ")) if accepted else None,
        fingerprints=(("id", str(row.id)),),
        tags=tuple(tag.strip() for tag in (*([row.layer] if row.layer else []), *tags) if tag.strip()),
        baseline="absent" if status == "closed" else "",
        seen_at=moment((row.date_opened or "").removesuffix(" UTC")),
    )
