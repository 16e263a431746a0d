"""Hadolint: mistakes in Dockerfiles."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from seamark.intake.parsers.kit import CodeLocation, Finding, Item, Kind, Run, Severity, json_rows, parser

LEVELS = {"error": Severity.HIGH, "warning": Severity.MEDIUM, "info": Severity.LOW, "style": Severity.INFO}
NOT_PARSED = "DL1000"
"""The code under which Hadolint says that it could not read a Dockerfile at all."""


class Hint(Struct):
    code: str
    message: str
    level: str
    file: str
    line: int
    column: int | None = None


@parser(
    "hadolint",
    title="Hadolint",
    kind=Kind.MISCONFIGURATION,
    looks=json_rows("code", "message", "level", "file", "line"),
    made_with="hadolint --format json Dockerfile",
    url="https://github.com/hadolint/hadolint",
    versions="1.18 to 2.12",
)
def read(hints: list[Hint]) -> Iterator[Item]:
    broken = [hint for hint in hints if hint.code == NOT_PARSED]
    yield Run(
        tool="Hadolint",
        complete=False if broken else None,
        problems=tuple(f"{hint.file}:{hint.line}: {hint.message}" for hint in broken[:50]),
    )
    for hint in hints:
        if hint.code != NOT_PARSED:
            yield Finding(
                rule=hint.code,
                title=hint.message,
                severity=LEVELS.get(hint.level, Severity.MEDIUM),
                severity_given=hint.level,
                location=CodeLocation(path=hint.file, line=hint.line, column=hint.column),
            )
