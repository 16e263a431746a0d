"""The generic issue data that SonarQube imports from other analysers, in its layouts before and since 10.3."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from seamark.intake.parsers.formats.sonarqube.scales import about, grade
from seamark.intake.parsers.kit import CodeLocation, Finding, FlowStep, Item, Probe, Run, json_object, variant


class Range(Struct, rename="camel"):
    start_line: int | None = None
    end_line: int | None = None
    start_column: int | None = None
    end_column: int | None = None


class Place(Struct, rename="camel"):
    file_path: str
    message: str | None = ""
    text_range: Range | None = None


class Impact(Struct, rename="camel"):
    software_quality: str | None = ""
    severity: str | None = ""


class RuleText(Struct, rename="camel"):
    id: str
    name: str | None = ""
    description: str | None = ""
    engine_id: str | None = ""
    severity: str | None = ""
    type: str | None = ""
    impacts: list[Impact] | None = None


class Issue(Struct, rename="camel"):
    rule_id: str
    primary_location: Place
    engine_id: str | None = ""
    severity: str | None = ""
    type: str | None = ""
    secondary_locations: list[Place] | None = None


class Report(Struct):
    issues: list[Issue]
    rules: list[RuleText] | None = None


def _is_generic(probe: Probe) -> bool:
    first = probe.get("issues.0")
    return isinstance(first, dict) and {"ruleId", "primaryLocation"} <= first.keys()


@variant("sonarqube", looks=json_object("issues", where=_is_generic))
def read(report: Report) -> Iterator[Item]:
    rules = {rule.id: rule for rule in report.rules or ()}
    groups: dict[str, list[Issue]] = {}
    for issue in report.issues:
        rule = rules.get(issue.rule_id)
        groups.setdefault(issue.engine_id or (rule.engine_id if rule else "") or "SonarQube", []).append(issue)
    for engine, group in groups.items():
        yield Run(tool=engine)
        for issue in group:
            yield _finding(issue, rules.get(issue.rule_id) or RuleText(issue.rule_id))


def _finding(issue: Issue, rule: RuleText) -> Finding:
    place = issue.primary_location
    impacts = rule.impacts or []
    given = issue.severity or rule.severity or next((each.severity for each in impacts if each.severity), "") or ""
    kind = (issue.type or rule.type or "").lower().replace("_", "-")
    message = place.message or ""
    return Finding(
        rule=issue.rule_id,
        title=rule.name or message.partition("\n")[0] or issue.rule_id,
        severity=grade(given),
        severity_given=given,
        location=_location(place),
        about=about(rule.id, rule.name or "", rule.description or ""),
        description=message,
        flow=tuple(FlowStep(_location(each), each.message or "") for each in issue.secondary_locations or ()),
        tags=(kind,) if kind else (),
    )


def _location(place: Place) -> CodeLocation:
    span = place.text_range or Range()
    return CodeLocation(
        path=place.file_path,
        line=span.start_line,
        column=_column(span.start_column),
        end_line=span.end_line,
        end_column=_column(span.end_column),
    )


def _column(offset: int | None) -> int | None:
    """Return a column: SonarQube counts them from 0."""
    return None if offset is None or offset < 0 else offset + 1
