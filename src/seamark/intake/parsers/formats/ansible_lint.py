"""ansible-lint: mistakes in playbooks and roles, as Code Climate issues (`-f json`, once `-f codeclimate`)."""

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
    Severity,
    json_rows,
    parser,
    references,
)

_LEVELS = {
    "blocker": Severity.CRITICAL,
    "critical": Severity.HIGH,
    "major": Severity.MEDIUM,
    "minor": Severity.LOW,
    "info": Severity.INFO,
}


class Point(Struct):
    line: int | None = None
    column: int | None = None


class Lines(Struct):
    begin: int | Point | None = None
    end: int | Point | None = None


class Place(Struct):
    path: str
    lines: Lines | None = None
    positions: Lines | None = None


class Body(Struct):
    body: str = ""


class Issue(Struct):
    check_name: str
    location: Place
    description: str = ""
    severity: str = ""
    fingerprint: str = ""
    url: str = ""
    categories: list[str] | None = None
    content: Body | None = None


def _is_ansible(probe: Probe) -> bool:
    return "ansible" in str(probe.get("0.url"))


@parser(
    "ansible-lint",
    title="ansible-lint",
    kind=Kind.MISCONFIGURATION,
    looks=json_rows("check_name", "location", "fingerprint", "url", where=_is_ansible),
    made_with="ansible-lint -f json",
    url="https://docs.ansible.com/projects/lint/",
    versions="6.0 to 25",
)
def read(issues: list[Issue]) -> Iterator[Item]:
    yield Run(tool="ansible-lint")
    for issue in issues:
        yield _finding(issue)


def _finding(issue: Issue) -> Finding:
    begin = _begin(issue.location)
    return Finding(
        rule=issue.check_name,
        title=issue.description or issue.check_name,
        severity=_LEVELS.get(issue.severity, Severity.MEDIUM),
        severity_given=issue.severity,
        location=CodeLocation(path=issue.location.path, line=begin.line or None, column=begin.column or None),
        about=_about(issue.check_name, issue.url, tuple(issue.categories or ())),
        description=issue.content.body if issue.content else "",
        fingerprints=(("ansible-lint", issue.fingerprint),) if issue.fingerprint else (),
    )


def _begin(place: Place) -> Point:
    given = (place.positions or place.lines or Lines()).begin
    return given if isinstance(given, Point) else Point(line=given)


@lru_cache(maxsize=512)
def _about(rule: str, link: str, tags: tuple[str, ...]) -> Rule:
    return Rule(id=rule, tags=tags, references=references(link))
