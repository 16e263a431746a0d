"""CodeChecker: reports of the Clang analysers and others; of the command line and of the server."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from msgspec import Raw, Struct, field

from seamark.intake.parsers.kit import (
    CodeLocation,
    Finding,
    FlowStep,
    Item,
    Kind,
    Probe,
    Reading,
    Rule,
    Run,
    Severity,
    Suppression,
    first_line,
    json_object,
    json_rows,
    moment,
    parser,
    severity,
    variant,
)

NUMBERS = {"0": "UNSPECIFIED", "10": "STYLE", "20": "LOW", "30": "MEDIUM", "40": "HIGH", "50": "CRITICAL"}
STATES = ("unreviewed", "confirmed", "false_positive", "intentional")
SET_ASIDE = frozenset({"false_positive", "intentional", "suppress"})


class File(Struct):
    path: str
    original_path: str = ""


class Span(Struct):
    end_line: int | None = None
    end_col: int | None = None


class Event(Struct):
    file: File
    line: int
    column: int | None = None
    message: str = ""
    range: Span | None = None


class Comment(Struct):
    message: str | None = ""
    status: str = ""


class Report(Struct):
    file: File
    line: int
    message: str
    checker_name: str
    column: int | None = None
    severity: str | None = ""
    report_hash: str = ""
    analyzer_name: str | None = ""
    category: str | None = ""
    review_status: str | None = ""
    source_code_comments: list[Comment] | None = None
    bug_path_events: list[Event] | None = None
    notes: list[Event] | None = None


class Reports(Struct):
    reports: Raw


def _is_reports(probe: Probe) -> bool:
    row = probe.get("reports.0")
    if isinstance(row, dict):
        return "checker_name" in row and "bug_path_events" in row
    return probe.named and probe.get("reports") == []


@parser(
    "codechecker",
    title="CodeChecker",
    kind=Kind.CODE,
    looks=json_object("version", "reports", where=_is_reports),
    made_with="CodeChecker parse -e json -o codechecker.json reports/",
    url="https://codechecker.readthedocs.io/en/latest/analyzer/user_guide/",
    versions="6.17 to 6.26",
    lift=("reports",),
)
def read(document: Reports, reading: Reading) -> Iterator[Item]:
    yield Run(tool="CodeChecker")
    for report in reading.rows(document.reports, Report, where="$.reports"):
        yield _finding(report)


def _finding(report: Report) -> Finding:
    title = first_line(report.message)
    events = report.bug_path_events or []
    status = (report.review_status or "").lower().replace(" ", "_")
    reasons = [comment.message for comment in report.source_code_comments or () if comment.message]
    notes = [f"Note: {note.message} ({note.file.path}:{note.line})" for note in report.notes or ()]
    return Finding(
        rule=report.checker_name,
        title=title or report.checker_name,
        severity=severity(report.severity or None),
        severity_given=report.severity or "",
        location=CodeLocation(path=report.file.path, line=report.line, column=report.column),
        about=_about(report.checker_name, report.analyzer_name or "", report.category or ""),
        description="\n".join(["" if title == report.message else report.message, *notes]).strip(),
        flow=_flow(events) if len(events) > 1 else (),
        fingerprints=(("codechecker", report.report_hash),) if report.report_hash else (),
        suppression=Suppression(origin="source" if reasons else "tool", justification="\n".join(reasons) or status)
        if status in SET_ASIDE
        else None,
        tags=("confirmed",) if status == "confirmed" else (),
    )


@lru_cache(maxsize=2048)
def _about(checker: str, analyzer: str, category: str) -> Rule:
    return Rule(id=checker, name=checker, tags=tuple(tag for tag in (analyzer, category) if tag))


def _flow(events: list[Event]) -> tuple[FlowStep, ...]:
    return tuple(
        FlowStep(CodeLocation(path=event.file.path, line=event.line, column=event.column), event.message)
        for event in events
    )


class Review(Struct):
    status: int | str | None = None
    comment: str | None = ""


class Stored(Struct):
    path: str = field(name="checkedFile")
    rule: str = field(name="checkerId")
    message: str | None = field(name="checkerMsg", default="")
    severity: int | str | None = None
    line: int | None = None
    column: int | None = None
    hash: str = field(name="bugHash", default="")
    analyzer: str | None = field(name="analyzerName", default="")
    detected: str | None = field(name="detectedAt", default="")
    fixed: str | None = field(name="fixedAt", default="")
    review: Review | None = field(name="reviewData", default=None)


@variant("codechecker", looks=json_rows("checkedFile", "checkerId", "checkerMsg"), lift=("[]",))
def read_stored(rows: list[Stored]) -> Iterator[Item]:
    yield Run(tool="CodeChecker")
    for row in rows:
        if not row.fixed:
            yield _of_server(row)


def _of_server(row: Stored) -> Finding:
    word = NUMBERS.get(str(row.severity), str(row.severity or ""))
    review = row.review or Review()
    number = str(review.status)
    status = STATES[int(number)] if number in {"0", "1", "2", "3"} else number.lower().replace(" ", "_")
    title = first_line(row.message or "") or row.rule
    return Finding(
        rule=row.rule,
        title=title,
        severity=severity(word or None, Severity.MEDIUM),
        severity_given=word,
        location=CodeLocation(path=row.path, line=row.line, column=row.column),
        about=_about(row.rule, row.analyzer or "", ""),
        fingerprints=(("codechecker", row.hash),) if row.hash else (),
        suppression=Suppression(origin="tool", justification=review.comment or status) if status in SET_ASIDE else None,
        tags=("confirmed",) if status == "confirmed" else (),
        seen_at=moment(row.detected),
    )
