"""RuboCop: mistakes in Ruby code, weaknesses among them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from msgspec import Raw, Struct

from seamark.intake.parsers.kit import (
    CodeLocation,
    Finding,
    Item,
    Kind,
    Reading,
    Rule,
    Run,
    Severity,
    first_line,
    json_object,
    parser,
)

LEVELS = {
    "info": Severity.INFO,
    "refactor": Severity.LOW,
    "convention": Severity.MEDIUM,
    "warning": Severity.MEDIUM,
    "error": Severity.HIGH,
    "fatal": Severity.CRITICAL,
}
UNREAD = "Lint/Syntax"
"""The cop under which RuboCop says that it could not read a file."""


class Place(Struct):
    line: int | None = None
    column: int | None = None
    start_line: int | None = None
    start_column: int | None = None
    last_line: int | None = None
    last_column: int | None = None


class Offense(Struct):
    severity: str
    message: str
    cop_name: str
    corrected: bool | None = False
    location: Place | None = None


class File(Struct):
    path: str
    offenses: list[Offense]


class Metadata(Struct):
    rubocop_version: str


class Summary(Struct):
    target_file_count: int | None = None
    inspected_file_count: int | None = None


class Report(Struct):
    files: Raw
    metadata: Metadata
    summary: Summary | None = None


@parser(
    "rubocop",
    title="RuboCop",
    kind=Kind.CODE,
    looks=json_object("metadata.rubocop_version", "files"),
    made_with="rubocop --format json --out rubocop.json",
    url="https://docs.rubocop.org/rubocop/formatters.html",
    versions="0.20 to 1.75",
    lift=("files",),
)
def read(report: Report, reading: Reading) -> Iterator[Item]:
    scope, problems = [], []
    for file in reading.rows(report.files, File, where="$.files"):
        broken = [offense for offense in file.offenses if offense.cop_name == UNREAD]
        if broken:
            problems.append(f"{file.path}: {first_line(broken[0].message)}")
        else:
            scope.append(file.path)
    summary = report.summary
    cut = summary is not None and (summary.inspected_file_count or 0) < (summary.target_file_count or 0)
    yield Run(
        tool="RuboCop",
        version=report.metadata.rubocop_version,
        complete=not problems and not cut,
        problems=tuple(problems[:50]),
        scope=tuple(scope) or None,
    )
    for file in reading.rows(report.files, File, where="$.files"):
        for offense in file.offenses:
            # What RuboCop has corrected in the same run is no longer there.
            if offense.cop_name != UNREAD and not offense.corrected:
                yield _finding(file.path, offense)


def _finding(path: str, offense: Offense) -> Finding:
    cop = offense.cop_name
    text = offense.message.removeprefix(f"{cop}: ")
    title = first_line(text)
    place = offense.location or Place()
    return Finding(
        rule=cop,
        title=title or cop,
        # The cops on security are conventions or warnings to RuboCop, which rates style.
        severity=LEVELS.get(offense.severity, Severity.MEDIUM),
        severity_given=offense.severity,
        location=CodeLocation(
            path=path,
            line=place.start_line or place.line,
            column=place.start_column or place.column,
            end_line=place.last_line,
            end_column=place.last_column,
        ),
        about=_about(cop),
        description="" if text == title else text,
    )


@lru_cache(maxsize=1024)
def _about(cop: str) -> Rule:
    return Rule(id=cop, name=cop, tags=(cop.partition("/")[0],))
