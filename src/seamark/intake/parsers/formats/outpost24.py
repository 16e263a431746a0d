"""Outpost24 (OUTSCAN, HIAB): flaws of hosts; XML."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct, field

from seamark.intake.parsers.formats._hosts import service
from seamark.intake.parsers.kit import (
    Finding,
    Item,
    Kind,
    Rule,
    Run,
    Severity,
    Suppression,
    Xml,
    cvss,
    moment,
    parser,
    references,
    severity,
    vulnerability_ids,
    xml_root,
)
from seamark.intake.parsers.kit.texts import described

_RISKS = {"1": Severity.LOW, "2": Severity.MEDIUM, "4": Severity.HIGH, "0": Severity.INFO}


class Port(Struct):
    number: str = field(name="portnumber", default="")
    protocol: str = ""
    service: str = ""


class Reference(Struct):
    type: str = ""
    url: str = ""


class References(Struct):
    reference: list[Reference | str] | Reference | str | None = None


class Ids(Struct):
    id: list[str] | str | None = None


class History(Struct):
    firstseen: str = ""
    lastseen: str = ""


class Detail(Struct):
    id: str
    name: str
    ip: str = ""
    hostname: str = ""
    date: str = ""
    virtualhost: str = ""
    portinfo: Port | str | None = None
    cvss_score: str = ""
    cvss_vector: str = ""
    cvss_v3_score: str = ""
    cvss_v3_vector: str = ""
    risk: str = ""
    family: str = ""
    product: str = ""
    description: str = ""
    information: str = ""
    falsepositive: str = ""
    solutiontitle: str = ""
    solution: str = ""
    category: str = ""
    references: References | str | None = field(name="referencelist", default=None)
    cve: list[Ids | str] | Ids | str | None = None
    bug: list[Ids | str] | Ids | str | None = None
    history: History | str | None = None


@parser(
    "outpost24",
    title="Outpost24",
    kind=Kind.HOST,
    looks=xml_root(
        "main", where=lambda probe: b"<reportinfo" in probe.source.head() or b"<detaillist" in probe.source.head()
    ),
    made_with="the export of an OUTSCAN or HIAB report as XML",
    url="https://kb.outpost24.com/",
    versions="OUTSCAN as of 2019",
)
def read(document: Xml) -> Iterator[Item]:
    yield Run(tool="Outpost24")
    for one in document.each("detail", row=Detail):
        port = one.portinfo if isinstance(one.portinfo, Port) else Port()
        rating3 = cvss(one.cvss_v3_vector, one.cvss_v3_score)
        ratings = tuple(made for made in (rating3, cvss(one.cvss_vector.split(" ")[0], one.cvss_score)) if made)
        yield Finding(
            rule=one.id,
            title=one.name,
            severity=severity(ratings[0].score) if ratings else _RISKS.get(one.risk, Severity.MEDIUM),
            severity_given=one.risk,
            location=service(one.ip or one.hostname or one.virtualhost, port.number, port.protocol),
            about=Rule(
                id=one.id,
                title=one.name,
                description=one.description,
                remedy=described(("", one.solutiontitle), ("", one.solution)),
                tags=tuple(
                    tag for tag in (one.family, one.category, *(f"BID:{text}" for text in _ids(one.bug))) if tag
                ),
                references=references(_links(one.references)),
            ),
            description=described(
                ("", one.information),
                ("Product", one.product),
                ("Host name", one.hostname or one.virtualhost),
                ("Service", port.service),
            ),
            vulnerabilities=vulnerability_ids(_ids(one.cve)),
            cvss=ratings,
            suppression=Suppression(origin="tool", justification="false positive")
            if one.falsepositive == "1"
            else None,
            seen_at=moment(_seen(one)),
        )


def _seen(one: Detail) -> str:
    last = one.history.lastseen if isinstance(one.history, History) else ""
    text = last or one.date
    return f"{text}:00" if text.count(":") == 1 else text


def _ids(given: list[Ids | str] | Ids | str | None) -> list[str]:
    found: list[str] = []
    for one in given if isinstance(given, list) else [given]:
        inner = one.id if isinstance(one, Ids) else one
        found += inner if isinstance(inner, list) else [inner] if inner else []
    return found


def _links(given: References | str | None) -> list[str]:
    rows = given.reference if isinstance(given, References) else None
    return [one.url for one in (rows if isinstance(rows, list) else [rows]) if isinstance(one, Reference)]
