"""SARIF 2.1.0, the format that most scanners of code can write.

One result is one finding, at its first location; further ones are named in its description (only a few tools are known
to list occurrences as locations: they give one finding each). Results of kind `fail`,
`open` and `review` are findings; `pass`, `notApplicable` and `informational` are none, and neither are those whose
baseline state is `absent`. Severity comes from `security-severity`, then from the tool's own words in the properties,
then from the level, then from the rank. A run without a `results` list has computed nothing and counts as failed. The
rules of a run are its ruleset only where one of them has no result, which proves that the list is not made from results.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from seamark.intake.parsers.formats.sarif.places import Places
from seamark.intake.parsers.formats.sarif.results import Findings
from seamark.intake.parsers.formats.sarif.rules import RuleBook
from seamark.intake.parsers.formats.sarif.runs import context, describe
from seamark.intake.parsers.formats.sarif.shape import Log, Row, RowRule, RunShape
from seamark.intake.parsers.formats.sarif.tools import LISTS_OCCURRENCES
from seamark.intake.parsers.kit import Item, Kind, Probe, Reading, Repeated, Run, UnreadableReport, json_object, parser

_VERSIONS = ("1.0.0", "2.0.0", "2.1.0")
_HINT = "write SARIF 2.1.0, or convert the file with the SARIF Multitool"


def _is_sarif(probe: Probe) -> bool:
    schema, version = probe.get("$schema"), probe.get("version")
    if isinstance(schema, str) and "sarif" in schema.lower():
        return True
    if not isinstance(version, str) or not version.startswith(_VERSIONS):
        return False
    return probe.has("runs.0.tool") or not probe.get("runs")


@parser(
    "sarif",
    title="SARIF",
    kind=Kind.CODE,
    looks=json_object("runs", where=_is_sarif),
    made_with="most scanners write it with --format sarif or --sarif",
    url="https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html",
    versions="2.1.0",
    lift=("runs[].results",),
)
def read(log: Log, reading: Reading) -> Iterator[Item]:
    if not log.version.startswith("2.1"):
        raise UnreadableReport(f"SARIF {log.version or 'without a version'} is not read", where="$.version", hint=_HINT)
    runs = list(reading.rows(log.runs, RunShape, "$.runs"))
    if not runs:
        yield Run(tool="SARIF", successful=False, problems=("The file holds no run: no tool looked at anything",))
    for number, run in enumerate(runs):
        where = f"$.runs[{number}].results"
        rules, places = RuleBook(run), Places(run)
        about = describe(run, places, _ruleset(rules, reading.rows(run.results, RowRule, where)))
        yield about
        make = Findings(about, rules, places).finding
        rows: Iterable[Row | Repeated]
        if run.tool.driver.name.lower() in LISTS_OCCURRENCES:
            rows = _one_place_each(reading.rows(run.results, Row, where))
        else:
            rows = reading.fresh(run.results, Row, where, context(run))
        for row in rows:
            if isinstance(row, Repeated):
                yield row
                continue
            finding = make(row)
            if finding is not None:
                yield finding


def _one_place_each(rows: Iterable[Row]) -> Iterator[Row]:
    for row in rows:
        if row.locations:
            yield from (replace(row, locations=[place]) for place in row.locations)
        else:
            yield row


def _ruleset(rules: RuleBook, rows: Iterable[RowRule]) -> frozenset[str] | None:
    """Return the rules of a run where they are provably all that ran: one of them has no result."""
    listed = rules.ids()
    unseen = set(listed)
    if not unseen:
        return None
    for row in rows:
        unseen.discard(rules.facts(row.rule_id, row.rule_index, row.rule).id)
        if not unseen:
            return None
    return frozenset(listed)
