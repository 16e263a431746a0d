"""Detectify: findings of surface monitoring and application scanning, as the answers of its interface.

Two layouts: the list of vulnerabilities, and the older findings of a domain or a full report.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from msgspec import Raw, Struct, field

from seamark.intake.parsers.formats._web import place, plain
from seamark.intake.parsers.kit import (
    Cvss,
    Exchange,
    Finding,
    Item,
    Kind,
    Probe,
    Reading,
    Rule,
    Run,
    Severity,
    Suppression,
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
from seamark.intake.parsers.kit.packages import rating

TOOL = "Detectify"
_ACCEPTED = {"accepted_risk", "accepted risk", "false_positive", "false positive"}
_CLOSED = {"patched", "fixed", "resolved"}


class Score(Struct):
    score: float | str | None = None
    vector: str | None = ""
    severity: str | None = ""
    version: str | None = ""


class Scores(Struct):
    two: Score | None = field(name="cvss_2_0", default=None)
    three: Score | None = field(name="cvss_3_0", default=None)
    newer: Score | None = field(name="cvss_3_1", default=None)


class Definition(Struct):
    uuid: str | None = ""
    title: str | None = ""
    description: str | None = ""
    risk: str | None = ""
    references: list[Reference] | None = None


class Reference(Struct):
    link: str | None = ""
    name: str | None = ""


class Header(Struct):
    name: str | None = ""
    value: str | None = ""


class Request(Struct):
    method: str | None = ""
    url: str | None = ""
    headers: list[Header] | None = None
    body: str | None = ""


class Response(Struct):
    status_code: int | None = None
    headers: list[Header] | None = None
    body: str | None = ""


class Text(Struct):
    value: str | None = ""


class Details(Struct):
    html: list[Text] | None = None


class Named(Struct):
    name: str | None = ""


class Links(Struct):
    details_page: str | None = ""


class Vulnerability(Struct):
    uuid: str
    title: str
    severity: str | None = ""
    status: str | None = ""
    scan_source: str | None = ""
    asset: Named | None = None
    host: str | None = ""
    location: str | None = ""
    definition: Definition | None = None
    request: Request | None = None
    response: Response | None = None
    tags: list[Named] | None = None
    links: Links | None = None
    cvss_scores: Scores | None = None
    details: Details | None = None
    references: list[Reference] | None = None
    cwe: int | str | None = None
    created_at: str | None = ""
    updated_at: str | None = ""


class Vulnerabilities(Struct):
    vulnerabilities: Raw
    has_more: bool | None = None
    next_marker: str | None = ""


class Old(Struct):
    """A finding of the older interface."""

    uuid: str
    title: str
    found_at: str | None = ""
    url: str | None = ""
    timestamp: str | float | None = None
    score: list[Score] | None = None
    definition: Definition | None = None
    details: list[Text] | None = None


class OldReport(Struct):
    findings: Raw
    start: str | None = field(name="started", default="")
    stop: str | None = field(name="stopped", default="")


def _is_row(row: object) -> bool:
    return isinstance(row, dict) and {"uuid", "title", "scan_source", "asset_token"} <= row.keys()


def _is_old(row: object) -> bool:
    return isinstance(row, dict) and {"uuid", "title", "found_at", "score"} <= row.keys()


@parser(
    "detectify",
    title=TOOL,
    kind=Kind.WEB,
    looks=json_object("vulnerabilities", where=lambda probe: _is_row(probe.get("vulnerabilities.0"))),
    made_with="GET https://api.detectify.com/rest/v2/vulnerabilities/",
    url="https://developer.detectify.com/v2",
    lift=("vulnerabilities",),
)
def read(report: Vulnerabilities, reading: Reading) -> Iterator[Item]:
    more = bool(report.has_more or report.next_marker)
    yield Run(tool=TOOL, complete=False if more else None)
    for row in reading.rows(report.vulnerabilities, Vulnerability, where="$.vulnerabilities"):
        yield _finding(row)


@variant("detectify", looks=json_rows("uuid", "title", "scan_source", "asset_token"), lift=("[]",))
def read_rows(rows: list[Vulnerability]) -> Iterator[Item]:
    yield Run(tool=TOOL)
    for row in rows:
        yield _finding(row)


def _is_report(probe: Probe) -> bool:
    return _is_old(probe.get("findings.0"))


@variant("detectify", looks=json_object("findings", where=_is_report), lift=("findings",))
def read_report(report: OldReport, reading: Reading) -> Iterator[Item]:
    yield Run(tool=TOOL, started=moment(report.start), finished=moment(report.stop))
    for row in reading.rows(report.findings, Old, where="$.findings"):
        yield _old(row)


@variant("detectify", looks=json_rows("uuid", "title", "found_at", "score"), lift=("[]",))
def read_old_rows(rows: list[Old]) -> Iterator[Item]:
    yield Run(tool=TOOL)
    for row in rows:
        yield _old(row)


def _finding(row: Vulnerability) -> Finding:
    known, scores = row.definition or Definition(), row.cvss_scores or Scores()
    request, asset, status = row.request or Request(), row.asset or Named(), (row.status or "").lower()
    given = ((scores.newer, "3.1"), (scores.three, "3.0"), (scores.two, "2.0"))
    ratings = tuple(found for one, version in given if one and (found := rating(one.vector, one.score, version)))
    links = [one.link or "" for one in (*(row.references or ()), *(known.references or ()))]
    details = (row.details.html if row.details else None) or []
    name = known.title or row.title
    about = _rule(
        name,
        name,
        plain(known.description),
        plain(known.risk),
        references(links),
    )
    return Finding(
        rule=about.id,
        title=row.title,
        severity=_severity(row.severity or "", ratings),
        severity_given=row.severity or "",
        location=place(row.location or request.url or row.host or asset.name or "", request.method or ""),
        about=about,
        description="\n".join(text for one in details if (text := plain(one.value))),
        cwes=cwe_ids(row.cwe),
        vulnerabilities=vulnerability_ids(row.title, known.title),
        cvss=ratings,
        suppression=Suppression(origin="tool", justification=status.replace("_", " ")) if status in _ACCEPTED else None,
        exchange=_exchange(row),
        references=references(row.links.details_page if row.links else None),
        fingerprints=(("detectify", row.uuid),) if row.uuid else (),
        baseline="absent" if status in _CLOSED else "new" if status == "new" else "",
        tags=tuple(dict.fromkeys(filter(None, [row.scan_source, *(one.name for one in row.tags or ())]))),
        seen_at=moment(row.updated_at or row.created_at),
    )


def _old(row: Old) -> Finding:
    known = row.definition or Definition()
    ratings = tuple(found for one in row.score or () if (found := _rating(one)))
    newest = max(row.score or (), key=lambda one: one.version or "", default=None)
    word = newest.severity or "" if newest else ""
    links = [one.link or "" for one in known.references or ()]
    about = _rule(known.uuid or row.title, row.title, plain(known.description), plain(known.risk), references(links))
    return Finding(
        rule=about.id,
        title=row.title,
        severity=_severity(word, ratings),
        severity_given=word,
        location=place(row.found_at or ""),
        about=about,
        description="\n".join(text for one in row.details or () if (text := plain(one.value))),
        vulnerabilities=vulnerability_ids(row.title),
        cvss=ratings,
        references=references(row.url),
        fingerprints=(("detectify", row.uuid),) if row.uuid else (),
        seen_at=moment(row.timestamp),
    )


@lru_cache(maxsize=2048)
def _rule(id: str, title: str, description: str, risk: str, links: tuple[str, ...]) -> Rule:
    text = "\n".join(part for part in (description, f"Risk: {risk}" if risk else "") if part)
    return Rule(id=id, title=title, description=text, references=links)


def _rating(given: Score) -> Cvss | None:
    version = {"2": "2.0", "3": "3.0"}.get(given.version or "", given.version or "")
    return rating(given.vector, given.score, version) if version else cvss(given.vector, given.score)


def _severity(word: str, ratings: tuple[Cvss, ...]) -> Severity:
    """Return the severity for Detectify's word; its older findings carry scores alone."""
    if word:
        return severity(word)
    best = next((one.score for one in sorted(ratings, key=lambda one: one.version, reverse=True)), None)
    return Severity.INFO if best is None else Severity.from_cvss(best)


def _exchange(row: Vulnerability) -> Exchange | None:
    request, response = row.request, row.response
    asked = answered = ""
    if request and (request.url or request.headers):
        asked = "\n".join(
            (f"{request.method or 'GET'} {request.url or ''}", *_lines(request.headers), "", request.body or "")
        )
    if response and (response.status_code or response.headers):
        answered = "\n".join((f"HTTP {response.status_code or ''}", *_lines(response.headers), "", response.body or ""))
    return Exchange(asked.rstrip(), answered.rstrip()) if asked or answered else None


def _lines(headers: list[Header] | None) -> Iterator[str]:
    for one in headers or ():
        yield f"{one.name or ''}: {one.value or ''}"
