"""Dalfox: cross-site scripting, as JSON and JSON lines."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from seamark.intake.parsers.kit import (
    Confidence,
    Exchange,
    Finding,
    Item,
    JsonLines,
    Kind,
    Probe,
    Run,
    Severity,
    Verification,
    WebLocation,
    cwe_ids,
    json_lines,
    json_object,
    json_rows,
    parser,
    severity,
    variant,
)
from seamark.intake.parsers.kit.texts import described

SORTS = {"V": "Verified cross-site scripting", "R": "Reflected parameter", "G": "Pattern in an answer"}
VERIFICATIONS = {"V": Verification.VERIFIED, "R": Verification.UNVERIFIED}
CONFIDENCES = {"V": Confidence.HIGH, "R": Confidence.MEDIUM, "G": Confidence.MEDIUM}
DEFAULTS = {"V": Severity.HIGH, "R": Severity.MEDIUM, "G": Severity.LOW}


class Poc(Struct):
    type: str | None = None
    inject_type: str | None = ""
    poc_type: str | None = ""
    method: str | None = ""
    data: str | None = ""
    poc: str | None = ""
    param: str | None = ""
    payload: str | None = ""
    evidence: str | None = ""
    cwe: str | None = ""
    severity: str | None = ""
    message_id: int | None = None
    message_str: str | None = ""
    location: str | None = ""
    type_description: str | None = ""
    raw_http_request: str | None = ""
    raw_http_response: str | None = ""
    request: str | None = ""
    response: str | None = ""


class Meta(Struct):
    dalfox_version: str | None = ""


class Report(Struct):
    findings: list[Poc]
    meta: Meta


def _is_poc(probe: Probe) -> bool:
    keys = probe.first if probe.is_array else probe.keys
    return {"type", "param", "payload", "evidence", "cwe"} <= keys and bool({"inject_type", "poc", "data"} & keys)


@parser(
    "dalfox",
    title="Dalfox",
    kind=Kind.WEB,
    looks=json_rows("type", "param", "payload", where=_is_poc),
    made_with="dalfox url https://example.com/?q=1 --format json -o dalfox.json",
    url="https://dalfox.hahwul.com/",
    versions="2 to 3",
)
def read(pocs: list[Poc]) -> Iterator[Item]:
    yield Run(tool="Dalfox")
    for poc in pocs:
        if poc.type:  # version 2 ends its list with an empty object
            yield _finding(poc)


@variant("dalfox", looks=json_lines("type", "param", "payload", where=_is_poc))
def read_lines(pocs: JsonLines[Poc]) -> Iterator[Item]:
    yield Run(tool="Dalfox")
    for poc in pocs:
        if poc.type:
            yield _finding(poc)


@variant("dalfox", looks=json_object("findings", "meta.dalfox_version"))
def read_report(report: Report) -> Iterator[Item]:
    yield Run(tool="Dalfox", version=report.meta.dalfox_version or "")
    for poc in report.findings:
        if poc.type:
            yield _finding(poc)


def _finding(poc: Poc) -> Finding:
    sort = (poc.type or "")[:1].upper()
    request, response = poc.raw_http_request or poc.request or "", poc.raw_http_response or poc.response or ""
    url = poc.poc or poc.data or ""
    return Finding(
        rule=f"dalfox-{sort.lower()}" if sort in SORTS else f"dalfox-{poc.type}",
        title=SORTS.get(sort) or poc.message_str or f"Dalfox {poc.type}",
        severity=severity(poc.severity, DEFAULTS.get(sort, Severity.MEDIUM))
        if poc.severity
        else DEFAULTS.get(sort, Severity.MEDIUM),
        severity_given=poc.severity or "",
        location=WebLocation(url=url, method=(poc.method or "").upper(), parameter=poc.param or "") if url else None,
        description=described(
            ("", poc.message_str),
            ("Injected into", poc.inject_type),
            ("Payload", poc.payload),
            ("Evidence", poc.evidence),
        ),
        confidence=CONFIDENCES.get(sort),
        cwes=cwe_ids(poc.cwe),
        verification=VERIFICATIONS.get(sort),
        exchange=Exchange(request=request, response=response) if request or response else None,
    )
