"""Alert Logic: flaws of hosts; CSV."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from msgspec import Struct, field

from seamark.intake.parsers.formats._hosts import said, service
from seamark.intake.parsers.kit import (
    Csv,
    Finding,
    Item,
    Kind,
    Rule,
    Run,
    csv_header,
    cvss,
    moment,
    parser,
    severity,
    vulnerability_ids,
)
from seamark.intake.parsers.kit.texts import described


class Row(Struct):
    name: str = field(name="Vulnerability")
    severity: str = field(name="Severity")
    score: str = field(name="CVSS Score", default="")
    deployment: str = field(name="Deployment Name", default="")
    asset: str = field(name="Asset Name", default="")
    address: str = field(name="IP Address", default="")
    port: str = field(name="Protocol/Port", default="")
    last: str = field(name="Last Scanned", default="")
    sort: str = field(name="Asset Type", default="")
    account: str = field(name="Customer Account", default="")
    cve: str = field(name="CVE", default="")
    service: str = field(name="Service", default="")
    network: str = field(name="VPC/Network", default="")
    category: str = field(name="Category", default="")
    description: str = field(name="Description", default="")
    evidence: str = field(name="Evidence", default="")
    system: str = field(name="Operating System", default="")
    remedy: str = field(name="Resolution", default="")
    id: str = field(name="Vulnerability ID", default="")
    span: str = field(name="Vulnerability Span ID", default="")
    exploited: str = field(name="CISA Known Exploited", default="")


@parser(
    "alert-logic",
    title="Alert Logic",
    kind=Kind.HOST,
    looks=csv_header("Vulnerability", "CVSS Score", "Deployment Name", "Asset Name", "Vulnerability ID"),
    made_with="the export of exposures as CSV",
    url="https://docs.alertlogic.com/",
    versions="as of 2026",
)
def read(rows: Csv[Row]) -> Iterator[Item]:
    yield Run(tool="Alert Logic")
    for row in rows:
        protocol, _, port = row.port.rpartition("/")
        rating = cvss("", row.score)
        addresses = [text.strip() for text in row.address.replace(";", ",").split(",") if text.strip()]
        yield Finding(
            rule=row.id or row.name,
            title=row.name,
            severity=severity(row.severity or None),
            severity_given=row.severity,
            location=service(addresses[0] if len(addresses) == 1 else row.asset or row.address, port, protocol),
            about=_about(row.id or row.name, row.name, row.description, said(row.remedy), row.category),
            description=described(
                ("", said(row.evidence)),
                ("Asset", row.asset if len(addresses) == 1 else ""),
                ("Addresses", ", ".join(addresses) if len(addresses) > 1 else ""),
                ("Service", said(row.service)),
                ("System", said(row.system)),
                ("Network", said(row.network)),
                ("Deployment", said(row.deployment)),
            ),
            vulnerabilities=vulnerability_ids(row.cve),
            cvss=(rating,) if rating else (),
            fingerprints=(("alert-logic", row.span),) if row.span else (),
            tags=tuple(tag for tag in (row.sort, "known exploited" if row.exploited.lower() == "yes" else "") if tag),
            seen_at=_moment(row.last),
        )


@lru_cache(maxsize=8192)
def _about(identifier: str, name: str, text: str, remedy: str, category: str) -> Rule:
    return Rule(id=identifier, title=name, description=text, remedy=remedy, tags=(category,) if category else ())


@lru_cache(maxsize=2048)
def _moment(text: str) -> str:
    """Return a time such as `5/27/26 6:37`: month, day, year of this century."""
    day, _, time = text.strip().partition(" ")
    parts = day.split("/")
    if len(parts) != 3:
        return moment(text)
    month, date, year = parts
    return moment(f"{year if len(year) == 4 else '20' + year}-{month:0>2}-{date:0>2}T{time or '0:00':0>5}:00+00:00")
