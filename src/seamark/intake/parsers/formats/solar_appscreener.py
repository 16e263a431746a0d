"""Solar appScreener: vulnerabilities in code, as the detailed CSV export."""

from __future__ import annotations

import re
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
    Suppression,
    Verification,
    csv_header,
    cwe_ids,
    parser,
    references,
    severity,
)

_LINES = re.compile(r"^(\d{1,9})(?:\s*-\s*(\d{1,9}))?$")
_STEP = re.compile(r"\[([^\[\]]{1,1000}):(\d{1,9})\]")


class Row(Struct):
    title: str = field(name="Vulnerability")
    file: str = field(name="File")
    severity: str = field(name="Severity Level")
    language: str = field(name="Language", default="")
    description: str = field(name="Description", default="")
    advice: str = field(name="Recommendations", default="")
    links: str = field(name="Links", default="")
    line: str = field(name="Line", default="")
    status: str = field(name="Status", default="")
    trace: str = field(name="Trace", default="")
    comment: str = field(name="Vulnerability Comment", default="")


@parser(
    "solar-appscreener",
    title="Solar appScreener",
    kind=Kind.CODE,
    looks=csv_header("Vulnerability", "Severity Level", "Trace", "File", "Line"),
    made_with="Solar appScreener: Detailed results > Export report > CSV",
    url="https://rt-solar.ru/products/solar_appscreener/",
)
def read(rows: Csv[Row]) -> Iterator[Item]:
    yield Run(tool="Solar appScreener")
    for row in rows:
        yield _finding(row)


def _finding(row: Row) -> Finding:
    about = _about(row.title, row.language, row.description, row.advice, row.links)
    found = _LINES.match(row.line.strip())
    steps = tuple(FlowStep(CodeLocation(path=path, line=int(line))) for path, line in _STEP.findall(row.trace))
    status = row.status.lower()
    return Finding(
        rule=about.id,
        title=row.title,
        severity=severity(row.severity or None),
        severity_given=row.severity,
        location=CodeLocation(
            path=row.file,
            line=int(found[1]) if found else None,
            end_line=int(found[2]) if found and found[2] else None,
        )
        if row.file
        else None,
        about=about,
        description="" if row.comment == "-" else row.comment,
        cwes=about.cwes,
        flow=steps if len(steps) > 1 else (),
        verification=Verification.VERIFIED if status == "confirmed" else None,
        suppression=Suppression(origin="tool", justification=row.status)
        if status in {"rejected", "false positive"}
        else None,
        tags=(row.language.lower(),) if row.language else (),
    )


@lru_cache(maxsize=4096)
def _about(title: str, language: str, description: str, advice: str, links: str) -> Rule:
    """Return the rule: the export has no ids, so language and name stand for one."""
    given = tuple(link.strip() for link in links.split(","))
    return Rule(
        id=f"{language}/{title}" if language else title,
        title=title,
        description=description,
        remedy=advice,
        cwes=cwe_ids(given),
        references=references(given),
    )
