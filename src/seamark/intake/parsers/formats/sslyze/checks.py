"""What SSLyze's facts about a service amount to: it measures and does not rate."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct, field

from seamark.intake.parsers.kit import Finding, HostLocation, Severity

PROTOCOLS = {
    "SSL 2.0": Severity.HIGH,
    "SSL 3.0": Severity.HIGH,
    "TLS 1.0": Severity.MEDIUM,
    "TLS 1.1": Severity.MEDIUM,
    "TLS 1.2": None,
    "TLS 1.3": None,
}
"""None: not old, but suites may be weak."""

BROKEN = ("NULL", "EXPORT", "_anon_", "RC4", "RC2", "3DES", "_DES", "_MD5", "IDEA", "SEED")
"""Parts of the names of suites that are broken (RFC 7465, RFC 8429 and the like)."""


class Service(Struct):
    """One service as measured; None where a thing was not measured."""

    host: str
    port: int | None = None
    address: str = ""
    suites: dict[str, list[str]] = field(default_factory=dict)
    """Accepted suites by protocol."""
    heartbleed: bool | None = None
    ccs: bool | None = None
    robot: str = ""
    compression: bool | None = None
    fallback: bool | None = None
    client_renegotiation: bool | None = None
    secure_renegotiation: bool | None = None
    certificate: dict[str, str] = field(default_factory=dict)
    """Problems of the certificate and its chain by their names, with details."""


def weakness(suite: str) -> str:
    """Return why a suite of TLS 1.2 is not recommended, or an empty string."""
    if any(part in suite for part in BROKEN):
        return "broken"
    if suite.startswith(("TLS_RSA_", "TLS_ECDH_", "TLS_DH_")):
        return "no forward secrecy"
    return "CBC" if "_CBC_" in suite else ""


def findings(service: Service) -> Iterator[Finding]:
    """Yield what is wrong with a service."""
    place = HostLocation(host=service.host, port=service.port, protocol="tls")
    for name, grade in PROTOCOLS.items():
        suites = service.suites.get(name) or []
        if suites and grade is not None:
            yield _finding(f"protocol/{name}", f"Old protocol {name} is accepted", grade, place, ", ".join(suites))
        elif suites:
            yield from _weak_suites(name, suites, place)
    yield from _flaws(service, place)
    for name, text in service.certificate.items():
        yield _finding(f"certificate/{name}", CERTIFICATE[name], Severity.MEDIUM, place, text)


CERTIFICATE = {
    "trust": "The certificate is not trusted",
    "name": "The certificate is for another name",
    "order": "The certificate chain is out of order",
    "sha1": "The certificate chain is signed with SHA-1",
    "symantec": "The certificate chain ends at a distrusted Symantec root",
}


def _weak_suites(name: str, suites: list[str], place: HostLocation) -> Iterator[Finding]:
    reasons = {suite: reason for suite in suites if (reason := weakness(suite))}
    if reasons:
        text = "\n".join(f"{suite}: {reason}" for suite, reason in reasons.items())
        yield _finding(
            f"suites/{name}", f"Cipher suites of {name} that are not recommended", Severity.MEDIUM, place, text
        )


def _flaws(service: Service, place: HostLocation) -> Iterator[Finding]:
    if service.heartbleed:
        yield _finding("heartbleed", "Heartbleed", Severity.CRITICAL, place, ids=("CVE-2014-0160",))
    if service.ccs:
        yield _finding("openssl-ccs", "OpenSSL CCS injection", Severity.HIGH, place, ids=("CVE-2014-0224",))
    if service.robot.startswith("VULNERABLE"):
        yield _finding("robot", "ROBOT", Severity.HIGH, place, service.robot)
    if service.compression:
        yield _finding("compression", "TLS compression is accepted", Severity.MEDIUM, place, ids=("CVE-2012-4929",))
    if service.fallback is False:
        yield _finding("fallback", "TLS fallback SCSV is not supported", Severity.LOW, place)
    if service.secure_renegotiation is False:
        yield _finding(
            "renegotiation", "Insecure session renegotiation", Severity.MEDIUM, place, ids=("CVE-2009-3555",)
        )
    if service.client_renegotiation:
        yield _finding("client-renegotiation", "Clients may renegotiate sessions", Severity.MEDIUM, place)


def _finding(
    rule: str, title: str, grade: Severity, place: HostLocation, text: str = "", ids: tuple[str, ...] = ()
) -> Finding:
    return Finding(rule=rule, title=title, severity=grade, location=place, description=text, vulnerabilities=ids)
