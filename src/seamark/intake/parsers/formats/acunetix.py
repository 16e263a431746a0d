"""Acunetix: findings of the on-premises scanner, as the XML of its reports."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache

from msgspec import Struct, field

from seamark.intake.parsers.formats._web import joined, listed, plain
from seamark.intake.parsers.kit import (
    Exchange,
    Finding,
    Item,
    Kind,
    Rule,
    Run,
    Suppression,
    UnreadableReport,
    WebLocation,
    Xml,
    cvss,
    cwe_ids,
    moment,
    parser,
    severity,
    vulnerability_ids,
    xml_root,
)
from seamark.intake.parsers.kit import references as addresses
from seamark.intake.parsers.kit.texts import described

_REQUEST_LINE = re.compile(r"([A-Z]{3,10}) (\S+)")


class Rating(Struct):
    descriptor: str = field(name="Descriptor", default="")
    score: str = field(name="Score", default="")


class Technical(Struct):
    request: str = field(name="Request", default="")
    response: str = field(name="Response", default="")


class Cwe(Struct):
    text: str = field(name="#text", default="")
    id: str = field(name="@id", default="")


class Cwes(Struct):
    cwe: list[Cwe | str] | Cwe | str | None = field(name="CWE", default=None)


class Cve(Struct):
    text: str = field(name="#text", default="")
    id: str = field(name="@id", default="")


class Cves(Struct):
    cve: list[Cve | str] | Cve | str | None = field(name="CVE", default=None)


class Reference(Struct):
    database: str = field(name="Database", default="")
    url: str = field(name="URL", default="")


class References(Struct):
    reference: list[Reference] | Reference | str | None = field(name="Reference", default=None)


class ReportItem(Struct):
    name: str = field(name="Name")
    module: str = field(name="ModuleName", default="")
    details: str = field(name="Details", default="")
    affects: str = field(name="Affects", default="")
    parameter: str = field(name="Parameter", default="")
    source_file: str = field(name="AOP_SourceFile", default="")
    source_line: str = field(name="AOP_SourceLine", default="")
    additional: str = field(name="AOP_Additional", default="")
    false_positive: str = field(name="IsFalsePositive", default="")
    severity: str = field(name="Severity", default="")
    type: str = field(name="Type", default="")
    impact: str = field(name="Impact", default="")
    description: str = field(name="Description", default="")
    detailed: str = field(name="DetailedInformation", default="")
    recommendation: str = field(name="Recommendation", default="")
    technical: Technical | str | None = field(name="TechnicalDetails", default=None)
    cwes: Cwes | str | None = field(name="CWEList", default=None)
    cwe: Cwe | str | None = field(name="CWE", default=None)
    cves: Cves | str | None = field(name="CVEList", default=None)
    cvss: Rating | str | None = field(name="CVSS", default=None)
    cvss3: Rating | str | None = field(name="CVSS3", default=None)
    cvss4: Rating | str | None = field(name="CVSS4", default=None)
    references: References | str | None = field(name="References", default=None)


class ReportItems(Struct):
    items: list[ReportItem] | ReportItem | str | None = field(name="ReportItem", default=None)


class Crawler(Struct):
    start: str = field(name="@StartUrl", default="")


class Scan(Struct):
    start_url: str = field(name="StartURL")
    start_time: str = field(name="StartTime", default="")
    finish_time: str = field(name="FinishTime", default="")
    aborted: str = field(name="Aborted", default="")
    responsive: str = field(name="Responsive", default="")
    crawler: Crawler | str | None = field(name="Crawler", default=None)
    items: ReportItems | str | None = field(name="ReportItems", default=None)


@parser(
    "acunetix",
    title="Acunetix",
    kind=Kind.WEB,
    looks=xml_root("ScanGroup"),
    made_with="Acunetix: Reports > Export as XML",
    url="https://www.acunetix.com/support/docs/",
    versions="9 to 24",
)
def read(document: Xml) -> Iterator[Item]:
    scans = 0
    for scan in document.each("Scan", row=Scan):
        scans += 1
        aborted = scan.aborted.lower() == "true"
        silent = scan.responsive.lower() == "false"
        problems = [
            text for text, is_so in (("The scan was aborted", aborted), ("The site did not answer", silent)) if is_so
        ]
        base = scan.crawler.start if isinstance(scan.crawler, Crawler) and scan.crawler.start else scan.start_url
        yield Run(
            tool="Acunetix",
            successful=False if problems else None,
            complete=False if problems else None,
            problems=tuple(problems),
            started=_moment(scan.start_time),
            finished=_moment(scan.finish_time),
        )
        rows = scan.items.items if isinstance(scan.items, ReportItems) else None
        for row in listed(rows):
            if isinstance(row, ReportItem):
                yield _finding(row, base if "://" in base else f"http://{base}")
    if not scans:
        raise UnreadableReport("The report holds no scan")


def _finding(row: ReportItem, base: str) -> Finding:
    technical = row.technical if isinstance(row.technical, Technical) else Technical()
    ratings = ((each.descriptor, each.score) for each in (row.cvss4, row.cvss3, row.cvss) if isinstance(each, Rating))
    line = _REQUEST_LINE.match(technical.request.lstrip())
    cwes = _cwes(row)
    about = _about(row.name, row.module, row.description, row.impact, row.recommendation, row.detailed, cwes, row.type)
    links = row.references.reference if isinstance(row.references, References) else None
    source = f"{row.source_file}:{row.source_line}".strip(":")
    exchange = Exchange(request=technical.request.strip(), response=technical.response.strip())
    return Finding(
        rule=about.id,
        title=row.name,
        severity=severity(row.severity),
        severity_given=row.severity,
        location=WebLocation(url=_address(base, row.affects), method=line[1] if line else "", parameter=row.parameter),
        about=about,
        description=described(
            ("", plain(row.details)), ("Source", source), ("Additional information", plain(row.additional))
        ),
        cwes=cwes,
        vulnerabilities=_cves(row),
        cvss=tuple(found for vector, score in ratings if (found := cvss(vector, score or None))),
        suppression=Suppression(origin="tool", justification="false positive")
        if row.false_positive.lower() in {"true", "1"}
        else None,
        exchange=exchange if exchange.request or exchange.response else None,
        references=addresses([each.url for each in listed(links) if isinstance(each, Reference)]),
    )


@lru_cache(maxsize=8192)
def _address(base: str, affects: str) -> str:
    """Return the address at fault; what is no path (`Web Server`) concerns the whole site."""
    path = affects.strip()
    return joined(base, path) if path.startswith(("/", "http://", "https://")) else base


def _cwes(row: ReportItem) -> tuple[int, ...]:
    given = listed(row.cwes.cwe) if isinstance(row.cwes, Cwes) else [row.cwes] if isinstance(row.cwes, str) else []
    given += listed(row.cwe)
    return cwe_ids(*(text for each in given for text in _texts(each)))


def _cves(row: ReportItem) -> tuple[str, ...]:
    given = listed(row.cves.cve) if isinstance(row.cves, Cves) else [row.cves] if isinstance(row.cves, str) else []
    return vulnerability_ids(*(text for each in given for text in _texts(each)))


def _texts(value: object) -> list[str]:
    if isinstance(value, Cwe | Cve):
        return [value.text, value.id]
    return [value] if isinstance(value, str) else []


@lru_cache(maxsize=4096)
def _about(
    name: str, module: str, text: str, impact: str, remedy: str, detailed: str, cwes: tuple[int, ...], sort: str
) -> Rule:
    return Rule(
        id=name,
        name=module or name,
        title=name,
        description=described(("", plain(text)), ("Impact", plain(impact)), ("", plain(detailed))),
        remedy=plain(remedy),
        cwes=cwes,
        tags=(sort,) if sort else (),
    )


def _moment(text: str) -> str:
    """Return a time; the older reports write it with the day first and without a zone."""
    try:
        return datetime.strptime(text.strip(), "%d/%m/%Y, %H:%M:%S").strftime("%Y-%m-%dT%H:%M:%SZ")  # noqa: DTZ007
    except ValueError:
        return moment(text)
