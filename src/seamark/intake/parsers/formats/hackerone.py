"""HackerOne: reports of hunters; the CSV and JSON export, and the API's answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import Struct

from seamark.intake.parsers.kit import (
    Csv,
    Cvss,
    Finding,
    Item,
    Kind,
    Location,
    Probe,
    ResourceLocation,
    Rule,
    Run,
    Severity,
    Suppression,
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
from seamark.intake.parsers.kit.texts import described

_REJECTED = {"not-applicable", "not applicable", "informative", "duplicate", "spam"}
_PROVEN = {"triaged", "resolved", "retesting"}


class Row(Struct):
    id: str | int
    title: str
    state: str | None = ""
    substate: str | None = ""
    severity_rating: str | None = ""
    severity_score: str | float | None = ""
    weakness: str | None = ""
    reported_at: str | None = ""
    closed_at: str | None = ""
    public: str | None = ""
    reference: str | None = ""
    reference_url: str | None = ""
    structured_scope: str | int | None = ""
    structured_scope_reference: str | None = ""
    original_report_id: str | int | None = ""
    cve_ids: str | list[str] | None = ""


class Export(Struct):
    findings: list[Row]


def _is_export(probe: Probe) -> bool:
    row = probe.get("findings.0")
    return isinstance(row, dict) and {"severity_rating", "substate", "weakness"} <= row.keys()


@parser(
    "hackerone",
    title="HackerOne",
    kind=Kind.PENTEST,
    looks=json_object("findings", where=_is_export),
    made_with="the export of a program's reports as CSV, or GET /v1/reports",
    url="https://api.hackerone.com/customer-resources/#reports",
    versions="API v1",
)
def read(export: Export) -> Iterator[Item]:
    yield from _rows(export.findings)


@variant("hackerone", looks=csv_header("id", "title", "severity_rating", "substate", "weakness"))
def read_csv(rows: Csv[Row]) -> Iterator[Item]:
    yield from _rows(rows)


def _rows(rows: Iterable[Row]) -> Iterator[Item]:
    yield Run(tool="HackerOne")
    for row in rows:
        rating = cvss("", row.severity_score)
        scope = row.structured_scope_reference or str(row.structured_scope or "")
        yield _finding(
            identifier=str(row.id),
            title=row.title,
            word=row.severity_rating or "",
            ratings=(rating,) if rating else (),
            state=(row.substate or row.state or "").lower(),
            duplicate=str(row.original_report_id or ""),
            weakness=row.weakness or "",
            weakness_id="",
            place=_place(scope, ""),
            text=described(("Reported", row.reported_at), ("Closed", row.closed_at), ("Reference", row.reference)),
            ids=vulnerability_ids(row.cve_ids),
            links=references(row.reference_url),
            seen=moment((row.reported_at or "").removesuffix(" UTC")),
        )


def _place(scope: str, kind: str) -> Location | None:
    if not scope:
        return None
    if scope.startswith(("http://", "https://")) or kind in {"URL", "WILDCARD"}:
        return WebLocation(url=scope)
    return ResourceLocation(resource=scope, type=kind)


def _finding(
    *,
    identifier: str,
    title: str,
    word: str,
    ratings: tuple[Cvss, ...],
    state: str,
    duplicate: str,
    weakness: str,
    weakness_id: str,
    place: Location | None,
    text: str,
    ids: tuple[str, ...],
    links: tuple[str, ...],
    seen: str,
    weakness_text: str = "",
) -> Finding:
    why = f"duplicate of {duplicate}" if state == "duplicate" and duplicate else state
    graded = severity(word) if word else severity(ratings[0].score) if ratings else Severity.INFO
    rule = weakness_id or weakness or "report"
    cwes = cwe_ids(weakness_id if weakness_id.lower().startswith("cwe") else None)
    return Finding(
        rule=rule,
        title=title,
        severity=graded,
        severity_given=word,
        location=place,
        about=Rule(id=rule, title=weakness, description=weakness_text, cwes=cwes) if weakness else None,
        description=text,
        cwes=cwes,
        vulnerabilities=ids,
        cvss=ratings,
        fingerprints=(("hackerone", identifier),),
        verification=Verification.VERIFIED if state in _PROVEN else None,
        suppression=Suppression(origin="tool", justification=why) if state in _REJECTED else None,
        baseline="absent" if state == "resolved" else "",
        references=(*links, f"https://hackerone.com/reports/{identifier}") if identifier.isdecimal() else links,
        tags=(state,) if state else (),
        seen_at=seen,
    )


class Attributes(Struct):
    title: str | None = ""
    state: str | None = ""
    created_at: str | None = ""
    vulnerability_information: str | None = ""
    cve_ids: list[str] | None = None


class Linked(Struct):
    data: Any = None


class Report(Struct):
    id: str | int
    type: str
    attributes: Attributes
    relationships: dict[str, Linked] | None = None


class Answer(Struct):
    data: list[Report]
    links: dict[str, Any] | None = None


def _is_answer(probe: Probe) -> bool:
    row = probe.get("data.0")
    if isinstance(row, dict):
        return row.get("type") == "report" and "attributes" in row
    return probe.get("data") == [] and "hackerone.com" in str(probe.get("links"))


class OneReport(Struct):
    data: Report


@variant("hackerone", looks=json_object("data", where=_is_answer))
def read_answer(answer: Answer) -> Iterator[Item]:
    more = bool((answer.links or {}).get("next"))
    yield Run(
        tool="HackerOne",
        successful=True,
        complete=False if more else None,
        problems=("More reports are on other pages",) if more else (),
    )
    for report in answer.data:
        yield _report(report)


@variant(
    "hackerone",
    looks=json_object(
        "data.attributes.vulnerability_information", where=lambda probe: probe.get("data.type") == "report"
    ),
)
def read_one(answer: OneReport) -> Iterator[Item]:
    yield Run(tool="HackerOne", complete=False)
    yield _report(answer.data)


def _attributes(report: Report, name: str) -> dict[str, Any]:
    """Return the attributes of what a report is linked with."""
    linked = (report.relationships or {}).get(name)
    data = linked.data if linked else None
    found = data.get("attributes") if isinstance(data, dict) else None
    return found if isinstance(found, dict) else {}


_METRICS = (
    ("AV", "attack_vector"), ("AC", "attack_complexity"), ("PR", "privileges_required"), ("UI", "user_interaction"),
    ("S", "scope"), ("C", "confidentiality"), ("I", "integrity"), ("A", "availability"),
)  # fmt: skip


def _rating(graded: dict[str, Any]) -> Cvss | None:
    """Return the rating, its vector put together from the metrics that the API spells out."""
    given = graded.get("cvss_vector_string")
    parts = [f"{short}:{str(graded.get(name) or '')[:1].upper()}" for short, name in _METRICS]
    whole = "CVSS:3.0/" + "/".join(parts) if all(graded.get(name) for _, name in _METRICS) else ""
    score = graded.get("score")
    return cvss(given if isinstance(given, str) else whole, score if isinstance(score, int | float | str) else None)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _report(report: Report) -> Finding:
    graded, weak, scope = (_attributes(report, name) for name in ("severity", "weakness", "structured_scope"))
    rating = _rating(graded)
    facts = report.attributes
    return _finding(
        identifier=str(report.id),
        title=facts.title or f"Report {report.id}",
        word=_text(graded.get("rating")),
        ratings=(rating,) if rating else (),
        state=(facts.state or "").lower(),
        duplicate="",
        weakness=_text(weak.get("name")),
        weakness_id=_text(weak.get("external_id")).upper(),
        place=_place(_text(scope.get("asset_identifier")), _text(scope.get("asset_type"))),
        text=facts.vulnerability_information or "",
        ids=vulnerability_ids(facts.cve_ids),
        links=(),
        seen=moment(facts.created_at),
        weakness_text=_text(weak.get("description")),
    )
