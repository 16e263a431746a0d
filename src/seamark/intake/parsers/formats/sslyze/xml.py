"""SSLyze: the XML that versions until 2 wrote."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from seamark.intake.parsers.formats.sslyze.checks import Service, findings
from seamark.intake.parsers.kit import Item, Run, UnreadableReport, Xml, variant, xml_root
from seamark.intake.parsers.kit.texts import port_number

PROTOCOLS = {
    "sslv2": "SSL 2.0",
    "sslv3": "SSL 3.0",
    "tlsv1": "TLS 1.0",
    "tlsv1_1": "TLS 1.1",
    "tlsv1_2": "TLS 1.2",
    "tlsv1_3": "TLS 1.3",
}


@variant("sslyze", looks=xml_root("document", where=lambda probe: b"SSLyzeVersion" in probe.source.head(4096)))
def read(document: Xml) -> Iterator[Item]:
    root = document.root
    targets = list(root.iter("target"))
    invalid = [" ".join("".join(str(text) for text in each.itertext()).split()) for each in root.iter("invalidTarget")]
    if not targets and not invalid and root.find("results") is None:
        raise UnreadableReport("The report has no results")
    yield Run(
        tool="SSLyze",
        version=str(root.get("SSLyzeVersion") or ""),
        successful=False if invalid and not targets else None,
        complete=False if invalid else None,
        problems=tuple(invalid[:50]),
    )
    for target in targets:
        yield from findings(_service(target))


def _service(target: etree._Element) -> Service:
    return Service(
        host=str(target.get("host") or target.get("ip") or ""),
        port=port_number(target.get("port")),
        address=str(target.get("ip") or ""),
        suites={name: _suites(target, tag) for tag, name in PROTOCOLS.items()},
        heartbleed=_flag(target, "openSslHeartbleed", "isVulnerable"),
        ccs=_flag(target, "openSslCcsInjection", "isVulnerable"),
        robot=str(_attribute(target, "robotAttack", "resultEnum") or ""),
        compression=_flag(target, "compressionMethod", "isSupported"),
        fallback=_flag(target, "tlsFallbackScsv", "isSupported"),
        secure_renegotiation=_flag(target, "sessionRenegotiation", "isSecure"),
        client_renegotiation=_flag(target, "sessionRenegotiation", "canBeClientInitiated"),
        certificate=_certificate(target),
    )


def _attribute(target: etree._Element, tag: str, name: str) -> str | None:
    element = next(target.iter(tag), None)
    value = element.get(name) if element is not None else None
    return str(value) if value is not None else None


def _flag(target: etree._Element, tag: str, name: str) -> bool | None:
    return {"true": True, "false": False}.get((_attribute(target, tag, name) or "").lower())


def _suites(target: etree._Element, tag: str) -> list[str]:
    element = target.find(tag)
    accepted = element.find("acceptedCipherSuites") if element is not None else None
    return [str(each.get("name")) for each in accepted.iter("cipherSuite")] if accepted is not None else []


def _certificate(target: etree._Element) -> dict[str, str]:
    problems: dict[str, str] = {}
    if _flag(target, "hostnameValidation", "certificateMatchesServerHostname") is False:
        problems["name"] = ""
    if _flag(target, "receivedCertificateChain", "isChainOrderValid") is False:
        problems["order"] = ""
    if _flag(target, "verifiedCertificateChain", "hasSha1SignedCertificate") is True:
        problems["sha1"] = ""
    failed = [
        f"{each.get('usingTrustStore')}: {each.get('validationResult') or each.get('error')}"
        for each in target.iter("pathValidation")
        if str(each.get("validationResult") or "ok").lower() != "ok" or each.get("error")
    ]
    if failed:
        problems["trust"] = "\n".join(failed)
    return problems
