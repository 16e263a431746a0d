"""Burp: a scan as the REST interface of Burp Suite Professional and the DAST server answers it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Raw, Struct

from seamark.intake.parsers.formats._web import decoded, joined, plain
from seamark.intake.parsers.formats.burp.common import confidence_of, entry_point, graded, method_of, rule, web
from seamark.intake.parsers.kit import Exchange, Finding, Item, Reading, Run, json_object, variant
from seamark.intake.parsers.kit.texts import described


class Segment(Struct):
    type: str = ""
    data: str = ""
    length: int = 0


class Traffic(Struct):
    url: str = ""
    request: list[Segment] | None = None
    response: list[Segment] | None = None


class Evidence(Struct):
    type: str = ""
    request_response: Traffic | None = None
    information_items: list[str] | None = None
    detail: Any = None


class Issue(Struct):
    name: str
    origin: str = ""
    path: str = ""
    type_index: int | str = ""
    serial_number: str = ""
    severity: str = ""
    confidence: str = ""
    description: str | None = ""
    issue_background: str | None = ""
    remediation: str | None = ""
    remediation_background: str | None = ""
    caption: str | None = ""
    evidence: list[Evidence] | None = None
    internal_data: Any = None


class Event(Struct):
    issue: Issue | None = None
    type: str = ""
    id: str | int = ""


class Metrics(Struct):
    audit_queue_items_waiting: int = 0
    crawl_network_errors: int = 0
    audit_network_errors: int = 0
    crawl_and_audit_caption: str = ""


class Report(Struct):
    issue_events: Raw
    scan_status: str
    message: str | None = ""
    scan_metrics: Metrics | None = None


SUCCEEDED, FAILED = {"succeeded"}, {"failed", "cancelled", "canceled"}


@variant("burp", looks=json_object("issue_events", "scan_status"), lift=("issue_events",))
def read(report: Report, reading: Reading) -> Iterator[Item]:
    status = report.scan_status.lower()
    succeeded = True if status in SUCCEEDED else False if status in FAILED else None
    yield Run(
        tool="Burp",
        successful=succeeded,
        complete=None if succeeded else False,
        problems=(report.message or f"The scan ended as {status}",) if succeeded is False else (),
    )
    for event in reading.rows(report.issue_events, Event, where="$.issue_events"):
        if event.issue is not None:
            yield _finding(event.issue)


def _finding(issue: Issue) -> Finding:
    path, parameter = entry_point(issue.caption or issue.path)
    request, response = _exchange(issue.evidence or [])
    severity, suppression, verification = graded(issue.severity)
    about = rule(
        str(issue.type_index),
        issue.name,
        issue.issue_background or "",
        issue.remediation_background or issue.remediation or "",
        "",
        "",
    )
    known = [("", item) for evidence in issue.evidence or () for item in evidence.information_items or ()]
    return Finding(
        rule=about.id,
        title=issue.name,
        severity=severity,
        severity_given=issue.severity,
        location=web(joined(issue.origin, issue.path or path), method_of(request), parameter),
        about=about,
        description=described(("", plain(issue.description)), *known),
        remedy=plain(issue.remediation) if issue.remediation_background else "",
        confidence=confidence_of(issue.confidence),
        suppression=suppression,
        verification=verification,
        exchange=Exchange(request=request, response=response) if request or response else None,
        fingerprints=(("serialNumber", issue.serial_number),) if issue.serial_number else (),
    )


def _exchange(evidence: list[Evidence]) -> tuple[str, str]:
    for each in evidence:
        if each.request_response is not None:
            return _text(each.request_response.request), _text(each.request_response.response)
    return "", ""


def _text(segments: list[Segment] | None) -> str:
    parts, size = [], 0
    for segment in segments or ():
        text = decoded(segment.data) if segment.data else f"[{segment.length} bytes left out]"
        parts.append(text)
        size += len(text)
        if size > 20_000:
            break
    return "".join(parts)
