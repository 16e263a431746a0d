"""Checkmarx CxFlow: the JSON of its result summary, whose issues bundle the results of one file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Struct, field

from seamark.intake.parsers.formats.checkmarx.common import rule, state_tags, suppression
from seamark.intake.parsers.kit import (
    CodeLocation,
    Finding,
    FlowStep,
    Item,
    Kind,
    Run,
    json_object,
    parser,
    references,
    severity,
)


class Node(Struct):
    file: str = ""
    line: int | None = None
    column: int | None = None
    length: int | None = None
    object: str | None = ""
    snippet: str | None = ""


class Detail(Struct, rename="camel"):
    false_positive: bool | None = False
    code_snippet: str | None = ""
    comment: str | None = ""


class Extra(Struct, rename="camel"):
    recommended_fix: str | None = ""
    categories: str | None = ""
    results: list[dict[str, Any]] | None = None


class Issue(Struct, rename="camel"):
    vulnerability: str
    filename: str = ""
    similarity_id: str | None = ""
    cwe: str | None = ""
    description: str | None = ""
    language: str | None = ""
    severity: str | None = ""
    link: str | None = ""
    vulnerability_status: str | None = ""
    details: dict[str, Detail] | None = None
    additional_details: Extra | None = None
    all_false_positive: bool | None = False


class Report(Struct, rename="camel"):
    issues: list[Issue] = field(name="xissues")
    version: str | None = ""
    scan_type: str | None = ""


@parser(
    "checkmarx-cxflow",
    title="Checkmarx",
    kind=Kind.CODE,
    looks=json_object("xissues", "projectId"),
    made_with="java -jar cx-flow.jar --scan … with bug-tracker: Json",
    url="https://github.com/checkmarx-ltd/cx-flow",
)
def read(report: Report) -> Iterator[Item]:
    yield Run(
        tool="Checkmarx",
        version=report.version or "",
        complete=False if (report.scan_type or "").lower() == "incremental" else None,
    )
    for issue in report.issues:
        yield from _findings(issue)


def _findings(issue: Issue) -> Iterator[Finding]:
    extra = issue.additional_details or Extra()
    flows = [_flow(result) for result in extra.results or ()]
    details = issue.details or {}
    if not flows:
        lines = [number for number in details if number.isdecimal() and len(number) < 10] or [""]
        for number in lines:
            detail = details.get(number) or Detail()
            place = CodeLocation(
                path=issue.filename, line=int(number) if number else None, snippet=detail.code_snippet or ""
            )
            yield _finding(issue, extra, place, (), "", detail)
    for steps, state in flows:
        source = str(steps[0].location.line) if steps and steps[0].location.line else ""
        place = steps[-1].location if steps else CodeLocation(path=issue.filename)
        yield _finding(issue, extra, place, steps, state, details.get(source) or Detail())


def _finding(
    issue: Issue, extra: Extra, place: CodeLocation, steps: tuple[FlowStep, ...], state: str, detail: Detail
) -> Finding:
    tags = tuple(part.strip() for part in (extra.categories or "").split(";") if part.strip())
    about = rule(issue.language or "", issue.vulnerability, "", issue.cwe or "", tags)
    if detail.false_positive or issue.all_false_positive:
        state = "1"
    return Finding(
        rule=about.id,
        title=about.title,
        severity=severity(issue.severity or None),
        severity_given=issue.severity or "",
        location=place if place.path else None,
        about=about,
        description="\n".join(part for part in (issue.description, detail.comment) if part),
        cwes=about.cwes,
        flow=steps if len(steps) > 1 else (),
        fingerprints=(("checkmarx/similarity", issue.similarity_id),) if issue.similarity_id else (),
        suppression=suppression(state, detail.comment or ""),
        references=references(issue.link, extra.recommended_fix),
        tags=state_tags(state or issue.vulnerability_status or ""),
    )


def _flow(result: dict[str, Any]) -> tuple[tuple[FlowStep, ...], str]:
    """Return the steps of a result, which are keyed by their number beside `source`, `sink` and `state`, and its state."""
    numbered = sorted((int(key), value) for key, value in result.items() if key.isdecimal() and len(key) < 6)
    given = [value for _, value in numbered] or [result[key] for key in ("source", "sink") if key in result]
    nodes = [msgspec.convert(each, Node, strict=False) for each in given if each is not None]
    state = result.get("state")
    return tuple(_step(node) for node in nodes), state if isinstance(state, str) else ""


def _step(node: Node) -> FlowStep:
    end = node.column + node.length if node.column and node.length else None
    return FlowStep(
        CodeLocation(
            path=node.file,
            line=node.line,
            column=node.column,
            end_line=node.line if end else None,
            end_column=end,
            snippet=node.snippet or "",
        ),
        node.object or "",
    )
