"""Docker Bench for Security: a Docker host and its containers against the CIS benchmark.

A check marked as manual says something only where it warns; otherwise it is a reminder.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from msgspec import Struct, field

from seamark.intake.parsers.kit import Finding, Item, Kind, Rule, Run, Severity, json_object, moment, parser

_LEVELS = {"WARN": Severity.HIGH, "INFO": Severity.LOW, "NOTE": Severity.INFO}


class Result(Struct):
    id: str
    result: str
    desc: str = ""
    details: str | None = ""
    items: list[str] | None = None
    remediation: str | None = ""
    impact: str | None = field(default="", name="remediation-impact")

    @property
    def is_reminder(self) -> bool:
        """Tell whether nothing was looked at."""
        return self.result != "WARN" and "(Manual)" in self.desc


class Section(Struct):
    results: list[Result] | None
    id: str = ""
    desc: str = ""


class Report(Struct):
    version: str = field(name="dockerbenchsecurity")
    tests: list[Section]
    start: int | None = None
    end: int | None = None


@parser(
    "docker-bench",
    title="Docker Bench for Security",
    kind=Kind.HOST,
    looks=json_object("dockerbenchsecurity", "tests"),
    made_with="docker-bench-security.sh (it writes log/docker-bench-security.log.json)",
    url="https://github.com/docker/docker-bench-security",
    versions="1.3 to 1.6",
)
def read(report: Report) -> Iterator[Item]:
    results = [result for section in report.tests for result in section.results or ()]
    manual = [result.id for result in results if result.is_reminder]
    yield Run(
        tool="Docker Bench for Security",
        version=report.version,
        # The script writes the end last.
        complete=False if report.end is None else None,
        problems=(f"To be checked by hand: {', '.join(manual)}",) if manual else (),
        ruleset=frozenset(result.id for result in results if not result.is_reminder) or None,
        started=moment(report.start),
        finished=moment(report.end),
    )
    for section in report.tests:
        for result in section.results or ():
            if result.result in _LEVELS and not result.is_reminder:
                yield _finding(result, section)


def _finding(result: Result, section: Section) -> Finding:
    return Finding(
        rule=result.id,
        title=result.desc or result.id,
        severity=_LEVELS[result.result],
        severity_given=result.result,
        about=_about(result.id, result.desc, result.remediation or "", result.impact or "", section.desc),
        description=result.details or "\n".join(result.items or ()),
    )


@lru_cache(maxsize=512)
def _about(rule: str, title: str, remedy: str, impact: str, section: str) -> Rule:
    told = f"Impact of the remedy: {impact}" if impact and impact != "None." else ""
    return Rule(id=rule, title=title, description=told, remedy=remedy, tags=(section,) if section else ())
