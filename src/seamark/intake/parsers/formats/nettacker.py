"""OWASP Nettacker: ports, services and vulnerabilities of hosts, as JSON."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import msgspec
from msgspec import Struct

from seamark.intake.parsers.formats._web import host
from seamark.intake.parsers.kit import (
    Finding,
    Item,
    Kind,
    Probe,
    Run,
    Severity,
    json_rows,
    moment,
    parser,
    vulnerability_ids,
)
from seamark.intake.parsers.kit.texts import port_number

_CVE = re.compile(r"cve_(\d{4})_(\d{4,})")
_event = msgspec.json.Decoder(dict[str, Any]).decode


class Row(Struct):
    module_name: str
    target: str | None = ""
    host: str | None = ""
    scan_id: str | None = ""
    scan_unique_id: str | None = ""
    date: str | None = ""
    port: int | str | None = None
    event: str | None = ""
    json_event: Any = ""


def _is_row(probe: Probe) -> bool:
    return {"module_name", "event", "date"} <= probe.first and bool({"target", "host"} & probe.first)


@parser(
    "nettacker",
    title="Nettacker",
    kind=Kind.HOST,
    looks=json_rows("module_name", "event", where=_is_row),
    made_with="nettacker -i 192.0.2.1 -m port_scan -o nettacker.json",
    url="https://owasp.org/www-project-nettacker/",
    versions="0.3 to 0.4",
    lift=("[]",),
)
def read(rows: list[Row]) -> Iterator[Item]:
    yield Run(tool="Nettacker")
    for row in rows:
        yield _finding(row)


def _finding(row: Row) -> Finding:
    title, severity, ids = _module(row.module_name)
    name = row.target or row.host or ""
    secret = _password(row.json_event)
    return Finding(
        rule=row.module_name,
        title=title,
        severity=severity,
        location=host(name, port_number(row.port)) if name else None,
        description=row.event or "",
        vulnerabilities=ids,
        secret=secret if row.module_name.endswith("_brute") else "",
        seen_at=moment(row.date),
    )


@lru_cache(maxsize=1024)
def _module(name: str) -> tuple[str, Severity, tuple[str, ...]]:
    """Return title, severity and ids of a module: what it looked for is in its name alone, and it does not rate."""
    ids = vulnerability_ids(_CVE.sub(r" CVE-\1-\2 ", name))
    words = name.replace("_", " ").strip().capitalize()
    if name.endswith("_scan"):
        return words, Severity.INFO, ids
    return words, Severity.HIGH if name.endswith("_brute") else Severity.MEDIUM, ids


def _password(event: Any) -> str:
    if isinstance(event, str) and event.startswith("{") and '"password"' in event:
        try:
            event = _event(event)
        except msgspec.MsgspecError:
            return ""
    found = event.get("password") if isinstance(event, dict) else ""
    return found if isinstance(found, str) else ""
