"""Invicti, Netsparker before that, and Acunetix 360: the list of vulnerabilities as JSON and XML."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from typing import Any

from msgspec import Raw, Struct, field

from seamark.intake.parsers.formats._web import links, listed, plain
from seamark.intake.parsers.kit import (
    Confidence,
    Exchange,
    Finding,
    Item,
    Kind,
    Probe,
    Reading,
    Rule,
    Run,
    Severity,
    Suppression,
    UnreadableReport,
    Verification,
    WebLocation,
    Xml,
    cvss,
    cwe_ids,
    json_object,
    parser,
    severity,
    variant,
    vulnerability_ids,
    xml_root,
)
from seamark.intake.parsers.kit.texts import described

BEST_PRACTICE = "bestpractice"
SET_ASIDE = {"falsepositive": "false positive", "acceptedrisk": "accepted risk", "ignored": "ignored"}


class Cvss(Struct, rename="pascal"):
    vector: str | None = ""
    base_score: dict[str, Any] | None = None


class Classification(Struct, rename="pascal"):
    cwe: str | int | None = ""
    capec: str | int | None = ""
    wasc: str | int | None = ""
    owasp: str | None = ""
    owasp2017: str | None = ""
    owasp_top_ten_2021: str | None = field(name="OwaspTopTen2021", default="")
    pci32: str | None = ""
    cvss: Cvss | None = None
    cvss31: Cvss | None = None
    cvss40: Cvss | None = None


class Parameter(Struct, rename="pascal"):
    name: str | None = ""
    type: str | None = ""
    value: str | None = ""
    vulnerable: bool | None = None


class Request(Struct, rename="pascal"):
    content: str | None = ""
    method: str | None = ""
    parameters: list[Parameter] | None = None


class Response(Struct, rename="pascal"):
    content: str | None = ""


class Information(Struct, rename="pascal"):
    name: str | None = ""
    value: str | None = ""


class Known(Struct, rename="pascal"):
    title: str | None = ""
    severity: str | None = ""


class Vulnerability(Struct, rename="pascal"):
    name: str
    type: str
    severity: str
    url: str
    certainty: int | None = None
    confirmed: bool | None = None
    classification: Classification | None = None
    description: str | None = ""
    impact: str | None = ""
    remedial_actions: str | None = ""
    remedial_procedure: str | None = ""
    exploitation_skills: str | None = ""
    external_references: str | None = ""
    remedy_references: str | None = ""
    proof_of_concept: str | None = ""
    extra_information: list[Information] | None = None
    known_vulnerabilities: list[Known] | None = None
    http_request: Request | None = None
    http_response: Response | None = None
    lookup_id: str | None = ""
    state: str | None = ""
    tags: list[str] | None = None
    first_seen_date: str | None = ""
    last_seen_date: str | None = ""


class Target(Struct, rename="pascal"):
    url: str | None = ""
    initiated: str | None = ""
    scan_id: str | None = ""


class Report(Struct, rename="pascal"):
    vulnerabilities: Raw
    target: Target
    generated: str | None = ""


def _of_acunetix(probe: Probe) -> bool:
    """Tell Acunetix 360, which is the same product under another name, by its texts."""
    return b"cunetix" in bytes(probe.source.data[: 4 * 1024 * 1024])


@parser(
    "invicti",
    title="Invicti",
    kind=Kind.WEB,
    looks=json_object("Vulnerabilities", "Target.ScanId", "Generated"),
    made_with="Invicti or Netsparker: Report > Vulnerabilities List (JSON)",
    url="https://docs.invicti.com/enterprise-user-manual/reports",
    versions="Netsparker 5 to Invicti 2024, Acunetix 360",
    lift=("Vulnerabilities",),
)
def read(report: Report, reading: Reading) -> Iterator[Item]:
    acunetix = _of_acunetix(Probe(reading.source))
    yield Run(tool="Acunetix 360" if acunetix else "Invicti", started=_moment(report.target.initiated or ""))
    for row in reading.rows(report.vulnerabilities, Vulnerability, where="$.Vulnerabilities"):
        yield _finding(row)


def _finding(row: Vulnerability) -> Finding:
    request, response = row.http_request or Request(), row.http_response or Response()
    rating = row.classification or Classification()
    ratings = (_cvss(rating.cvss40), _cvss(rating.cvss31), _cvss(rating.cvss))
    states = (row.state or "").replace(" ", "").lower().split(",")
    parameter = next((each.name for each in request.parameters or () if each.vulnerable), "") or ""
    aside = next((SET_ASIDE[state] for state in states if state in SET_ASIDE), "")
    about = _about(
        row.type, row.name, row.description or "", row.impact or "", row.remedial_procedure or "",
        row.remedial_actions or "", (row.external_references or "") + (row.remedy_references or ""),
        cwe_ids(*str(rating.cwe or "").split(",")), _tags(rating),
    )  # fmt: skip
    exchange = Exchange(request=request.content or "", response=response.content or "")
    return Finding(
        rule=row.type,
        title=row.name,
        severity=Severity.INFO if row.severity.lower().replace(" ", "") == BEST_PRACTICE else severity(row.severity),
        severity_given=row.severity,
        location=WebLocation(url=row.url, method=(request.method or "").upper(), parameter=parameter),
        about=about,
        description=_description(row),
        confidence=_confidence(row.certainty),
        verification=Verification.VERIFIED if row.confirmed else None,
        cwes=about.cwes,
        vulnerabilities=vulnerability_ids(row.name),
        cvss=tuple(each for each in ratings if each is not None),
        suppression=Suppression(origin="tool", justification=aside) if aside else None,
        exchange=exchange if exchange.request or exchange.response else None,
        fingerprints=(("LookupId", row.lookup_id),) if row.lookup_id else (),
        tags=tuple(row.tags or ()),
        baseline="absent" if {"fixedconfirmed", "fixedcantretest", "fixed"} & set(states) else "",
        seen_at=_moment(row.last_seen_date or ""),
    )


def _cvss(given: Cvss | None) -> Any:
    if given is None:
        return None
    value = (given.base_score or {}).get("Value")
    return cvss(given.vector or "", value if isinstance(value, str | int | float) else None)


def _confidence(certainty: int | None) -> Confidence | None:
    if certainty is None:
        return None
    return Confidence.HIGH if certainty >= 90 else Confidence.MEDIUM if certainty >= 50 else Confidence.LOW


def _description(row: Vulnerability) -> str:
    known = [f"{each.title} ({each.severity})" for each in row.known_vulnerabilities or ()][:50]
    said = [(each.name or "", each.value) for each in row.extra_information or ()]
    return described(
        *said, ("Proof of concept", plain(row.proof_of_concept)), ("Known vulnerabilities", "; ".join(known))
    )


@lru_cache(maxsize=4096)
def _about(
    rule: str, name: str, text: str, impact: str, remedy: str, actions: str, sources: str,
    cwes: tuple[int, ...], tags: tuple[str, ...],
) -> Rule:  # fmt: skip
    return Rule(
        id=rule,
        name=name,
        title=name,
        description=described(("", plain(text)), ("Impact", plain(impact))),
        remedy=described(("", plain(remedy)), ("", plain(actions))),
        cwes=cwes,
        tags=tags,
        references=links(sources),
    )


def _tags(rating: Classification) -> tuple[str, ...]:
    said = (
        ("OWASP 2013-", rating.owasp),
        ("OWASP 2017-", rating.owasp2017),
        ("OWASP 2021-", rating.owasp_top_ten_2021),
        ("CAPEC-", rating.capec),
        ("WASC-", rating.wasc),
        ("PCI 3.2-", rating.pci32),
    )
    return tuple(f"{name}{value}" for name, value in said if value)


@lru_cache(maxsize=256)
def _moment(text: str) -> str:
    """Return a time where its day and month cannot be mistaken for each other; the reports do not name a zone."""
    try:
        return datetime.strptime(text.strip(), "%Y-%m-%d %I:%M %p").strftime("%Y-%m-%dT%H:%M:00Z")  # noqa: DTZ007
    except ValueError:
        return ""


class XmlTarget(Struct):
    url: str = ""


class Classes(Struct):
    cwe: str = ""
    upper_cwe: str = field(name="CWE", default="")
    owasp: str = ""
    capec: str = ""
    upper_capec: str = field(name="CAPEC", default="")
    wasc: str = ""
    upper_wasc: str = field(name="WASC", default="")
    cvss: Any = None


class XmlRequest(Struct):
    method: str = ""
    content: str = ""
    parameters: Any = None


class XmlVulnerability(Struct, rename="kebab"):
    url: str
    type: str
    severity: str
    name: str = ""
    title: str = ""
    certainty: str | int = ""
    confirmed: str = ""
    confirmed_attribute: str = field(name="@confirmed", default="")
    state: str = ""
    lookup_id: str = field(name="LookupId", default="")
    vulnerableparameter: str = ""
    vulnerableparametertype: str = ""
    vulnerableparametervalue: str = ""
    rawrequest: str = ""
    rawresponse: str = ""
    classification: Classes | str | None = None
    http_request: XmlRequest | str | None = None
    http_response: XmlRequest | str | None = None
    description: str = ""
    impact: str = ""
    remedial_actions: str = ""
    remedial_procedure: str = ""
    external_references: str = ""
    remedy_references: str = ""
    proof_of_concept: str = ""
    extra_information: Any = None
    extrainformation: Any = None


ROOTS = ("netsparker", "netsparker-cloud", "netsparker-enterprise", "invicti", "invicti-enterprise", "acunetix-360")


@variant("invicti", looks=xml_root(*ROOTS))
def read_xml(document: Xml) -> Iterator[Item]:
    yield Run(tool="Invicti")
    for row in document.each("vulnerability", row=XmlVulnerability):
        yield _of_xml(row)


def _of_xml(row: XmlVulnerability) -> Finding:
    classes = row.classification if isinstance(row.classification, Classes) else Classes()
    request = row.http_request if isinstance(row.http_request, XmlRequest) else XmlRequest()
    response = row.http_response if isinstance(row.http_response, XmlRequest) else XmlRequest()
    if not row.type:
        raise UnreadableReport("A vulnerability of the report has no type")
    parameters = [Parameter(name=row.vulnerableparameter, vulnerable=True)] if row.vulnerableparameter else []
    said = row.extra_information if row.extra_information is not None else row.extrainformation
    confirmed = (row.confirmed or row.confirmed_attribute).lower() == "true"
    vector = classes.cvss.get("vector", "") if isinstance(classes.cvss, dict) else ""
    certainty = str(row.certainty)
    return _finding(
        Vulnerability(
            name=row.name or row.title or row.type,
            type=row.type,
            severity=row.severity,
            url=row.url,
            certainty=int(certainty) if certainty.isdigit() and len(certainty) < 4 else None,
            confirmed=confirmed,
            classification=Classification(
                cwe=classes.cwe or classes.upper_cwe,
                owasp=classes.owasp,
                capec=classes.capec or classes.upper_capec,
                wasc=classes.wasc or classes.upper_wasc,
                cvss=Cvss(vector=vector) if isinstance(vector, str) and vector else None,
            ),
            description=row.description,
            impact=row.impact,
            remedial_actions=row.remedial_actions,
            remedial_procedure=row.remedial_procedure,
            external_references=row.external_references,
            remedy_references=row.remedy_references,
            proof_of_concept=row.proof_of_concept,
            extra_information=_information(said),
            http_request=Request(
                content=request.content or row.rawrequest, method=request.method, parameters=parameters
            ),
            http_response=Response(content=response.content or row.rawresponse),
            lookup_id=row.lookup_id,
            state=row.state,
        )
    )


def _information(given: Any) -> list[Information]:
    """Return the named details: `<info name="…">…</info>`, or with an attribute `value`."""
    rows = listed(given.get("info")) if isinstance(given, dict) else []
    return [
        Information(name=_word(row.get("@name")), value=_word(row.get("#text") or row.get("@value")))
        for row in rows
        if isinstance(row, dict)
    ]


def _word(value: Any) -> str:
    return value if isinstance(value, str) else ""
