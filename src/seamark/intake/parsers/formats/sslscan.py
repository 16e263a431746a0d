"""sslscan: protocols, ciphers, certificates and flaws of TLS services, as XML."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct, field

from seamark.intake.parsers.formats._web import listed
from seamark.intake.parsers.kit import (
    Finding,
    HostLocation,
    Item,
    Kind,
    Run,
    Severity,
    Xml,
    parser,
    xml_root,
)
from seamark.intake.parsers.kit.texts import described, port_number

OLD = {
    ("ssl", "2"): Severity.HIGH,
    ("ssl", "3"): Severity.HIGH,
    ("tls", "1.0"): Severity.MEDIUM,
    ("tls", "1.1"): Severity.MEDIUM,
}
STRENGTHS = {
    "null": Severity.HIGH,
    "anonymous": Severity.HIGH,
    "weak": Severity.MEDIUM,
    "medium": Severity.LOW,
}
"""Of ciphers. `strong` and `acceptable` are none to tell of; older versions write no strength."""


ACCEPTED = {"accepted", "preferred", ""}


class Protocol(Struct):
    type: str = field(name="@type")
    version: str = field(name="@version")
    enabled: str = field(name="@enabled")


class Cipher(Struct):
    cipher: str = field(name="@cipher")
    version: str = field(name="@sslversion", default="")
    bits: str = field(name="@bits", default="")
    strength: str = field(name="@strength", default="")
    status: str = field(name="@status", default="")


class Heartbleed(Struct):
    version: str = field(name="@sslversion", default="")
    vulnerable: str = field(name="@vulnerable", default="")


class Flag(Struct):
    supported: str = field(name="@supported", default="")
    secure: str = field(name="@secure", default="")


class Certificate(Struct):
    type: str = field(name="@type", default="")
    subject: str = ""
    issuer: str = ""
    signature: str = field(name="signature-algorithm", default="")
    self_signed: str = field(name="self-signed", default="")
    expired: str = ""
    not_after: str = field(name="not-valid-after", default="")
    pk: Any = None


class Certificates(Struct):
    certificate: list[Certificate | str] | Certificate | str | None = None


class Test(Struct):
    host: str = field(name="@host")
    port: str = field(name="@port", default="")
    sni: str = field(name="@sniname", default="")
    protocol: list[Protocol] | Protocol | None = None
    cipher: list[Cipher] | Cipher | None = None
    heartbleed: list[Heartbleed] | Heartbleed | None = None
    fallback: Flag | str | None = None
    renegotiation: Flag | str | None = None
    compression: Flag | str | None = None
    certificate: list[Certificate | str] | Certificate | str | None = None
    certificates: Certificates | str | None = None
    error: str = ""


@parser(
    "sslscan",
    title="sslscan",
    kind=Kind.HOST,
    looks=xml_root("document", where=lambda probe: b"SSLScan Results" in probe.source.head(4096)),
    made_with="sslscan --xml=sslscan.xml example.com",
    url="https://github.com/rbsec/sslscan",
    versions="1.10 to 2.1",
)
def read(document: Xml) -> Iterator[Item]:
    errors: list[str] = []
    version = ""
    for element in document.each("error", "ssltest"):
        root = element.getroottree().getroot()
        version = str(root.get("version") or "")
        if element.text and element.text.strip() and str(element.tag).endswith("error"):
            errors.append(element.text.strip())
    yield Run(
        tool="sslscan",
        version=version,
        successful=False if errors else None,
        complete=False if errors else None,
        problems=tuple(errors[:50]),
    )
    for test in document.each("ssltest", row=Test):
        yield from _findings(test)


def _findings(test: Test) -> Iterator[Finding]:
    place = HostLocation(host=test.sni or test.host, port=port_number(test.port), protocol="tls")
    for protocol in listed(test.protocol):
        grade = OLD.get((protocol.type.lower(), protocol.version))
        if protocol.enabled == "1" and grade is not None:
            name = f"{protocol.type.upper()} {protocol.version}"
            yield _finding(f"protocol/{name}", f"Old protocol {name} is accepted", grade, place)
    for heartbleed in listed(test.heartbleed):
        if heartbleed.vulnerable == "1":
            yield _finding(
                "heartbleed", f"Heartbleed with {heartbleed.version}", Severity.CRITICAL, place, ids=("CVE-2014-0160",)
            )
    yield from _flags(test, place)
    for cipher in listed(test.cipher):
        grade = STRENGTHS.get(cipher.strength.lower())
        if grade is not None and cipher.status in ACCEPTED:
            yield _finding(
                f"cipher/{cipher.cipher}",
                f"Cipher {cipher.cipher} is {cipher.strength} ({cipher.version})",
                grade,
                place,
                given=cipher.strength,
                text=described(("Bits", cipher.bits), ("Status", cipher.status)),
            )
    nested = test.certificates.certificate if isinstance(test.certificates, Certificates) else None
    for certificate in (*listed(test.certificate), *listed(nested)):
        if isinstance(certificate, Certificate):
            yield from _certificate(certificate, place)


def _flags(test: Test, place: HostLocation) -> Iterator[Finding]:
    renegotiation, compression = test.renegotiation, test.compression
    if isinstance(renegotiation, Flag) and renegotiation.supported == "1" and renegotiation.secure == "0":
        yield _finding(
            "renegotiation", "Insecure session renegotiation", Severity.MEDIUM, place, ids=("CVE-2009-3555",)
        )
    if isinstance(compression, Flag) and compression.supported == "1":
        yield _finding("compression", "TLS compression is accepted", Severity.MEDIUM, place, ids=("CVE-2012-4929",))
    if isinstance(test.fallback, Flag) and test.fallback.supported == "0":
        yield _finding("fallback", "TLS fallback SCSV is not supported", Severity.LOW, place)


def _certificate(certificate: Certificate, place: HostLocation) -> Iterator[Finding]:
    said = described(
        ("Subject", certificate.subject), ("Issuer", certificate.issuer), ("Valid until", certificate.not_after)
    )
    if certificate.expired == "true":
        yield _finding("certificate/expired", "The certificate has expired", Severity.MEDIUM, place, text=said)
    if certificate.self_signed == "true":
        yield _finding("certificate/self-signed", "The certificate is self-signed", Severity.MEDIUM, place, text=said)
    if certificate.signature.lower().startswith(("md5", "sha1")):
        yield _finding(
            "certificate/signature", f"The certificate is signed with {certificate.signature}", Severity.MEDIUM, place,
            text=said,
        )  # fmt: skip


def _finding(
    rule: str,
    title: str,
    grade: Severity,
    place: HostLocation,
    ids: tuple[str, ...] = (),
    given: str = "",
    text: str = "",
) -> Finding:
    return Finding(
        rule=rule,
        title=title,
        severity=grade,
        severity_given=given,
        location=place,
        description=text,
        vulnerabilities=ids,
    )
