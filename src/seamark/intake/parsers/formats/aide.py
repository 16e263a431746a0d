"""AIDE: files of hosts that were added, removed or changed; its report."""

from __future__ import annotations

import re
from collections.abc import Iterator

from seamark.intake.parsers.kit import CodeLocation, Finding, Item, Kind, Probe, Run, Severity, Text, moment, parser

_HEADING = re.compile(r"^(Added|Removed|Changed) (?:entries|files|directories):\s*$")
_ENTRY = re.compile(r"^(?:[a-zA-Z?][^:/]*|added|removed|changed): (/.*)$")
_DETAIL = re.compile(r"^(?:File|Directory|Link|Device|FIFO|Socket|Block|Char\w*): (/.*)$")
_VERSION = re.compile(r"AIDE,? (?:version )?(\d[\d.]*)")
_TIME = re.compile(r"^(Start|End) timestamp: (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?: [+-]\d{4})?)")
_WORDS = {"Added": "File added", "Removed": "File removed", "Changed": "File changed"}


def _is_report(probe: Probe) -> bool:
    head = probe.source.head(4096)
    return probe.form in {"text", "csv"} and (
        b"AIDE found " in head or b"AIDE, version" in head or b"AIDE initialized" in head
    )


@parser(
    "aide",
    title="AIDE",
    kind=Kind.HOST,
    looks=_is_report,
    made_with="aide --check > aide.txt",
    url="https://aide.github.io/doc/",
    versions="0.15 to 0.19",
)
def read(text: Text) -> Iterator[Item]:
    entries: dict[tuple[str, str], None] = {}
    details: dict[str, list[str]] = {}
    times: dict[str, str] = {}
    version, section, path, compared, within = "", "", "", False, False
    for line in text:
        if not version and (found := _VERSION.search(line)):
            version = found[1]
        compared = compared or "AIDE found" in line
        if found := _TIME.match(line):
            times[found[1]] = _moment(found[2])
        elif found := _HEADING.match(line):
            section, within = found[1], False
        elif line.startswith("Detailed information"):
            section, within = "", True
        elif line.startswith("The attributes of the"):
            section, within = "", False
        elif within and (found := _DETAIL.match(line)):
            path = found[1]
            details[path] = []
        elif within and path and line.startswith(" "):
            details[path].append(line.strip())
        elif section and (found := _ENTRY.match(line)):
            entries[section, found[1]] = None
    yield Run(
        tool="AIDE",
        version=version,
        successful=True if compared else None,
        started=times.get("Start", ""),
        finished=times.get("End", ""),
    )
    for sort, place in entries:
        yield Finding(
            rule=sort.lower(),
            title=_WORDS[sort],
            severity=Severity.MEDIUM,
            location=CodeLocation(path=place),
            description="\n".join(details.get(place, ())),
            seen_at=times.get("End", "") or times.get("Start", ""),
        )


def _moment(text: str) -> str:
    day, time, *zone = text.split()
    return moment(f"{day}T{time}{zone[0] if zone else '+00:00'}")
