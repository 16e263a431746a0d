"""Infer: mistakes in Java, C, C++ and Objective-C code."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from msgspec import Struct

from seamark.intake.parsers.kit import (
    CodeLocation,
    Finding,
    FlowStep,
    Item,
    Kind,
    Rule,
    Run,
    Severity,
    Suppression,
    first_line,
    json_rows,
    parser,
)

SEVERITIES = {
    "ERROR": Severity.HIGH,
    "WARNING": Severity.MEDIUM,
    "ADVICE": Severity.LOW,
    "LIKE": Severity.INFO,
    "INFO": Severity.INFO,
}


class Step(Struct):
    filename: str
    line_number: int
    column_number: int | None = None
    description: str = ""


class Issue(Struct):
    bug_type: str
    qualifier: str
    file: str
    severity: str
    line: int | None = None
    column: int | None = None
    category: str = ""
    procedure: str = ""
    bug_trace: list[Step] | None = None
    hash: str = ""
    bug_type_hum: str = ""
    suggestion: str | None = ""
    suppressed: bool = False


@parser(
    "infer",
    title="Infer",
    kind=Kind.CODE,
    looks=json_rows("bug_type", "qualifier", "severity", "procedure", "file"),
    made_with="infer run -- make   # writes infer-out/report.json",
    url="https://fbinfer.com/docs/man-infer-report/",
    versions="0.15 to 1.2",
    lift=("[]",),
)
def read(issues: list[Issue]) -> Iterator[Item]:
    yield Run(tool="Infer")
    for issue in issues:
        title = first_line(issue.qualifier)
        trace = issue.bug_trace or []
        yield Finding(
            rule=issue.bug_type,
            title=title or issue.bug_type_hum or issue.bug_type,
            severity=SEVERITIES.get(issue.severity.upper(), Severity.MEDIUM),
            severity_given=issue.severity,
            location=CodeLocation(
                path=issue.file,
                line=issue.line,
                column=issue.column if issue.column and issue.column > 0 else None,
                scope=issue.procedure,
            ),
            about=_about(issue.bug_type, issue.bug_type_hum, issue.category),
            description="" if issue.qualifier == title else issue.qualifier,
            remedy=issue.suggestion or "",
            flow=tuple(
                FlowStep(CodeLocation(path=step.filename, line=step.line_number), step.description) for step in trace
            )
            if len(trace) > 1
            else (),
            fingerprints=(("infer", issue.hash),) if issue.hash else (),
            suppression=Suppression(origin="source") if issue.suppressed else None,
        )


@lru_cache(maxsize=1024)
def _about(rule: str, name: str, category: str) -> Rule:
    return Rule(id=rule, name=name, tags=(category,) if category else ())
