"""Veracode pipeline scan: `results.json`, with the stacks of data that lead to each flaw."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct, field

from seamark.intake.parsers.formats.veracode.scales import level, links, plain
from seamark.intake.parsers.kit import (
    CodeLocation,
    Finding,
    FlowStep,
    Item,
    Probe,
    Rule,
    Run,
    cwe_ids,
    json_object,
    references,
    variant,
)


class SourceFile(Struct):
    file: str | None = ""
    line: int | None = None
    function_name: str | None = ""
    qualified_function_name: str | None = ""
    scope: str | None = ""


class Files(Struct):
    source_file: SourceFile | None = None


class Match(Struct):
    procedure_hash: str | int | None = ""
    prototype_hash: str | int | None = ""
    flaw_hash: str | int | None = ""
    flaw_hash_ordinal: str | int | None = ""
    cause_hash: str | int | None = ""


class Frame(Struct, rename="pascal"):
    function_name: str | None = ""
    source_file: str | None = ""
    source_line: int | str | None = None
    statement_text: str | None = ""
    var_names: str | None = ""


class Stack(Struct):
    frames: list[Frame] | Frame | None = field(name="Frame", default=None)


class Stacks(Struct):
    stack_dump: list[Stack] | Stack | None = None


class Row(Struct):
    issue_type: str
    issue_id: int | str | None = None
    title: str | None = ""
    severity: int | str | None = None
    cwe_id: str | int | None = ""
    display_text: str | None = ""
    files: Files | None = None
    flaw_match: Match | None = None
    stack_dumps: Stacks | None = None


class Report(Struct):
    findings: list[Row]
    scan_status: str | None = ""
    message: str | None = ""
    pipeline_scan: str | None = ""
    scan_id: str | None = ""


def _is_pipeline(probe: Probe) -> bool:
    return "modules" in probe.keys or "pipeline_scan" in probe.keys


@variant("veracode", looks=json_object("findings", "scan_id", "scan_status", where=_is_pipeline))
def read(report: Report) -> Iterator[Item]:
    status = (report.scan_status or "").upper()
    yield Run(
        tool="Veracode",
        version=report.pipeline_scan or "",
        configuration="pipeline",
        successful={"SUCCESS": True, "FAILURE": False, "TIMEOUT": False, "CANCELLED": False}.get(status),
        problems=(report.message,) if report.message and status != "SUCCESS" else (),
    )
    for row in report.findings:
        yield _finding(row)


def _finding(row: Row) -> Finding:
    source = (row.files.source_file if row.files else None) or SourceFile()
    cwes = cwe_ids(row.cwe_id or None)
    about = Rule(id=f"CWE-{cwes[0]}" if cwes else row.issue_type, title=row.issue_type, cwes=cwes)
    text = row.display_text or ""
    scope = source.qualified_function_name or ".".join(part for part in (source.scope, source.function_name) if part)
    return Finding(
        rule=about.id,
        title=row.issue_type,
        severity=level(row.severity),
        severity_given="" if row.severity is None else str(row.severity),
        location=CodeLocation(path=source.file, line=source.line or None, scope=scope) if source.file else None,
        about=about,
        description=plain(text),
        cwes=cwes,
        flow=_flow(row.stack_dumps),
        fingerprints=_fingerprints(row.flaw_match),
        references=references(links(text)),
        tags=(row.title,) if row.title else (),
    )


def _fingerprints(match: Match | None) -> tuple[tuple[str, str], ...]:
    if match is None or not match.flaw_hash:
        return ()
    parts = (match.procedure_hash, match.flaw_hash, match.flaw_hash_ordinal, match.cause_hash)
    return (("veracode/pipeline", ":".join(str(part or "") for part in parts)),)


def _flow(stacks: Stacks | None) -> tuple[FlowStep, ...]:
    """Return the first stack in the order of the data: Veracode lists the flaw first."""
    given = stacks.stack_dump if stacks else None
    first = (given[0] if given else None) if isinstance(given, list) else given
    frames = first.frames if first else None
    steps = [
        _step(frame)
        for frame in (frames if isinstance(frames, list) else [frames])
        if frame is not None and frame.source_file
    ]
    return tuple(reversed(steps)) if len(steps) > 1 else ()


def _step(frame: Frame) -> FlowStep:
    line = frame.source_line
    number = line if isinstance(line, int) else int(line) if line and line.isdecimal() and len(line) < 10 else None
    place = CodeLocation(path=frame.source_file or "", line=number or None, scope=frame.function_name or "")
    return FlowStep(place, frame.statement_text or frame.var_names or "")
