"""KrakenD's audit of an API gateway's configuration."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from seamark.intake.parsers.kit import Finding, Item, Kind, Run, json_object, parser, severity


class Recommendation(Struct):
    rule: str
    message: str
    severity: str = ""


class Report(Struct):
    recommendations: list[Recommendation] | None


@parser(
    "krakend-audit",
    title="KrakenD Audit",
    kind=Kind.MISCONFIGURATION,
    looks=json_object("recommendations", "stats"),
    made_with="krakend audit -c krakend.json -f '{{ marshal . }}'",
    url="https://www.krakend.io/docs/configuration/audit/",
    versions="2.4 to 2.10",
)
def read(report: Report) -> Iterator[Item]:
    yield Run(tool="KrakenD Audit")
    for row in report.recommendations or ():
        yield Finding(
            rule=row.rule,
            title=row.message or row.rule,
            severity=severity(row.severity or None),
            severity_given=row.severity,
        )
