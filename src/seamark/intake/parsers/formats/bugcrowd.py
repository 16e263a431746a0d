"""Bugcrowd: submissions of hunters; the CSV export, and the API's answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import Struct

from seamark.intake.parsers.kit import (
    Csv,
    Exchange,
    Finding,
    Item,
    Kind,
    Probe,
    Rule,
    Run,
    Severity,
    Suppression,
    Verification,
    WebLocation,
    csv_header,
    json_object,
    json_rows,
    moment,
    parser,
    references,
    variant,
    vulnerability_ids,
)

PRIORITIES = {
    "1": Severity.CRITICAL,
    "2": Severity.HIGH,
    "3": Severity.MEDIUM,
    "4": Severity.LOW,
    "5": Severity.INFO,
}
_REJECTED = {
    "not_applicable",
    "not_reproducible",
    "out_of_scope",
    "duplicate",
    "informational",
    "wont_fix",
    "won't_fix",
}
_PROVEN = {"triaged", "unresolved", "resolved"}


class Row(Struct):
    """A submission, in the columns of the export and the attributes of the API."""

    title: str | None = ""
    reference_number: str = ""
    caption: str | None = ""
    priority: str | int | None = ""
    severity: str | int | None = None
    vrt_lineage: str | None = ""
    vrt_id: str | None = ""
    vrt_version: str | None = ""
    state: str | None = ""
    substate: str | None = ""
    duplicate: bool | str | None = False
    bug_url: str | None = ""
    description: str | None = ""
    http_request: str | None = ""
    extra_info: str | None = ""
    submitted_at: str | None = ""
    target_name: str | None = ""
    target_category: str | None = ""
    remediation_advice: str | None = ""
    vulnerability_references: str | None = ""
    source: str | None = ""


class Submission(Struct):
    id: str
    type: str
    attributes: Row
    relationships: dict[str, Any] | None = None


@parser(
    "bugcrowd",
    title="Bugcrowd",
    kind=Kind.PENTEST,
    looks=csv_header("reference_number", "bounty_code", "priority", "vrt_lineage", "substate"),
    made_with="the export of a program's submissions as CSV, or GET /submissions",
    url="https://docs.bugcrowd.com/api/resources/",
    versions="API 2021-10-28 to 2025-04-23",
)
def read(rows: Csv[Row]) -> Iterator[Item]:
    yield Run(tool="Bugcrowd")
    for row in rows:
        yield _finding(row, row.reference_number)


@variant(
    "bugcrowd", looks=json_rows("id", "type", "attributes", where=lambda probe: probe.get("0.type") == "submission")
)
def read_list(rows: list[Submission]) -> Iterator[Item]:
    yield from _submissions(rows)


class Answer(Struct):
    data: list[Submission]
    meta: dict[str, Any] | None = None


def _is_answer(probe: Probe) -> bool:
    row = probe.get("data.0")
    return isinstance(row, dict) and row.get("type") == "submission" and "attributes" in row


@variant("bugcrowd", looks=json_object("data", where=_is_answer))
def read_answer(answer: Answer) -> Iterator[Item]:
    yield from _submissions(answer.data)


def _submissions(rows: Iterable[Submission]) -> Iterator[Item]:
    yield Run(tool="Bugcrowd")
    for row in rows:
        yield _finding(row.attributes, row.id)


def _finding(row: Row, identifier: str) -> Finding:
    state = (row.substate or row.state or "").strip().lower().replace(" ", "_").replace("-", "_")
    given = str(row.severity if row.severity is not None else row.priority or "").strip()
    rule = row.vrt_id or row.vrt_lineage or "submission"
    copied = row.duplicate is True or str(row.duplicate).upper() == "TRUE"
    rejected = "duplicate" if copied else state if state in _REJECTED else ""
    texts = [text.strip() for text in (row.description, row.extra_info) if text and text.strip()]
    url = (row.bug_url or "").strip()
    return Finding(
        rule=rule,
        title=row.title or row.caption or "Submission",
        severity=PRIORITIES.get(given.upper().removeprefix("P"), Severity.INFO),
        severity_given=given,
        location=WebLocation(url=url or row.target_name or "") if url or row.target_name else None,
        about=Rule(
            id=rule,
            title=(row.vrt_lineage or rule).rpartition(">")[2].strip(),
            tags=tuple(part.strip() for part in (row.vrt_lineage or "").split(">") if part.strip()),
        ),
        description="\n\n".join(texts),
        remedy=row.remediation_advice or "",
        vulnerabilities=vulnerability_ids(row.vulnerability_references),
        fingerprints=(("bugcrowd", identifier),) if identifier else (),
        verification=Verification.VERIFIED if state in _PROVEN else None,
        suppression=Suppression(origin="tool", justification=rejected) if rejected else None,
        exchange=Exchange(row.http_request) if row.http_request else None,
        baseline="absent" if state == "resolved" else "",
        references=references((row.vulnerability_references or "").replace("](", " ").replace(")", " ")),
        tags=tuple(tag for tag in (state, row.target_name or "", row.target_category or "") if tag),
        seen_at=moment((row.submitted_at or "").removesuffix(" UTC")),
    )
