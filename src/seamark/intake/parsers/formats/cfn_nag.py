"""cfn_nag: insecure patterns in CloudFormation templates."""

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

_LEVELS = {"FAIL": Severity.HIGH, "WARN": Severity.MEDIUM}
_NOT_PARSED = "FATAL"


class Violation(Struct):
    id: str
    type: str
    message: str
    name: str = ""
    logical_resource_ids: list[str] | None = None
    line_numbers: list[int] | None = None


class Results(Struct):
    violations: list[Violation] | None
    failure_count: int = 0


class Scanned(Struct):
    filename: str
    file_results: Results


@parser(
    "cfn-nag",
    title="cfn_nag",
    kind=Kind.MISCONFIGURATION,
    looks=json_rows("filename", "file_results"),
    made_with="cfn_nag_scan --input-path . --output-format json",
    url="https://github.com/stelligent/cfn_nag",
    versions="0.3 to 0.8",
)
def read(files: list[Scanned]) -> Iterator[Item]:
    broken = {
        file.filename: row.message
        for file in files
        for row in file.file_results.violations or ()
        if row.id == _NOT_PARSED
    }
    yield Run(
        tool="cfn_nag",
        successful=False if broken and len(broken) == len(files) else None,
        complete=False if broken else None,
        problems=tuple(f"{name}: {message}" for name, message in broken.items())[:50],
        scope=tuple(file.filename for file in files if file.filename not in broken),
    )
    for file in files:
        for row in file.file_results.violations or ():
            if row.id != _NOT_PARSED:
                yield from _findings(row, file.filename)


def _findings(row: Violation, path: str) -> Iterator[Finding]:
    """Yield a finding for each resource that a rule names."""
    lines = row.line_numbers or []
    for number, resource in enumerate(row.logical_resource_ids or [""]):
        # An unknown line is -1.
        line = lines[number] if number < len(lines) else -1
        yield Finding(
            rule=row.id,
            title=row.message,
            severity=_LEVELS.get(row.type, Severity.MEDIUM),
            severity_given=row.type,
            location=CodeLocation(path=path, line=line if line > 0 else None, scope=resource),
            about=_about(row.id, row.name, row.message),
        )


@lru_cache(maxsize=512)
def _about(rule: str, name: str, title: str) -> Rule:
    return Rule(id=rule, name=name, title=title)
