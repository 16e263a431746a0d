"""Cloudflare Security Insights: what is to be set better for domains; CSV and the JSON of the interface."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from seamark.intake.parsers.formats._web import host
from seamark.intake.parsers.kit import (
    Csv,
    Finding,
    Item,
    Kind,
    Run,
    Suppression,
    UnreadableReport,
    csv_header,
    json_object,
    json_rows,
    moment,
    parser,
    references,
    severity,
    variant,
)
from seamark.intake.parsers.kit.texts import described

GONE = {"resolved", "archived", "inactive"}


class Row(Struct):
    severity: str
    issue_class: str
    subject: str
    issue_type: str = ""
    scan_performed_on: str = ""
    status: str = ""
    insight: str = ""
    detection_method: str = ""
    risk: str = ""
    recommended_action: str = ""


@parser(
    "cloudflare-insights",
    title="Cloudflare Insights",
    kind=Kind.MISCONFIGURATION,
    looks=csv_header("severity", "issue_class", "subject", "issue_type", "scan_performed_on"),
    made_with="Cloudflare: Security Center > Security Insights > Export",
    url="https://developers.cloudflare.com/security-center/security-insights/",
)
def read(rows: Csv[Row]) -> Iterator[Item]:
    yield Run(tool="Cloudflare Insights")
    for row in rows:
        yield Finding(
            rule=row.issue_class,
            title=row.issue_class,
            severity=severity(row.severity),
            severity_given=row.severity,
            location=host(row.subject) if row.subject else None,
            description=described(("", row.insight), ("Detected by", row.detection_method), ("Risk", row.risk)),
            remedy=row.recommended_action,
            suppression=Suppression(origin="tool", justification="dismissed")
            if row.status.lower() == "dismissed"
            else None,
            tags=(row.issue_type,) if row.issue_type else (),
            baseline="absent" if row.status.lower() in GONE else "",
            seen_at=moment(row.scan_performed_on),
        )


class Issue(Struct):
    id: str
    issue_class: str
    severity: str
    subject: str | None = ""
    issue_type: str | None = ""
    dismissed: bool | None = None
    payload: Any = None
    resolve_link: str | None = ""
    resolve_text: str | None = ""
    since: str | None = ""
    timestamp: str | None = ""


@variant("cloudflare-insights", looks=json_rows("issue_class", "issue_type", "subject", "dismissed"), lift=("[]",))
def read_list(issues: list[Issue]) -> Iterator[Item]:
    yield Run(tool="Cloudflare Insights")
    for issue in issues:
        yield _finding(issue)


class Issues(Struct):
    issues: list[Issue] | None = None
    count: int | None = None


class Answer(Struct):
    result: Issues | None
    success: bool = True


@variant(
    "cloudflare-insights",
    looks=json_object("success", "result.issues", where=lambda probe: probe.has("result.issues.0.issue_class")),
)
def read_answer(answer: Answer) -> Iterator[Item]:
    if not answer.success or answer.result is None:
        raise UnreadableReport("The interface answered with an error")
    issues = answer.result.issues or []
    yield Run(
        tool="Cloudflare Insights",
        complete=False if answer.result.count is not None and answer.result.count > len(issues) else None,
    )
    for issue in issues:
        yield _finding(issue)


def _finding(issue: Issue) -> Finding:
    return Finding(
        rule=issue.issue_class,
        title=issue.issue_class.replace("_", " ").capitalize(),
        severity=severity(issue.severity),
        severity_given=issue.severity,
        location=host(issue.subject) if issue.subject else None,
        remedy=issue.resolve_text or "",
        suppression=Suppression(origin="tool", justification="dismissed") if issue.dismissed else None,
        references=references(issue.resolve_link),
        fingerprints=(("id", issue.id),),
        tags=(issue.issue_type,) if issue.issue_type else (),
        seen_at=moment(issue.timestamp),
    )
