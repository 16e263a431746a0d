"""Burp: issues as the GraphQL interface of the DAST server answers them."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct, field

from seamark.intake.parsers.formats._web import joined, links, plain, unmarked
from seamark.intake.parsers.formats.burp.common import confidence_of, entry_point, graded, method_of, rule, web
from seamark.intake.parsers.kit import (
    Exchange,
    Finding,
    Item,
    Probe,
    Run,
    Suppression,
    UnreadableReport,
    json_object,
    variant,
)
from seamark.intake.parsers.kit.texts import described


class IssueType(Struct):
    name: str
    type_index: str | int = ""
    description_html: str | None = ""
    remediation_html: str | None = ""
    vulnerability_classifications_html: str | None = ""
    references_html: str | None = ""


class Segment(Struct):
    data_html: str | None = ""
    highlight_html: str | None = ""
    snip_length: int | None = None


class Evidence(Struct):
    request_index: int | None = None
    response_index: int | None = None
    request_segments: list[Segment] | None = None
    response_segments: list[Segment] | None = None
    title: str | None = ""
    description_html: str | None = ""


class Issue(Struct):
    issue_type: IssueType
    serial_number: str | int | None = ""
    severity: str = ""
    confidence: str | None = ""
    origin: str | None = ""
    path: str | None = ""
    description_html: str | None = ""
    remediation_html: str | None = ""
    evidence: list[Evidence] | None = None
    accepted_risk: bool | None = None


class Scan(Struct):
    issues: list[Issue] | None = None
    issue: Issue | None = None
    status: str | None = ""


class Answer(Struct):
    scan: Scan | None = None
    issue: Issue | None = None


class Problem(Struct):
    message: str = ""


class Report(Struct):
    collected: list[Issue] | None = field(name="Issues", default=None)
    data: Answer | None = None
    errors: list[Problem] | None = None


def _is_answer(probe: Probe) -> bool:
    found = probe.get("Issues")
    if isinstance(found, list):
        if not found:  # says nothing but this word, which Burp's own collector writes
            return probe.keys == {"Issues"}
        return isinstance(found[0], dict) and "issue_type" in found[0]
    return any(
        probe.has(f"{path}.issue_type") for path in ("data.issue", "data.scan.issues.0", "data.scan.issue")
    ) or bool(probe.get("data.scan.issues") == [] and probe.has("data.scan.id"))


@variant("burp", looks=json_object(where=_is_answer))
def read(report: Report) -> Iterator[Item]:
    if report.errors:
        raise UnreadableReport(f"The server answered with an error: {report.errors[0].message}")
    scan = report.data.scan if report.data else None
    status = (scan.status or "").lower() if scan else ""
    yield Run(
        tool="Burp",
        successful=True if status == "succeeded" else False if status in {"failed", "cancelled"} else None,
    )
    issues = list(report.collected or ()) + list((scan.issues or ()) if scan else ())
    single = (scan.issue if scan else None, report.data.issue if report.data else None)
    issues += [each for each in single if each is not None]
    for issue in issues:
        yield _finding(issue)


def _finding(issue: Issue) -> Finding:
    path, parameter = entry_point(issue.path or "")
    request, response = _exchange(issue.evidence or [])
    severity, suppression, verification = graded(issue.severity)
    if issue.accepted_risk:
        suppression = Suppression(origin="tool", justification="accepted risk")
    sort = issue.issue_type
    about = rule(
        str(sort.type_index),
        sort.name,
        sort.description_html or "",
        sort.remediation_html or "",
        sort.references_html or "",
        sort.vulnerability_classifications_html or "",
    )
    said = [(each.title or "", plain(each.description_html)) for each in issue.evidence or ()]
    return Finding(
        rule=about.id,
        title=sort.name,
        severity=severity,
        severity_given=issue.severity,
        location=web(joined(issue.origin, path), method_of(request), parameter),
        about=about,
        description=described(("", plain(issue.description_html)), *said),
        remedy=plain(issue.remediation_html),
        confidence=confidence_of(issue.confidence),
        cwes=about.cwes,
        suppression=suppression,
        verification=verification,
        exchange=Exchange(request=request, response=response) if request or response else None,
        references=links(issue.description_html),
        fingerprints=(("serialNumber", str(issue.serial_number)),) if issue.serial_number else (),
    )


def _exchange(evidence: list[Evidence]) -> tuple[str, str]:
    """Return the first request and the first answer: they are pieces of evidence of their own."""
    request = next((_text(each.request_segments) for each in evidence if each.request_segments), "")
    return request, next((_text(each.response_segments) for each in evidence if each.response_segments), "")


def _text(segments: list[Segment]) -> str:
    return "".join(unmarked(segment.data_html or segment.highlight_html or "") for segment in segments)
