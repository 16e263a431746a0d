"""Terrascan: violations of policies in infrastructure as code."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from msgspec import Struct, field
from msgspec.structs import replace

from seamark.intake.parsers.kit import (
    CodeLocation,
    Finding,
    Item,
    Kind,
    Probe,
    Rule,
    Run,
    Suppression,
    json_object,
    moment,
    parser,
    severity,
)


class Violation(Struct):
    rule_id: str
    severity: str
    rule_name: str = ""
    description: str = ""
    category: str = ""
    resource_name: str = ""
    resource_type: str = ""
    module_name: str = ""
    file: str = ""
    line: int | None = None
    skip_comment: str = ""


class Failure(Struct):
    iac_type: str = ""
    directory: str = ""
    message: str = field(default="", name="errMsg")


class Summary(Struct):
    scanned_at: str = ""
    iac_type: str = ""


class Results(Struct):
    violations: list[Violation] | None
    skipped_violations: list[Violation] | None = None
    scan_errors: list[Failure] | None = None
    scan_summary: Summary | None = None


class Report(Struct):
    results: Results


def _is_terrascan(probe: Probe) -> bool:
    return probe.has("results.scan_summary.policies_validated") or probe.has("results.count.total")


@parser(
    "terrascan",
    title="Terrascan",
    kind=Kind.MISCONFIGURATION,
    looks=json_object("results.violations", where=_is_terrascan),
    made_with="terrascan scan -o json",
    url="https://runterrascan.io/docs/",
    versions="1.0 to 1.19",
)
def read(report: Report) -> Iterator[Item]:
    results = report.results
    summary = results.scan_summary or Summary()
    # Asked for all sorts, it also tells of each sort that is simply not there: that leaves nothing out.
    problems = tuple(
        f"{failure.iac_type}: {failure.message}" for failure in results.scan_errors or () if failure.message
    )
    yield Run(
        tool="Terrascan",
        configuration="" if summary.iac_type == "all" else summary.iac_type,
        problems=problems[:50],
        finished=moment(summary.scanned_at.partition(".")[0].replace(" +0000 UTC", "")),
    )
    for row in results.violations or ():
        yield _finding(row)
    for row in results.skipped_violations or ():
        yield replace(_finding(row), suppression=Suppression(origin="source", justification=row.skip_comment))


def _finding(row: Violation) -> Finding:
    address = ".".join(part for part in (row.resource_type, row.resource_name) if part)
    return Finding(
        rule=row.rule_id,
        title=row.description or row.rule_name or row.rule_id,
        severity=severity(row.severity or None),
        severity_given=row.severity,
        location=CodeLocation(path=row.file, line=row.line or None, scope=address),
        about=_about(row.rule_id, row.rule_name, row.description, row.category),
    )


@lru_cache(maxsize=2048)
def _about(rule: str, name: str, title: str, category: str) -> Rule:
    return Rule(id=rule, name=name, title=title, tags=(category,) if category else ())
