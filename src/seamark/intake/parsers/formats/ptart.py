"""PTART: hits of penetration tests and of their retests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from seamark.intake.parsers.kit import (
    Finding,
    Item,
    Kind,
    Location,
    ResourceLocation,
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
    vulnerability_ids,
)
from seamark.intake.parsers.kit.texts import described

_LEVELS = {1: Severity.CRITICAL, 2: Severity.HIGH, 3: Severity.MEDIUM, 4: Severity.LOW}
_STATES = {"F": "fixed", "NF": "not fixed", "PF": "partially fixed", "NA": "not applicable", "NT": "not tested"}


class Weakness(Struct):
    cwe_id: int | str | None = None
    title: str | None = ""


class Reference(Struct):
    name: str | None = ""
    url: str | None = ""


class Hit(Struct):
    id: str
    title: str = ""
    body: str | None = ""
    remediation: str | None = ""
    asset: str | None = ""
    severity: int | str | None = None
    fix_complexity: int | str | None = None
    cvss_vector: str | None = ""
    cvss_score: str | float | None = None
    added: str | None = ""
    labels: list[str] | None = None
    cwes: list[Weakness | str | int] | None = None
    references: list[Reference | str] | None = None


class Assessment(Struct):
    title: str | None = ""
    hits: list[Hit] | None = None


class Again(Struct):
    id: str
    status: str | None = ""
    body: str | None = ""
    original_hit: Hit | None = None


class Retest(Struct):
    name: str | None = ""
    hits: list[Again] | None = None
    end_date: str | None = ""


class Report(Struct):
    assessments: list[Assessment] | None = None
    retests: list[Retest] | None = None
    name: str | None = ""
    start_date: str | None = ""
    end_date: str | None = ""
    client: str | None = ""
    pentesters: list[Any] | None = None


@parser(
    "ptart",
    title="PTART",
    kind=Kind.PENTEST,
    looks=json_object("assessments", "pentesters", "cvss_type"),
    made_with="the export of a project as JSON",
    url="https://github.com/certmichelin/PTART",
    versions="as of 2024",
)
def read(report: Report) -> Iterator[Item]:
    yield Run(tool="PTART", successful=True, started=moment(report.start_date), finished=moment(report.end_date))
    for assessment in report.assessments or ():
        for hit in assessment.hits or ():
            yield _finding(hit, hit.id, assessment.title or "")
    for retest in report.retests or ():
        for again in retest.hits or ():
            if again.original_hit is not None:
                yield _again(again, again.original_hit, retest)


def _finding(hit: Hit, identifier: str, group: str, text: str = "", status: str = "", seen: str = "") -> Finding:
    digits = str(hit.severity)
    level = int(digits) if digits.isascii() and digits.isdecimal() and len(digits) < 3 else 0
    rating = cvss(hit.cvss_vector, hit.cvss_score)
    links = [one.url or "" if isinstance(one, Reference) else one for one in hit.references or ()]
    weak = [one.cwe_id if isinstance(one, Weakness) else one for one in hit.cwes or ()]
    state = _STATES.get(status, status)
    return Finding(
        rule=hit.id,
        title=hit.title or hit.id,
        severity=_LEVELS.get(level, Severity.INFO),
        severity_given="" if hit.severity is None else str(hit.severity),
        location=_place(hit.asset or ""),
        description=described(
            ("", hit.body or ""),
            ("Retest", text),
            ("State", state),
            ("Effort", hit.fix_complexity if hit.fix_complexity is not None else ""),
        ),
        remedy=hit.remediation or "",
        cwes=cwe_ids([one for one in weak if one is not None]),
        vulnerabilities=vulnerability_ids(hit.title, hit.body),
        cvss=(rating,) if rating else (),
        fingerprints=(("ptart", identifier),),
        verification=Verification.VERIFIED if status in {"NF", "PF"} else None,
        suppression=Suppression(origin="tool", justification=state) if status == "NA" else None,
        baseline="absent" if status == "F" else "",
        references=references(links),
        tags=tuple(dict.fromkeys(tag for tag in (group, *(hit.labels or ())) if tag)),
        seen_at=seen or moment(hit.added),
    )


def _again(again: Again, hit: Hit, retest: Retest) -> Finding:
    return _finding(hit, again.id, retest.name or "", again.body or "", again.status or "", moment(retest.end_date))


def _place(asset: str) -> Location | None:
    if asset.startswith(("http://", "https://")):
        return WebLocation(url=asset)
    return ResourceLocation(resource=asset) if asset else None
