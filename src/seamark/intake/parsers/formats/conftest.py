"""Conftest: policies in Rego, tried on configuration files."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from seamark.intake.parsers.kit import (
    CodeLocation,
    Finding,
    Item,
    Kind,
    Probe,
    Run,
    Severity,
    Suppression,
    first_line,
    json_rows,
    parser,
    severity,
)


class Outcome(Struct):
    msg: str
    metadata: dict[str, object] | None = None


class Tested(Struct):
    filename: str
    namespace: str = ""
    successes: int | list[Outcome] | None = None
    warnings: list[Outcome] | None = None
    failures: list[Outcome] | None = None
    exceptions: list[Outcome] | None = None


def _is_conftest(probe: Probe) -> bool:
    return bool(probe.first & {"successes", "failures", "warnings", "exceptions"}) and not probe.first & {"errors"}


@parser(
    "conftest",
    title="Conftest",
    kind=Kind.MISCONFIGURATION,
    looks=json_rows("filename", "namespace", where=_is_conftest),
    made_with="conftest test --output json .",
    url="https://www.conftest.dev/options/#output",
    versions="0.18 to 0.63",
)
def read(files: list[Tested]) -> Iterator[Item]:
    yield Run(tool="Conftest", scope=tuple(dict.fromkeys(file.filename for file in files)) or None)
    for file in files:
        for row in file.failures or ():
            yield _finding(row, file, "deny", Severity.HIGH, "failure")
        for row in file.warnings or ():
            yield _finding(row, file, "warn", Severity.MEDIUM, "warning")
        for row in file.exceptions or ():
            yield _finding(row, file, "exception", Severity.MEDIUM, "exception")


def _finding(row: Outcome, file: Tested, rule: str, grade: Severity, word: str) -> Finding:
    metadata = row.metadata or {}
    query = metadata.get("query")
    given = metadata.get("severity")
    known = given if isinstance(given, str) else ""
    details = [f"{key}: {value}" for key, value in metadata.items() if isinstance(value, str) and key != "query"]
    return Finding(
        rule=query if isinstance(query, str) and query else f"data.{file.namespace}.{rule}",
        title=first_line(row.msg) or word,
        severity=severity(known, grade) if known else grade,
        severity_given=known or word,
        location=CodeLocation(path=file.filename),
        description="\n".join((row.msg, *details)) if details or first_line(row.msg) != row.msg else "",
        suppression=Suppression(origin="tool", justification=row.msg) if word == "exception" else None,
    )
