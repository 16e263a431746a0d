"""testssl.sh: protocols, ciphers, certificates and flaws of TLS services; CSV, flat JSON and pretty JSON.

What passed (`OK`) is no finding. What could not be tested (`WARN`, `FATAL`) is a problem of the run.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import Struct, convert, field

from seamark.intake.parsers.kit import (
    Csv,
    Finding,
    HostLocation,
    Item,
    Kind,
    Probe,
    Run,
    UnreadableReport,
    csv_header,
    cwe_ids,
    first_line,
    json_object,
    json_rows,
    moment,
    parser,
    severity,
    variant,
    vulnerability_ids,
)
from seamark.intake.parsers.kit.texts import described, port_number

PASSED = {"OK", "DEBUG"}
BROKEN = {"WARN", "FATAL"}
ADDRESS = "fqdn/ip"


class Row(Struct):
    id: str
    severity: str
    finding: str
    address: str = field(name=ADDRESS, default="")
    ip: str = ""
    port: str | int = ""
    cve: str = ""
    cwe: str = ""
    hint: str = ""


@parser(
    "testssl",
    title="testssl.sh",
    kind=Kind.HOST,
    looks=csv_header("id", ADDRESS, "port", "severity", "finding"),
    made_with="testssl.sh --csvfile testssl.csv example.com",
    url="https://testssl.sh/",
    versions="2.9 to 3.2",
)
def read(rows: Csv[Row]) -> Iterator[Item]:
    yield from _items(list(rows))


@variant("testssl", looks=json_rows("id", "ip", "port", "severity", "finding"))
def read_json(rows: list[Row]) -> Iterator[Item]:
    yield from _items(rows)


def _items(rows: list[Row], **facts: Any) -> Iterator[Item]:
    yield _run(rows, **facts)
    for row in rows:
        if row.severity.upper() not in PASSED | BROKEN:
            yield _finding(row)


def _run(rows: list[Row], **facts: Any) -> Run:
    broken = [row for row in rows if row.severity.upper() in BROKEN]
    fatal = any(row.severity.upper() == "FATAL" for row in broken)
    return Run(
        tool="testssl.sh",
        successful=False if fatal else None,
        complete=False if broken else None,
        problems=tuple(f"{row.id}: {row.finding}"[:500] for row in broken),
        **facts,
    )


def _finding(row: Row) -> Finding:
    name = (row.address or row.ip).partition("/")[0]
    text = " ".join(row.finding.split())
    return Finding(
        rule=row.id,
        title=f"{row.id}: {first_line(text, 140)}" if text else row.id,
        severity=severity(row.severity),
        severity_given=row.severity,
        location=HostLocation(host=name, port=port_number(row.port), protocol="tls") if name else None,
        description=described(
            ("", text if len(text) > 140 else ""), ("Address", (row.address or row.ip).partition("/")[2])
        ),
        remedy=row.hint,
        cwes=cwe_ids(row.cwe),
        vulnerabilities=vulnerability_ids(row.cve),
    )


class Report(Struct):
    results: list[dict[str, Any]] = field(name="scanResult")
    version: str = ""
    invocation: str = field(name="Invocation", default="")
    start: str | int = field(name="startTime", default="")
    time: str | int = field(name="scanTime", default="")


def _is_pretty(probe: Probe) -> bool:
    return probe.has("scanResult") and bool({"Invocation", "openssl", "startTime"} & probe.keys)


@variant("testssl", looks=json_object("scanResult", where=_is_pretty))
def read_pretty(report: Report) -> Iterator[Item]:
    rows = [row for result in report.results for row in _rows(result)]
    if not rows:
        raise UnreadableReport("No target was tested", hint="the scan may have been stopped: run it again")
    seconds = str(report.start)
    yield from _items(
        rows,
        version=report.version.split()[0] if report.version else "",
        command=report.invocation,
        started=moment(int(seconds)) if seconds.isdigit() and len(seconds) < 12 else "",
    )


def _rows(result: dict[str, Any]) -> Iterator[Row]:
    """Yield the rows of a target, which are sorted into groups; a failed target is a row itself."""
    place = {ADDRESS: f"{result.get('targetHost') or ''}/{result.get('ip') or ''}", "port": result.get("port") or ""}
    groups: Iterable[Any] = result.values() if "severity" not in result else [[result]]
    for group in groups:
        for entry in group if isinstance(group, list) else ():
            if isinstance(entry, dict) and {"id", "severity", "finding"} <= entry.keys():
                yield convert({**entry, **place}, Row, strict=False)
