"""ClamAV: malware in files; the output of clamscan and clamdscan."""

from __future__ import annotations

import re
from collections.abc import Iterator

from seamark.intake.parsers.kit import (
    CodeLocation,
    Finding,
    Item,
    Kind,
    Probe,
    Rule,
    Run,
    Severity,
    Text,
    moment,
    parser,
)

_FOUND = re.compile(r"^(?:\w{3} \w{3} +\d+ [\d:]+ \d{4} -> )?(?P<path>.+?): (?P<name>\S+)(?:\([0-9a-f:]+\))? FOUND$")
_LINE = re.compile(r"^.+: (?:.+ FOUND|OK|Empty file|Excluded|.* ERROR)$")
_DATE = re.compile(r"(\d{4}):(\d{2}):(\d{2}) (\d{2}:\d{2}:\d{2})")


def _is_output(probe: Probe) -> bool:
    if probe.form not in {"text", "csv"}:
        return False
    data = probe.source.data
    if bytes(data[-4096:]).find(b"- SCAN SUMMARY -") >= 0 or b"- SCAN SUMMARY -" in probe.source.head():
        return True
    lines = [line for line in probe.source.head(4096).decode("utf-8", "replace").splitlines()[:-1] if line.strip()]
    return bool(lines) and all(_LINE.match(line) for line in lines) and any(line.endswith(" FOUND") for line in lines)


@parser(
    "clamav",
    title="ClamAV",
    kind=Kind.HOST,
    looks=_is_output,
    made_with="clamscan --recursive --infected /srv > clamav.txt",
    url="https://docs.clamav.net/manual/Usage/Scanning.html",
    versions="0.100 to 1.4",
)
def read(text: Text) -> Iterator[Item]:
    facts: dict[str, str] = {}
    problems: list[str] = []
    findings: list[Finding] = []
    summary = False
    for line in text:
        if "- SCAN SUMMARY -" in line:
            summary = True
        elif summary:
            name, _, value = line.partition(":")
            facts[name.strip()] = value.strip()
        elif found := _FOUND.match(line):
            findings.append(_finding(found["path"], found["name"]))
        elif line.endswith(" ERROR") or line.startswith(("ERROR:", "LibClamAV Error")):
            problems.append(line)
    errors = facts.get("Total errors", "0")
    scanned = facts.get("Scanned files", "")
    yield Run(
        tool="ClamAV",
        version=facts.get("Engine version", ""),
        successful=None if not summary else not (scanned == "0" and bool(problems)),
        complete=False if problems or errors != "0" else None,
        problems=tuple(problems[:50]),
        started=_time(facts.get("Start Date", "")),
        finished=_time(facts.get("End Date", "")),
    )
    yield from findings


def _time(text: str) -> str:
    found = _DATE.search(text)
    return moment(f"{found[1]}-{found[2]}-{found[3]}T{found[4]}+00:00") if found else ""


def _finding(path: str, name: str) -> Finding:
    return Finding(
        rule=name,
        title=f"Malware: {name}",
        severity=Severity.HIGH,
        location=CodeLocation(path=path),
        about=Rule(id=name, title=f"Malware: {name}", cwes=(506,)),
        cwes=(506,),
    )
