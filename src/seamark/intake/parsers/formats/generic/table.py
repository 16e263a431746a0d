"""Generic findings as a table, with the columns of DefectDojo's CSV in any spelling."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from seamark.intake.parsers.formats.generic.entry import Entry, findings
from seamark.intake.parsers.kit import Csv, Item, Probe, Run, UnreadableReport, variant

_SPELLING = re.compile(r"[^a-z0-9]")
COLUMNS = {
    "title": "title", "name": "title", "severity": "severity", "description": "description", "date": "date",
    "cwe": "cwe", "cweid": "cwe", "cwes": "cwe", "cve": "cve", "cveid": "cve", "vulnerabilityid": "vulnerability_ids",
    "vulnerabilityids": "vulnerability_ids", "cvssv3": "cvssv3", "cvssv3score": "cvssv3_score", "cvssv4": "cvssv4",
    "cvssv4score": "cvssv4_score", "epss": "epss_score", "epssscore": "epss_score", "url": "url", "endpoint": "url",
    "endpoints": "url", "mitigation": "mitigation", "impact": "impact", "references": "references", "reference": "references",
    "stepstoreproduce": "steps_to_reproduce", "severityjustification": "severity_justification", "active": "active",
    "verified": "verified", "falsepositive": "false_p", "falsep": "false_p", "outofscope": "out_of_scope",
    "riskaccepted": "risk_accepted", "ismitigated": "is_mitigated", "mitigated": "mitigated", "filepath": "file_path",
    "file": "file_path", "line": "line", "linenumber": "line", "componentname": "component_name",
    "componentversion": "component_version", "fixversion": "fix_version", "uniqueidfromtool": "unique_id_from_tool",
    "vulnidfromtool": "vuln_id_from_tool", "tags": "tags", "service": "service", "param": "param", "parameter": "param",
    "payload": "payload", "knownexploited": "known_exploited", "ransomwareused": "ransomware_used",
    "staticfinding": "static_finding", "dynamicfinding": "dynamic_finding",
}  # fmt: skip
"""The field of each column, by its letters and digits only."""
TELLING = {"cwe", "url", "mitigation", "impact", "references", "active", "verified", "false_p", "date"}
EXPORTED = {"numerical_severity", "hash_code", "engagement"}
"""Columns of DefectDojo's own export, a format of its own."""
FLAGS = {
    "active", "verified", "false_p", "out_of_scope", "risk_accepted", "is_mitigated", "known_exploited", "ransomware_used",
    "static_finding", "dynamic_finding",
}  # fmt: skip

NUMBERS = {"epss_score", "cvssv3_score", "cvssv4_score"}
"""Spreadsheets write `.5` as well as `0.5`."""


def _field(column: str) -> str:
    return COLUMNS.get(_SPELLING.sub("", column.lower()), "")


def _is_generic(probe: Probe) -> bool:
    fields = {_field(column) for column in probe.columns}
    spelled = {_SPELLING.sub("", column) for column in probe.columns}
    return (
        {"title", "severity", "description"} <= spelled
        and not probe.columns >= EXPORTED
        and len(fields & TELLING) >= 5
        and bool(fields & {"active", "verified"})
    )


@variant("generic", looks=_is_generic)
def read(rows: Csv[dict[str, str]]) -> Iterator[Item]:
    yield Run(tool="Generic findings")
    for number, row in enumerate(rows, start=1):
        where = f"row {number}"
        try:
            entry = msgspec.convert(_values(row), Entry, strict=False)
        except msgspec.ValidationError as error:
            raise UnreadableReport(str(error), where=where) from None
        yield from findings(entry, where)


def _value(name: str, text: str) -> Any:
    if name in FLAGS:
        return text.lower() in {"true", "1", "yes", "y", "x"}
    if name in NUMBERS:
        try:
            return float(text)
        except ValueError:
            return text
    return text


def _values(row: dict[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for column, cell in row.items():
        name = _field(column)
        text = cell.strip()
        if name and text:
            values[name] = _value(name, text)
    values.setdefault("severity", "")
    values.setdefault("title", values.get("description", ""))
    for name in ("vulnerability_ids", "references"):
        if name in values:
            values[name] = re.split(r"[,\s]+", values[name])
    return values
