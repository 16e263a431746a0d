"""DevSkim of Microsoft: risky code in many languages."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from msgspec import Struct

from seamark.intake.parsers.kit import (
    CodeLocation,
    Finding,
    Item,
    Kind,
    Rule,
    Run,
    Severity,
    json_rows,
    parser,
)

SEVERITIES = {
    "critical": Severity.CRITICAL,
    "important": Severity.HIGH,
    "moderate": Severity.MEDIUM,
    "bestpractice": Severity.LOW,
    "manualreview": Severity.INFO,
    "1": Severity.CRITICAL,
    "2": Severity.HIGH,
    "4": Severity.MEDIUM,
    "8": Severity.LOW,
    "16": Severity.INFO,
}
"""Older versions write the number of the word."""


class Issue(Struct):
    filename: str
    rule_id: str
    rule_name: str = ""
    severity: str | int = ""
    description: str | None = ""
    start_line: int | None = None
    start_column: int | None = None
    end_line: int | None = None
    end_column: int | None = None
    match: str | None = ""
    tags: list[str] | None = None


@parser(
    "devskim",
    title="DevSkim",
    kind=Kind.CODE,
    looks=json_rows("filename", "rule_id", "rule_name", "start_line"),
    made_with="devskim analyze -I . -f json -O devskim.json",
    url="https://github.com/microsoft/DevSkim",
    versions="0.3 to 1.0",
    lift=("[]",),
)
def read(issues: list[Issue]) -> Iterator[Item]:
    yield Run(tool="DevSkim")
    for issue in issues:
        word = str(issue.severity)
        yield Finding(
            rule=issue.rule_id,
            title=issue.rule_name or issue.rule_id,
            severity=_severity(word),
            severity_given=word,
            location=CodeLocation(
                path=issue.filename,
                line=issue.start_line,
                column=issue.start_column,
                end_line=issue.end_line,
                end_column=issue.end_column,
                snippet=issue.match or "",
            ),
            about=_about(issue.rule_id, issue.rule_name, issue.description or "", tuple(issue.tags or ())),
        )


@lru_cache(maxsize=64)
def _severity(word: str) -> Severity:
    return SEVERITIES.get(word.lower().replace("-", "").replace("_", ""), Severity.MEDIUM)


@lru_cache(maxsize=1024)
def _about(rule: str, name: str, description: str, tags: tuple[str, ...]) -> Rule:
    return Rule(id=rule, title=name, description=description, tags=tags)
