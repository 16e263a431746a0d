"""SSL Labs: grades and flaws of TLS services, as the JSON of its interface and of ssllabs-scan.

A grade of A or better is a check that passed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from msgspec import Struct

from seamark.intake.parsers.kit import (
    Finding,
    HostLocation,
    Item,
    Kind,
    Probe,
    Run,
    Severity,
    json_object,
    json_rows,
    moment,
    parser,
    variant,
)
from seamark.intake.parsers.kit.texts import described

GRADES = {
    "A-": Severity.LOW,
    "B": Severity.MEDIUM,
    "C": Severity.HIGH,
    "D": Severity.HIGH,
    "E": Severity.HIGH,
    "F": Severity.CRITICAL,
    "T": Severity.CRITICAL,
    "M": Severity.CRITICAL,
}
"""T: the certificate is not trusted; M: it is for another name."""


class Endpoint(Struct, rename="camel"):
    ip_address: str | None = ""
    status_message: str | None = ""
    grade: str | None = ""
    grade_trust_ignored: str | None = ""
    has_warnings: bool | None = None
    details: dict[str, Any] | None = None


class Host(Struct, rename="camel"):
    host: str
    status: str
    port: int | None = None
    protocol: str | None = ""
    endpoints: list[Endpoint] | None = None
    status_message: str | None = ""
    engine_version: str | None = ""
    criteria_version: str | None = ""
    start_time: float | None = None
    test_time: float | None = None


Test = tuple[str, str, Severity, tuple[str, ...], Callable[[Any], bool]]


def _true(value: Any) -> bool:
    return value is True


def _either(*bad: int) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and value in bad


FLAWS: tuple[Test, ...] = (
    ("heartbleed", "Heartbleed", Severity.CRITICAL, ("CVE-2014-0160",), _true),
    ("openSslCcs", "OpenSSL CCS injection", Severity.HIGH, ("CVE-2014-0224",), _either(3)),
    ("openSSLLuckyMinus20", "OpenSSL padding oracle", Severity.HIGH, ("CVE-2016-2107",), _either(2)),
    ("ticketbleed", "Ticketbleed", Severity.HIGH, ("CVE-2016-9244",), _either(2)),
    ("bleichenbacher", "ROBOT", Severity.HIGH, (), _either(2, 3)),
    ("poodle", "POODLE on SSL 3", Severity.MEDIUM, ("CVE-2014-3566",), _true),
    ("poodleTls", "POODLE on TLS", Severity.HIGH, (), _either(2)),
    ("zombiePoodle", "Zombie POODLE", Severity.HIGH, (), _either(2, 3)),
    ("goldenDoodle", "GOLDENDOODLE", Severity.HIGH, (), _either(4, 5)),
    ("sleepingPoodle", "Sleeping POODLE", Severity.HIGH, (), _either(10, 11)),
    ("freak", "FREAK", Severity.HIGH, ("CVE-2015-0204",), _true),
    ("logjam", "Logjam", Severity.HIGH, ("CVE-2015-4000",), _true),
    ("drownVulnerable", "DROWN", Severity.HIGH, ("CVE-2016-0800",), _true),
)


def _is_host(probe: Probe) -> bool:
    base = "0." if probe.is_array else ""
    return {"host", "status", "criteriaVersion", "engineVersion"} <= (probe.first if base else probe.keys)


@parser(
    "ssl-labs",
    title="SSL Labs",
    kind=Kind.HOST,
    looks=json_rows("host", "status", where=_is_host),
    made_with="ssllabs-scan example.com > ssllabs.json",
    url="https://github.com/ssllabs/ssllabs-scan/blob/master/ssllabs-api-docs-v3.md",
    versions="interface 2 to 3",
)
def read(hosts: list[Host]) -> Iterator[Item]:
    yield from _items(hosts)


@variant("ssl-labs", looks=json_object("host", "status", where=_is_host))
def read_host(host: Host) -> Iterator[Item]:
    yield from _items([host])


def _items(hosts: list[Host]) -> Iterator[Item]:
    unread = [f"{host.host}: {host.status_message or host.status}" for host in hosts if host.status != "READY"]
    unread += [
        f"{host.host} {endpoint.ip_address}: {endpoint.status_message}"
        for host in hosts
        for endpoint in host.endpoints or ()
        if host.status == "READY" and not endpoint.grade
    ]
    last = max((host.test_time or 0 for host in hosts), default=0)
    yield Run(
        tool="SSL Labs",
        version=next((host.engine_version for host in hosts if host.engine_version), "") or "",
        successful=False if unread and all(host.status != "READY" for host in hosts) else None,
        complete=not unread,
        problems=tuple(unread[:50]),
        finished=moment(last) if last else "",
    )
    for host in hosts:
        for endpoint in host.endpoints or ():
            yield from _findings(host, endpoint)


def _findings(host: Host, endpoint: Endpoint) -> Iterator[Finding]:
    details = endpoint.details or {}
    address = ("Address", endpoint.ip_address)
    place = HostLocation(host=host.host, port=host.port, protocol="tls")
    grade = GRADES.get(endpoint.grade or "")
    if grade is not None:
        yield Finding(
            rule="grade",
            title=f"TLS is graded {endpoint.grade}",
            severity=grade,
            severity_given=endpoint.grade or "",
            location=place,
            description=described(
                address,
                ("Protocols", ", ".join(_protocols(details.get("protocols")))),
                ("Grade with trust ignored", endpoint.grade_trust_ignored),
                ("RC4", "supported" if details.get("supportsRc4") is True else ""),
            ),
        )
    for key, name, step, ids, is_bad in FLAWS:
        if is_bad(details.get(key)):
            yield Finding(
                rule=key,
                title=name,
                severity=step,
                location=place,
                description=described(address),
                vulnerabilities=ids,
            )


def _protocols(given: Any) -> list[str]:
    rows = given if isinstance(given, list) else []
    return [f"{row.get('name')} {row.get('version')}" for row in rows if isinstance(row, dict)]
