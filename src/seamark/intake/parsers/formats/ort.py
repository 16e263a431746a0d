"""OSS Review Toolkit: rule violations and vulnerabilities of its evaluated model.

The model is normalised: rows refer to one another by their numbers. What was resolved is suppressed with the reason given.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

from msgspec import Struct, field

from seamark.intake.parsers.formats._sca import of_coordinates, shared_rule
from seamark.intake.parsers.kit import (
    CodeLocation,
    Component,
    Cvss,
    Finding,
    Item,
    Kind,
    Run,
    Severity,
    Suppression,
    first_line,
    json_object,
    parser,
    references,
)
from seamark.intake.parsers.kit.packages import graded, identifiers, rating

_LEVELS = {"ERROR": Severity.HIGH, "WARNING": Severity.MEDIUM, "HINT": Severity.INFO}
T = TypeVar("T")


class Package(Struct):
    id: str
    purl: str | None = ""
    definition_file_path: str | None = ""


class Licence(Struct):
    id: str = ""


class Resolution(Struct):
    reason: str | None = ""
    comment: str | None = ""


class Violation(Struct):
    rule: str
    severity: str
    message: str = ""
    pkg: int | None = None
    license: int | None = None
    license_source: str | None = ""
    how_to_fix: str | None = ""
    resolutions: list[int] | None = None


class Reference(Struct):
    url: str | None = ""
    scoring_system: str | None = ""
    severity: str | None = ""
    score: float | None = None
    vector: str | None = ""


class Vulnerability(Struct):
    id: str
    pkg: int | None = None
    summary: str | None = ""
    description: str | None = ""
    references: list[Reference] | None = None
    resolutions: list[int] | None = None


class Issue(Struct):
    severity: str = ""
    source: str = ""
    message: str = ""
    resolutions: list[int] | None = None


class Vcs(Struct):
    url: str | None = ""
    revision: str | None = ""


class Repository(Struct):
    vcs_processed: Vcs | None = None


class Report(Struct):
    packages: list[Package]
    rule_violations: list[Violation]
    licenses: list[Licence] | None = None
    rule_violation_resolutions: list[Resolution] | None = None
    vulnerabilities: list[Vulnerability] | None = None
    vulnerability_resolutions: list[Resolution] | None = field(default=None, name="vulnerabilities_resolutions")
    issues: list[Issue] | None = None
    repository: Repository | None = None


@parser(
    "ort",
    title="ORT",
    kind=Kind.LICENCE,
    looks=json_object("rule_violations", "packages", "dependency_trees"),
    made_with="ort report -f EvaluatedModel -i evaluation-result.yml -o .",
    url="https://oss-review-toolkit.org",
)
def read(report: Report) -> Iterator[Item]:
    vcs = (report.repository.vcs_processed if report.repository else None) or Vcs()
    errors = [issue for issue in report.issues or () if issue.severity.upper() == "ERROR" and not issue.resolutions]
    revision = vcs.revision or ""
    is_commit = len(revision) in {40, 64} and all(letter in "0123456789abcdef" for letter in revision)
    yield Run(
        tool="ORT",
        complete=False if errors else None,
        problems=tuple(f"{issue.source}: {first_line(issue.message)}" for issue in errors[:50]),
        repository=vcs.url or "",
        commit=revision if is_commit else "",
        ref="" if is_commit else revision,
    )
    for violation in report.rule_violations:
        yield _violation(violation, report)
    for vulnerability in report.vulnerabilities or ():
        yield _vulnerability(vulnerability, report)


def _at(rows: Sequence[T] | None, number: int | None) -> T | None:
    return rows[number] if rows is not None and number is not None and 0 <= number < len(rows) else None


def _component(one: Package | None) -> Component | None:
    if one is None:
        return None
    if one.purl:
        return of_coordinates(one.purl)
    parts = one.id.split(":")
    return Component(
        name="/".join(part for part in parts[1:-1] if part) or one.id, version=parts[-1] if len(parts) > 2 else ""
    )


def _place(one: Package | None) -> CodeLocation | None:
    return CodeLocation(path=one.definition_file_path) if one is not None and one.definition_file_path else None


def _suppression(numbers: list[int] | None, rows: list[Resolution] | None) -> Suppression | None:
    found = [one for number in numbers or () if (one := _at(rows, number)) is not None]
    if not numbers:
        return None
    words = [": ".join(text for text in (one.reason, one.comment) if text) for one in found]
    return Suppression(origin="tool", justification="; ".join(words))


def _violation(row: Violation, report: Report) -> Finding:
    one = _at(report.packages, row.pkg)
    licence = _at(report.licenses, row.license)
    return Finding(
        rule=row.rule,
        title=first_line(row.message) or row.rule,
        severity=_LEVELS.get(row.severity.upper(), Severity.MEDIUM),
        severity_given=row.severity,
        location=_place(one),
        component=_component(one),
        about=shared_rule(id=row.rule, name=row.rule),
        description=row.message,
        remedy=row.how_to_fix or "",
        suppression=_suppression(row.resolutions, report.rule_violation_resolutions),
        tags=tuple(text for text in (licence.id if licence else "", (row.license_source or "").lower()) if text),
    )


def _vulnerability(row: Vulnerability, report: Report) -> Finding:
    one = _at(report.packages, row.pkg)
    ratings = _ratings(row.references)
    word = next((text.severity for text in row.references or () if text.severity and text.severity.isalpha()), "")
    component = _component(one)
    return Finding(
        rule=row.id,
        title=row.summary or f"{row.id} in {component.name if component else 'a package'}",
        severity=graded(None if ratings else word, ratings),
        severity_given=word or "",
        kind=Kind.DEPENDENCY,
        location=_place(one),
        component=component,
        about=shared_rule(
            id=row.id,
            title=row.summary or "",
            description=row.description or "",
            references=references(*(text.url for text in row.references or ())),
        ),
        vulnerabilities=identifiers(row.id),
        cvss=ratings,
        suppression=_suppression(row.resolutions, report.vulnerability_resolutions),
    )


def _ratings(rows: list[Reference] | None) -> tuple[Cvss, ...]:
    """Return the ratings; before they had fields of their own, the severity was the score or the vector."""
    found: dict[Cvss, None] = {}
    for row in rows or ():
        if not (row.scoring_system or "").upper().startswith("CVSS"):
            continue
        text = row.severity or ""
        vector = row.vector or (text if "/" in text else "")
        score = row.score if row.score is not None else (text if text.replace(".", "", 1).isdigit() else None)
        version = "".join(letter for letter in (row.scoring_system or "") if letter.isdigit() or letter == ".")
        if one := rating(vector, score, version):
            found[one] = None
    return tuple(found)
