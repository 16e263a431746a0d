"""AppCheck: vulnerabilities of web applications and infrastructure, as its JSON export."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from msgspec import Raw, Struct, field

from seamark.intake.parsers.formats._web import host, listed, plain
from seamark.intake.parsers.kit import (
    Cvss,
    Exchange,
    Finding,
    Item,
    Kind,
    Location,
    Probe,
    Reading,
    Run,
    Severity,
    Suppression,
    Verification,
    WebLocation,
    cvss,
    json_object,
    moment,
    parser,
    references,
    severity,
    vulnerability_ids,
)
from seamark.intake.parsers.kit.texts import described, port_number

SET_ASIDE = {"false_positive": "false positive", "acceptable_risk": "acceptable risk", "accepted": "acceptable risk"}


class Entry(Struct):
    title: str
    id: str = field(name="_id", default="")
    description: str | None = ""
    solution: str | None = ""
    synopsis: str | None = ""
    status: str | None = ""
    fixed: bool | None = None
    trashed: bool | None = None
    disabled: bool | None = None
    category: str | None = ""
    type: str | None = ""
    impact: str | None = ""
    priority: str | None = ""
    probability: str | None = ""
    cvss_v3_impact: str | None = ""
    cvss_v4_impact: str | None = ""
    cvss_vector: str | None = ""
    cvss_base_score: float | None = None
    cvss_v3_vector: str | None = ""
    cvss_v3_base_score: float | None = None
    cvss_v4_vector: str | None = ""
    cvss_v4_base_score: float | None = None
    epss_base_score: float | None = None
    mss_confirmed: bool | None = None
    cves: list[str] | None = None
    cpe: Any = None
    url: str | None = ""
    web_app: str | None = ""
    host: str | None = ""
    ipv4_address: str | None = ""
    ipv6_address: str | None = ""
    port: int | str | None = None
    protocol: str | None = ""
    target: str | None = ""
    details: Any = None
    notes: str | None = ""
    links: list[str] | None = None
    owasp: Any = field(name="OWASP", default=None)
    tags: list[str] | None = None
    appcheck: Any = None
    last_detected_at: str | None = ""
    first_detected_at: str | None = ""
    meta: Any = None


class Report(Struct):
    items: Raw
    hosts: Any = None


def _is_export(probe: Probe) -> bool:
    first = probe.get("items.0")
    if not first:
        return probe.get("items") == [] and probe.keys == {"items", "hosts"}
    return isinstance(first, dict) and {"title", "impact", "probability", "results_set_id"} <= first.keys()


@parser(
    "appcheck",
    title="AppCheck",
    kind=Kind.WEB,
    looks=json_object("items", where=_is_export),
    made_with="AppCheck: Vulnerabilities > Export > JSON",
    url="https://appcheck-ng.com/",
    lift=("items",),
)
def read(report: Report, reading: Reading) -> Iterator[Item]:
    yield Run(tool="AppCheck")
    for entry in reading.rows(report.items, Entry, where="$.items"):
        yield _finding(entry)


def _finding(entry: Entry) -> Finding:
    step, given = _severity(entry.impact or "", entry.cvss_v3_impact or "", entry.cvss_v4_impact or "")
    status = (entry.status or "").lower()
    aside = SET_ASIDE.get(status) or ("removed in the tool" if entry.trashed or entry.disabled else "")
    said, request = _details(entry.details)
    return Finding(
        rule=_class(entry.appcheck) or entry.title,
        title=entry.title,
        severity=step,
        severity_given=given,
        kind=Kind.HOST if (entry.type or "").upper() == "INFRA" else Kind.WEB,
        location=_place(entry),
        description=described(("", _plain(entry.description)), ("Notes", entry.notes), *said),
        remedy=_plain(entry.solution),
        vulnerabilities=vulnerability_ids(entry.cves, entry.title),
        cvss=_ratings(entry),
        epss=entry.epss_base_score if entry.epss_base_score and entry.epss_base_score <= 1 else None,
        verification=Verification.VERIFIED if entry.mss_confirmed else None,
        suppression=Suppression(origin="tool", justification=aside) if aside else None,
        exchange=Exchange(request=request) if request else None,
        references=references(entry.links),
        fingerprints=(("_id", entry.id),) if entry.id else (),
        tags=tuple(entry.tags or ()),
        baseline="absent" if entry.fixed or status == "fixed" else "",
        seen_at=moment(entry.last_detected_at),
    )


@lru_cache(maxsize=1024)
def _severity(*impacts: str) -> tuple[Severity, str]:
    """Return the worst of the impacts by the versions of CVSS, each written as `3.0-medium`."""
    rated = [(severity(word.rpartition("-")[2]), word) for word in impacts if word]
    return max(rated, key=lambda pair: pair[0]) if rated else (Severity.MEDIUM, "")


def _ratings(entry: Entry) -> tuple[Cvss, ...]:
    given = (
        (entry.cvss_v4_vector, entry.cvss_v4_base_score),
        (entry.cvss_v3_vector, entry.cvss_v3_base_score),
        (entry.cvss_vector, entry.cvss_base_score),
    )
    return tuple(found for vector, score in given if (found := cvss(vector, abs(score) if score is not None else None)))


def _place(entry: Entry) -> Location | None:
    url = entry.url or ("" if (entry.type or "").upper() == "INFRA" else entry.web_app)
    if url and "://" in url:
        return WebLocation(url=url)
    name = entry.host or entry.ipv4_address or entry.ipv6_address or ""
    return host(name, port_number(entry.port), (entry.protocol or "").lower()) if name else None


def _class(given: Any) -> str:
    name = given.get("cls") if isinstance(given, dict) else ""
    return name if isinstance(name, str) else ""


def _details(given: Any) -> tuple[list[tuple[str, str | None]], str]:
    """Return the named details and, among them, what was sent and received."""
    if isinstance(given, str):
        return [("", _plain(given))], ""
    if not isinstance(given, dict):
        return [], ""
    said = [(name, _plain(text)) for name, value in given.items() if (text := _words(value)) and name != "Messages"]
    return list(said), _words(given.get("Messages"))


def _words(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "\n".join(text for text in listed(value) if isinstance(text, str)) if isinstance(value, list) else ""


def _plain(text: str | None) -> str:
    return plain((text or "").removeprefix("[[markup]]"))
