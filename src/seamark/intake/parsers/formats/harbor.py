"""Harbor: the vulnerabilities of an artifact, as its pluggable scanner reported them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from msgspec import Struct, field

from seamark.intake.parsers.kit import (
    Cvss,
    Finding,
    ImageLocation,
    Item,
    Kind,
    Probe,
    Rule,
    Run,
    cwe_ids,
    json_object,
    moment,
    parser,
    references,
    variant,
)
from seamark.intake.parsers.kit.packages import graded, identifiers, package, rating

_MIME = "application/vnd."
_OURS = ("vuln.report", "vulnerability.report")


class Preferred(Struct):
    score_v3: float | str | None = None
    score_v2: float | str | None = None
    vector_v3: str | None = ""
    vector_v2: str | None = ""


class Score(Struct, rename="pascal"):
    v2_score: float | None = None
    v2_vector: str | None = ""
    v3_score: float | None = None
    v3_vector: str | None = ""


class Attributes(Struct):
    cvss: dict[str, Score] | None = field(default=None, name="CVSS")


class Vulnerability(Struct):
    id: str
    package: str = ""
    version: str | None = ""
    fix_version: str | None = ""
    severity: str | None = ""
    description: str | None = ""
    links: list[str] | None = None
    artifact_digests: list[str] | None = None
    preferred_cvss: Preferred | None = None
    cwe_ids: list[str] | None = None
    vendor_attributes: Attributes | None = None
    status: str | None = ""


class Scanner(Struct):
    name: str = ""
    version: str = ""


class Artifact(Struct):
    repository: str | None = ""
    digest: str | None = ""
    tag: str | None = ""


class Report(Struct):
    generated_at: str
    vulnerabilities: list[Vulnerability] | None
    scanner: Scanner | None = None
    artifact: Artifact | None = None
    severity: str | None = ""


def _is_wrapped(probe: Probe) -> bool:
    return bool(probe.keys) and all(key.startswith(_MIME) and any(word in key for word in _OURS) for key in probe.keys)


@parser(
    "harbor",
    title="Harbor",
    kind=Kind.CONTAINER,
    looks=json_object("generated_at", "scanner", "severity", "vulnerabilities"),
    made_with="GET /api/v2.0/projects/P/repositories/R/artifacts/A/additions/vulnerabilities",
    url="https://goharbor.io/docs/latest/administration/vulnerability-scanning/",
    versions="report 1.0 and 1.1",
)
def read(report: Report) -> Iterator[Item]:
    yield from _items(report)


@variant("harbor", looks=json_object(where=_is_wrapped))
def read_wrapped(reports: dict[str, Report]) -> Iterator[Item]:
    for report in reports.values():
        yield from _items(report)


def _items(report: Report) -> Iterator[Item]:
    scanner, artifact = report.scanner or Scanner(), report.artifact or Artifact()
    name = artifact.repository or ""
    image = f"{name}:{artifact.tag}" if name and artifact.tag else name
    digest = artifact.digest or ""
    yield Run(
        tool=f"Harbor ({scanner.name})" if scanner.name else "Harbor",
        version=scanner.version,
        configuration=f"image {name}" if name else "",
        image=image,
        image_digest=digest,
        finished=moment(report.generated_at),
    )
    for row in report.vulnerabilities or ():
        yield _finding(row, image, digest)


def _finding(row: Vulnerability, image: str, digest: str) -> Finding:
    ratings = tuple(_ratings(row))
    digest = digest or next(iter(row.artifact_digests or ()), "")
    return Finding(
        rule=row.id,
        title=f"{row.id} in {row.package}" if row.package else row.id,
        severity=graded(row.severity, ratings),
        severity_given=row.severity or "",
        location=ImageLocation(image=image, digest=digest) if image or digest else None,
        component=package("", row.package, row.version or "") if row.package else None,
        about=_about(row.id, row.description or "", tuple(row.links or ())),
        cwes=cwe_ids(row.cwe_ids),
        vulnerabilities=identifiers(row.id),
        cvss=ratings,
        fixed_versions=tuple(part for text in (row.fix_version or "").split(",") if (part := text.strip())),
        tags=(f"status:{row.status}",) if row.status else (),
    )


def _ratings(row: Vulnerability) -> Iterator[Cvss]:
    found: dict[Cvss, None] = {}
    best = row.preferred_cvss or Preferred()
    rows = [(best.vector_v3, best.score_v3, "3.0", ""), (best.vector_v2, best.score_v2, "2.0", "")]
    of_vendors = (row.vendor_attributes.cvss if row.vendor_attributes else None) or {}
    for vendor, score in of_vendors.items():
        rows += [(score.v3_vector, score.v3_score, "3.0", vendor), (score.v2_vector, score.v2_score, "2.0", vendor)]
    for vector, score_given, version, source in rows:
        if (vector or score_given) and (one := rating(vector or "", score_given, version, source)):
            found[one] = None
    yield from found


@lru_cache(maxsize=8192)
def _about(rule: str, description: str, links: tuple[str, ...]) -> Rule:
    return Rule(id=rule, description=description, references=references(links))
