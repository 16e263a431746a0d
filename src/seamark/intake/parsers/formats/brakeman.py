"""Brakeman: weaknesses in Ruby on Rails applications; JSON and CSV."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from msgspec import Struct, field

from seamark.intake.parsers.kit import (
    CodeLocation,
    Confidence,
    Csv,
    Finding,
    FlowStep,
    Item,
    Kind,
    Rule,
    Run,
    Severity,
    Suppression,
    csv_header,
    cwe_ids,
    first_line,
    json_object,
    moment,
    parser,
    references,
    variant,
    vulnerability_ids,
)

CONFIDENCES = {"High": Confidence.HIGH, "Medium": Confidence.MEDIUM, "Weak": Confidence.LOW}
_ZONE = re.compile(r" (?=[+-]\d{4}$)")


class Place(Struct):
    class_: str | None = field(name="class", default=None)
    method: str | None = None
    template: str | None = None
    model: str | None = None
    controller: str | None = None


class Rendered(Struct):
    name: str | None = None
    file: str | None = None


class Render(Struct):
    file: str | None = None
    line: int | None = None
    class_: str | None = field(name="class", default=None)
    method: str | None = None
    name: str | None = None
    rendered: Rendered | None = None


class Warning(Struct):
    warning_type: str
    message: str
    file: str | None = None
    warning_code: int | None = None
    fingerprint: str = ""
    check_name: str = ""
    line: int | None = None
    link: str | None = None
    code: str | None = None
    render_path: list[Render | str] | None = None
    location: Place | None = None
    user_input: str | None = None
    confidence: str = ""
    cwe_id: list[int] | None = None
    note: str | None = None


class Failure(Struct):
    error: str = ""
    location: str | list[str] | None = None


class ScanInfo(Struct):
    brakeman_version: str
    start_time: str = ""
    end_time: str = ""
    checks_performed: list[str] | None = None


class Report(Struct):
    scan_info: ScanInfo
    warnings: list[Warning]
    ignored_warnings: list[Warning] | None = None
    errors: list[Failure] | None = None


@parser(
    "brakeman",
    title="Brakeman",
    kind=Kind.CODE,
    looks=json_object("scan_info.brakeman_version", "warnings"),
    made_with="brakeman --format json --output brakeman.json",
    url="https://brakemanscanner.org/docs/",
    versions="2.0 to 7.0",
)
def read(report: Report) -> Iterator[Item]:
    info, ignored = report.scan_info, report.ignored_warnings or []
    errors = report.errors or []
    named = all(warning.check_name for warning in (*report.warnings, *ignored))
    yield Run(
        tool="Brakeman",
        version=info.brakeman_version,
        successful=True,
        complete=not errors,
        problems=tuple(_problem(failure) for failure in errors[:50]),
        # Checks that are left out by name or by confidence are not in the list of those performed.
        ruleset=frozenset(info.checks_performed) if info.checks_performed and named else None,
        started=_time(info.start_time),
        finished=_time(info.end_time),
    )
    for warning in report.warnings:
        yield _finding(warning, None)
    for warning in ignored:
        yield _finding(warning, Suppression(origin="tool", justification=warning.note or ""))


def _problem(failure: Failure) -> str:
    place = failure.location[0] if isinstance(failure.location, list) and failure.location else failure.location
    return f"{place}: {failure.error}" if isinstance(place, str) and place else failure.error


def _time(text: str) -> str:
    """Return a time as Ruby writes it, with a blank before the zone."""
    return moment(_ZONE.sub("", text))


def _finding(warning: Warning, suppression: Suppression | None) -> Finding:
    place = warning.location
    cwes = cwe_ids(warning.cwe_id)
    return Finding(
        rule=_rule(warning),
        title=f"{warning.warning_type}: {first_line(warning.message)}",
        # Brakeman rates how sure it is, not how bad it is.
        severity=Severity.MEDIUM,
        location=CodeLocation(
            path=warning.file or "", line=warning.line, snippet=warning.code or "", scope=_scope(place) if place else ""
        ),
        about=_about(_rule(warning), warning.warning_type, cwes, warning.link or ""),
        description=f"User input: {warning.user_input}" if warning.user_input else "",
        confidence=CONFIDENCES.get(warning.confidence),
        cwes=cwes,
        vulnerabilities=vulnerability_ids(warning.message),
        flow=_flow(warning),
        fingerprints=(("brakeman", warning.fingerprint),) if warning.fingerprint else (),
        suppression=suppression,
    )


def _rule(warning: Warning) -> str:
    return warning.check_name or (
        f"BRAKE{warning.warning_code:04}" if warning.warning_code is not None else warning.warning_type
    )


@lru_cache(maxsize=2048)
def _about(rule: str, name: str, cwes: tuple[int, ...], link: str) -> Rule:
    return Rule(id=rule, name=name, cwes=cwes, references=references(link))


def _scope(place: Place) -> str:
    outer = place.class_ or place.controller or place.model or place.template or ""
    return f"{outer}.{place.method}" if outer and place.method else outer or place.method or ""


def _flow(warning: Warning) -> tuple[FlowStep, ...]:
    """Return the calls of `render` that lead to the template with the warning."""
    steps = [
        FlowStep(
            CodeLocation(
                path=step.file,
                line=step.line,
                scope=f"{step.class_}.{step.method}" if step.class_ and step.method else step.name or "",
            ),
            f"renders {step.rendered.name}" if step.rendered and step.rendered.name else "",
        )
        for step in warning.render_path or ()
        if isinstance(step, Render) and step.file
    ]
    if steps and warning.file:
        steps.append(FlowStep(CodeLocation(path=warning.file, line=warning.line, snippet=warning.code or "")))
    return tuple(steps)


class Row(Struct):
    confidence: str = field(name="Confidence")
    warning_type: str = field(name="Warning Type")
    message: str = field(name="Message")
    file: str = field(name="File", default="")
    line: str = field(name="Line", default="")
    cwe: str = field(name="CWE", default="")
    code: str = field(name="Code", default="")
    user_input: str = field(name="User Input", default="")
    check: str = field(name="Check Name", default="")
    warning_code: str = field(name="Warning Code", default="")
    fingerprint: str = field(name="Fingerprint", default="")
    link: str = field(name="Link", default="")


@variant("brakeman", looks=csv_header("Confidence", "Warning Type", "Check Name", "Warning Code", "Fingerprint"))
def read_csv(rows: Csv[Row]) -> Iterator[Item]:
    yield Run(tool="Brakeman")
    for row in rows:
        yield _finding(
            Warning(
                warning_type=row.warning_type,
                message=row.message,
                file=row.file,
                warning_code=_number(row.warning_code),
                fingerprint=row.fingerprint,
                check_name=row.check,
                line=_number(row.line),
                link=row.link,
                code=row.code,
                user_input=row.user_input,
                confidence=row.confidence,
                cwe_id=[int(number) for number in re.findall(r"\d{1,5}", row.cwe)],
            ),
            None,
        )


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
