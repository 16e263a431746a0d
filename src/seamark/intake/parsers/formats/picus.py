"""Picus: attacks that were simulated; CSV."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct, field

from seamark.intake.parsers.kit import (
    Csv,
    Finding,
    Item,
    Kind,
    Rule,
    Run,
    Verification,
    csv_header,
    cwe_ids,
    moment,
    parser,
    severity,
    vulnerability_ids,
)
from seamark.intake.parsers.kit.texts import described

_STOPPED = {"blocked", "prevented"}


class Row(Struct, rename="camel"):
    action_id: str
    action_name: str
    threat_name: str = ""
    threat_id: str = ""
    threat_severity: str = ""
    threat_prevention_result: str = ""
    threat_detection_log_result: str = ""
    threat_detection_alert_result: str = ""
    action_prevention_result: str = ""
    action_description: str = ""
    affected_os: str = field(name="affectedOs", default="")
    affected_platforms: str = ""
    affected_products: str = ""
    action_mitre_tactic: str = ""
    action_mitre_technique: str = ""
    action_mitre_subtechnique: str = ""
    attack_category: str = ""
    attack_modules: str = ""
    cve: str = ""
    cwe: str = ""
    attack_ended_time_utc: str = field(name="attackEndedTimeUTC", default="")
    simulation_run_id: str = ""


@parser(
    "picus",
    title="Picus",
    kind=Kind.PENTEST,
    looks=csv_header("simulationRunId", "threatName", "actionId", "actionName", "threatPreventionResult"),
    made_with="the export of a simulation's results as CSV",
    url="https://www.picussecurity.com/",
    versions="as of 2023 to 2025",
)
def read(rows: Csv[Row]) -> Iterator[Item]:
    yield Run(tool="Picus")
    for row in rows:
        result = row.action_prevention_result or row.threat_prevention_result
        # What was blocked is a check that was passed.
        if result.strip().lower() in _STOPPED:
            continue
        techniques = (row.action_mitre_tactic, row.action_mitre_technique, row.action_mitre_subtechnique)
        yield Finding(
            rule=row.action_id,
            title=f"{row.threat_name}: {row.action_name}" if row.threat_name else row.action_name,
            severity=severity(row.threat_severity or None),
            severity_given=row.threat_severity,
            about=Rule(
                id=row.action_id,
                title=row.action_name,
                description=row.action_description,
                tags=tuple(tag for tag in (row.attack_category, row.attack_modules, *techniques) if tag),
            ),
            description=described(
                ("Prevention", result),
                ("Log", row.threat_detection_log_result),
                ("Alert", row.threat_detection_alert_result),
                ("System", row.affected_os),
                ("Platform", row.affected_platforms),
                ("Product", row.affected_products),
            ),
            cwes=cwe_ids(row.cwe),
            vulnerabilities=vulnerability_ids(row.cve),
            verification=Verification.VERIFIED if result.strip().lower() == "not blocked" else None,
            seen_at=_moment(row.attack_ended_time_utc),
        )


def _moment(text: str) -> str:
    """Return a time such as `02/10/2023`, day first, or ISO."""
    parts = text.split("/")
    return moment(f"{parts[2]}-{parts[1]:0>2}-{parts[0]:0>2}") if len(parts) == 3 else moment(text)
