"""NeuVector: the scan of an image or workload, and the compliance checks of its nodes and containers."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from msgspec import Struct

from seamark.intake.parsers.kit import (
    Finding,
    ImageLocation,
    Item,
    Kind,
    Probe,
    Rule,
    Run,
    Severity,
    json_object,
    moment,
    parser,
    references,
    variant,
)
from seamark.intake.parsers.kit.packages import graded, identifiers, package, rating, stable_name

_LEVELS = {"HIGH": Severity.HIGH, "ERROR": Severity.HIGH, "WARN": Severity.MEDIUM}
"""Of checks; PASS is none, and INFO and NOTE say only what was not looked at."""


class Vulnerability(Struct):
    name: str
    severity: str = ""
    score: float | None = None
    vectors: str | None = ""
    score_v3: float | None = None
    vectors_v3: str | None = ""
    description: str | None = ""
    file_name: str | None = ""
    package_name: str | None = ""
    package_version: str | None = ""
    fixed_version: str | None = ""
    link: str | None = ""
    cves: list[str] | None = None
    in_base_image: bool | None = None
    tags: list[str] | None = None


class Secret(Struct):
    type: str = ""
    evidence: str | None = ""
    path: str | None = ""
    suggestion: str | None = ""


class Check(Struct):
    test_number: str
    level: str
    category: str = ""
    catalog: str = ""
    type: str = ""
    profile: str = ""
    description: str = ""
    message: list[str] | None = None
    remediation: str | None = ""
    tags: list[str] | dict[str, object] | None = None


class Body(Struct):
    vulnerabilities: list[Vulnerability] | None
    checks: list[Check] | None = None
    secrets: list[Secret] | None = None
    registry: str | None = ""
    repository: str | None = ""
    tag: str | None = ""
    digest: str | None = ""
    base_os: str | None = ""


class Report(Struct):
    report: Body | None
    error_message: str | None = ""
    status: str | None = ""


def _is_scan(probe: Probe) -> bool:
    body = probe.get("report")
    if not isinstance(body, dict):
        return False
    return bool(body.keys() & {"modules", "setid_perms", "base_os"}) or probe.has("report.vulnerabilities.0.vectors_v3")


@parser(
    "neuvector",
    title="NeuVector",
    kind=Kind.CONTAINER,
    looks=json_object("report.vulnerabilities", where=_is_scan),
    made_with="GET /v1/scan/image/ID (or the scanner's scan_result.json)",
    url="https://open-docs.neuvector.com/automation/automation",
    versions="4.0 to 5.4",
)
def read(report: Report) -> Iterator[Item]:
    body = report.report or Body(vulnerabilities=None)
    registry = (body.registry or "").partition("://")[2].strip("/")
    image = "/".join(part for part in (registry, body.repository) if part) if body.repository else ""
    image = f"{image}:{body.tag}" if image and body.tag else image
    digest = body.digest or ""
    failed = report.error_message or ""
    yield Run(
        tool="NeuVector",
        successful=False if failed else None,
        problems=(failed,) if failed else (),
        configuration=f"image {stable_name(image)}" if image else "",
        image=image,
        image_digest=digest,
    )
    place = ImageLocation(image=image, digest=digest) if image else None
    for row in body.vulnerabilities or ():
        yield _vulnerability(row, image, digest, (body.base_os or "").partition(":")[0])
    for secret in body.secrets or ():
        if secret.type and secret.path:
            yield _secret(secret, image, digest)
    for check in body.checks or ():
        if check.level in _LEVELS:
            yield _check(check, place)


class Items(Struct, rename={"checks": "items"}):
    checks: list[Check] | None
    run_at: str = ""
    kubernetes_cis_version: str = ""
    docker_cis_version: str = ""


@variant("neuvector", looks=json_object("run_timestamp", "kubernetes_cis_version", "docker_cis_version", "items"))
def read_compliance(report: Items) -> Iterator[Item]:
    versions = f"CIS Kubernetes {report.kubernetes_cis_version}, Docker {report.docker_cis_version}"
    checks = report.checks or []
    yield Run(
        tool="NeuVector",
        configuration=versions,
        ruleset=frozenset(check.test_number for check in checks) or None,
        finished=moment(report.run_at),
    )
    for check in checks:
        if check.level in _LEVELS:
            yield _check(check, None)


def _vulnerability(row: Vulnerability, image: str, digest: str, system: str) -> Finding:
    found = (
        rating(row.vectors_v3 or "", row.score_v3 or None, "3.0"),
        rating(row.vectors or "", row.score or None, "2.0"),
    )
    ratings = tuple(one for one in found if one)
    name = row.package_name or ""
    return Finding(
        rule=row.name,
        title=f"{row.name} in {name}" if name else row.name,
        severity=graded(row.severity, ratings),
        severity_given=row.severity,
        kind=Kind.DEPENDENCY if row.file_name else None,
        location=ImageLocation(image=image, digest=digest, path=row.file_name or "")
        if image or row.file_name
        else None,
        component=package("" if row.file_name else system, name, row.package_version or "") if name else None,
        about=_about(row.name, row.description or "", row.link or ""),
        vulnerabilities=identifiers(row.name, row.cves),
        cvss=ratings,
        fixed_versions=tuple(part for text in _versions(row.fixed_version or "") if (part := text.strip())),
        tags=(*(tag for tag in row.tags or () if tag), *(("in base image",) if row.in_base_image else ())),
    )


def _versions(text: str) -> list[str]:
    """Return the fixed versions; for application packages NeuVector writes the affected ranges' ends (`>=1.2.3;1.3.0`)."""
    return [part.strip().lstrip(">=") for part in text.replace("||", ";").replace(",", ";").split(";")]


@lru_cache(maxsize=8192)
def _about(rule: str, description: str, link: str) -> Rule:
    return Rule(id=rule, description=description, references=references(link))


def _secret(row: Secret, image: str, digest: str) -> Finding:
    return Finding(
        rule=row.type,
        title=f"Secret: {row.type}",
        severity=Severity.HIGH,
        kind=Kind.SECRET,
        location=ImageLocation(image=image, digest=digest, path=row.path or ""),
        remedy=row.suggestion or "",
        cwes=(798,),
        secret=row.evidence or "",
    )


def _check(row: Check, place: ImageLocation | None) -> Finding:
    rule = row.test_number
    words = (row.catalog or row.category, row.type, row.profile)
    return Finding(
        rule=rule,
        title=row.description or rule,
        severity=_LEVELS[row.level],
        severity_given=row.level,
        kind=Kind.MISCONFIGURATION,
        location=place,
        about=_test(rule, row.description, row.remediation or ""),
        description="\n".join(row.message or ()),
        tags=(*(word for word in words if word), *(row.tags or ())),
    )


@lru_cache(maxsize=1024)
def _test(rule: str, title: str, remedy: str) -> Rule:
    return Rule(id=rule, title=title, remedy=remedy)
