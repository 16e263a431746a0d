"""Hacker Guardian: the PCI scans that Sectigo sells and Qualys runs; CSV."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct, field

from seamark.intake.parsers.formats._hosts import flat, said, service
from seamark.intake.parsers.formats.qualys.common import certainty, level, rating
from seamark.intake.parsers.kit import (
    Csv,
    Finding,
    Item,
    Rule,
    Run,
    Severity,
    Suppression,
    csv_header,
    moment,
    variant,
    vulnerability_ids,
)
from seamark.intake.parsers.kit.texts import described

_WORDS = {"H": Severity.HIGH, "M": Severity.MEDIUM, "L": Severity.LOW}


class Row(Struct, rename="upper"):
    qid: str
    title: str = field(name="VULN TITLE")
    ip: str = ""
    hostname: str = ""
    last_scan: str = field(name="LAST SCAN", default="")
    type: str = ""
    severity: str = ""
    port: str = ""
    protocol: str = ""
    system: str = field(name="OPERATING SYSTEM", default="")
    is_pci: str = ""
    wrong: str = field(name="FALSE POSITIVE STATUS", default="")
    cvss_base: str = ""
    q_severity: str = ""
    threat: str = ""
    impact: str = ""
    solution: str = ""
    category: str = ""
    result: str = ""
    bugtraqid: str = ""
    cveid: str = ""


@variant("qualys", looks=csv_header("QID", "VULN TITLE", "Q_SEVERITY", "FALSE POSITIVE STATUS"))
def read(rows: Csv[Row]) -> Iterator[Item]:
    yield Run(tool="Hacker Guardian")
    for row in rows:
        made = rating(row.cvss_base, "2")
        yield Finding(
            rule=row.qid,
            title=row.title,
            severity=_WORDS.get(row.severity.strip().upper()) or level(row.q_severity),
            severity_given=row.severity or row.q_severity,
            location=service(row.hostname or row.ip, row.port, row.protocol),
            about=Rule(
                id=row.qid,
                title=row.title,
                description=described(("", flat(row.threat)), ("Impact", flat(said(row.impact)))),
                remedy=flat(said(row.solution)),
                tags=tuple(tag for tag in (row.category, "PCI" if row.is_pci == "Y" else "") if tag),
            ),
            description=described(
                ("", row.result), ("Address", row.ip if row.hostname else ""), ("Level", row.q_severity)
            ),
            confidence=certainty(row.type),
            vulnerabilities=vulnerability_ids(row.cveid),
            cvss=(made,) if made else (),
            suppression=Suppression(
                origin="tool", justification=said(row.wrong), accepted="approved" in row.wrong.lower()
            )
            if said(row.wrong)
            else None,
            seen_at=moment(row.last_scan),
        )
