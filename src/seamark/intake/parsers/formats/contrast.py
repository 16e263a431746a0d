"""Contrast Assess: vulnerabilities seen in running applications, as the CSV export."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from msgspec import Struct, field

from seamark.intake.parsers.kit import (
    Csv,
    Exchange,
    Finding,
    Item,
    Kind,
    Rule,
    Run,
    Suppression,
    Verification,
    WebLocation,
    csv_header,
    cwe_ids,
    moment,
    parser,
    references,
    severity,
)

_GONE = {"fixed", "remediated", "remediated - auto-verified", "autoremediated", "remediated_auto_verified"}


class Row(Struct):
    name: str = field(name="Vulnerability Name")
    id: str = field(name="Vulnerability ID")
    rule: str = field(name="Rule Name")
    category: str = field(name="Category", default="")
    severity: str = field(name="Severity", default="")
    status: str = field(name="Status", default="")
    seen: str = field(name="Last Seen Datetime", default="")
    first: str = field(name="First Seen Datetime", default="")
    application: str = field(name="Application Name", default="")
    cwe: str = field(name="CWE ID", default="")
    method: str = field(name="Request Method", default="")
    port: str = field(name="Request Port", default="")
    protocol: str = field(name="Request Protocol", default="")
    version: str = field(name="Request Version", default="")
    uri: str = field(name="Request URI", default="")
    query: str = field(name="Request Qs", default="")
    body: str = field(name="Request Body", default="")


@parser(
    "contrast",
    title="Contrast Assess",
    kind=Kind.WEB,
    looks=csv_header("Vulnerability Name", "Vulnerability ID", "Rule Name", "Application Name"),
    made_with="Contrast: Vulnerabilities > Export > CSV",
    url="https://docs.contrastsecurity.com/en/export-vulnerabilities.html",
)
def read(rows: Csv[Row]) -> Iterator[Item]:
    yield Run(tool="Contrast Assess")
    for row in rows:
        if row.status.lower() not in _GONE:
            yield _finding(row)


def _finding(row: Row) -> Finding:
    about = _about(row.rule, row.category, row.cwe)
    return Finding(
        rule=row.rule,
        title=row.name,
        severity=severity("info" if row.severity.lower() == "note" else row.severity or None),
        severity_given=row.severity,
        # Without a request it was seen in the code alone (a weak hash somewhere), and the export does not say where.
        kind=Kind.WEB if row.uri else Kind.CODE,
        location=WebLocation(url=_address(row), method=row.method.upper()) if row.uri else None,
        about=about,
        description=_description(row),
        cwes=about.cwes,
        fingerprints=(("contrast", row.id),) if row.id else (),
        verification=Verification.VERIFIED if row.status.lower() == "confirmed" else None,
        suppression=_suppression(row.status),
        exchange=Exchange(request=_request(row)) if row.uri else None,
        references=references(row.cwe),
        seen_at=moment(row.seen) or moment(row.first),
    )


@lru_cache(maxsize=4096)
def _about(rule: str, category: str, cwe: str) -> Rule:
    return Rule(id=rule, cwes=cwe_ids(cwe), tags=(category,) if category else ())


def _suppression(status: str) -> Suppression | None:
    word = status.lower().replace("_", "").replace(" ", "")
    return Suppression(origin="tool", justification=status) if word in {"notaproblem", "suppressed"} else None


def _description(row: Row) -> str:
    server = f"{row.protocol} on port {row.port}" if row.protocol and row.port else row.protocol
    parts = (("Application", row.application), ("Server", server))
    return "\n".join(f"{name}: {text}" for name, text in parts if text)


def _address(row: Row) -> str:
    """Return what is known of the address: the export names no host."""
    return f"{row.uri}?{row.query}" if row.query else row.uri


def _request(row: Row) -> str:
    version = row.version if row.version.upper().startswith("HTTP/") else f"HTTP/{row.version}" if row.version else ""
    first = " ".join(part for part in (row.method.upper(), _address(row), version) if part)
    return f"{first}\n\n{row.body}" if row.body else first
