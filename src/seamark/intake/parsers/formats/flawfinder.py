"""Flawfinder: risky calls in C and C++ code."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from msgspec import Struct, field

from seamark.intake.parsers.kit import (
    CodeLocation,
    Csv,
    Finding,
    Item,
    Kind,
    Rule,
    Run,
    Severity,
    csv_header,
    cwe_ids,
    first_line,
    parser,
    references,
)

LEVELS = {
    "0": Severity.INFO,
    "1": Severity.LOW,
    "2": Severity.LOW,
    "3": Severity.MEDIUM,
    "4": Severity.HIGH,
    "5": Severity.CRITICAL,
}
"""From "very little risk" to "great risk"."""


class Hit(Struct):
    file: str = field(name="File")
    line: int = field(name="Line")
    level: str = field(name="Level")
    category: str = field(name="Category")
    name: str = field(name="Name")
    warning: str = field(name="Warning")
    column: int | None = field(name="Column", default=None)
    suggestion: str = field(name="Suggestion", default="")
    note: str = field(name="Note", default="")
    cwes: str = field(name="CWEs", default="")
    context: str = field(name="Context", default="")
    fingerprint: str = field(name="Fingerprint", default="")
    version: str = field(name="ToolVersion", default="")
    rule: str = field(name="RuleId", default="")
    link: str = field(name="HelpUri", default="")


@parser(
    "flawfinder",
    title="Flawfinder",
    kind=Kind.CODE,
    looks=csv_header("File", "Line", "Level", "Category", "Name", "Warning", "Suggestion"),
    made_with="flawfinder --csv . > flawfinder.csv",
    url="https://github.com/david-a-wheeler/flawfinder",
    versions="2.0",
)
def read(hits: Csv[Hit]) -> Iterator[Item]:
    started = False
    for hit in hits:
        if not started:
            started = True
            yield Run(tool="Flawfinder", version=hit.version)
        yield _finding(hit)
    if not started:
        yield Run(tool="Flawfinder")


def _finding(hit: Hit) -> Finding:
    title = first_line(hit.warning)
    rule = hit.rule or f"{hit.category}/{hit.name}"
    cwes = cwe_ids(hit.cwes)
    text = "\n".join(part for part in ("" if hit.warning == title else hit.warning, hit.note) if part)
    return Finding(
        rule=rule,
        title=f"{hit.name}: {title}",
        severity=LEVELS.get(hit.level.strip(), Severity.MEDIUM),
        severity_given=hit.level,
        location=CodeLocation(path=hit.file, line=hit.line, column=hit.column, snippet=hit.context),
        about=_about(rule, hit.name, hit.category, cwes, hit.link),
        description=text,
        remedy=hit.suggestion,
        cwes=cwes,
        fingerprints=(("flawfinder", hit.fingerprint),) if hit.fingerprint else (),
    )


@lru_cache(maxsize=1024)
def _about(rule: str, name: str, category: str, cwes: tuple[int, ...], link: str) -> Rule:
    return Rule(id=rule, name=name, cwes=cwes, tags=(category,) if category else (), references=references(link))
