"""RiskRecon: what the internet shows of a company; answers of its API."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from seamark.intake.parsers.kit import (
    Finding,
    HostLocation,
    Item,
    Kind,
    Probe,
    Rule,
    Run,
    Suppression,
    json_object,
    json_rows,
    moment,
    parser,
    severity,
    variant,
    vulnerability_ids,
)
from seamark.intake.parsers.kit.texts import described


class Row(Struct):
    finding_id: str
    finding: str
    severity: str | None = ""
    security_domain: str | None = ""
    security_criteria: str | None = ""
    finding_context: str | None = ""
    finding_data_value: str | None = ""
    finding_recommendation: str | None = ""
    host_name: str | None = ""
    domain_name: str | None = ""
    ip_address: str | None = ""
    false_positive: str | bool | None = ""
    auto_status: str | None = ""
    analyst_status: str | None = ""
    last_seen: str | None = ""
    first_seen: str | None = ""
    vendor: str | None = ""
    priority: str | int | None = ""
    asset_value: str | None = ""


class Answer(Struct):
    findings: list[Row]


_KEYS = {"finding_id", "security_domain", "security_criteria"}


def _is_answer(probe: Probe) -> bool:
    row = probe.get("findings.0")
    return isinstance(row, dict) and row.keys() >= _KEYS


@parser(
    "risk-recon",
    title="RiskRecon",
    kind=Kind.HOST,
    looks=json_object("findings", where=_is_answer),
    made_with="GET https://api.riskrecon.com/v1/findings/…",
    url="https://api.riskrecon.com/",
    versions="API v1",
)
def read(answer: Answer) -> Iterator[Item]:
    yield from _items(answer.findings)


@variant("risk-recon", looks=json_rows(*_KEYS))
def read_rows(rows: list[Row]) -> Iterator[Item]:
    yield from _items(rows)


def _items(rows: list[Row]) -> Iterator[Item]:
    yield Run(tool="RiskRecon")
    for row in rows:
        if (row.analyst_status or row.auto_status or "").lower() == "pass":
            continue
        host = row.host_name or row.ip_address or row.domain_name or ""
        rule = row.security_criteria or row.finding
        wrong = str(row.false_positive).lower() == "true"
        yield Finding(
            rule=rule,
            title=row.finding,
            severity=severity(row.severity or None),
            severity_given=row.severity or "",
            location=HostLocation(host=host) if host else None,
            about=Rule(
                id=rule,
                title=row.finding,
                description=row.finding_context or "",
                remedy=row.finding_recommendation or "",
                tags=(row.security_domain,) if row.security_domain else (),
            ),
            description=described(
                ("", row.finding_data_value or ""),
                ("Address", row.ip_address if row.ip_address != host else ""),
                ("Domain", row.domain_name if row.domain_name != host else ""),
                ("Company", row.vendor or ""),
                ("Priority", row.priority or ""),
            ),
            vulnerabilities=vulnerability_ids(row.finding, row.finding_data_value),
            fingerprints=(("riskrecon", row.finding_id),),
            suppression=Suppression(origin="tool", justification="false positive") if wrong else None,
            seen_at=moment(row.last_seen),
        )
