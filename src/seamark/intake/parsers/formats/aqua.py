"""Aqua: the scan of an image by the command line, and the vulnerabilities that its server lists over the API."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from msgspec import Struct, field

from seamark.intake.parsers.kit import (
    Component,
    Cvss,
    Finding,
    ImageLocation,
    Item,
    Kind,
    Probe,
    Rule,
    Run,
    Suppression,
    cwe_ids,
    json_object,
    moment,
    parser,
    references,
    variant,
)
from seamark.intake.parsers.kit.packages import graded, identifiers, of_system, package, purl_type, rating, stable_name

_NEVER = "1970-01-01"


class Weakness(Struct):
    id: str = field(default="", name="Id")


class Vulnerability(Struct):
    name: str
    description: str | None = ""
    aqua_severity: str | None = ""
    vendor_severity: str | None = ""
    nvd_severity: str | None = ""
    nvd_severity_v3: str | None = ""
    nvd_cvss3_severity: str | None = ""
    aqua_vectors: str | None = ""
    aqua_score: float | None = None
    nvd_vectors: str | None = ""
    nvd_score: float | None = None
    nvd_vectors_v3: str | None = ""
    nvd_score_v3: float | None = None
    vendor_vectors: str | None = ""
    vendor_score: float | None = None
    vendor_vectors_v3: str | None = ""
    vendor_score_v3: float | None = None
    nvd_cvss2_vectors: str | None = ""
    nvd_cvss2_score: float | None = None
    nvd_cvss3_vectors: str | None = ""
    nvd_cvss3_score: float | None = None
    fix_version: str | None = ""
    solution: str | None = ""
    nvd_url: str | None = ""
    vendor_url: str | None = ""
    vendor_statement: str | None = ""
    classification: str | None = ""
    cwe_info: list[Weakness] | Weakness | None = None
    acknowledged: bool | None = False
    acknowledged_date: str | None = ""
    ack_comment: str | None = ""
    ack_author: str | None = ""


class Resource(Struct):
    name: str = ""
    version: str | None = ""
    format: str | None = ""
    path: str | None = ""
    layer_digest: str | None = ""
    license: str | None = ""
    licenses: list[str] | None = None


class Scanned(Struct):
    resource: Resource
    vulnerabilities: list[Vulnerability] | None = None


class Started(Struct):
    seconds: int = 0


class Report(Struct):
    image: str
    resources: list[Scanned] | None = None
    registry: str | None = ""
    digest: str | None = ""
    os: str | None = ""
    version: str | None = ""
    scan_started: Started | None = None


def _is_scan(probe: Probe) -> bool:
    return bool(probe.keys & {"scan_started", "vulnerability_summary", "image_assurance_results", "scan_options"})


@parser(
    "aqua",
    title="Aqua",
    kind=Kind.CONTAINER,
    looks=json_object("image", where=_is_scan),
    made_with="scannercli scan --jsonfile aqua.json IMAGE",
    url="https://docs.aquasec.com/",
    versions="4.2 to 2022.4; API v1 and v2",
)
def read(report: Report) -> Iterator[Item]:
    digest = report.digest or ""
    digest = digest if digest.startswith("sha256:") or len(digest) != 64 else f"sha256:{digest}"
    yield Run(
        tool="Aqua",
        configuration=f"image {stable_name(report.image)}",
        image=report.image,
        image_digest=digest,
        started=moment(report.scan_started.seconds) if report.scan_started else "",
    )
    for scanned in report.resources or ():
        for row in scanned.vulnerabilities or ():
            yield _finding(row, scanned.resource, report.image, digest, report.os or "")


class Listed(Vulnerability):
    resource: Resource = field(default_factory=Resource)
    image_name: str | None = ""
    image_digest: str | None = ""
    registry: str | None = ""
    os: str | None = ""


class Query(Struct):
    image_name: str | None = ""


class Page(Struct):
    count: int
    result: list[Listed] | None
    page: int = 1
    query: Query | None = None
    is_partial_data: bool | None = False


def _is_page(probe: Probe) -> bool:
    return probe.has("result.0.aqua_severity") or (probe.get("result") == [] and probe.has("query.image_name"))


@variant("aqua", looks=json_object("count", "page", "pagesize", "result", where=_is_page))
def read_page(report: Page) -> Iterator[Item]:
    rows = report.result or []
    partial = bool(report.is_partial_data) or report.page > 1 or len(rows) < report.count
    name = report.query.image_name if report.query else ""
    yield Run(
        tool="Aqua",
        configuration=f"image {stable_name(name or '')}",
        image=name or "",
        complete=False if partial else None,
        problems=(f"{len(rows)} of {report.count} vulnerabilities are on this page",) if partial else (),
    )
    for row in rows:
        yield _finding(row, row.resource, row.image_name or name or "", row.image_digest or "", row.os or "")


class Flaw(Struct):
    name: str
    file: str | None = ""
    description: str | None = ""
    severity: str | None = ""
    score: float | str | None = None
    score_version: str | None = ""
    url: str | None = ""
    solution: str | None = ""
    fix_version: str | None = ""
    vendor_severity: str | None = ""
    vendor_statement: str | None = ""
    acknowledged: bool | None = False


class Old(Struct, rename={"error": "errorMsg"}):
    status: str
    cves: list[Flaw] | None = None
    image_name: str | None = ""
    registry: str | None = ""
    error: str | None = ""


@variant("aqua", looks=json_object("status", "image_name", "cves"))
def read_old(report: Old) -> Iterator[Item]:
    registry, name = report.registry or "", report.image_name or ""
    image = f"{registry}/{name}" if "." in registry and not name.startswith(registry) else name
    failed = bool(report.error) or report.status.upper() in {"FAIL", "FAILED", "ERROR"}
    yield Run(
        tool="Aqua",
        configuration=f"image {stable_name(image)}",
        image=image,
        successful=False if failed else None,
        problems=(report.error or report.status,) if failed else (),
    )
    for row in report.cves or ():
        found = rating("", row.score, "2.0" if "2" in (row.score_version or "") else "3.0")
        yield Finding(
            rule=row.name,
            title=f"{row.name} in {row.file}" if row.file else row.name,
            severity=graded(row.severity, (found,) if found else ()),
            severity_given=row.severity or "",
            location=ImageLocation(image=image),
            component=Component(name=row.file) if row.file else None,
            about=_about(row.name, row.description or "", (row.url or "",)),
            description=row.vendor_statement or "",
            remedy=row.solution or "",
            vulnerabilities=identifiers(row.name),
            cvss=(found,) if found else (),
            fixed_versions=(row.fix_version,) if row.fix_version else (),
            suppression=Suppression(origin="tool") if row.acknowledged else None,
        )


def _finding(row: Vulnerability, resource: Resource, image: str, digest: str, system: str) -> Finding:
    given = row.aqua_severity or row.vendor_severity or row.nvd_cvss3_severity or row.nvd_severity_v3
    given = given or row.nvd_severity or ""
    ratings = _ratings(row)
    kind = purl_type(resource.format or "")
    licences = tuple(resource.licenses or ((resource.license,) if resource.license else ()))
    known = package(
        system if of_system(kind) and purl_type(system) == kind else kind, resource.name, resource.version or ""
    )
    notes = ((row.classification or ""), (row.vendor_statement or ""))
    return Finding(
        rule=row.name,
        title=f"{row.name} in {resource.name}" if resource.name else row.name,
        severity=graded(given, ratings),
        severity_given=given,
        kind=Kind.CONTAINER if of_system(kind) or not kind else Kind.DEPENDENCY,
        location=ImageLocation(image=image, digest=digest, layer=resource.layer_digest or "", path=resource.path or ""),
        component=Component(name=known.name, version=known.version, purl=known.purl, licences=licences),
        about=_about(row.name, row.description or "", (row.nvd_url or "", row.vendor_url or "")),
        description="\n".join(note for note in notes if note and note != row.description),
        remedy=row.solution or "",
        cwes=_weaknesses(row.cwe_info),
        vulnerabilities=identifiers(row.name),
        cvss=ratings,
        fixed_versions=tuple(part for text in (row.fix_version or "").split(",") if (part := text.strip())),
        suppression=_suppression(row),
    )


def _weaknesses(given: list[Weakness] | Weakness | None) -> tuple[int, ...]:
    return cwe_ids([weakness.id for weakness in ([given] if isinstance(given, Weakness) else given or ())])


def _suppression(row: Vulnerability) -> Suppression | None:
    if row.acknowledged or (row.acknowledged_date and not row.acknowledged_date.startswith(_NEVER)):
        reason = ": ".join(text for text in (row.ack_author, row.ack_comment) if text)
        return Suppression(origin="tool", justification=reason)
    return None


def _ratings(row: Vulnerability) -> tuple[Cvss, ...]:
    """Return the ratings, Aqua's own choice first; a vector names its own version."""
    found: dict[str, Cvss] = {}
    for vector, score, version, source in (
        (row.aqua_vectors, row.aqua_score, "", "aqua"),
        (row.nvd_vectors_v3, row.nvd_score_v3, "3.0", "nvd"),
        (row.nvd_cvss3_vectors, row.nvd_cvss3_score, "3.0", "nvd"),
        (row.nvd_vectors, row.nvd_score, "2.0", "nvd"),
        (row.nvd_cvss2_vectors, row.nvd_cvss2_score, "2.0", "nvd"),
        (row.vendor_vectors_v3, row.vendor_score_v3, "3.0", "vendor"),
        (row.vendor_vectors, row.vendor_score, "2.0", "vendor"),
    ):
        if (vector or score) and (one := rating(vector or "", score, version, source)):
            found.setdefault(one.vector or f"{source} {version}", one)
    return tuple(found.values())


@lru_cache(maxsize=8192)
def _about(rule: str, description: str, links: tuple[str, ...]) -> Rule:
    return Rule(id=rule, description=description, references=references(links))
