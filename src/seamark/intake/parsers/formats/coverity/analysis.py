"""Coverity's analysis: `cov-format-errors --json-output-v7` and later, with the events that lead to each defect."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from msgspec import Raw, Struct, field

from seamark.intake.parsers.formats.coverity.verdicts import impact, verdict
from seamark.intake.parsers.kit import (
    CodeLocation,
    Finding,
    FlowStep,
    Item,
    Kind,
    Reading,
    Rule,
    Run,
    UnreadableReport,
    cwe_ids,
    json_object,
    parser,
)

_INFRASTRUCTURE = (".yml", ".yaml", ".tf", ".json", "dockerfile", ".bicep", ".tpl")


class Event(Struct, rename="camel"):
    event_description: str | None = ""
    event_tag: str | None = ""
    file_pathname: str | None = ""
    stripped_file_pathname: str | None = ""
    line_number: int | None = None
    column_number: int | None = None
    main: bool | None = False
    remediation: bool | None = False
    events: list[Event] | None = None


class Properties(Struct, rename="camel"):
    category: str | None = ""
    cwe: str | int | None = field(name="cweCategory", default="")
    issue_kinds: list[str] | None = None
    impact: str | None = ""
    effect: str | None = field(name="subcategoryLocalEffect", default="")
    short: str | None = field(name="subcategoryShortDescription", default="")
    long: str | None = field(name="subcategoryLongDescription", default="")


class Triage(Struct, rename="camel"):
    classification: str | None = ""
    action: str | None = ""
    severity: str | None = ""
    comment: str | None = ""


class Stored(Struct, rename="camel"):
    cid: int | None = None
    triage: Triage | None = None


class Issue(Struct, rename="camel"):
    checker_name: str
    merge_key: str | None = ""
    occurrence: int | None = field(name="occurrenceNumberInMK", default=None)
    subcategory: str | None = ""
    domain: str | None = ""
    file: str | None = field(name="mainEventFilePathname", default="")
    stripped: str | None = field(name="strippedMainEventFilePathname", default="")
    line: int | None = field(name="mainEventLineNumber", default=None)
    column: int | None = field(name="mainEventColumnNumber", default=None)
    function: str | None = field(name="functionDisplayName", default="")
    events: list[Event] | None = None
    state_on_server: Stored | None = None
    local_triage: Triage | None = None
    checker_properties: Properties | None = None


class Report(Struct, rename="camel"):
    format_version: int
    issues: Raw
    error: Any = None
    warnings: list[Any] | None = None


@parser(
    "coverity",
    title="Coverity",
    kind=Kind.CODE,
    looks=json_object("issues", "formatVersion", "suppressedIssueCount"),
    made_with="cov-format-errors --dir idir --json-output-v10 coverity.json",
    url="https://documentation.blackduck.com/category/coverity",
    versions="JSON format 7 to 10",
    lift=("issues",),
)
def read(report: Report, reading: Reading) -> Iterator[Item]:
    if report.error:
        raise UnreadableReport(f"Coverity stopped with an error: {report.error}", hint="repeat the analysis")
    yield Run(tool="Coverity", problems=tuple(str(warning) for warning in report.warnings or ()))
    for issue in reading.rows(report.issues, Issue, where="$.issues"):
        yield _finding(issue)


def _finding(issue: Issue) -> Finding:
    known = issue.checker_properties or Properties()
    path = issue.stripped or issue.file or ""
    main = next((event for event in issue.events or () if event.main), None)
    said = (main.event_description or "") if main else ""
    advice = [event.event_description or "" for event in issue.events or () if event.remediation]
    about = _about(
        issue.checker_name,
        issue.subcategory or "",
        known.short or "",
        known.long or "",
        str(known.cwe or ""),
        known.category or "",
    )
    triage = issue.local_triage or (issue.state_on_server.triage if issue.state_on_server else None) or Triage()
    kinds = tuple((kind or "").lower() for kind in known.issue_kinds or ())
    steps = tuple(_steps(issue.events or [], 0))
    return Finding(
        rule=about.id,
        title=about.title,
        severity=impact(known.impact),
        severity_given=known.impact or "",
        kind=_kind(issue.checker_name, path),
        location=_location(path, issue.line, issue.column, issue.function or "") if path else None,
        about=about,
        description="\n".join(part for part in (said, known.effect or "") if part),
        remedy="\n".join(advice),
        cwes=about.cwes,
        flow=steps if len(steps) > 1 else (),
        fingerprints=_fingerprints(issue),
        suppression=verdict(triage.classification, triage.action, triage.comment or ""),
        tags=kinds,
    )


def _location(path: str, line: int | None, column: int | None, scope: str) -> CodeLocation:
    return CodeLocation(path=path, line=line or None, column=column or None, scope=scope)


def _kind(checker: str, path: str) -> Kind:
    """Return the kind: the checkers of Sigma look at files of infrastructure as well, and at secrets."""
    name = checker.lower()
    if "hardcoded" in name and name.startswith("sigma."):
        return Kind.SECRET
    return Kind.MISCONFIGURATION if name.startswith("sigma.") and path.lower().endswith(_INFRASTRUCTURE) else Kind.CODE


@lru_cache(maxsize=4096)
def _about(checker: str, subcategory: str, short: str, long: str, cwe: str, category: str) -> Rule:
    return Rule(
        id=f"{checker}/{subcategory}" if subcategory and subcategory != "none" else checker,
        name=checker,
        title=short or checker,
        description=long,
        cwes=cwe_ids(cwe or None),
        tags=(category,) if category else (),
    )


def _fingerprints(issue: Issue) -> tuple[tuple[str, str], ...]:
    # Several occurrences share a merge key; their number tells them apart.
    number = f"/{issue.occurrence}" if issue.occurrence is not None and issue.occurrence > 1 else ""
    return (("coverity/mergekey", f"{issue.merge_key}{number}"),) if issue.merge_key else ()


def _steps(events: list[Event], depth: int) -> Iterator[FlowStep]:
    """Yield the events in order, those inside of a called function behind the call."""
    for event in events:
        path = event.stripped_file_pathname or event.file_pathname
        if path and not event.remediation:
            yield FlowStep(
                _location(path, event.line_number, event.column_number, ""),
                event.event_description or event.event_tag or "",
            )
        if event.events and depth < 20:
            yield from _steps(event.events, depth + 1)
