"""Credo: mistakes in Elixir code, a few weaknesses among them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from msgspec import Struct

from seamark.intake.parsers.kit import (
    CodeLocation,
    Finding,
    Item,
    Kind,
    Probe,
    Rule,
    Run,
    Severity,
    first_line,
    json_object,
    parser,
)


class Issue(Struct):
    check: str
    message: str
    filename: str
    category: str | None = ""
    line_no: int | None = None
    column: int | None = None
    column_end: int | None = None
    priority: int | None = None
    scope: str | None = ""
    trigger: str | None = ""


class Report(Struct):
    issues: list[Issue]


def _is_credo(probe: Probe) -> bool:
    row = probe.get("issues.0")
    if isinstance(row, dict):
        return {"check", "filename", "line_no", "category"} <= row.keys()
    return probe.named and probe.keys == {"issues"} and probe.get("issues") == []


@parser(
    "credo",
    title="Credo",
    kind=Kind.CODE,
    looks=json_object("issues", where=_is_credo),
    made_with="mix credo --format json > credo.json",
    url="https://hexdocs.pm/credo/cli_switches.html",
    versions="1.0 to 1.7",
)
def read(report: Report) -> Iterator[Item]:
    yield Run(tool="Credo")
    for issue in report.issues:
        title = first_line(issue.message)
        yield Finding(
            rule=issue.check,
            title=title or issue.check,
            # Its priorities rank the work; only the category says what an issue is about.
            severity=Severity.MEDIUM if issue.category == "warning" else Severity.LOW,
            severity_given=issue.category or "",
            location=CodeLocation(
                path=issue.filename,
                line=issue.line_no or None,
                column=issue.column or None,
                end_column=issue.column_end or None,
                snippet=issue.trigger or "",
                scope=issue.scope or "",
            ),
            about=_about(issue.check, issue.category or ""),
            description="" if title == issue.message else issue.message,
        )


@lru_cache(maxsize=512)
def _about(check: str, category: str) -> Rule:
    return Rule(id=check, name=check.removeprefix("Credo.Check."), tags=(category,) if category else ())
