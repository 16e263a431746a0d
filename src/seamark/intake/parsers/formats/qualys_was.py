"""Qualys Web Application Scanning: the XML reports on scans and on web applications."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from msgspec import Struct, convert, field

from seamark.intake.parsers.formats._web import decoded, links, listed, plain
from seamark.intake.parsers.kit import (
    Confidence,
    Cvss,
    Exchange,
    Finding,
    Item,
    Kind,
    Reading,
    Rule,
    Run,
    Severity,
    Suppression,
    UnreadableReport,
    WebLocation,
    Xml,
    cvss,
    cwe_ids,
    parser,
    vulnerability_ids,
    xml_root,
)
from seamark.intake.parsers.kit.texts import described

LEVELS = {"1": Severity.INFO, "2": Severity.LOW, "3": Severity.MEDIUM, "4": Severity.HIGH, "5": Severity.CRITICAL}
_TIME = re.compile(r"^(\d{1,2} \w{3} \d{4} +\d{1,2}:\d{2} ?[AP]M) GMT([+-]\d{4})?$")


class Encoded(Struct):
    text: str = field(name="#text", default="")
    base64: str = field(name="@base64", default="")


class Pair(Struct):
    key: str = ""
    value: str = ""


class Headers(Struct):
    header: list[Pair] | Pair | str | None = field(name="HEADER", default=None)


class Request(Struct):
    method: str = field(name="METHOD", default="")
    url: str = field(name="URL", default="")
    headers: Headers | str | None = field(name="HEADERS", default=None)
    body: Encoded | str | None = field(name="BODY", default=None)


class Response(Struct):
    contents: Encoded | str | None = field(name="CONTENTS", default=None)
    evidence: str = field(name="EVIDENCE", default="")


class Payload(Struct):
    payload: Encoded | str | None = field(name="PAYLOAD", default=None)
    request: Request | str | None = field(name="REQUEST", default=None)
    response: Response | str | None = field(name="RESPONSE", default=None)


class Payloads(Struct):
    payload: list[Payload] | Payload | str | None = field(name="PAYLOAD", default=None)


class Row(Struct):
    qid: str = field(name="QID")
    unique_id: str = field(name="UNIQUE_ID", default="")
    url: str = field(name="URL", default="")
    param: str = field(name="PARAM", default="")
    authentication: str = field(name="AUTHENTICATION", default="")
    status: str = field(name="STATUS", default="")
    ignored: str = field(name="IGNORED", default="")
    ignore_reason: str = field(name="IGNORE_REASON", default="")
    ignore_comment: str = field(name="IGNORE_COMMENT", default="")
    detection_date: str = field(name="DETECTION_DATE", default="")
    last_seen: str = field(name="LAST_TIME_DETECTED", default="")
    potential: str = field(name="POTENTIAL", default="")
    payloads: Payloads | str | None = field(name="PAYLOADS", default=None)
    data: Encoded | str | None = field(name="DATA", default=None)
    content: str = field(name="CONTENT", default="")


class Version3(Struct):
    base: str = field(name="BASE", default="")
    vector: str = field(name="ATTACK_VECTOR", default="")


class Known(Struct):
    qid: str = field(name="QID", default="")
    title: str = field(name="TITLE", default="")
    category: str = field(name="CATEGORY", default="")
    severity: str = field(name="SEVERITY", default="")
    group: str = field(name="GROUP", default="")
    owasp: Any = field(name="OWASP", default=None)
    wasc: Any = field(name="WASC", default=None)
    cwe: Any = field(name="CWE", default=None)
    cve: Any = field(name="CVE", default=None)
    cvss_base: str = field(name="CVSS_BASE", default="")
    cvss3: Version3 | str | None = field(name="CVSS_V3", default=None)
    cvss3_base: str = field(name="CVSS_V3_BASE", default="")
    description: str = field(name="DESCRIPTION", default="")
    impact: str = field(name="IMPACT", default="")
    solution: str = field(name="SOLUTION", default="")


class Glossary(Struct):
    known: list[Known] | Known | str | None = field(name="QID", default=None)


class Scan(Struct):
    status: str = field(name="STATUS", default="")
    start: str = field(name="START_DATE", default="")
    end: str = field(name="END_DATE", default="")
    scanner: str = field(name="SCANNER", default="")
    reference: str = field(name="REFERENCE", default="")


class Scans(Struct):
    scan: list[Scan | str] | Scan | str | None = field(name="SCAN", default=None)


ANY: Any = Any
ROW: Any = Row | str
"""The words that name rows also name counts, in the summary."""


@parser(
    "qualys-was",
    title="Qualys WAS",
    kind=Kind.WEB,
    looks=xml_root("WAS_SCAN_REPORT", "WAS_WEBAPP_REPORT"),
    made_with="Qualys WAS: Reports > Scan report or web application report, as XML",
    url="https://docs.qualys.com/en/was/latest/",
)
def read(document: Xml, reading: Reading) -> Iterator[Item]:
    known: dict[str, Known] = {}
    scans: list[Scan] = []
    for part in document.each("QID_LIST", "SCAN_LIST", row=ANY):
        if isinstance(part, dict) and "SCAN" in part:
            scans += [scan for scan in listed(_scans(part)) if isinstance(scan, Scan)]
        elif isinstance(part, dict):
            known.update({each.qid: each for each in listed(_glossary(part)) if isinstance(each, Known)})
    if not known and b"<QID>" in reading.source.head(16 * 1024 * 1024):
        raise UnreadableReport("The report has no glossary, which names what was found", hint="include it")
    states = [scan.status.lower() for scan in scans if scan.status]
    broken = [state for state in states if "finish" not in state]
    yield Run(
        tool="Qualys WAS",
        successful=False if broken and len(broken) == len(states) else True if states and not broken else None,
        complete=False if broken else None,
        problems=tuple(f"A scan ended as {state}" for state in broken),
        started=_moment(scans[0].start) if len(scans) == 1 else "",
        finished=_moment(scans[0].end) if len(scans) == 1 else "",
    )
    for row in document.each("VULNERABILITY", "SENSITIVE_CONTENT", "INFORMATION_GATHERED", row=ROW):
        if isinstance(row, Row):
            yield _finding(row, known.get(row.qid) or Known(qid=row.qid, title=f"QID {row.qid}"))


def _glossary(part: dict[str, Any]) -> Any:
    return convert(part, Glossary, strict=False).known


def _scans(part: dict[str, Any]) -> Any:
    return convert(part, Scans, strict=False).scan


def _finding(row: Row, known: Known) -> Finding:
    about = _about(
        row.qid, known.title, known.category, known.group, known.description, known.impact, known.solution,
        cwe_ids(*_words(known.cwe)), (*_words(known.owasp), *_words(known.wasc)),
    )  # fmt: skip
    payload = next((each for each in listed(_payloads(row.payloads)) if isinstance(each, Payload)), Payload())
    request = payload.request if isinstance(payload.request, Request) else Request()
    response = payload.response if isinstance(payload.response, Response) else Response()
    sent, answer = _request(request), _text(response.contents)
    informs = "information" in known.category.lower()
    ignored = row.ignored.lower() == "true"
    potential = "potential" in known.category.lower() or row.potential.lower() == "true"
    url = row.url or request.url
    value = _text(payload.payload)
    return Finding(
        rule=about.id,
        title=about.title,
        # What was gathered is no weakness: its levels rank how telling it is.
        severity=Severity.INFO if informs else LEVELS.get(known.severity, Severity.MEDIUM),
        severity_given=known.severity,
        location=WebLocation(url=url, method=request.method.upper(), parameter=row.param) if url else None,
        about=about,
        description=described(
            ("Payload", value if value != "N/A" else ""),
            ("", _text(row.data).strip()),
            ("", row.content),
            ("", response.evidence),
        ),
        confidence=None if informs or not known.category else Confidence.LOW if potential else Confidence.HIGH,
        cwes=about.cwes,
        vulnerabilities=vulnerability_ids(*_words(known.cve)),
        cvss=_ratings(known),
        suppression=Suppression(
            origin="tool", justification=" ".join(word for word in (row.ignore_reason, row.ignore_comment) if word)
        )
        if ignored
        else None,
        exchange=Exchange(request=sent, response=answer) if sent or answer else None,
        fingerprints=(("UNIQUE_ID", row.unique_id),) if row.unique_id else (),
        baseline={"fixed": "absent", "new": "new"}.get(row.status.lower(), ""),
        seen_at=_moment(row.last_seen or row.detection_date),
    )


def _payloads(given: Payloads | str | None) -> Any:
    return given.payload if isinstance(given, Payloads) else None


def _text(given: Encoded | str | None) -> str:
    if isinstance(given, Encoded):
        return decoded(given.text) if given.base64.lower() == "true" else given.text
    return given or ""


def _request(request: Request) -> str:
    if not request.url:
        return ""
    pairs = request.headers.header if isinstance(request.headers, Headers) else None
    lines = [f"{each.key}: {each.value}" for each in listed(pairs) if isinstance(each, Pair)]
    return "\n".join(
        [f"{request.method} {request.url}".strip(), *lines, *(["", body] if (body := _text(request.body)) else [])]
    )


def _ratings(known: Known) -> tuple[Cvss, ...]:
    third = known.cvss3 if isinstance(known.cvss3, Version3) else Version3()
    vector = third.vector if third.vector.startswith("CVSS:") else ""
    found = (cvss(vector, third.base or known.cvss3_base or None), cvss("", known.cvss_base or None))
    return tuple(each for each in found if each is not None)


def _words(value: Any) -> list[str]:
    """Return texts that stand alone, several times, or inside of elements of their own."""
    if isinstance(value, str):
        return [word for word in re.split(r"[,\s]+", value) if word]
    if isinstance(value, dict):
        value = list(value.values())
    return [word for each in value for word in _words(each)] if isinstance(value, list) else []


@lru_cache(maxsize=4096)
def _about(
    qid: str, title: str, category: str, group: str, text: str, impact: str, remedy: str, cwes: tuple[int, ...],
    classes: tuple[str, ...],
) -> Rule:  # fmt: skip
    return Rule(
        id=qid,
        name=title,
        title=title or f"QID {qid}",
        description=described(("", plain(text)), ("Impact", plain(impact if impact != "N/A" else ""))),
        remedy=plain(remedy if remedy != "N/A" else ""),
        cwes=cwes,
        tags=tuple(word for word in (category, group, *classes) if word),
        references=tuple(dict.fromkeys(links(text) + links(remedy))),
    )


@lru_cache(maxsize=1024)
def _moment(text: str) -> str:
    """Return a time such as `12 Mar 2020 04:42PM GMT-0400`."""
    found = _TIME.match(text.strip())
    if found is None:
        return ""
    try:
        value = datetime.strptime(f"{found[1].replace(' ', '')}{found[2] or '+0000'}", "%d%b%Y%I:%M%p%z")
    except ValueError:
        return ""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
