"""Talisman: secrets and suspicious files in a repository."""

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
    Suppression,
    json_object,
    parser,
    severity,
)

NAMES = {
    "filecontent": "Possible secret in a file",
    "filename": "File of a suspicious name",
    "filesize": "File of a suspicious size",
}
_BEFORE = (" such as: ", "Potential secret pattern : ")


class Failure(Struct):
    message: str
    type: str = ""
    severity: str = ""
    commits: list[str] | None = None


class Result(Struct):
    filename: str
    failure_list: list[Failure] | None = None
    warning_list: list[Failure] | None = None
    ignore_list: list[Failure] | None = None


class Report(Struct):
    results: list[Result] | None


@parser(
    "talisman",
    title="Talisman",
    kind=Kind.SECRET,
    looks=json_object("results", "summary.types.filecontent", "summary.types.filename"),
    made_with="talisman --scan   # writes talisman_report/talisman_reports/data/report.json",
    url="https://github.com/thoughtworks/talisman",
    versions="0.4 to 1.32",
)
def read(report: Report) -> Iterator[Item]:
    yield Run(tool="Talisman")
    for result in report.results or ():
        for failure in result.failure_list or ():
            yield _finding(result.filename, failure, None)
        for failure in result.warning_list or ():
            yield _finding(result.filename, failure, None)
        for failure in result.ignore_list or ():
            yield _finding(result.filename, failure, Suppression(origin="tool"))


def _finding(path: str, failure: Failure, suppression: Suppression | None) -> Finding:
    secret = _secret(failure.message) if failure.type == "filecontent" else ""
    return Finding(
        rule=failure.type or "filecontent",
        title=NAMES.get(failure.type, "Possible secret"),
        severity=severity(failure.severity or None, Severity.HIGH),
        severity_given=failure.severity,
        location=CodeLocation(path=path),
        about=_about(failure.type or "filecontent"),
        description="\n".join([failure.message, *(f"Commit: {commit}" for commit in (failure.commits or ())[:50])]),
        cwes=(798,),
        secret=secret,
        suppression=suppression,
    )


@lru_cache(maxsize=64)
def _about(rule: str) -> Rule:
    return Rule(id=rule, cwes=(798,))


def _secret(message: str) -> str:
    """Return what the message repeats of the file."""
    for mark in _BEFORE:
        _, found, text = message.partition(mark)
        if found:
            return text.removesuffix("...").strip()
    return ""
