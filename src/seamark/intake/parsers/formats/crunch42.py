"""42Crunch: weaknesses of an interface's OpenAPI description, as the JSON of an audit."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct, field

from seamark.intake.parsers.kit import (
    Finding,
    Item,
    Kind,
    ResourceLocation,
    Rule,
    Run,
    Severity,
    json_object,
    moment,
    parser,
)

CRITICALITIES = {
    0: Severity.INFO,
    1: Severity.INFO,
    2: Severity.LOW,
    3: Severity.MEDIUM,
    4: Severity.HIGH,
    5: Severity.CRITICAL,
}


class Place(Struct, rename="camel"):
    pointer: int | None = None
    criticality: int | None = None
    score: float | None = None
    fingerprint: str | None = ""
    specific_description: str | None = ""
    too_many_impacted: bool = False


class Weakness(Struct, rename="camel"):
    description: str
    issues: list[Place] | None = None
    criticality: int | None = None
    too_many_error: bool = False


class Section(Struct):
    issues: dict[str, Weakness] | None = None


class Summary(Struct, rename="camel"):
    api_name: str | None = ""
    api_version: str | None = ""


class Audit(Struct, rename="camel"):
    assessment_version: str
    index: list[str] | None = None
    openapi_state: str | None = ""
    valid: bool | None = None
    commit: str | None = ""
    file_id: str | None = ""
    api_id: str | None = ""
    security: Section | None = None
    data: Section | None = None
    validation_errors: Section | None = None
    semantic_errors: Section | None = None
    warnings: Section | None = None
    summary: Summary | None = None


class Report(Struct):
    report: Audit
    start: str | int | None = None
    end: str | int | None = None
    task_id: str | None = field(name="taskId", default="")


@parser(
    "42crunch",
    title="42Crunch",
    kind=Kind.MISCONFIGURATION,
    looks=json_object("report.assessmentVersion", "report.openapiState"),
    made_with="42Crunch: Security Audit > report as JSON",
    url="https://docs.42crunch.com/latest/content/concepts/api_contract_security_audit.htm",
)
def read(report: Report) -> Iterator[Item]:
    audit = report.report
    state = audit.openapi_state or ""
    sections = {
        "security": audit.security,
        "data": audit.data,
        "validation": audit.validation_errors,
        "semantics": audit.semantic_errors,
        "warnings": audit.warnings,
    }
    shortened = any(
        weakness.too_many_error
        for section in sections.values()
        if section
        for weakness in (section.issues or {}).values()
    )
    yield Run(
        tool="42Crunch",
        version=audit.assessment_version,
        configuration=_name(audit),
        successful=False if audit.valid is False else None,
        complete=False if shortened or audit.valid is False else None,
        problems=(f"The OpenAPI description is {state or 'not valid'}",) if audit.valid is False else (),
        started=moment(_number(report.start)),
        finished=moment(_number(report.end)),
    )
    for name, section in sections.items():
        for rule, weakness in ((section.issues or {}) if section else {}).items():
            yield from _findings(rule, weakness, name, audit)


def _number(value: str | int | None) -> int | None:
    text = str(value or "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 14 else None


def _name(audit: Audit) -> str:
    return (audit.summary.api_name if audit.summary else "") or audit.api_id or audit.file_id or ""


def _findings(rule: str, weakness: Weakness, section: str, audit: Audit) -> Iterator[Finding]:
    about = Rule(id=rule, name=rule, title=weakness.description, tags=(section,))
    index, name = audit.index or [], _name(audit)
    for place in weakness.issues or [Place(criticality=weakness.criticality)]:
        pointer = index[place.pointer] if place.pointer is not None and 0 <= place.pointer < len(index) else ""
        grade = place.criticality if place.criticality is not None else weakness.criticality
        yield Finding(
            rule=rule,
            title=weakness.description,
            severity=CRITICALITIES.get(grade if grade is not None else -1, Severity.MEDIUM),
            severity_given="" if grade is None else str(grade),
            location=ResourceLocation(resource=f"{name}#{pointer}", type="OpenAPI") if name or pointer else None,
            about=about,
            description=place.specific_description or "",
            fingerprints=(("fingerprint", place.fingerprint),) if place.fingerprint else (),
        )
