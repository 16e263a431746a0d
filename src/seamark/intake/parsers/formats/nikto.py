"""Nikto: what a web server shows that it should not; XML, JSON and CSV.

Nikto gives no severities. What is in a database of vulnerabilities (OSVDB, CVE) counts as medium, everything else is
information.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator

from msgspec import Struct, field

from seamark.intake.parsers.formats._web import joined, listed
from seamark.intake.parsers.kit import (
    Finding,
    Item,
    Kind,
    Probe,
    Run,
    Severity,
    Text,
    UnreadableReport,
    WebLocation,
    Xml,
    first_line,
    json_object,
    json_rows,
    parser,
    references,
    text_start,
    variant,
    vulnerability_ids,
    xml_root,
)

SECURE_PORTS = {"443", "8443", "9443"}
_START = re.compile(r"Nikto - v?(?P<version>[\w.]+)")


class Row(Struct):
    """One item, the same in all shapes."""

    id: str
    message: str
    url: str
    method: str = ""
    osvdb: str = ""
    sources: str = ""


def _finding(row: Row) -> Finding:
    message = _plain(row.message)
    known = vulnerability_ids(row.sources, message)
    osvdb = row.osvdb.upper().removeprefix("OSVDB-").strip()
    listed_there = osvdb.isdigit() and osvdb != "0"
    return Finding(
        rule=row.id or (f"OSVDB-{osvdb}" if listed_there else first_line(message)),
        title=first_line(message, 300),
        severity=Severity.MEDIUM if listed_there or known else Severity.INFO,
        location=WebLocation(url=row.url, method=row.method.upper()),
        description=message if len(message) > 300 else "",
        vulnerabilities=known,
        references=references(row.sources.replace(",", " ")),
        tags=(f"OSVDB-{osvdb}",) if listed_there else (),
    )


def _plain(text: str) -> str:
    """Return the message without a CDATA mark that some versions wrote into their own CDATA."""
    return text.removeprefix("CDATA[").removesuffix("]").strip() if text.startswith("CDATA[") else text.strip()


class Vulnerability(Struct):
    msg: str
    id: str | int = ""
    osvdb: str | int = field(name="OSVDB", default="")
    method: str | None = ""
    url: str | None = ""
    references: str | list[str] | None = ""


class Host(Struct):
    host: str
    vulnerabilities: list[Vulnerability] | None
    ip: str | None = ""
    port: str | int | None = ""
    banner: str | None = ""


def _is_host(probe: Probe) -> bool:
    return {"host", "port", "banner", "vulnerabilities"} <= (probe.first if probe.is_array else probe.keys)


@parser(
    "nikto",
    title="Nikto",
    kind=Kind.WEB,
    looks=json_object("host", "vulnerabilities", where=_is_host),
    made_with="nikto -h https://example.com -Format json -o nikto.json",
    url="https://github.com/sullo/nikto/wiki",
    versions="2.1 to 2.5",
)
def read(host: Host) -> Iterator[Item]:
    yield from _hosts([host])


@variant("nikto", looks=json_rows("host", "vulnerabilities", where=_is_host))
def read_list(hosts: list[Host]) -> Iterator[Item]:
    yield from _hosts(hosts)


def _hosts(hosts: list[Host]) -> Iterator[Item]:
    yield Run(tool="Nikto")
    for host in hosts:
        base = _site(host.host, str(host.port or ""))
        for row in host.vulnerabilities or ():
            sources = row.references or ""
            yield _finding(
                Row(
                    id=str(row.id),
                    message=row.msg,
                    url=joined(base, row.url or "/"),
                    method=row.method or "",
                    osvdb=str(row.osvdb),
                    sources=sources if isinstance(sources, str) else " ".join(sources),
                )
            )


def _site(host: str, port: str) -> str:
    """Return the address of a site whose scheme only its port tells."""
    if "://" in host:
        return host
    secure = port in SECURE_PORTS
    shown = "" if port in {"", "80" if not secure else "443"} else f":{port}"
    return f"{'https' if secure else 'http'}://{host}{shown}"


class XmlItem(Struct):
    description: str
    id: str = field(name="@id", default="")
    osvdb: str = field(name="@osvdbid", default="")
    method: str = field(name="@method", default="")
    uri: str = ""
    namelink: str = ""
    iplink: str = ""
    references: str = ""


class Details(Struct):
    host: str = field(name="@targethostname", default="")
    ip: str = field(name="@targetip", default="")
    port: str = field(name="@targetport", default="")
    site: str = field(name="@sitename", default="")
    start: str = field(name="@starttime", default="")
    errors: str = field(name="@errors", default="")
    item: list[XmlItem] | XmlItem | None = None


@variant("nikto", looks=xml_root("niktoscan"))
def read_xml(document: Xml) -> Iterator[Item]:
    version, tested = "", False
    for element in document.each("niktoscan", "scandetails"):
        tested = str(element.tag).endswith("scandetails")
        version = version or str(element.get("version") or "")
        parent = element.getparent()
        version = version or (str(parent.get("version") or "") if parent is not None else "")
        break
    if not tested:
        raise UnreadableReport("No host was tested", hint="the scan may not have reached it")
    yield Run(tool="Nikto", version=version)
    for details in document.each("scandetails", row=Details):
        base = details.site or _site(details.host or details.ip, details.port)
        for row in listed(details.item):
            yield _finding(
                Row(
                    id=row.id,
                    message=row.description,
                    url=row.namelink or joined(base, row.uri) or row.iplink,
                    method=row.method,
                    osvdb=row.osvdb,
                    sources=row.references,
                )
            )


@variant("nikto", looks=text_start('"Nikto - v', "Nikto - v"))
def read_csv(lines: Text) -> Iterator[Item]:
    rows = csv.reader(iter(lines))
    head = next(rows, [])
    found = _START.search(head[0]) if head else None
    if found is None:
        raise UnreadableReport("The table does not start with Nikto's version")
    yield Run(tool="Nikto", version=found["version"])
    try:
        for cells in rows:
            if len(cells) >= 7 and cells[6]:
                yield _of_cells(cells)
    except csv.Error as error:
        raise UnreadableReport(f"Not a CSV table: {error}", where=f"line {rows.line_num}") from None


def _of_cells(cells: list[str]) -> Finding:
    """Return the finding of a row: host, address, port, OSVDB or references, method, path, message."""
    host, _, port, source, method, path, message = cells[:7]
    return _finding(
        Row(
            id="",
            message=message,
            url=joined(_site(host, port), path or "/"),
            method=method,
            osvdb=source if source.upper().startswith("OSVDB") else "",
            sources=source,
        )
    )
