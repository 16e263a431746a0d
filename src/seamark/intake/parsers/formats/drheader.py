"""DrHeader: mistakes in the headers that web sites send, as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from seamark.intake.parsers.kit import (
    Finding,
    Item,
    Kind,
    Location,
    Probe,
    Run,
    WebLocation,
    json_rows,
    parser,
    severity,
    variant,
)
from seamark.intake.parsers.kit.texts import described


class Mistake(Struct):
    rule: str
    message: str
    severity: str
    value: Any = None
    expected: Any = None
    avoid: Any = None
    anomalies: Any = None


class Site(Struct):
    url: str
    report: list[Mistake] | None = None
    error: str | None = ""


def _is_single(probe: Probe) -> bool:
    return "url" not in probe.first and probe.first <= {
        "rule", "message", "severity", "value", "expected", "avoid", "anomalies", "delimiter",
    }  # fmt: skip


@parser(
    "drheader",
    title="DrHeader",
    kind=Kind.WEB,
    looks=json_rows("rule", "message", "severity", where=_is_single),
    made_with="drheader scan single https://example.com --output json",
    url="https://github.com/Santandersecurityresearch/DrHeader",
    versions="1 to 2",
)
def read(mistakes: list[Mistake]) -> Iterator[Item]:
    yield Run(tool="DrHeader")
    for mistake in mistakes:
        yield _finding(mistake, None)


def _is_bulk(probe: Probe) -> bool:
    rows = probe.get("0.report")
    first = rows[0] if isinstance(rows, list) and rows else None
    if first is not None:
        return isinstance(first, dict) and {"rule", "message", "severity"} <= first.keys()
    return probe.first <= {"url", "report", "error"} and rows == []


@variant("drheader", looks=json_rows("url", "report", where=_is_bulk))
def read_bulk(sites: list[Site]) -> Iterator[Item]:
    failed = [f"{site.url}: {site.error}" for site in sites if site.error]
    yield Run(
        tool="DrHeader",
        complete=False if failed else None,
        problems=tuple(failed[:50]),
        scope=tuple(site.url for site in sites if not site.error),
    )
    for site in sites:
        for mistake in site.report or ():
            yield _finding(mistake, WebLocation(url=site.url))


def _finding(mistake: Mistake, location: Location | None) -> Finding:
    return Finding(
        rule=mistake.rule,
        title=f"{mistake.rule}: {mistake.message}",
        severity=severity(mistake.severity),
        severity_given=mistake.severity,
        location=location,
        description=described(
            ("Value", _words(mistake.value)),
            ("Expected", _words(mistake.expected)),
            ("To be avoided", _words(mistake.avoid)),
            ("Anomalies", _words(mistake.anomalies)),
        ),
    )


def _words(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(str(each) for each in value)
    return "" if value is None else str(value)
