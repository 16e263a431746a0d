"""Sobelow: weaknesses of Phoenix applications (Elixir)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from msgspec import Struct

from seamark.intake.parsers.kit import (
    CodeLocation,
    Confidence,
    Finding,
    Item,
    Kind,
    Rule,
    Run,
    Severity,
    json_object,
    parser,
)

_URL = "https://hexdocs.pm/sobelow/Sobelow.{}.html"


class Row(Struct):
    type: str
    file: str | None = ""
    line: int | None = None
    variable: str | None = ""
    column: int | None = None
    fingerprint: str | None = ""


class Found(Struct):
    high_confidence: list[Row] | None = None
    medium_confidence: list[Row] | None = None
    low_confidence: list[Row] | None = None


class Report(Struct):
    findings: Found
    sobelow_version: str | None = ""


@parser(
    "sobelow",
    title="Sobelow",
    kind=Kind.CODE,
    looks=json_object("findings.high_confidence", "findings.low_confidence", "total_findings"),
    made_with="mix sobelow --format json --out sobelow.json",
    url="https://hexdocs.pm/sobelow/readme.html",
    versions="0.7 to 0.14",
)
def read(report: Report) -> Iterator[Item]:
    yield Run(tool="Sobelow", version=report.sobelow_version or "")
    found = report.findings
    levels = (
        (Confidence.HIGH, found.high_confidence),
        (Confidence.MEDIUM, found.medium_confidence),
        (Confidence.LOW, found.low_confidence),
    )
    for confidence, rows in levels:
        for row in rows or ():
            yield _finding(row, confidence)


def _finding(row: Row, confidence: Confidence) -> Finding:
    check, _, title = row.type.partition(": ")
    return Finding(
        rule=check,
        title=title or check,
        # Sobelow says how sure it is, not how bad it would be.
        severity=Severity.MEDIUM,
        location=CodeLocation(path=row.file, line=row.line or None, column=row.column or None) if row.file else None,
        about=_about(check, title),
        description=f"Variable: {row.variable}" if row.variable else "",
        confidence=confidence,
        fingerprints=(("sobelow", row.fingerprint),) if row.fingerprint else (),
    )


@lru_cache(maxsize=256)
def _about(check: str, title: str) -> Rule:
    documented = check.replace(".", "").isalnum()
    return Rule(id=check, name=check, title=title, references=(_URL.format(check),) if documented else ())
