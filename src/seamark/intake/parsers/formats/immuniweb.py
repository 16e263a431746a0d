"""ImmuniWeb Discovery: what is to be remedied of domains, sites, hosts and more, as its JSON export."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from seamark.intake.parsers.formats._web import links, place, plain
from seamark.intake.parsers.kit import (
    Finding,
    Item,
    Kind,
    Probe,
    Run,
    Severity,
    first_line,
    json_object,
    moment,
    parser,
    vulnerability_ids,
)
from seamark.intake.parsers.kit.texts import described

SECTIONS = ("domains", "webapps", "mobileapps", "cloud", "network", "repositories", "incidents")


class Entry(Struct):
    id: str | int
    name: str
    section: str = ""
    type: str | None = ""
    group: str | None = ""
    link: str | None = ""
    ip: str | None = ""
    tag: Any = ""
    remediations: list[str] | None = None
    status: Any = None
    data: Any = None
    vulns: Any = None
    lastupdatedt: str | None = ""
    last_scan: str | None = ""
    discovered: str | None = ""


def _is_export(probe: Probe) -> bool:
    found = [name for name in SECTIONS if name in probe.keys]
    if len(found) < 5 or not probe.keys <= {*SECTIONS}:
        return False
    rows = [probe.get(f"{name}.0") for name in found]
    return all(not row or (isinstance(row, dict) and {"section", "tab"} <= row.keys()) for row in rows) and any(rows)


@parser(
    "immuniweb",
    title="ImmuniWeb",
    kind=Kind.WEB,
    looks=json_object(where=_is_export),
    made_with="ImmuniWeb Discovery: Export > JSON",
    url="https://www.immuniweb.com/",
)
def read(report: dict[str, list[Entry]]) -> Iterator[Item]:
    yield Run(tool="ImmuniWeb")
    for section, entries in report.items():
        for entry in entries:
            for remedy in entry.remediations or ():
                yield _finding(section, entry, remedy)


def _finding(section: str, entry: Entry, remedy: str) -> Finding:
    """Return what is to be done about an asset; the export does not rate it."""
    text = plain(remedy)
    sort = entry.type or section
    site = entry.link or entry.name
    return Finding(
        rule=f"{section}: {first_line(text, 80)}",
        title=f"{sort}: {first_line(text)}",
        severity=Severity.INFO,
        location=place(site) if "." in site and " " not in site else None,
        description=described(("Asset", entry.name), ("Group", entry.group), ("Address", entry.ip)),
        remedy=text,
        vulnerabilities=vulnerability_ids(text),
        references=links(remedy),
        fingerprints=(("id", str(entry.id)),),
        tags=tuple(tag for tag in (section, entry.tag) if isinstance(tag, str) and tag),
        seen_at=moment(entry.last_scan or entry.lastupdatedt),
    )
