"""Bearer CLI: weaknesses in code and risky handling of personal data."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from msgspec import Raw, Struct

from seamark.intake.parsers.kit import (
    CodeLocation,
    Finding,
    FlowStep,
    Item,
    Kind,
    Probe,
    Reading,
    Rule,
    Run,
    Severity,
    cwe_ids,
    json_object,
    parser,
    references,
    severity,
)

LEVELS = ("critical", "high", "medium", "low", "warning")
SEVERITIES = {"warning": Severity.INFO}
"""Bearer's own: below low, and no reason for the command to fail."""
SECRETS = frozenset({"gitleaks", "secrets"})


class Columns(Struct):
    start: int | None = None
    end: int | None = None


class Span(Struct):
    start: int | None = None
    end: int | None = None
    column: Columns | None = None
    content: str = ""


class OldRule(Struct):
    id: str = ""
    title: str = ""
    description: str = ""
    cwe_ids: list[str | int] | None = None
    documentation_url: str = ""


class Row(Struct):
    filename: str
    rule: OldRule | None = None
    id: str = ""
    title: str = ""
    description: str = ""
    cwe_ids: list[str | int] | None = None
    documentation_url: str = ""
    full_filename: str = ""
    line_number: int | None = None
    category_groups: list[str] | None = None
    source: Span | None = None
    sink: Span | None = None
    snippet: str | None = ""
    code_extract: str | None = ""
    parent_content: str | None = ""
    detailed_context: str | None = ""
    fingerprint: str = ""


class Report(Struct):
    critical: Raw = Raw()
    high: Raw = Raw()
    medium: Raw = Raw()
    low: Raw = Raw()
    warning: Raw = Raw()


def _is_report(probe: Probe) -> bool:
    if not probe.keys or not probe.keys <= set(LEVELS):
        return False
    row = next((found for level in LEVELS if (found := probe.get(f"{level}.0"))), None)
    return isinstance(row, dict) and "filename" in row and ("cwe_ids" in row or "rule" in row)


@parser(
    "bearer",
    title="Bearer CLI",
    kind=Kind.CODE,
    looks=json_object(where=_is_report),
    made_with="bearer scan . --format json --output bearer.json",
    url="https://docs.bearer.com/explanations/reports",
    versions="1.0 to 1.50",
    lift=("critical", "high", "medium", "low", "warning"),
)
def read(report: Report, reading: Reading) -> Iterator[Item]:
    yield Run(tool="Bearer CLI")
    for level in LEVELS:
        for row in reading.rows(getattr(report, level), Row, where=f"$.{level}"):
            yield _finding(row, level)


def _finding(row: Row, level: str) -> Finding:
    told = row.rule or OldRule(row.id, row.title, row.description, row.cwe_ids, row.documentation_url)
    about = _about(
        told.id, told.title, told.description, tuple(map(str, told.cwe_ids or ())), told.documentation_url,
        tuple(row.category_groups or ()),
    )  # fmt: skip
    sink = row.sink
    path = row.full_filename or row.filename
    columns = sink.column if sink else None
    code = row.code_extract or row.snippet or row.parent_content or (sink.content if sink else "")
    secret = told.id in SECRETS
    return Finding(
        rule=told.id,
        title=told.title or told.id,
        severity=SEVERITIES.get(level) or severity(level),
        severity_given=level,
        kind=Kind.SECRET if secret else None,
        location=CodeLocation(
            path=path,
            line=row.line_number or (sink.start if sink else None),
            column=columns.start if columns else None,
            end_line=sink.end if sink else None,
            end_column=columns.end if columns else None,
            snippet=code or "",
        ),
        about=about,
        description=row.detailed_context or "",
        cwes=about.cwes,
        flow=_flow(path, row.source, sink),
        fingerprints=(("bearer", row.fingerprint),) if row.fingerprint else (),
        secret=(row.snippet or code or "").strip() if secret else "",
    )


@lru_cache(maxsize=4096)
def _about(
    rule: str, title: str, description: str, cwes: tuple[str, ...], link: str, groups: tuple[str, ...]
) -> Rule:  # fmt: skip
    return Rule(
        id=rule,
        title=title,
        description=description,
        cwes=cwe_ids(cwes),
        tags=groups,
        references=references(link),
    )


def _flow(path: str, source: Span | None, sink: Span | None) -> tuple[FlowStep, ...]:
    """Return the way from source to sink, where they are not the same place."""
    if source is None or sink is None or (source.start, source.column) == (sink.start, sink.column):
        return ()
    if source.start is None or sink.start is None:
        return ()
    return (
        FlowStep(CodeLocation(path=path, line=source.start, end_line=source.end, snippet=source.content), "source"),
        FlowStep(CodeLocation(path=path, line=sink.start, end_line=sink.end, snippet=sink.content), "sink"),
    )
