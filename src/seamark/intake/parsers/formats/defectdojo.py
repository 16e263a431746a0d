"""DefectDojo: findings as its API and its export as CSV give them, to move house with their decisions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Raw, Struct

from seamark.intake.parsers.kit import (
    CodeLocation,
    Component,
    Csv,
    Finding,
    HostLocation,
    Item,
    Kind,
    Location,
    Probe,
    Reading,
    ResourceLocation,
    Rule,
    Run,
    Suppression,
    UnreadableReport,
    Verification,
    WebLocation,
    csv_header,
    cvss,
    cwe_ids,
    json_object,
    moment,
    parser,
    references,
    severity,
    variant,
    vulnerability_ids,
)
from seamark.intake.parsers.kit.packages import probability
from seamark.intake.parsers.kit.texts import described


class Identifier(Struct):
    vulnerability_id: str = ""


class Row(Struct):
    id: int
    title: str
    severity: str
    active: bool | None = True
    verified: bool | None = False
    false_p: bool | None = False
    duplicate: bool | None = False
    out_of_scope: bool | None = False
    risk_accepted: bool | None = False
    is_mitigated: bool | None = False
    cwe: int | None = None
    description: str | None = ""
    mitigation: str | None = ""
    impact: str | None = ""
    steps_to_reproduce: str | None = ""
    references: str | None = ""
    file_path: str | None = ""
    line: int | None = None
    component_name: str | None = ""
    component_version: str | None = ""
    service: str | None = ""
    static_finding: bool | None = None
    dynamic_finding: bool | None = None
    vuln_id_from_tool: str | None = ""
    unique_id_from_tool: str | None = ""
    vulnerability_ids: list[Identifier] | None = None
    cvssv3: str | None = ""
    cvssv3_score: float | str | None = None
    cvssv4: str | None = ""
    cvssv4_score: float | str | None = None
    epss_score: float | str | None = None
    fix_version: str | None = ""
    param: str | None = ""
    endpoints: list[Any] | None = None
    tags: list[str] | None = None
    date: str | None = ""


class Answer(Struct):
    results: Raw
    count: int = 0
    next: str | None = None


def _is_answer(probe: Probe) -> bool:
    row = probe.get("results.0")
    return isinstance(row, dict) and {"numerical_severity", "false_p", "risk_accepted", "test"} <= row.keys()


@parser(
    "defectdojo",
    title="DefectDojo",
    kind=Kind.CODE,
    looks=json_object("count", "results", where=_is_answer),
    made_with="GET /api/v2/findings/?limit=1000, or Findings > CSV Export",
    url="https://docs.defectdojo.com/automation/api/api-v2-docs/",
    versions="API v2; CSV of 1.10 to 2.50",
    lift=("results",),
)
def read(answer: Answer, reading: Reading) -> Iterator[Item]:
    more = bool(answer.next)
    yield Run(
        tool="DefectDojo",
        complete=False if more else None,
        problems=("More findings are on other pages",) if more else (),
    )
    for row in reading.rows(answer.results, Row, "$.results"):
        yield _finding(row)


_LISTS = {"endpoints", "tags", "vulnerability_ids"}
_NAMES = frozenset(Row.__struct_fields__)


@variant(
    "defectdojo", looks=csv_header("title", "severity", "numerical_severity", "false_p", "hash_code", "engagement")
)
def read_csv(rows: Csv[dict[str, str]]) -> Iterator[Item]:
    """Read the export as CSV: a column for each field, lists with semicolons, line ends as the word NEWLINE."""
    yield Run(tool="DefectDojo")
    for number, row in enumerate(rows, start=1):
        values = {name: _cell(name, text) for name, text in row.items() if text and text != "None" and name in _NAMES}
        try:
            yield _finding(msgspec.convert(values, Row, strict=False))
        except msgspec.ValidationError as error:
            raise UnreadableReport(str(error), where=f"row {number}") from None


def _cell(name: str, text: str) -> Any:
    text = text.replace(" NEWLINE ", "\n")
    if name not in _LISTS:
        return text
    parts = [part for part in (piece.strip() for piece in text.split(";")) if part and part != "..."]
    return [{"vulnerability_id": part} for part in parts] if name == "vulnerability_ids" else parts


def _finding(row: Row) -> Finding:
    rule = row.vuln_id_from_tool or row.title
    ratings = (cvss(row.cvssv4, row.cvssv4_score), cvss(row.cvssv3, row.cvssv3_score))
    reasons = (
        ("false positive", row.false_p),
        ("out of scope", row.out_of_scope),
        ("risk accepted", row.risk_accepted),
        ("duplicate", row.duplicate),
    )
    reason = ", ".join(word for word, given in reasons if given)
    kind = (
        Kind.DEPENDENCY if row.component_name else Kind.WEB if row.dynamic_finding and not row.static_finding else None
    )
    return Finding(
        rule=rule,
        title=row.title,
        severity=severity(row.severity),
        severity_given=row.severity,
        kind=kind,
        location=_place(row),
        component=Component(name=row.component_name, version=row.component_version or "")
        if row.component_name
        else None,
        about=Rule(id=rule, remedy=row.mitigation or "", references=references(row.references)),
        description=described(
            ("", row.description or ""), ("Impact", row.impact or ""), ("Steps", row.steps_to_reproduce or "")
        ),
        cwes=cwe_ids(row.cwe),
        vulnerabilities=vulnerability_ids([one.vulnerability_id for one in row.vulnerability_ids or ()]),
        cvss=tuple(one for one in ratings if one),
        epss=probability(row.epss_score),
        fixed_versions=(row.fix_version,) if row.fix_version else (),
        fingerprints=(("unique-id", row.unique_id_from_tool),)
        if row.unique_id_from_tool
        else (("defectdojo", str(row.id)),),
        verification=Verification.VERIFIED if row.verified else None,
        suppression=Suppression(origin="tool", justification=reason) if reason else None,
        baseline="absent" if row.is_mitigated else "",
        tags=tuple(row.tags or ()),
        seen_at=moment(row.date),
    )


def _place(row: Row) -> Location | None:
    if row.file_path:
        return CodeLocation(path=row.file_path, line=row.line)
    for one in row.endpoints or ():
        # Only answers that were asked for their endpoints spell them out; else there are numbers.
        if isinstance(one, dict) and isinstance(host := one.get("host"), str) and host:
            port = f":{one['port']}" if isinstance(one.get("port"), int) else ""
            path = one.get("path")
            rest = f"/{path.lstrip('/')}" if isinstance(path, str) and path else ""
            return WebLocation(url=f"{one.get('protocol') or 'https'}://{host}{port}{rest}", parameter=row.param or "")
        if isinstance(one, str) and one:
            return WebLocation(url=one, parameter=row.param or "") if "://" in one else HostLocation(host=one)
    return ResourceLocation(resource=row.service, type="service") if row.service else None
