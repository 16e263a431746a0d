"""cfn-lint: mistakes in CloudFormation templates."""

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
    references,
)

_LEVELS = {"Error": Severity.HIGH, "Warning": Severity.MEDIUM, "Informational": Severity.INFO}
_NOT_CHECKED = {"E0000", "E0001", "E0002"}
"""The template could not be parsed or transformed, or a rule broke down."""


class Point(Struct, rename="pascal"):
    line_number: int
    column_number: int | None = None


class Place(Struct, rename="pascal"):
    start: Point
    end: Point | None = None
    path: list[str | int] | None = None


class Origin(Struct, rename="pascal"):
    id: str
    short_description: str = ""
    description: str = ""
    source: str = ""


class Match(Struct, rename="pascal"):
    filename: str
    rule: Origin
    message: str
    location: Place
    level: str = ""


@parser(
    "cfn-lint",
    title="cfn-lint",
    kind=Kind.MISCONFIGURATION,
    looks=json_rows("Filename", "Level", "Location", "Message", "Rule"),
    made_with="cfn-lint --format json template.yaml",
    url="https://github.com/aws-cloudformation/cfn-lint",
    versions="0.1 to 1.40",
    lift=("[]",),
)
def read(matches: list[Match]) -> Iterator[Item]:
    rows = list(matches)
    broken = tuple(f"{row.filename}: {row.message}" for row in rows if row.rule.id in _NOT_CHECKED)
    yield Run(tool="cfn-lint", complete=False if broken else None, problems=broken[:50])
    for row in rows:
        if row.rule.id not in _NOT_CHECKED:
            yield _finding(row)


def _finding(row: Match) -> Finding:
    start, end = row.location.start, row.location.end
    return Finding(
        rule=row.rule.id,
        title=row.message,
        severity=_LEVELS.get(row.level, Severity.MEDIUM),
        severity_given=row.level,
        location=CodeLocation(
            path=row.filename,
            line=start.line_number or None,
            column=start.column_number or None,
            end_line=end.line_number if end else None,
            end_column=end.column_number if end else None,
            scope=".".join(str(step) for step in row.location.path or ()),
        ),
        about=_about(row.rule.id, row.rule.short_description, row.rule.description, row.rule.source),
    )


@lru_cache(maxsize=512)
def _about(rule: str, title: str, description: str, link: str) -> Rule:
    return Rule(id=rule, title=title, description=description, references=references(link))
