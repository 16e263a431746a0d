"""Kiuwan's code analysis: the defects as CSV."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from msgspec import Struct, field

from seamark.intake.parsers.kit import (
    CodeLocation,
    Csv,
    Finding,
    FlowStep,
    Item,
    Kind,
    Rule,
    Run,
    Severity,
    Suppression,
    csv_header,
    cwe_ids,
    parser,
    severity,
)

_PRIORITIES = {"very low": Severity.INFO}


class Row(Struct):
    rule: str = field(name="Rule code")
    title: str = field(name="Rule")
    file: str = field(name="File")
    priority: str = field(name="Priority", default="")
    cwe: str = field(name="CWE", default="")
    characteristic: str = field(name="Software characteristic", default="")
    kind: str = field(name="Vulnerability type", default="")
    language: str = field(name="Language", default="")
    line: str = field(name="Line number", default="")
    text: str = field(name="Line text", default="")
    source_file: str = field(name="Source file", default="")
    source_line: str = field(name="Source line number", default="")
    source_text: str = field(name="Source line text", default="")
    muted: str = field(name="Muted", default="")
    normative: str = field(name="Normative", default="")
    status: str = field(name="Status", default="")


@parser(
    "kiuwan",
    title="Kiuwan",
    kind=Kind.CODE,
    looks=csv_header("Rule code", "Rule", "Priority", "Software characteristic", "File"),
    made_with="Kiuwan: Code Security > Vulnerabilities > Export > CSV",
    url="https://www.kiuwan.com/docs/",
)
def read(rows: Csv[Row]) -> Iterator[Item]:
    yield Run(tool="Kiuwan")
    for row in rows:
        yield _finding(row)


def _finding(row: Row) -> Finding:
    about = _about(row.rule, row.title, row.cwe, row.normative)
    place = CodeLocation(path=row.file, line=_number(row.line), snippet=row.text) if row.file else None
    source = CodeLocation(path=row.source_file, line=_number(row.source_line), snippet=row.source_text)
    status = row.status.lower()
    tags = (row.characteristic.lower(), row.kind.lower(), row.language.lower(), status)
    return Finding(
        rule=row.rule,
        title=row.title,
        severity=_PRIORITIES.get(row.priority.lower()) or severity(row.priority or None),
        severity_given=row.priority,
        location=place,
        about=about,
        cwes=about.cwes,
        flow=(FlowStep(source), FlowStep(place)) if row.source_file and place else (),
        suppression=_suppression(row),
        tags=tuple(tag for tag in tags if tag and tag != "none"),
    )


def _suppression(row: Row) -> Suppression | None:
    if row.muted.lower() in {"yes", "true"}:
        return Suppression(origin="tool", justification="muted")
    return Suppression(origin="tool", justification=row.status) if "false positive" in row.status.lower() else None


@lru_cache(maxsize=4096)
def _about(rule: str, title: str, cwe: str, normative: str) -> Rule:
    norms = tuple(dict.fromkeys(part.strip() for part in normative.split(",") if part.strip()))
    return Rule(id=rule, title=title, cwes=cwe_ids(tuple(part.strip() for part in cwe.split(","))), tags=norms[:50])


def _number(text: str) -> int | None:
    return int(text) or None if text.isdecimal() and len(text) < 10 else None
