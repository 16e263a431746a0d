"""tfsec: misconfigurations in Terraform; the JSON of version 1 and of the versions before."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from msgspec import Struct

from seamark.intake.parsers.kit import (
    CodeLocation,
    Finding,
    Item,
    Kind,
    Probe,
    Rule,
    Run,
    Suppression,
    json_object,
    parser,
    references,
    severity,
)

_PASSED, _IGNORED = 1, 2


class Place(Struct):
    filename: str
    start_line: int | None = None
    end_line: int | None = None


class Result(Struct):
    rule_id: str
    location: Place
    severity: str = ""
    long_id: str = ""
    legacy_rule_id: str = ""
    rule_description: str = ""
    rule_provider: str = ""
    rule_service: str = ""
    description: str = ""
    impact: str = ""
    resolution: str = ""
    link: str = ""
    links: list[str] | None = None
    resource: str = ""
    passed: bool = False
    status: int = 0


class Report(Struct):
    results: list[Result] | None


def _is_tfsec(probe: Probe) -> bool:
    if not probe.get("results"):
        # tfsec says nothing of itself where it found nothing.
        return probe.named and probe.keys == {"results"}
    return probe.has("results.0.rule_id") and probe.has("results.0.location.filename")


@parser(
    "tfsec",
    title="tfsec",
    kind=Kind.MISCONFIGURATION,
    looks=json_object("results", where=_is_tfsec),
    made_with="tfsec --format json --out tfsec.json",
    url="https://aquasecurity.github.io/tfsec/",
    versions="0.3 to 1.28",
)
def read(report: Report) -> Iterator[Item]:
    rows = report.results or []
    # With --include-passed, all that ran is listed.
    passed = any(row.passed or row.status == _PASSED for row in rows)
    yield Run(tool="tfsec", ruleset=frozenset(row.rule_id for row in rows) if passed else None)
    for row in rows:
        if not row.passed and row.status != _PASSED:
            yield _finding(row)


def _finding(row: Result) -> Finding:
    return Finding(
        rule=row.rule_id,
        title=row.rule_description or row.description or row.rule_id,
        severity=severity(row.severity or None),
        severity_given=row.severity,
        location=CodeLocation(
            path=row.location.filename,
            line=row.location.start_line or None,
            end_line=row.location.end_line or None,
            scope=row.resource,
        ),
        about=_about(row),
        description=row.description,
        suppression=Suppression(origin="source") if row.status == _IGNORED else None,
    )


def _about(row: Result) -> Rule:
    return _rule(
        row.rule_id,
        row.long_id or row.legacy_rule_id,
        row.rule_description,
        row.impact,
        row.resolution,
        tuple(word for word in (row.rule_provider, row.rule_service) if word),
        (row.link, *(row.links or ())),
    )


@lru_cache(maxsize=2048)
def _rule(
    rule: str, name: str, title: str, impact: str, remedy: str, tags: tuple[str, ...], links: tuple[str, ...]
) -> Rule:
    return Rule(
        id=rule, name=name, title=title, description=impact, remedy=remedy, tags=tags, references=references(links)
    )
