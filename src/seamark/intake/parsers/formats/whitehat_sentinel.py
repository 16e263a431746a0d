"""WhiteHat Sentinel, now Continuous Dynamic: vulnerabilities of web sites, as the JSON of its interface."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from msgspec import Raw, Struct, field

from seamark.intake.parsers.formats._web import links, plain
from seamark.intake.parsers.kit import (
    Exchange,
    Finding,
    Item,
    Kind,
    Location,
    Probe,
    Reading,
    Rule,
    Run,
    Severity,
    Suppression,
    WebLocation,
    cwe_ids,
    json_object,
    moment,
    parser,
)
from seamark.intake.parsers.kit.texts import described

RISKS = {"1": Severity.INFO, "2": Severity.LOW, "3": Severity.MEDIUM, "4": Severity.HIGH, "5": Severity.CRITICAL}


class Header(Struct):
    name: str | None = ""
    value: str | None = ""


class Request(Struct):
    url: str | None = ""
    method: str | None = ""
    param_name: str | None = ""
    param_value: str | None = ""
    headers: list[Header] | None = None
    body: Any = None


class Response(Struct):
    status: int | str | None = None
    headers: list[Header] | None = None
    body_match: Any = None


class Vector(Struct):
    id: str | int = ""
    state: str | None = ""
    request: Request | None = None
    response: Response | None = None
    scanner_tags: list[str] | None = None
    opened: str | None = ""


class Description(Struct):
    description: str | None = ""
    description_prepend: str | None = ""


class Solution(Struct):
    solution: str | None = ""
    solution_prepend: str | None = ""


class Vulnerability(Struct):
    id: str | int
    name: str = field(name="class")
    risk: int | str | None = None
    custom_risk: int | str | None = None
    severity: int | str | None = None
    status: str | None = ""
    accepted: int | bool | str | None = None
    mitigated: Any = None
    reason: str | None = ""
    url: str | None = ""
    description: Description | None = None
    solution: Solution | None = None
    attack_vectors: list[Vector] | None = None
    out_of_scope_reasons: str | list[str] | None = ""
    found: str | None = ""


class Report(Struct):
    collection: Raw


def _is_report(probe: Probe) -> bool:
    row = probe.get("collection.0")
    return isinstance(row, dict) and {"class", "id", "status", "risk"} <= row.keys()


@parser(
    "whitehat-sentinel",
    title="WhiteHat Sentinel",
    kind=Kind.WEB,
    looks=json_object("collection", where=_is_report),
    made_with="GET /api/vuln?display_attack_vectors=1&display_description=1&display_solution=1&format=json",
    url="https://apidocs.whitehatsec.com/",
    lift=("collection",),
)
def read(report: Report, reading: Reading) -> Iterator[Item]:
    yield Run(tool="WhiteHat Sentinel")
    for row in reading.rows(report.collection, Vulnerability, where="$.collection"):
        for vector in row.attack_vectors or [Vector(state=row.status)]:
            yield _finding(row, vector)


def _finding(row: Vulnerability, vector: Vector) -> Finding:
    request, response = vector.request or Request(), vector.response or Response()
    told, solved = row.description or Description(), row.solution or Solution()
    risk = str(row.custom_risk or row.risk or "")
    tags = vector.scanner_tags or []
    about = _about(row.name, told.description or "", solved.solution or "")
    closed = "closed" in {(row.status or "").lower(), (vector.state or "").lower()}
    scope = row.out_of_scope_reasons
    aside = (
        "accepted"
        if str(row.accepted or 0) not in {"0", "False"}
        else scope
        if isinstance(scope, str)
        else ", ".join(scope or ())
    )
    exchange = Exchange(request=_request(request), response=_response(response))
    return Finding(
        rule=about.id,
        title=row.name,
        severity=RISKS.get(risk, Severity.MEDIUM),
        severity_given=risk,
        location=_place(request, row.url or ""),
        about=about,
        description=described(("", plain(told.description_prepend)), ("Value", request.param_value)),
        remedy=plain(solved.solution_prepend),
        cwes=cwe_ids(tags),
        suppression=Suppression(origin="tool", justification=aside) if aside else None,
        exchange=exchange if exchange.request or exchange.response else None,
        fingerprints=(("id", f"{row.id}/{vector.id}"),) if vector.id else (("id", str(row.id)),),
        tags=tuple(tag for tag in tags if not tag.upper().startswith("CWE-")),
        baseline="absent" if closed else "",
        seen_at=moment(row.found),
    )


def _place(request: Request, site: str) -> Location | None:
    url = request.url or (f"https://{site}" if site and "://" not in site else site)
    return (
        WebLocation(url=url, method=(request.method or "").upper(), parameter=request.param_name or "") if url else None
    )


def _headers(headers: list[Header] | None) -> str:
    return "\n".join(f"{each.name}: {each.value}" for each in headers or ())


def _request(request: Request) -> str:
    if not request.url:
        return ""
    body = request.body if isinstance(request.body, str) else ""
    return f"{request.method} {request.url}\n{_headers(request.headers)}\n\n{body}".strip()


def _response(response: Response) -> str:
    if response.status is None:
        return ""
    match = response.body_match.get("content") if isinstance(response.body_match, dict) else ""
    body = plain(match) if isinstance(match, str) else ""
    return f"HTTP {response.status}\n{_headers(response.headers)}\n\n{body}".strip()


@lru_cache(maxsize=1024)
def _about(name: str, text: str, remedy: str) -> Rule:
    return Rule(
        id=name,
        name=name,
        title=name,
        description=plain(text),
        remedy=plain(remedy),
        references=tuple(dict.fromkeys(links(text) + links(remedy))),
    )
