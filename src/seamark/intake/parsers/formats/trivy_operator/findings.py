"""The Trivy Operator's reports to findings."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from msgspec import Struct

from seamark.intake.parsers.formats.trivy_operator import model
from seamark.intake.parsers.kit import (
    Cvss,
    Finding,
    ImageLocation,
    Kind,
    Location,
    ResourceLocation,
    Rule,
    references,
    severity,
)
from seamark.intake.parsers.kit.packages import graded, identifiers, package, rating


class Subject(Struct, frozen=True, kw_only=True):
    """What a report is about."""

    workload: str = ""
    kind: str = ""
    image: str = ""
    digest: str = ""
    system: str = ""

    def place(self, path: str = "") -> Location:
        """Return the place in the image, or the workload where the report names no image."""
        if self.image:
            return ImageLocation(image=self.image, digest=self.digest, path=path)
        return ResourceLocation(resource=self.workload, type=self.kind)


def findings(body: model.Body, subject: Subject) -> Iterator[Finding]:
    """Yield the findings of a report of any kind but compliance."""
    for vulnerability in body.vulnerabilities or ():
        yield _vulnerability(vulnerability, subject)
    for secret in body.secrets or ():
        yield _secret(secret, subject)
    for check in body.checks or ():
        if not check.success:
            yield _check(check, check.severity, ResourceLocation(resource=subject.workload, type=subject.kind))


def _vulnerability(row: model.Vulnerability, subject: Subject) -> Finding:
    of_language = row.package_class == "lang-pkgs"
    ecosystem = row.package_type or ("" if of_language else subject.system)
    ratings = _ratings(row)
    path = row.package_path or row.pkg_path or (row.target if of_language and "/" in row.target else "")
    return Finding(
        rule=row.id,
        title=row.title or f"{row.id} in {row.resource}",
        severity=graded(row.severity, ratings),
        severity_given=row.severity,
        kind=Kind.DEPENDENCY if of_language else Kind.CONTAINER,
        location=subject.place(path),
        component=package(ecosystem, row.resource, row.installed_version, row.purl or row.pkg_purl),
        about=_advisory(row.id, row.title, row.description, row.primary_link, tuple(row.links or ())),
        vulnerabilities=identifiers(row.id),
        cvss=ratings,
        fixed_versions=tuple(part for text in row.fixed_version.split(",") if (part := text.strip())),
        tags=(subject.workload,) if subject.workload and subject.image else (),
    )


def _ratings(row: model.Vulnerability) -> tuple[Cvss, ...]:
    found: list[Cvss] = []
    for vendor, score in sorted((row.cvss or {}).items(), key=lambda pair: pair[0] != row.cvsssource):
        for vector, number, version in (
            (score.v4_vector, score.v4_score, "4.0"),
            (score.v3_vector, score.v3_score, "3"),
            (score.v2_vector, score.v2_score, "2.0"),
        ):
            if (vector or number) and (one := rating(vector, number, version, vendor)):
                found.append(one)
    if not found and row.score and (one := rating("", row.score, "", row.cvsssource)):
        found.append(one)
    return tuple(found)


@lru_cache(maxsize=8192)
def _advisory(rule: str, title: str, description: str, link: str, links: tuple[str, ...]) -> Rule:
    return Rule(id=rule, title=title, description=description, references=references(link, links))


def _secret(row: model.Secret, subject: Subject) -> Finding:
    return Finding(
        rule=row.rule,
        title=row.title or f"Secret found by rule {row.rule}",
        severity=severity(row.severity or None),
        severity_given=row.severity,
        kind=Kind.SECRET,
        location=subject.place(row.target),
        # The operator has put stars in place of the secret.
        description=row.match,
        cwes=(798,),
        tags=tuple(word for word in (row.category, subject.workload) if word),
    )


def _check(row: model.Check, given: str, location: Location, tags: tuple[str, ...] = ()) -> Finding:
    return Finding(
        rule=row.id,
        title=row.title or row.id,
        severity=severity(given or None),
        severity_given=given,
        kind=Kind.MISCONFIGURATION,
        location=location,
        about=_rule(row.id, row.title, row.description, row.remediation, row.category),
        description="\n".join(row.messages or ()),
        tags=tags,
    )


@lru_cache(maxsize=2048)
def _rule(rule: str, title: str, description: str, remedy: str, category: str) -> Rule:
    return Rule(id=rule, title=title, description=description, remedy=remedy, tags=(category,) if category else ())


def compliance(status: model.Status, name: str) -> Iterator[Finding]:
    """Yield the failed checks of a compliance report; of a summary, which tells no places, its failed controls."""
    if status.detail_report is not None:
        for control in status.detail_report.results or ():
            tags = (f"{status.detail_report.id or name}: {control.id}",)
            for check in control.checks or ():
                if not check.success:
                    yield _of_control(check, control, tags)
        return
    counts = status.summary_report or model.Counts()
    for row in counts.control_check or ():
        if row.total_fail:
            yield Finding(
                rule=row.id,
                title=row.name or row.id,
                severity=severity(row.severity or None),
                severity_given=row.severity,
                kind=Kind.MISCONFIGURATION,
                description=f"Checks that failed: {row.total_fail}",
                tags=(f"{counts.id or name}: {row.id}",),
            )


def _of_control(check: model.Check, control: model.Control, tags: tuple[str, ...]) -> Finding:
    named = check if check.id else model.Check(success=False, id=control.id, title=control.name)
    named.title = named.title or control.name
    place = ResourceLocation(resource=check.target.lstrip("/"))
    return _check(named, check.severity or control.severity, place, tags)
