"""Faraday: vulnerabilities as its API and its CSV give them, and what its plug-ins make of other tools' reports."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from msgspec import Raw, Struct, field

from seamark.intake.parsers.formats import _web
from seamark.intake.parsers.kit import (
    Csv,
    Exchange,
    Finding,
    HostLocation,
    Item,
    Kind,
    Location,
    Probe,
    Reading,
    Rule,
    Run,
    Severity,
    Suppression,
    Verification,
    WebLocation,
    csv_header,
    cvss,
    cwe_ids,
    json_object,
    moment,
    parser,
    references,
    severity,
    variant,
    vulnerability_ids,
)
from seamark.intake.parsers.kit.texts import described, port_number

_ADDRESS = re.compile(r"https?://[^\s'\"\]},]+")
_LISTED = re.compile(r"'([^']+)'")
_PORT = re.compile(r"\d+")


class Rating(Struct):
    vector_string: str | None = ""
    base_score: float | str | None = None


class Service(Struct):
    name: str | None = ""
    protocol: str | None = ""
    ports: list[int | str] | int | str | None = None


class Dates(Struct):
    create_time: str | float | None = ""
    update_time: str | float | None = ""


class Vulnerability(Struct):
    name: str
    severity: str | None = ""
    id: int | str | None = field(name="_id", default=None)
    description: str | None = ""
    desc: str | None = ""
    """What plug-ins call the description."""
    resolution: str | None = ""
    data: str | None = ""
    status: str | None = ""
    confirmed: bool | None = None
    target: str | None = ""
    hostnames: list[Any] | None = None
    refs: list[Any] | None = None
    cve: list[str] | None = None
    cwe: list[Any] | None = None
    cvss2: Rating | None = None
    cvss3: Rating | None = None
    cvss4: Rating | None = None
    service: Service | None = None
    website: str | None = ""
    path: str | None = ""
    method: str | None = ""
    pname: str | None = ""
    params: str | None = ""
    query: str | None = ""
    request: str | None = ""
    response: str | None = ""
    external_id: str | None = ""
    easeofresolution: str | None = ""
    host_os: str | None = ""
    tags: list[str] | None = None
    metadata: Dates | None = None
    run_date: float | str | None = None


class Entry(Struct):
    value: Vulnerability


class Answer(Struct):
    vulnerabilities: Raw
    count: int | None = None


def _is_answer(probe: Probe) -> bool:
    row = probe.get("vulnerabilities.0.value")
    return isinstance(row, dict) and {"name", "severity", "target", "easeofresolution"} <= row.keys()


@parser(
    "faraday",
    title="Faraday",
    kind=Kind.PENTEST,
    looks=json_object("vulnerabilities", where=_is_answer),
    made_with="GET /_api/v3/vulns, a workspace's Export to CSV, or faraday-plugins process-report REPORT",
    url="https://docs.faradaysec.com/",
    versions="3 to 5",
    lift=("vulnerabilities",),
)
def read(answer: Answer, reading: Reading) -> Iterator[Item]:
    yield Run(tool="Faraday")
    for entry in reading.rows(answer.vulnerabilities, Entry, "$.vulnerabilities"):
        vulnerability = entry.value
        ports = vulnerability.service.ports if vulnerability.service else None
        port = (ports[0] if ports else None) if isinstance(ports, list) else ports
        protocol = (vulnerability.service.protocol if vulnerability.service else "") or ""
        names = [_name(one) for one in vulnerability.hostnames or ()]
        yield _finding(vulnerability, _place(vulnerability, port, protocol), names)


class PluginService(Struct):
    name: str | None = ""
    port: int | str | None = None
    protocol: str | None = ""
    vulnerabilities: list[Vulnerability] | None = None


class Host(Struct):
    ip: str
    os: str | None = ""
    hostnames: list[Any] | None = None
    vulnerabilities: list[Vulnerability] | None = None
    services: list[PluginService] | None = None


class Command(Struct):
    tool: str | None = ""
    command: str | None = ""
    params: str | None = ""
    start_date: str | None = ""


class Processed(Struct):
    hosts: list[Host]
    command: Command | None = None


@variant("faraday", looks=json_object("hosts", "command", where=lambda probe: probe.has("command.import_source")))
def read_processed(report: Processed) -> Iterator[Item]:
    """What `faraday-plugins` writes: the tool that looked is named in it."""
    command = report.command or Command()
    name = command.tool or command.command or "Faraday"
    yield Run(tool=name, started=moment(command.start_date), command=command.params or "")
    for host in report.hosts:
        names = [_name(one) for one in host.hostnames or ()]
        for vulnerability in host.vulnerabilities or ():
            yield _finding(vulnerability, _place(vulnerability, None, "", host.ip), names, host.os or "")
        for service in host.services or ():
            for vulnerability in service.vulnerabilities or ():
                place = _place(vulnerability, service.port, service.protocol or "", host.ip)
                yield _finding(vulnerability, place, names, host.os or "")


class Line(Struct):
    id: str
    name: str
    severity: str
    confirmed: str = ""
    date: str = ""
    desc: str = ""
    status: str = ""
    target: str = ""
    hostnames: str = ""
    comments: str = ""
    os: str = ""
    resolution: str = ""
    refs: str = ""
    easeofresolution: str = ""
    data: str = ""
    website: str = ""
    path: str = ""
    request: str = ""
    response: str = ""
    method: str = ""
    params: str = ""
    pname: str = ""
    query: str = ""
    cve: str = ""
    cwe: str = ""
    cvss2_vector_string: str = ""
    cvss2_base_score: str = ""
    cvss3_vector_string: str = ""
    cvss3_base_score: str = ""
    cvss4_vector_string: str = ""
    cvss4_base_score: str = ""
    external_id: str = ""
    service: str = ""
    port: str = ""
    protocol: str = ""


@variant(
    "faraday", looks=csv_header("confirmed", "severity", "target", "desc", "easeofresolution", "web_vulnerability")
)
def read_csv(rows: Csv[Line]) -> Iterator[Item]:
    yield Run(tool="Faraday")
    for row in rows:
        told = row.service.rpartition("ports:")[2]
        port = row.port or next(iter(_PORT.findall(told)), "")
        vulnerability = Vulnerability(
            name=row.name,
            severity=row.severity,
            id=row.id,
            description=row.desc,
            resolution=row.resolution,
            data=row.data,
            status=row.status,
            confirmed=row.confirmed.strip().lower() in {"true", "1"},
            target=row.target,
            refs=_ADDRESS.findall(row.refs),
            cve=[row.cve],
            cwe=[row.cwe],
            cvss2=Rating(row.cvss2_vector_string, row.cvss2_base_score),
            cvss3=Rating(row.cvss3_vector_string, row.cvss3_base_score),
            cvss4=Rating(row.cvss4_vector_string, row.cvss4_base_score),
            website=row.website,
            path=row.path,
            method=row.method,
            pname=row.pname,
            params=row.params,
            query=row.query,
            request=row.request,
            response=row.response,
            external_id=row.external_id,
            easeofresolution=row.easeofresolution,
            metadata=Dates(create_time=row.date),
        )
        place = _place(vulnerability, port, row.protocol)
        yield _finding(vulnerability, place, _LISTED.findall(row.hostnames), row.os, _LISTED.findall(row.comments))


def _name(entry: Any) -> str:
    """Return a host's name or a reference's address: a text of its own, or the `name` of an object."""
    found = entry.get("name") if isinstance(entry, dict) else entry
    return found if isinstance(found, str) else ""


def _place(vulnerability: Vulnerability, port: int | str | None, protocol: str, host: str = "") -> Location | None:
    website, path = (vulnerability.website or "").strip(), vulnerability.path or ""
    if website:
        base = website if "://" in website else f"{'http' if port_number(port) == 80 else 'https'}://{website}"
        return WebLocation(
            url=_web.joined(base, path),
            method=(vulnerability.method or "").upper(),
            parameter=vulnerability.pname or "",
        )
    target = host or vulnerability.target or ""
    number = port_number(port)
    return HostLocation(host=target, port=number, protocol=protocol.lower() if number else "") if target else None


def _finding(
    vulnerability: Vulnerability,
    place: Location | None,
    names: list[str],
    system: str = "",
    comments: list[str] | None = None,
) -> Finding:
    ratings = [
        cvss(one.vector_string, one.base_score)
        for one in (vulnerability.cvss4, vulnerability.cvss3, vulnerability.cvss2)
        if one
    ]
    word = vulnerability.severity or ""
    rule = vulnerability.external_id or vulnerability.name
    addresses = references([_name(one) for one in vulnerability.refs or ()])
    state = (vulnerability.status or "").strip().lower().replace(" ", "-")
    request, response = vulnerability.request or "", vulnerability.response or ""
    dates = vulnerability.metadata or Dates()
    return Finding(
        rule=rule,
        title=vulnerability.name,
        # `unclassified` says that nobody has graded it yet.
        severity=Severity.MEDIUM if word.lower() == "med" else severity(word),
        severity_given=word,
        kind=Kind.WEB if isinstance(place, WebLocation) else Kind.HOST if isinstance(place, HostLocation) else None,
        location=place,
        about=Rule(id=rule, title=vulnerability.name, remedy=vulnerability.resolution or "", references=addresses),
        description=described(
            ("", vulnerability.description or vulnerability.desc or ""),
            ("", vulnerability.data or ""),
            ("Hosts", ", ".join(name for name in names if name)),
            ("System", system or vulnerability.host_os or ""),
            ("Query", vulnerability.query or ""),
            ("Parameters", vulnerability.params or ""),
            ("Effort", vulnerability.easeofresolution or ""),
            ("Comments", "; ".join(comments or ())),
        ),
        cwes=cwe_ids([text for one in vulnerability.cwe or () if (text := _name(one))]),
        vulnerabilities=vulnerability_ids(vulnerability.cve),
        cvss=tuple(one for one in ratings if one),
        fingerprints=(("faraday", str(vulnerability.id)),) if vulnerability.id is not None else (),
        verification=Verification.VERIFIED if vulnerability.confirmed else None,
        suppression=Suppression(origin="tool", justification="risk accepted") if state == "risk-accepted" else None,
        baseline="absent" if state == "closed" else "",
        exchange=Exchange(request, response) if request or response else None,
        tags=tuple(vulnerability.tags or ()),
        seen_at=moment(dates.update_time) or moment(dates.create_time) or moment(vulnerability.run_date),
    )
