"""Chef InSpec: hosts and accounts measured against profiles; the reporters json, json-min and json-automate, and lines of controls."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from seamark.intake.parsers.kit import (
    Finding,
    HostLocation,
    Item,
    JsonLines,
    Kind,
    Rule,
    Run,
    Severity,
    Suppression,
    cwe_ids,
    json_lines,
    json_object,
    moment,
    parser,
    references,
    variant,
    vulnerability_ids,
)
from seamark.intake.parsers.kit.texts import described

_LEVELS = ((0.9, Severity.CRITICAL), (0.7, Severity.HIGH), (0.4, Severity.MEDIUM), (0.01, Severity.LOW))


class Result(Struct):
    status: str = ""
    code_desc: str | None = ""
    message: str | None = ""
    start_time: str | None = ""
    backtrace: Any = None


class Waiver(Struct):
    justification: str | None = ""
    skipped_due_to_waiver: bool | str | None = None
    run: bool | None = None


class Place(Struct):
    ref: str | None = ""
    line: int | None = None


class Text(Struct):
    label: str | None = ""
    data: str | None = ""


class Control(Struct):
    id: str
    title: str | None = ""
    desc: str | None = ""
    descriptions: list[Text] | dict[str, str] | None = None
    impact: float | None = None
    tags: dict[str, Any] | None = None
    refs: list[Any] | None = None
    source_location: Place | None = None
    waiver_data: Waiver | None = None
    results: list[Result] | None = None


class Profile(Struct):
    name: str = ""
    version: str | None = ""
    controls: list[Control] | None = None
    status: str | None = ""
    status_message: str | None = ""


class Platform(Struct):
    name: str | None = ""
    release: str | None = ""
    target_id: str | None = ""


class Report(Struct):
    profiles: list[Profile]
    platform: Platform | None = None
    version: str = ""


@parser(
    "inspec",
    title="Chef InSpec",
    kind=Kind.MISCONFIGURATION,
    looks=json_object("profiles", "platform", "statistics"),
    made_with="inspec exec profile --reporter json:inspec.json",
    url="https://docs.chef.io/inspec/reporters/",
    versions="2 to 6, and CINC Auditor",
)
def read(report: Report) -> Iterator[Item]:
    failed = [f"{one.name}: {one.status_message or one.status}" for one in report.profiles if one.status == "failed"]
    names = {control.id for one in report.profiles for control in one.controls or ()}
    yield Run(
        tool="Chef InSpec",
        version=report.version,
        configuration=", ".join(one.name for one in report.profiles)[:200],
        successful=not (failed and len(failed) == len(report.profiles)),
        complete=False if failed else None,
        problems=tuple(failed[:50]),
        ruleset=frozenset(names) or None,
    )
    host = (report.platform.target_id or "") if report.platform else ""
    for profile in report.profiles:
        for control in profile.controls or ():
            yield from _findings(control, host, profile.name)


def _grade(impact: float | None) -> Severity:
    if impact is None:
        return Severity.MEDIUM
    return next((level for least, level in _LEVELS if impact >= least), Severity.INFO)


def _findings(control: Control, host: str, profile: str) -> Iterator[Finding]:
    failed = [one for one in control.results or () if one.status == "failed"]
    if not failed:
        return
    texts = control.descriptions or []
    told = texts if isinstance(texts, dict) else {text.label or "": text.data or "" for text in texts}
    given = [
        value
        for values in (control.tags or {}).values()
        for value in (values if isinstance(values, list) else [values])
    ]
    words = [value for value in given if isinstance(value, str)]
    links = [
        value for ref in control.refs or () if isinstance(ref, dict) for value in ref.values() if isinstance(value, str)
    ]
    about = Rule(
        id=control.id,
        title=control.title or control.id,
        description=described(("", control.desc or told.get("default", "")), ("Rationale", told.get("rationale", ""))),
        remedy=told.get("fix", ""),
        cwes=cwe_ids([word for word in words if word.upper().startswith("CWE-")]),
        tags=tuple(dict.fromkeys((profile, *(word for word in words if word and len(word) < 60))))[:50],
        references=references(links),
    )
    waiver = control.waiver_data
    for result in failed:
        yield Finding(
            rule=control.id,
            title=about.title,
            severity=_grade(control.impact),
            severity_given="" if control.impact is None else f"{control.impact:g}",
            location=HostLocation(host=host) if host else None,
            about=about,
            description=described(("", result.code_desc or ""), ("", result.message or "")),
            cwes=about.cwes,
            vulnerabilities=vulnerability_ids([word for word in words if "CVE-" in word]),
            suppression=Suppression(origin="tool", justification=waiver.justification or "")
            if waiver and waiver.justification
            else None,
            seen_at=moment(result.start_time),
        )


class Line(Struct):
    """A control with its target, as log shippers write it."""

    id: str
    status: str
    results: list[Result]
    platform: Platform
    title: str | None = ""
    impact: float | None = None
    description: str | None = ""
    control_tags: dict[str, Any] | None = None
    profile: Profile | None = None


@variant("inspec", looks=json_lines("id", "status", "impact", "platform", "profile", "results"))
def read_lines(lines: JsonLines[Line]) -> Iterator[Item]:
    yield Run(tool="Chef InSpec")
    for line in lines:
        control = Control(
            id=line.id,
            title=line.title,
            desc=line.description,
            impact=line.impact,
            tags=line.control_tags,
            results=line.results,
        )
        yield from _findings(control, line.platform.target_id or "", line.profile.name if line.profile else "")


class Short(Struct):
    id: str
    status: str
    profile_id: str | None = ""
    code_desc: str | None = ""
    message: str | None = ""


class Minimal(Struct):
    controls: list[Short]
    version: str = ""


@variant(
    "inspec",
    looks=json_object(
        "controls", "statistics", "version", where=lambda probe: not {"profiles", "platform"} & probe.keys
    ),
)
def read_minimal(report: Minimal) -> Iterator[Item]:
    yield Run(tool="Chef InSpec", version=report.version)
    for one in report.controls:
        if one.status == "failed":
            yield Finding(
                rule=one.id,
                title=one.code_desc or one.id,
                severity=Severity.MEDIUM,
                description=one.message or "",
                tags=(one.profile_id,) if one.profile_id else (),
            )
