"""Nmap: open ports, and the flaws that its scripts find behind them; XML."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TypeVar

from msgspec import Struct, field

from seamark.intake.parsers.formats._hosts import scanned
from seamark.intake.parsers.kit import (
    Component,
    Confidence,
    Cvss,
    Finding,
    HostLocation,
    Item,
    Kind,
    Reading,
    Rule,
    Run,
    Severity,
    Verification,
    Xml,
    cvss,
    moment,
    parser,
    references,
    severity,
    vulnerability_ids,
    xml_root,
)
from seamark.intake.parsers.kit.texts import described, port_number

_ATTRIBUTE = re.compile(rb"""\b([a-z]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_CPE = re.compile(r"cpe:/a:[^:]*:(?P<product>[^:]+)(?::(?P<version>[^:]+))?")
_LINE = re.compile(
    r"^\s+(?P<id>[A-Z][\w.:-]{3,60})\s+(?P<score>\d{1,2}(?:\.\d)?)\s+(?P<link>https?://\S+)", re.MULTILINE
)
_RATING = re.compile(r"\(?(AV:[^)\s]+)\)?")
_SCORE = re.compile(r"\d{1,2}(?:\.\d)?")
_FOUND = ("VULNERABLE", "LIKELY VULNERABLE")


T = TypeVar("T")


def _listed(value: list[T] | T | None) -> list[T]:
    """Return what XML gives once or several times as a list."""
    return [] if value is None else value if isinstance(value, list) else [value]


class Elem(Struct):
    key: str = field(name="@key", default="")
    text: str = field(name="#text", default="")


class Table(Struct):
    key: str = field(name="@key", default="")
    elem: list[Elem | str] | Elem | str | None = None
    table: list[Table | str] | Table | str | None = None


class Script(Struct):
    id: str = field(name="@id", default="")
    output: str = field(name="@output", default="")
    table: list[Table | str] | Table | str | None = None


class State(Struct):
    state: str = field(name="@state", default="")


class Service(Struct):
    name: str = field(name="@name", default="")
    product: str = field(name="@product", default="")
    version: str = field(name="@version", default="")
    extra: str = field(name="@extrainfo", default="")
    tunnel: str = field(name="@tunnel", default="")
    cpe: list[str] | str | None = None


class Port(Struct):
    number: str = field(name="@portid", default="")
    protocol: str = field(name="@protocol", default="")
    state: State | None = None
    service: Service | None = None
    script: list[Script] | Script | None = None


class Ports(Struct):
    port: list[Port] | Port | None = None


class Address(Struct):
    address: str = field(name="@addr", default="")
    type: str = field(name="@addrtype", default="")


class Scripts(Struct):
    script: list[Script] | Script | None = None


class Host(Struct):
    address: list[Address] | Address | None = None
    status: State | None = None
    ports: Ports | str | None = None
    hostscript: Scripts | str | None = None
    ended: str = field(name="@endtime", default="")


@parser(
    "nmap",
    title="Nmap",
    kind=Kind.HOST,
    looks=xml_root("nmaprun", where=lambda probe: b'scanner="masscan"' not in _root_tag(probe.source.head(65536))),
    made_with="nmap -sV --script vulners -oX nmap.xml example.com",
    url="https://nmap.org/book/output-formats-xml-output.html",
    versions="6.40 to 7.97 (XML output 1.04 and 1.05)",
)
def read(document: Xml, reading: Reading) -> Iterator[Item]:
    yield _run(reading, [_name(host) for host in document.each("host", row=Host) if _is_up(host)])
    for host in document.each("host", row=Host):
        if _is_up(host):
            yield from _of_host(host)


def _root_tag(head: bytes) -> bytes:
    start = head.find(b"<nmaprun")
    return head[start : head.find(b">", start)]


def _attributes(tag: bytes) -> dict[str, str]:
    return {name.decode(): (one or other).decode("utf-8", "replace") for name, one, other in _ATTRIBUTE.findall(tag)}


def _run(reading: Reading, hosts: list[str]) -> Run:
    root, tail = _attributes(_root_tag(reading.source.head(65536))), bytes(reading.source.data[-65536:])
    at = tail.rfind(b"<finished")
    end = _attributes(tail[at : tail.find(b">", at)]) if at >= 0 else {}
    # Without the statistics at its end the scan was stopped; old versions do not say how it went.
    successful = end.get("exit", "success") == "success" if end else False
    return Run(
        tool="Nmap",
        version=root.get("version", ""),
        successful=successful,
        problems=tuple(
            text for text in (end.get("errormsg", "" if end else "The scan did not reach its end"),) if text
        ),
        scope=scanned(hosts),
        started=_time(root.get("start", "")),
        finished=_time(end.get("time", "")),
        command=root.get("args", ""),
    )


def _time(text: str) -> str:
    return moment(int(text)) if text.isdecimal() and len(text) < 12 else ""


def _is_up(host: Host) -> bool:
    return host.status is None or host.status.state != "down"


def _name(host: Host) -> str:
    """Return the address that was scanned: that of the network, before that of the card."""
    given = _listed(host.address)
    return next((one.address for one in given if one.type != "mac"), given[0].address if given else "")


def _of_host(host: Host) -> Iterator[Finding]:
    name, seen = _name(host), _time(host.ended)
    ports = host.ports if isinstance(host.ports, Ports) else Ports()
    for port in _listed(ports.port):
        if port.state is None or port.state.state not in {"open", "open|filtered"}:
            continue
        place = HostLocation(host=name, port=port_number(port.number), protocol=port.protocol)
        yield _open(port, place, seen)
        for script in _listed(port.script):
            yield from _of_script(script, place, port.service, seen)
    scripts = host.hostscript if isinstance(host.hostscript, Scripts) else Scripts()
    for script in _listed(scripts.script):
        yield from _of_script(script, HostLocation(host=name), None, seen)


def _open(port: Port, place: HostLocation, seen: str) -> Finding:
    found = port.service or Service()
    answers = [(script.id, script.output.strip()) for script in _listed(port.script) if script.id != "vulners"]
    state = port.state.state if port.state else ""
    return Finding(
        rule="open-port",
        title=f"Open port: {port.number}/{port.protocol}",
        severity=Severity.INFO,
        location=place,
        component=_component(found),
        description=described(
            ("State", "" if state == "open" else state),
            ("Service", f"{found.tunnel}/{found.name}" if found.tunnel else found.name),
            ("Product", " ".join(part for part in (found.product, found.version) if part)),
            ("More", found.extra),
            *answers,
        ),
        confidence=Confidence.LOW if state == "open|filtered" else None,
        seen_at=seen,
    )


def _component(found: Service | None) -> Component | None:
    if found is None:
        return None
    cpe = next((match for text in _listed(found.cpe) if (match := _CPE.match(text))), None)
    if cpe is None:
        return Component(name=found.product, version=found.version) if found.product else None
    return Component(name=cpe["product"], version=cpe["version"] or found.version)


def _of_script(script: Script, place: HostLocation, found: Service | None, seen: str) -> Iterator[Finding]:
    if script.id == "vulners":
        yield from _vulners(script, place, found, seen)
        return
    for table in _tables(script.table):
        facts = _facts(table)
        state = facts.get("state", [""])[0]
        if state.startswith(_FOUND):
            yield _flaw(script.id, table, facts, state, place, found, seen)


def _vulners(script: Script, place: HostLocation, found: Service | None, seen: str) -> Iterator[Finding]:
    """Yield what the script `vulners` knows of a version: from its tables, or from its text where it has none."""
    rows = [(_facts(row), table.key) for table in _tables(script.table) for row in _tables(table.table)]
    if not rows:
        for line in _LINE.finditer(script.output):
            yield _known(line["id"], line["score"], line["link"], exploit="*EXPLOIT*" in script.output[line.end() :][:12], cpe="",
                         place=place, found=found, seen=seen)  # fmt: skip
    for facts, cpe in rows:
        identifier, kind = facts.get("id", [""])[0], facts.get("type", ["cve"])[0]
        if identifier:
            link = f"https://vulners.com/{kind}/{identifier}"
            exploit = facts.get("is_exploit", [""])[0] == "true"
            yield _known(identifier, facts.get("cvss", [""])[0], link, exploit=exploit, cpe=cpe, place=place, found=found, seen=seen)  # fmt: skip


def _known(
    identifier: str,
    score: str,
    link: str,
    *,
    exploit: bool,
    cpe: str,
    place: HostLocation,
    found: Service | None,
    seen: str,
) -> Finding:
    rating = cvss("", score)
    package = _CPE.match(cpe)
    return Finding(
        rule=identifier,
        title=identifier,
        severity=severity(rating.score) if rating else Severity.MEDIUM,
        severity_given=score,
        location=place,
        component=Component(name=package["product"], version=package["version"] or "")
        if package
        else _component(found),
        description=described(("Version", cpe)),
        vulnerabilities=vulnerability_ids(identifier),
        cvss=(rating,) if rating else (),
        references=references(link),
        tags=("vulners", "exploit") if exploit else ("vulners",),
        seen_at=seen,
    )


def _flaw(
    script: str,
    table: Table,
    facts: dict[str, list[str]],
    state: str,
    place: HostLocation,
    found: Service | None,
    seen: str,
) -> Finding:
    """Return what a script of the `vuln` category says in its table."""
    inner = {one.key: one for one in _tables(table.table)}
    ids = [*_values(inner.get("ids")), table.key]
    rating = next((rating for text in _values(inner.get("scores")) if (rating := _rating(text))), None)
    given = (facts.get("risk_factor") or [""])[0]
    about = _about(
        script,
        (facts.get("title") or [script])[0],
        "\n".join(_values(inner.get("description"))).strip(),
        references(_values(inner.get("refs"))),
    )
    return Finding(
        rule=script,
        title=about.title,
        severity=severity(given) if given else severity(rating.score) if rating else Severity.HIGH,
        severity_given=given or (str(rating.score) if rating else ""),
        location=place,
        component=_component(found),
        about=about,
        description=described(
            ("State", state), *((key, "\n".join(_values(inner.get(key))).strip()) for key in _DETAILS)
        ),
        confidence=Confidence.LOW if state.startswith("LIKELY") else None,
        vulnerabilities=vulnerability_ids(ids),
        cvss=(rating,) if rating else (),
        verification=Verification.VERIFIED if "Exploitable" in state else None,
        tags=("vuln",),
        seen_at=seen,
    )


_DETAILS = ("check_results", "exploit_results", "extra_info")


@lru_cache(maxsize=2048)
def _about(script: str, title: str, text: str, links: tuple[str, ...]) -> Rule:
    return Rule(id=script, title=title, description=text, references=links)


@lru_cache(maxsize=2048)
def _rating(text: str) -> Cvss | None:
    """Return the rating in a text such as `10.0 (HIGH) (AV:N/AC:L/Au:N/C:C/I:C/A:C)`."""
    vector, score = _RATING.search(text), _SCORE.match(text.strip())
    return cvss(vector[1] if vector else "", score[0] if score else None)


def _tables(given: list[Table | str] | Table | str | None) -> list[Table]:
    return [one for one in _listed(given) if isinstance(one, Table)]


def _facts(table: Table) -> dict[str, list[str]]:
    """Return the values of a table by their keys."""
    facts: dict[str, list[str]] = {}
    for one in _listed(table.elem):
        if isinstance(one, Elem):
            facts.setdefault(one.key, []).append(one.text)
    return facts


def _values(table: Table | None) -> list[str]:
    """Return all texts of a table and of those inside it."""
    if table is None:
        return []
    own = [one.text if isinstance(one, Elem) else str(one) for one in _listed(table.elem)]
    return [*own, *(text for inner in _tables(table.table) for text in _values(inner))]
