"""ReversingLabs Spectra Assure: vulnerabilities of the components inside built software, and the checks that it fails.

A check's status says whether the software may pass with it: only those that fail or warn are findings. Checks about
vulnerabilities repeat what stands in the list of vulnerabilities.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct, field

from seamark.intake.parsers.formats._sca import of_coordinates, shared_rule
from seamark.intake.parsers.kit import (
    CodeLocation,
    Component,
    Finding,
    Item,
    Kind,
    Run,
    Suppression,
    json_object,
    moment,
    parser,
)
from seamark.intake.parsers.kit.packages import graded, identifiers, rating

_KINDS = {
    "secrets": Kind.SECRET,
    "licenses": Kind.LICENCE,
    "vulnerabilities": Kind.DEPENDENCY,
}
_METRICS = {
    "Attack Vector": "AV", "Attack Complexity": "AC", "Privileges Required": "PR", "User Interaction": "UI", "Scope": "S",
    "Confidentiality": "C", "Integrity": "I", "Availability": "A", "Confidentiality Impact": "C", "Integrity Impact": "I",
    "Availability Impact": "A",
}  # fmt: skip


class Listed(Struct):
    active: list[str] | None = None
    triaged: list[str] | None = None


class Identity(Struct):
    product: str = ""
    version: str = ""
    publisher: str = ""
    license: str = ""
    purl: str = ""
    dependencies: list[str] | None = None
    vulnerabilities: Listed | None = None


class Part(Struct):
    name: str = ""
    path: str = ""
    identity: Identity | None = None


class Score(Struct):
    base_score: str | float | None = field(default=None, name="baseScore")
    metrics: list[list[str]] | None = None
    version: int | float | str | None = None


class Vulnerability(Struct):
    cvss: Score | None = None
    exploit: list[str] | None = None
    name: str | None = ""


class Violation(Struct):
    rule_id: str
    description: str = ""
    category: str = ""
    severity: str = ""
    status: str = ""
    references: dict[str, list[str]] | None = None


class Metadata(Struct):
    components: dict[str, Part] | None = None
    dependencies: dict[str, Identity] | None = None
    vulnerabilities: dict[str, Vulnerability] | None = None
    violations: dict[str, Violation] | None = None


class File(Struct):
    name: str = ""
    path: str = ""


class Unpacking(Struct):
    errors: dict[str, list[str] | str | int] | list[str] | None = None


class Info(Struct):
    file: File | None = None
    unpacking: Unpacking | None = None


class Inner(Struct):
    metadata: Metadata
    info: Info | None = None


class Report(Struct):
    report: Inner
    version: str = ""
    timestamp: str = ""


@parser(
    "spectra-assure",
    title="Spectra Assure",
    kind=Kind.DEPENDENCY,
    looks=json_object("report.metadata.components", "report.info", "catalogue"),
    made_with="rl-secure report rl-json PACKAGE, or rl-deploy, which write report.rl.json",
    url="https://docs.secure.software/concepts/analysis-reports",
    versions="schema 3",
)
def read(report: Report) -> Iterator[Item]:
    metadata, info = report.report.metadata, report.report.info or Info()
    errors = (info.unpacking.errors if info.unpacking else None) or ()
    file = info.file or File()
    yield Run(
        tool="Spectra Assure",
        version=report.version,
        complete=False if errors else None,
        problems=tuple(f"not unpacked: {text}" for text in errors)[:50],
        finished=moment(report.timestamp),
        configuration=file.name,
    )
    known = metadata.vulnerabilities or {}
    parts = metadata.components or {}
    # An installer holds a file once for each language, at one path: that is one place.
    seen: set[tuple[str, str, str]] = set()
    for part in parts.values():
        identity = part.identity or Identity()
        place = _place(part)
        inner = (found for ref in identity.dependencies or () if (found := (metadata.dependencies or {}).get(ref)))
        for found in (identity, *inner):
            for finding in _vulnerable(found, part.name if found is identity else "", place, known):
                key = (finding.rule, place.path, finding.title)
                if key not in seen:
                    seen.add(key)
                    yield finding
    for violation in (metadata.violations or {}).values():
        if violation.category != "vulnerabilities" and violation.status in {"fail", "warning"}:
            yield from _violations(violation, parts)


def _place(part: Part) -> CodeLocation:
    return CodeLocation(path=part.path or part.name)


def _vulnerable(
    identity: Identity, name: str, place: CodeLocation, known: dict[str, Vulnerability]
) -> Iterator[Finding]:
    listed = identity.vulnerabilities
    if listed is None:
        return
    component = _component(identity, name)
    for one in listed.active or ():
        yield _finding(one, known.get(one) or Vulnerability(), component, place, triaged=False)
    for one in listed.triaged or ():
        yield _finding(one, known.get(one) or Vulnerability(), component, place, triaged=True)


def _component(identity: Identity, name: str) -> Component:
    licences = (identity.license,) if identity.license else ()
    known = of_coordinates(identity.purl) if identity.purl else Component(name="")
    return Component(
        name=known.name or identity.product or name,
        version=known.version or identity.version,
        purl=known.purl,
        licences=licences,
        supplier=identity.publisher,
    )


def _finding(name: str, row: Vulnerability, component: Component, place: CodeLocation, *, triaged: bool) -> Finding:
    score = row.cvss or Score()
    found = rating(_vector(score), score.base_score, str(score.version or ""))
    ratings = (found,) if found else ()
    return Finding(
        rule=name,
        title=f"{row.name or name} in {component.name} {component.version}".strip(),
        severity=graded(None, ratings),
        severity_given=str(score.base_score or ""),
        location=place,
        component=component,
        about=shared_rule(id=name, title=row.name or "", tags=tuple(row.exploit or ())),
        vulnerabilities=identifiers(name),
        cvss=ratings,
        suppression=Suppression(origin="tool", justification="triaged") if triaged else None,
    )


def _vector(score: Score) -> str:
    """Return the vector from the words of its metrics, or nothing where one is missing."""
    if str(score.version or "").split(".")[0] != "3":
        return ""
    words = {
        _METRICS[pair[0]]: pair[1][:1].upper() for pair in score.metrics or () if len(pair) == 2 and pair[0] in _METRICS
    }
    if len(words) != 8 or not all(words.values()):
        return ""
    return "CVSS:3.1/" + "/".join(f"{key}:{words[key]}" for key in ("AV", "AC", "PR", "UI", "S", "C", "I", "A"))


def _violations(violation: Violation, parts: dict[str, Part]) -> Iterator[Finding]:
    refs = (violation.references or {}).get("component") or [""]
    about = shared_rule(id=violation.rule_id, description=violation.description, tags=(violation.category,))
    for ref in refs:
        part = parts.get(ref)
        yield Finding(
            rule=violation.rule_id,
            title=violation.description or violation.rule_id,
            severity=graded(violation.severity),
            severity_given=violation.severity,
            kind=_KINDS.get(violation.category, Kind.MISCONFIGURATION),
            location=_place(part) if part is not None else None,
            about=about,
        )
