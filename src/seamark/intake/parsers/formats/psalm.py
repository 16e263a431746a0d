"""Psalm: mistakes in PHP code, and ways of untrusted data through it."""

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
    first_line,
    json_rows,
    parser,
    references,
)

SEVERITIES = {"error": Severity.HIGH, "info": Severity.LOW}
WEAKNESSES = {
    "TaintedCallable": (94,),
    "TaintedCookie": (20,),
    "TaintedCustom": (20,),
    "TaintedEval": (95,),
    "TaintedExtract": (621,),
    "TaintedFile": (73,),
    "TaintedHeader": (113,),
    "TaintedHtml": (79,),
    "TaintedInclude": (98,),
    "TaintedInput": (20,),
    "TaintedLdap": (90,),
    "TaintedSSRF": (918,),
    "TaintedShell": (78,),
    "TaintedSleep": (400,),
    "TaintedSql": (89,),
    "TaintedSystemSecret": (200,),
    "TaintedTextWithQuotes": (79,),
    "TaintedUnserialize": (502,),
    "TaintedUserSecret": (200,),
    "TaintedXpath": (643,),
}
"""The weakness of each of Psalm's rules on tainted data."""


class Step(Struct):
    file_name: str = ""
    line_from: int | None = None
    label: str | None = ""
    snippet: str | None = ""


class Issue(Struct):
    severity: str
    type: str
    message: str
    file_name: str
    line_from: int | None = None
    line_to: int | None = None
    column_from: int | None = None
    column_to: int | None = None
    snippet: str | None = ""
    shortcode: int | None = None
    link: str | None = ""
    taint_trace: list[Step] | None = None


@parser(
    "psalm",
    title="Psalm",
    kind=Kind.CODE,
    looks=json_rows("severity", "type", "message", "file_name", "line_from", "snippet_from", "column_from"),
    made_with="psalm --taint-analysis --output-format=json > psalm.json",
    url="https://psalm.dev/docs/security_analysis/",
    versions="3 to 6",
    lift=("[]",),
)
def read(issues: list[Issue]) -> Iterator[Item]:
    yield Run(tool="Psalm")
    for issue in issues:
        title = first_line(issue.message)
        cwes = WEAKNESSES.get(issue.type, ())
        yield Finding(
            rule=issue.type,
            title=title or issue.type,
            severity=SEVERITIES.get(issue.severity, Severity.MEDIUM),
            severity_given=issue.severity,
            location=CodeLocation(
                path=issue.file_name,
                line=issue.line_from,
                column=issue.column_from,
                end_line=issue.line_to,
                end_column=issue.column_to,
                snippet=issue.snippet or "",
            ),
            about=_about(issue.type, issue.shortcode, issue.link or ""),
            description="" if title == issue.message else issue.message,
            cwes=cwes,
            flow=tuple(
                FlowStep(
                    CodeLocation(path=step.file_name, line=step.line_from, snippet=step.snippet or ""), step.label or ""
                )
                for step in issue.taint_trace or ()
                if step.file_name
            ),
        )


@lru_cache(maxsize=1024)
def _about(rule: str, number: int | None, link: str) -> Rule:
    return Rule(
        id=rule,
        name=f"PSALM-{number:03}" if number is not None and 0 < number < 10_000 else "",
        cwes=WEAKNESSES.get(rule, ()),
        references=references(link),
    )
