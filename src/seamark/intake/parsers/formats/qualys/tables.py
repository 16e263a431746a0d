"""The tables: a host-based report, a scan, and VMDR's lists by QID and by CVE; each with or without lines above its header."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice

from msgspec import Struct, convert, field

from seamark.intake.parsers.formats._hosts import flat, said, service
from seamark.intake.parsers.formats.qualys.common import STATES, certainty, level, rating
from seamark.intake.parsers.kit import (
    Finding,
    Item,
    Probe,
    Reading,
    Rule,
    Run,
    Suppression,
    Text,
    UnreadableReport,
    moment,
    variant,
    vulnerability_ids,
)
from seamark.intake.parsers.kit.source import Source
from seamark.intake.parsers.kit.texts import described

_MOST_LINES = 40
_HEADERS = ({"QID", "Title", "IP", "Type"}, {"QID", "Title", "KB Severity", "Asset Name"})
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Row(Struct):
    qid: str = field(name="QID")
    title: str = field(name="Title")
    severity: str = field(name="Severity", default="")
    address: str = field(name="IP", default="")
    dns: str = field(name="DNS", default="")
    fqdn: str = field(name="FQDN", default="")
    netbios: str = field(name="NetBIOS", default="")
    status: str = field(name="Vuln Status", default="")
    kind: str = field(name="Type", default="")
    port: str = field(name="Port", default="")
    protocol: str = field(name="Protocol", default="")
    last: str = field(name="Last Detected", default="")
    first: str = field(name="First Detected", default="")
    cves: str = field(name="CVE ID", default="")
    vendor: str = field(name="Vendor Reference", default="")
    bugtraq: str = field(name="Bugtraq ID", default="")
    cvss2: str = field(name="CVSS", default="")
    cvss2_base: str = field(name="CVSS Base", default="")
    cvss3: str = field(name="CVSS3", default="")
    cvss3_base: str = field(name="CVSS3 Base", default="")
    cvss31_base: str = field(name="CVSS3.1 Base", default="")
    threat: str = field(name="Threat", default="")
    impact: str = field(name="Impact", default="")
    solution: str = field(name="Solution", default="")
    results: str = field(name="Results", default="")
    result: str = field(name="Result", default="")
    category: str = field(name="Category", default="")
    # VMDR
    kb_severity: str = field(name="KB Severity", default="")
    detected: str = field(name="Type Detected", default="")
    state: str = field(name="Status", default="")
    asset: str = field(name="Asset Name", default="")
    address4: str = field(name="Asset IPV4", default="")
    address6: str = field(name="Asset IPV6", default="")
    tags: str = field(name="Asset Tags", default="")
    disabled: str = field(name="Disabled", default="")
    ignored: str = field(name="Ignored", default="")
    cve: str = field(name="CVE", default="")
    cve_text: str = field(name="CVE-Description", default="")
    nvd2: str = field(name="CVSSv2 Base (nvd)", default="")
    nvd3: str = field(name="CVSSv3.1 Base (nvd)", default="")
    rti: str = field(name="RTI", default="")


def _header_at(source: Source) -> int:
    """Return the number of the line that holds the header, -1 where there is none."""
    lines = source.head(65536).decode("utf-8", "replace").splitlines()
    for number, line in enumerate(lines[:_MOST_LINES]):
        cells = {cell.strip().strip('"').strip() for cell in line.split(",")}
        if any(wanted <= cells for wanted in _HEADERS):
            return number
    return -1


def _is_table(probe: Probe) -> bool:
    return probe.form in {"csv", "text"} and _header_at(probe.source) >= 0


@variant("qualys", looks=_is_table)
def read(text: Text, reading: Reading) -> Iterator[Item]:
    yield Run(tool="Qualys VM")
    for row in _rows(text, _header_at(reading.source)):
        # What stands below the table (hosts not scanned, summaries) has no number of a detection.
        if row.qid.strip().isdecimal():
            yield _finding(row)


def _rows(text: Text, header: int) -> Iterator[Row]:
    csv.field_size_limit(16 * 1024 * 1024)
    stream = islice((f"{line}\n" for line in text), header, None)
    reader = csv.DictReader(stream)
    try:
        reader.fieldnames = [(name or "").strip() for name in reader.fieldnames or []]
        for cells in reader:
            values = {name: cell.strip() for name, cell in cells.items() if name and isinstance(cell, str)}
            if values.get("QID"):
                yield convert(values, Row, strict=False)
    except csv.Error as error:
        raise UnreadableReport(f"Not a CSV table: {error}", where=f"line {reader.line_num}") from None


def _finding(row: Row) -> Finding:
    addresses = row.address or row.address4 or row.address6
    several = "," in addresses
    state = (row.status or row.state).strip().lower()
    kind = row.kind or row.detected
    accepted = [
        word for word, given in (("disabled", row.disabled), ("ignored", row.ignored)) if given.lower() == "yes"
    ]
    ratings = (
        rating(row.cvss3_base or row.cvss31_base or row.nvd3 or row.cvss3, "3"),
        rating(row.cvss2_base or row.nvd2 or row.cvss2, "2"),
    )
    given = row.severity or row.kb_severity
    return Finding(
        rule=row.qid,
        title=row.title or f"QID {row.qid}",
        severity=level(given),
        severity_given=given,
        location=service((row.asset if several else addresses) or row.dns or row.asset, row.port, row.protocol),
        about=_about(
            row.qid, row.title, row.threat, said(row.impact), said(row.solution), row.category, row.vendor, row.bugtraq
        ),
        description=described(
            ("", said(row.results or row.result)),
            ("", row.cve_text),
            ("Host name", row.fqdn or row.dns or (row.asset if not several else "")),
            ("Addresses", addresses if several else ""),
            ("Indicators", row.rti),
        ),
        confidence=certainty(kind),
        vulnerabilities=vulnerability_ids(row.cves, row.cve),
        cvss=tuple(one for one in ratings if one),
        suppression=Suppression(origin="tool", justification=", ".join(accepted)) if accepted else None,
        baseline=STATES.get(state, ""),
        tags=tuple(tag for tag in (kind, *(tag.strip() for tag in row.tags.split(","))) if tag),
        seen_at=_moment(row.last),
    )


@lru_cache(maxsize=16384)
def _about(
    qid: str, title: str, threat: str, impact: str, solution: str, category: str, vendor: str, bugtraq: str
) -> Rule:
    return Rule(
        id=qid,
        title=title,
        description=described(("", flat(threat)), ("Impact", flat(impact))),
        remedy=flat(solution),
        tags=tuple(
            tag
            for tag in (
                category,
                *(word.strip() for word in vendor.split(",")),
                *(f"BID:{word.strip()}" for word in bugtraq.split(",") if said(word)),
            )
            if said(tag)
        )[:50],
    )


@lru_cache(maxsize=4096)
def _moment(text: str) -> str:
    """Return a time as Qualys writes it: `02/03/2026 10:00:00`, `Feb 03, 2026 07:00 AM` or ISO."""
    parts = text.replace(",", "").replace("'", "").split()
    if len(parts) >= 4 and parts[0] in _MONTHS:
        hour, _, minute = parts[3].partition(":")
        if not (hour.isdecimal() and minute[:2].isdecimal()):
            return ""
        half = parts[4].upper() if len(parts) > 4 else ""
        number = int(hour[:2]) % 12 + 12 * (half == "PM") if half else int(hour[:2])
        return moment(f"{parts[2]}-{_MONTHS.index(parts[0]) + 1:02}-{parts[1]:0>2}T{number:02}:{minute[:2]}:00+00:00")
    if len(parts) == 2 and parts[0].count("/") == 2:
        month, day, year = parts[0].split("/")
        return moment(f"{year}-{month:0>2}-{day:0>2}T{parts[1]}+00:00")
    return moment(text)
