"""CyCognito: issues of assets that face the internet, as the JSON of its interface."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct, field

from seamark.intake.parsers.formats._web import host
from seamark.intake.parsers.kit import (
    Confidence,
    Finding,
    Item,
    Kind,
    Location,
    Rule,
    Run,
    Suppression,
    WebLocation,
    json_rows,
    moment,
    parser,
    references,
    severity,
    vulnerability_ids,
)
from seamark.intake.parsers.kit.texts import described, port_number


class Evidence(Struct):
    evidence: Any = ""
    hostname: str | None = ""
    curl: str | None = field(name="curl-cmd", default="")
    link: str | None = field(name="more-details-link", default="")


class Issue(Struct):
    title: str
    affected_asset: str
    severity: str
    issue_id: str | None = ""
    id: str | None = ""
    issue_type: str | None = ""
    summary: str | None = ""
    potential_impact: Any = None
    potential_threat: str | None = ""
    cve_ids: list[str] | None = None
    port: int | str | None = None
    confidence: float | None = None
    evidence: Evidence | None = None
    remediation_steps: list[str] | None = None
    references: list[str] | None = None
    is_snoozed: bool | None = None
    snooze_expiration: str | None = ""
    resolved_at: str | None = ""
    issue_status: str | None = ""
    investigation_status: str | None = ""
    tags: list[str] | None = None
    severity_score: float | None = None
    enhanced_severity: str | None = ""
    base_severity: str | None = ""
    first_detected: str | None = ""
    last_detected: str | None = ""


@parser(
    "cycognito",
    title="CyCognito",
    kind=Kind.HOST,
    looks=json_rows("affected_asset", "issue_id", "issue_type", "investigation_status"),
    made_with="POST /v1/issues",
    url="https://docs.cycognito.com/",
    lift=("[]",),
)
def read(issues: list[Issue]) -> Iterator[Item]:
    yield Run(tool="CyCognito")
    for issue in issues:
        yield _finding(issue)


def _finding(issue: Issue) -> Finding:
    evidence = issue.evidence or Evidence()
    shown = evidence.evidence if isinstance(evidence.evidence, str) else ""
    resolved = bool(issue.resolved_at) or (issue.issue_status or "").lower() in {"removed", "resolved"}
    impact = ", ".join(str(each) for each in issue.potential_impact) if isinstance(issue.potential_impact, list) else ""
    number = issue.issue_id or issue.id or issue.title
    about = Rule(
        id=number,
        name=issue.title,
        title=issue.title,
        description=described(("", (issue.summary or "").strip()), ("Potential impact", impact)),
        remedy="\n".join(step.strip() for step in issue.remediation_steps or ()),
        tags=tuple(word for word in (issue.issue_type, issue.potential_threat) if word),
        references=references(issue.references),
    )
    return Finding(
        rule=about.id,
        title=issue.title,
        severity=severity(issue.severity),
        severity_given=issue.severity,
        location=_place(issue, evidence),
        about=about,
        description=described(("", shown.strip()), ("Reproduce with", evidence.curl)),
        confidence=_confidence(issue.confidence),
        vulnerabilities=vulnerability_ids(issue.cve_ids),
        suppression=Suppression(origin="tool", justification="snoozed") if issue.is_snoozed else None,
        fingerprints=(("id", issue.id),) if issue.id else (),
        tags=tuple(issue.tags or ()),
        baseline="absent" if resolved else "",
        seen_at=moment(issue.last_detected),
    )


def _place(issue: Issue, evidence: Evidence) -> Location | None:
    """Return the asset, which is written as `domain/shop.example`; a certificate's place is the host that showed it."""
    sort, mark, name = issue.affected_asset.partition("/")
    name = name if mark else sort
    if sort == "cert" and evidence.hostname:
        name = evidence.hostname
    if name.startswith(("http://", "https://")):
        return WebLocation(url=name)
    return host(name, port_number(issue.port)) if name else None


def _confidence(percent: float | None) -> Confidence | None:
    if percent is None:
        return None
    return Confidence.HIGH if percent >= 80 else Confidence.MEDIUM if percent >= 50 else Confidence.LOW
