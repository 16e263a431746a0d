"""The XML of a host-based report (ASSET_DATA_REPORT): detections by host, texts in a glossary at the end."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct, field

from seamark.intake.parsers.formats._hosts import flat, said, scanned, service
from seamark.intake.parsers.formats.qualys.common import STATES, certainty, level, rating
from seamark.intake.parsers.kit import (
    Cvss,
    Finding,
    Item,
    Kind,
    Reading,
    Rule,
    Run,
    Severity,
    Suppression,
    Xml,
    moment,
    parser,
    references,
    vulnerability_ids,
    xml_root,
)
from seamark.intake.parsers.kit.texts import described

_MADE = re.compile(rb"<GENERATION_DATETIME>\s*([^<]*?)\s*<")


class Reference(Struct):
    id: str = field(name="ID", default="")
    url: str = field(name="URL", default="")


class Cves(Struct):
    rows: list[Reference] | Reference | None = field(name="CVE_ID", default=None)


class Vendors(Struct):
    rows: list[Reference] | Reference | None = field(name="VENDOR_REFERENCE", default=None)


class Bugtraqs(Struct):
    rows: list[Reference] | Reference | None = field(name="BUGTRAQ_ID", default=None)


class Score2(Struct):
    base: str = field(name="CVSS_BASE", default="")


class Score3(Struct):
    base: str = field(name="CVSS3_BASE", default="")


class Told(Struct):
    text: str = field(name="#text", default="")


class Detail(Struct):
    id: str = field(name="@id")
    qid: Told | str = field(name="QID", default="")
    title: str = field(name="TITLE", default="")
    severity: str = field(name="SEVERITY", default="")
    category: str = field(name="CATEGORY", default="")
    threat: str = field(name="THREAT", default="")
    impact: str = field(name="IMPACT", default="")
    solution: str = field(name="SOLUTION", default="")
    pci: str = field(name="PCI_FLAG", default="")
    cves: Cves | str | None = field(name="CVE_ID_LIST", default=None)
    vendors: Vendors | str | None = field(name="VENDOR_REFERENCE_LIST", default=None)
    bugtraqs: Bugtraqs | str | None = field(name="BUGTRAQ_ID_LIST", default=None)
    score2: Score2 | str | None = field(name="CVSS_SCORE", default=None)
    score3: Score3 | str | None = field(name="CVSS3_SCORE", default=None)


class Detection(Struct):
    qid: Told | str = field(name="QID")
    kind: str = field(name="TYPE", default="")
    port: str = field(name="PORT", default="")
    service: str = field(name="SERVICE", default="")
    protocol: str = field(name="PROTOCOL", default="")
    fqdn: str = field(name="FQDN", default="")
    result: Told | str = field(name="RESULT", default="")
    first: str = field(name="FIRST_FOUND", default="")
    last: str = field(name="LAST_FOUND", default="")
    status: str = field(name="VULN_STATUS", default="")
    ignored: str = field(name="IGNORED", default="")
    instance: str = field(name="INSTANCE", default="")


class Detections(Struct):
    rows: list[Detection] | Detection | None = field(name="VULN_INFO", default=None)


class Host(Struct):
    address: str = field(name="IP", default="")
    dns: str = field(name="DNS", default="")
    netbios: str = field(name="NETBIOS", default="")
    detections: Detections | str | None = field(name="VULN_INFO_LIST", default=None)


class Known(Struct):
    about: Rule
    severity: str
    ids: tuple[str, ...]
    ratings: tuple[Cvss, ...]


@parser(
    "qualys",
    title="Qualys VM",
    kind=Kind.HOST,
    looks=xml_root("ASSET_DATA_REPORT"),
    made_with="a host-based report of a Qualys template, as XML or CSV",
    url="https://docs.qualys.com/en/vm/api/reports/asset_data_report.htm",
    versions="VM 8 to 10 and VMDR",
)
def read(document: Xml, reading: Reading) -> Iterator[Item]:
    made = _MADE.search(reading.source.head())
    addresses = re.findall(rb"<IP(?:\s[^>]*)?>\s*([^<\s]{1,100})\s*</IP>", reading.source.data)
    yield Run(
        tool="Qualys VM",
        scope=scanned(found.decode("utf-8", "replace") for found in addresses),
        finished=moment(made[1].decode("utf-8", "replace")) if made else "",
    )
    known = {one.id: _known(one) for one in document.each("VULN_DETAILS", row=Detail)}
    for host in document.each("HOST", row=Host):
        rows = host.detections.rows if isinstance(host.detections, Detections) else None
        for row in rows if isinstance(rows, list) else [rows] if rows else []:
            yield _finding(host, row, known)


def _text(value: Told | str) -> str:
    return value.text if isinstance(value, Told) else value


def _rows(holder: Cves | Vendors | Bugtraqs | str | None) -> list[Reference]:
    rows = None if holder is None or isinstance(holder, str) else holder.rows
    return rows if isinstance(rows, list) else [rows] if rows else []


def _known(one: Detail) -> Known:
    qid = _text(one.qid) or one.id.removeprefix("qid_")
    vendors = _rows(one.vendors)
    scores = (
        (one.score3.base if isinstance(one.score3, Score3) else "", "3"),
        (one.score2.base if isinstance(one.score2, Score2) else "", "2"),
    )
    return Known(
        about=Rule(
            id=qid,
            title=one.title,
            description=described(("", flat(one.threat)), ("Impact", flat(said(one.impact)))),
            remedy=flat(said(one.solution)),
            tags=tuple(
                tag
                for tag in (
                    one.category,
                    "PCI" if one.pci == "1" else "",
                    *(row.id for row in vendors),
                    *(f"BID:{row.id}" for row in _rows(one.bugtraqs)),
                )
                if tag
            )[:50],
            references=references([row.url for row in vendors]),
        ),
        severity=one.severity,
        ids=vulnerability_ids([row.id for row in _rows(one.cves)]),
        ratings=tuple(made for text, version in scores if (made := rating(text, version))),
    )


def _finding(host: Host, row: Detection, known: dict[str, Known]) -> Finding:
    qid = _text(row.qid)
    found = known.get(f"qid_{qid}")
    return Finding(
        rule=qid,
        title=(found.about.title if found else "") or f"QID {qid}",
        severity=level(found.severity) if found else Severity.MEDIUM,
        severity_given=found.severity if found else "",
        location=service(host.address or host.dns or host.netbios, row.port, row.protocol),
        about=found.about if found else None,
        description=described(
            ("", _text(row.result)),
            ("Service", row.service),
            ("Host name", row.fqdn or host.dns),
            ("First found", row.first),
        ),
        confidence=certainty(row.kind),
        vulnerabilities=found.ids if found else (),
        cvss=found.ratings if found else (),
        suppression=Suppression(origin="tool", justification="ignored") if row.ignored in {"1", "true"} else None,
        baseline=STATES.get(row.status.strip().lower(), ""),
        tags=(row.kind,) if row.kind else (),
        seen_at=moment(row.last),
    )
