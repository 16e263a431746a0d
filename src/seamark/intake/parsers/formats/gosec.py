"""gosec: weaknesses in Go code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from msgspec import Raw, Struct, field

from seamark.intake.parsers.kit import (
    CodeLocation,
    Finding,
    Item,
    Kind,
    Probe,
    Reading,
    Rule,
    Run,
    Suppression,
    confidence,
    cwe_ids,
    first_line,
    json_object,
    parser,
    references,
    severity,
)

CREDENTIALS = "G101"
"""The rule for passwords in the code, whose snippet holds one."""
_LITERAL = re.compile(r'"([^"]{4,})"|`([^`]{4,})`')


class Cwe(Struct):
    id: str | int = ""
    url: str = ""
    old_id: str | int = field(name="ID", default="")
    old_url: str = field(name="URL", default="")


class Waiver(Struct):
    kind: str = ""
    justification: str = ""


class Issue(Struct):
    severity: str
    rule_id: str
    details: str
    file: str
    line: str | int = ""
    column: str | int = ""
    confidence: str = ""
    cwe: Cwe | None = None
    code: str = ""
    nosec: bool = False
    suppressions: list[Waiver] | None = None
    autofix: str = ""


class Failure(Struct):
    error: str = ""
    line: int | str = 0


class Stats(Struct):
    files: int | None = None


class Report(Struct):
    issues: Raw = field(name="Issues")
    stats: Stats | None = field(name="Stats", default=None)
    errors: dict[str, list[Failure]] | None = field(name="Golang errors", default=None)
    version: str = field(name="GosecVersion", default="")


def _is_report(probe: Probe) -> bool:
    return probe.has("Stats.nosec") or probe.has("Stats.found")


@parser(
    "gosec",
    title="gosec",
    kind=Kind.CODE,
    looks=json_object("Issues", "Stats", where=_is_report),
    made_with="gosec -fmt json -out gosec.json ./...",
    url="https://github.com/securego/gosec",
    versions="1.0 to 2.22",
    lift=("Issues",),
)
def read(report: Report, reading: Reading) -> Iterator[Item]:
    errors = report.errors or {}
    problems = [f"{path}:{failure.line}: {failure.error}" for path, failures in errors.items() for failure in failures]
    # gosec writes a report without a single file where the packages could not be loaded.
    looked = report.stats is None or report.stats.files != 0
    yield Run(
        tool="gosec",
        version=report.version.removeprefix("v"),
        successful=True if looked else False if problems else None,
        complete=not errors if looked else False,
        problems=tuple(problems[:50]),
    )
    for issue in reading.rows(report.issues, Issue, where="$.Issues"):
        yield _finding(issue)


def _finding(issue: Issue) -> Finding:
    line, end_line = _lines(str(issue.line))
    cwe = issue.cwe
    cwes = cwe_ids(str(cwe.id or cwe.old_id)) if cwe else ()
    snippet, snippet_line = _snippet(issue.code)
    credentials = issue.rule_id == CREDENTIALS
    return Finding(
        rule=issue.rule_id,
        title=first_line(issue.details),
        severity=severity(issue.severity),
        severity_given=issue.severity,
        kind=Kind.SECRET if credentials else None,
        location=CodeLocation(
            path=issue.file,
            line=line,
            column=_number(str(issue.column)),
            end_line=end_line,
            snippet=snippet,
            snippet_line=snippet_line if snippet_line != line else None,
        ),
        about=_about(issue.rule_id, cwes, (cwe.url or cwe.old_url) if cwe else ""),
        remedy=issue.autofix,
        confidence=confidence(issue.confidence),
        cwes=cwes,
        secret=_secret(issue.code, line) if credentials else "",
        suppression=_suppression(issue),
    )


@lru_cache(maxsize=1024)
def _about(rule: str, cwes: tuple[int, ...], link: str) -> Rule:
    return Rule(id=rule, cwes=cwes, references=references(link))


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 and text != "0" else None


def _lines(text: str) -> tuple[int | None, int | None]:
    """Return first and last line; several lines are written as `12-15`."""
    first, _, last = text.partition("-")
    return _number(first), _number(last)


def _snippet(code: str) -> tuple[str, int | None]:
    """Return the code without the numbers in front of its lines, and the number of its first line."""
    first, mark, _ = code.partition(":")
    if not mark or (number := _number(first)) is None:
        return code.rstrip("\n"), None
    lines = (line.partition(":") for line in code.rstrip("\n").split("\n"))
    return "\n".join(rest.removeprefix(" ") if mark else text for text, mark, rest in lines), number


def _secret(code: str, line: int | None) -> str:
    """Return the longest text in quotes on the line with the password."""
    own = [row for row in code.split("\n") if row.startswith(f"{line}:")] or [code]
    found = [first or second for row in own for first, second in _LITERAL.findall(row)]
    return max(found, key=len, default="")


def _suppression(issue: Issue) -> Suppression | None:
    for waiver in issue.suppressions or ():
        return Suppression(origin="tool" if waiver.kind == "external" else "source", justification=waiver.justification)
    return Suppression(origin="source") if issue.nosec else None
