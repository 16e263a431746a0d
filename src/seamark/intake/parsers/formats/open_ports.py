"""Masscan and Naabu: open ports; JSON, and Masscan's XML."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct, field

from seamark.intake.parsers.formats._hosts import service
from seamark.intake.parsers.kit import (
    Finding,
    Item,
    JsonLines,
    Kind,
    Run,
    Severity,
    Xml,
    json_lines,
    json_rows,
    moment,
    parser,
    variant,
    xml_root,
)
from seamark.intake.parsers.kit.texts import described

_NAABU = {"host", "ip", "port", "protocol", "tls", "timestamp", "cdn", "cdn-name", "mac_address", "service", "name"}


class Answer(Struct):
    name: str | None = ""
    banner: str | None = ""


class Port(Struct):
    port: int
    proto: str = "tcp"
    status: str = "open"
    reason: str | None = ""
    service: Answer | None = None


class Row(Struct):
    ip: str
    ports: list[Port]
    timestamp: str | int | None = None


def _port(host: str, port: int, protocol: str, text: str, seen: str) -> Finding:
    return Finding(
        rule="open-port",
        title=f"Open port: {port}/{protocol}",
        severity=Severity.INFO,
        location=service(host, port, protocol),
        description=text,
        seen_at=seen,
    )


def _time(given: str | int | None) -> str:
    text = str(given if given is not None else "")
    return moment(int(text)) if text.isdecimal() and len(text) < 15 else moment(text)


@parser(
    "masscan",
    title="Masscan",
    kind=Kind.HOST,
    looks=json_rows("ip", "ports", where=lambda probe: isinstance(probe.get("0.ports.0.port"), int)),
    made_with="masscan 10.0.0.0/24 -p1-1000 -oJ masscan.json",
    url="https://github.com/robertdavidgraham/masscan",
    versions="1.0 to 1.3",
    lift=("[]",),
)
def read(rows: list[Row]) -> Iterator[Item]:
    yield Run(tool="Masscan")
    # A port is told once for every answer that it gave, and once more for a banner.
    known: dict[tuple[str, int, str], list[str]] = {}
    times: dict[tuple[str, int, str], str] = {}
    for row in rows:
        for port in row.ports:
            if port.status != "open" and port.service is None:
                continue
            place = (row.ip, port.port, port.proto)
            texts = known.setdefault(place, [])
            times.setdefault(place, _time(row.timestamp))
            if port.service is not None and port.service.banner:
                texts.append(described((port.service.name or "Banner", port.service.banner)))
    for place, texts in known.items():
        yield _port(*place, "\n".join(dict.fromkeys(texts)), times[place])


class State(Struct):
    state: str = field(name="@state", default="")


class XmlPort(Struct):
    protocol: str = field(name="@protocol")
    number: int = field(name="@portid")
    state: State | None = None


class XmlPorts(Struct):
    port: list[XmlPort] | XmlPort | None = None


class Address(Struct):
    address: str = field(name="@addr")


class XmlHost(Struct):
    address: Address | None = None
    ports: XmlPorts | str | None = None
    ended: str = field(name="@endtime", default="")


@variant("masscan", looks=xml_root("nmaprun", where=lambda probe: b'scanner="masscan"' in probe.source.head(4096)))
def read_xml(document: Xml) -> Iterator[Item]:
    yield Run(tool="Masscan")
    seen: set[tuple[str, int, str]] = set()
    for host in document.each("host", row=XmlHost):
        ports = host.ports.port if isinstance(host.ports, XmlPorts) else None
        for port in ports if isinstance(ports, list) else [ports] if ports else []:
            place = (host.address.address if host.address else "", port.number, port.protocol)
            if place not in seen and (port.state is None or port.state.state == "open"):
                seen.add(place)
                yield _port(*place, "", _time(host.ended))


class OldPort(Struct, rename="pascal"):
    port: int
    protocol: int | str = ""
    tls: bool = field(name="TLS", default=False)


class Line(Struct):
    port: int | OldPort
    ip: str = ""
    host: str = ""
    protocol: str = ""
    tls: bool = False
    timestamp: str | None = ""


@parser(
    "naabu",
    title="Naabu",
    kind=Kind.HOST,
    looks=json_lines("ip", "port", where=lambda probe: probe.keys <= _NAABU),
    made_with="naabu -host example.com -json -o naabu.json",
    url="https://github.com/projectdiscovery/naabu",
    versions="2.0 to 2.3",
)
def read_naabu(lines: JsonLines[Line]) -> Iterator[Item]:
    yield Run(tool="Naabu")
    seen: set[tuple[str, int]] = set()
    for line in lines:
        port = line.port.port if isinstance(line.port, OldPort) else line.port
        host = line.ip or line.host
        if (host, port) in seen:
            continue
        seen.add((host, port))
        text = described(("Host name", line.host if line.host != host else ""), ("", "TLS" if line.tls else ""))
        yield _port(host, port, line.protocol or "tcp", text, moment(line.timestamp))
