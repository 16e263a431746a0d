"""Intigriti: submissions of researchers, as the API for companies gives them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import Struct

from seamark.intake.parsers.kit import (
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
    cvss,
    cwe_ids,
    json_object,
    json_rows,
    moment,
    parser,
    references,
    severity,
    variant,
    vulnerability_ids,
)
from seamark.intake.parsers.kit.texts import described

_LEVELS = {"exceptional": Severity.CRITICAL, "undecided": Severity.MEDIUM}
_REJECTED = {"duplicate", "informative", "not applicable", "spam", "out of scope", "accepted risk", "won't fix"}


class Word(Struct):
    value: str | None = ""


class Grade(Struct):
    value: str | None = ""
    vector: str | None = ""


class Weakness(Struct):
    name: str | None = ""
    category: str | None = ""
    cwe: str | None = ""


class Domain(Struct):
    value: str | None = ""
    name: str | None = ""
    type: Word | None = None


class Reference(Struct):
    reference: str | None = ""
    url: str | None = ""


class Links(Struct):
    details: str | None = ""


class State(Struct, rename="camel"):
    status: Word | None = None
    close_reason: Word | None = None


class Details(Struct, rename="camel"):
    type: Weakness | None = None
    domain: Domain | None = None
    endpoint_vulnerable_component: str | None = ""
    poc_description: str | None = ""
    impact: str | None = ""
    recommended_solution: str | None = ""


class Submission(Struct, rename="camel"):
    code: str
    title: str | None = ""
    severity: Grade | None = None
    state: State | None = None
    type: Weakness | None = None
    domain: Domain | None = None
    endpoint_vulnerable_component: str | None = ""
    poc_description: str | None = ""
    impact: str | None = ""
    recommended_solution: str | None = ""
    report: Details | None = None
    internal_reference: Reference | str | None = None
    web_links: Links | None = None
    created_at: int | str | None = None
    last_updated_at: int | str | None = None


class Answer(Struct, rename="camel"):
    records: list[Submission]
    max_count: int | None = None


def _is_submission(row: Any) -> bool:
    return (
        isinstance(row, dict)
        and {"code", "state", "severity"} <= row.keys()
        and bool({"webLinks", "totalPayout", "internalReference"} & row.keys())
    )


def _is_one(probe: Probe) -> bool:
    return {"code", "state", "severity"} <= probe.keys and bool({"webLinks", "report", "totalPayout"} & probe.keys)


@parser(
    "intigriti",
    title="Intigriti",
    kind=Kind.PENTEST,
    looks=json_rows("code", "state", "severity", where=lambda probe: _is_submission(probe.get("0"))),
    made_with="GET https://api.intigriti.com/external/company/v2/submissions",
    url="https://api.intigriti.com/external/swagger/index.html",
    versions="API v1.2 to v2",
)
def read(rows: list[Submission]) -> Iterator[Item]:
    yield from _submissions(rows)


@variant("intigriti", looks=json_object("records", where=lambda probe: _is_submission(probe.get("records.0"))))
def read_answer(answer: Answer) -> Iterator[Item]:
    yield from _submissions(answer.records, more=len(answer.records) < (answer.max_count or 0))


@variant("intigriti", looks=json_object(where=_is_one))
def read_one(submission: Submission) -> Iterator[Item]:
    yield Run(tool="Intigriti", complete=False)
    yield _finding(submission)


def _submissions(rows: Iterable[Submission], *, more: bool = False) -> Iterator[Item]:
    yield Run(
        tool="Intigriti",
        complete=False if more else None,
        problems=("More submissions are on other pages",) if more else (),
    )
    for row in rows:
        yield _finding(row)


def _finding(row: Submission) -> Finding:
    told = row.report or Details(
        row.type,
        row.domain,
        row.endpoint_vulnerable_component,
        row.poc_description,
        row.impact,
        row.recommended_solution,
    )
    weak, grade, state = told.type or Weakness(), row.severity or Grade(), row.state or State()
    word, rating = grade.value or "", cvss(grade.vector)
    status = ((state.status.value if state.status else "") or "").strip().lower()
    reason = ((state.close_reason.value if state.close_reason else "") or "").strip().lower()
    rejected = status in {"closed", "archived"} and reason in _REJECTED
    title = row.title or weak.name or row.code
    rule = (weak.cwe or "").upper() or weak.name or "submission"
    ticket = row.internal_reference
    return Finding(
        rule=rule,
        title=title,
        severity=_LEVELS.get(word.lower()) or severity(word or None),
        severity_given=word,
        location=_place(told),
        about=Rule(id=rule, title=weak.name or "", tags=(weak.category,) if weak.category else ()),
        description=described(
            ("", told.poc_description or ""),
            ("Impact", told.impact or ""),
            ("Component", told.endpoint_vulnerable_component or ""),
        ),
        remedy=told.recommended_solution or "",
        cwes=cwe_ids(weak.cwe),
        vulnerabilities=vulnerability_ids(title),
        cvss=(rating,) if rating else (),
        fingerprints=(("intigriti", row.code),),
        verification=Verification.VERIFIED if status == "accepted" or reason == "resolved" else None,
        suppression=Suppression(origin="tool", justification=reason) if rejected else None,
        baseline="absent" if status in {"closed", "archived"} and not rejected else "",
        references=references(
            row.web_links.details if row.web_links else "", ticket.url if isinstance(ticket, Reference) else ""
        ),
        tags=(status,) if status else (),
        seen_at=moment(row.last_updated_at) or moment(row.created_at),
    )


def _place(told: Details) -> Location | None:
    domain = told.domain or Domain()
    end = (told.endpoint_vulnerable_component or "").strip()
    name = (domain.value or domain.name or "").strip()
    if end.startswith(("http://", "https://")) or name.startswith(("http://", "https://")):
        return WebLocation(url=end if end.startswith("http") else name)
    return (
        ResourceLocation(resource=name or end, type=(domain.type.value if domain.type else "") or "")
        if name or end
        else None
    )
