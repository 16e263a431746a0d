"""Generic findings as JSON."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Raw, Struct

from seamark.intake.parsers.formats.generic.entry import Entry, allowed, findings
from seamark.intake.parsers.kit import Item, Kind, Probe, Reading, Run, json_object, parser


class Report(Struct):
    findings: Raw
    run: Run | None = None
    name: str | None = ""
    type: str | None = ""
    tool: str | None = ""
    version: str | None = ""


def _is_generic(probe: Probe) -> bool:
    if probe.get("findings.0"):
        return allowed(probe.get("findings.0"))
    # An empty list says which tool found nothing only where the report names it.
    named = bool(probe.get("type") and probe.get("name")) or isinstance(probe.get("run"), dict)
    return probe.get("findings") == [] and (named or probe.named)


@parser(
    "generic",
    title="Generic findings",
    kind=Kind.PENTEST,
    looks=json_object("findings", where=_is_generic),
    made_with='any tool or person: {"findings": [{"title": …, "severity": …}]}, or a CSV with such columns',
    lift=("findings",),
)
def read(report: Report, reading: Reading) -> Iterator[Item]:
    tool = (report.tool or report.type or report.name or "").removesuffix("(Generic Findings Import)").strip()
    yield report.run or Run(tool=tool or "Generic findings", version=report.version or "")
    for number, entry in enumerate(reading.rows(report.findings, Entry, where="$.findings")):
        yield from findings(entry, f"$.findings[{number}]")
