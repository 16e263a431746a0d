"""YesWeHack: reports of hunters, as the API of its programs gives them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from seamark.intake.parsers.formats import _web
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
    moment,
    parser,
    references,
    severity,
    variant,
    vulnerability_ids,
)
from seamark.intake.parsers.kit.texts import described

_LETTERS = {"N": Severity.INFO, "L": Severity.LOW, "M": Severity.MEDIUM, "H": Severity.HIGH, "C": Severity.CRITICAL}
_REJECTED = {
    "wont_fix", "informative", "rtfs", "spam", "out_of_scope", "not_applicable", "invalid", "duplicate", "auto_close",
}  # fmt: skip
_PROVEN = {"accepted", "ask_verif", "resolved"}


class Rating(Struct):
    criticity: str | None = ""
    score: float | None = None
    vector: str | None = ""


class Bug(Struct):
    name: str | None = ""
    link: str | None = ""
    remediation_link: str | None = ""


class State(Struct):
    workflow_state: str | None = ""


class Program(Struct):
    title: str | None = ""


class Priority(Struct):
    name: str | None = ""


class Report(Struct):
    id: int | str
    title: str | None = ""
    local_id: str | None = ""
    bug_type: Bug | None = None
    cvss: Rating | None = None
    scope: str | None = ""
    end_point: str | None = ""
    vulnerable_part: str | None = ""
    part_name: str | None = ""
    payload_sample: str | None = ""
    application_finger_print: str | None = ""
    technical_environment: str | None = ""
    description_html: str | None = ""
    impact: str | None = ""
    cve: Any = None
    status: State | str | None = None
    program: Program | None = None
    priority: Priority | None = None
    created_at: str | None = ""


class Pages(Struct):
    page: int | None = None
    nb_pages: int | None = None


class Answer(Struct):
    items: list[Report]
    pagination: Pages | None = None


_FIELDS = {"local_id", "bug_type", "scope", "cvss"}


def _is_answer(probe: Probe) -> bool:
    row = probe.get("items.0")
    return isinstance(row, dict) and row.keys() >= _FIELDS


@parser(
    "yeswehack",
    title="YesWeHack",
    kind=Kind.PENTEST,
    looks=json_object("items", where=_is_answer),
    made_with="GET https://api.yeswehack.com/programs/SLUG/reports",
    url="https://docs.yeswehack.com/",
    versions="API of 2020 to 2025",
)
def read(answer: Answer) -> Iterator[Item]:
    pages = answer.pagination or Pages()
    more = (pages.page or 1) < (pages.nb_pages or 1)
    yield Run(
        tool="YesWeHack",
        complete=False if more else None,
        problems=("More reports are on other pages",) if more else (),
    )
    for report in answer.items:
        yield _finding(report)


@variant("yeswehack", looks=json_object(*_FIELDS, "vulnerable_part"))
def read_one(report: Report) -> Iterator[Item]:
    yield Run(tool="YesWeHack", complete=False)
    yield _finding(report)


def _finding(report: Report) -> Finding:
    bug, given = report.bug_type or Bug(), report.cvss or Rating()
    rating, word = cvss(given.vector, given.score), given.criticity or ""
    title = report.title or bug.name or f"Report {report.id}"
    rule = bug.name or "report"
    state = (report.status.workflow_state if isinstance(report.status, State) else report.status) or ""
    graded = _LETTERS.get(word.upper()) or severity(word or (rating.score if rating else None), Severity.INFO)
    return Finding(
        rule=rule,
        title=title,
        severity=graded,
        severity_given=word,
        location=_place(report),
        about=Rule(id=rule, title=bug.name or "", references=references(bug.link, bug.remediation_link)),
        description=described(
            ("", _web.plain(report.description_html)),
            ("Impact", report.impact or ""),
            ("Part", " ".join(text for text in (report.vulnerable_part, report.part_name) if text)),
            ("Payload", report.payload_sample or ""),
            ("Application", report.application_finger_print or report.technical_environment or ""),
            ("Priority", report.priority.name if report.priority else ""),
        ),
        cwes=cwe_ids(bug.name),
        vulnerabilities=vulnerability_ids(_cve(report.cve), title),
        cvss=(rating,) if rating else (),
        fingerprints=(("yeswehack", report.local_id or str(report.id)),),
        verification=Verification.VERIFIED if state in _PROVEN else None,
        suppression=Suppression(origin="tool", justification=state) if state in _REJECTED else None,
        baseline="absent" if state == "resolved" else "",
        tags=tuple(text for text in (state, report.program.title if report.program else "") if text),
        seen_at=moment(report.created_at),
    )


def _cve(given: Any) -> str:
    """Return the text of the field, which is a name or an object that holds it."""
    return (
        given
        if isinstance(given, str)
        else " ".join(str(one) for one in given.values())
        if isinstance(given, dict)
        else ""
    )


def _place(report: Report) -> Location | None:
    scope, end = (report.scope or "").strip(), (report.end_point or "").strip()
    parameter = report.part_name or ""
    if scope.startswith(("http://", "https://")) or end.startswith(("http://", "https://")):
        return WebLocation(url=_web.joined(scope, end), parameter=parameter)
    if scope and end.startswith("/") and "." in scope and " " not in scope:
        return WebLocation(url=f"https://{scope.strip('/')}{end}", parameter=parameter)
    return ResourceLocation(resource=scope or end) if scope or end else None
