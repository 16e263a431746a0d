"""Amazon ECR: what its basic and its enhanced scanning found in an image."""

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
    Rule,
    Run,
    Suppression,
    json_object,
    moment,
    parser,
    references,
)
from seamark.intake.parsers.kit.packages import graded, identifiers, of_system, package, probability, purl_type, rating

_DONE = {"COMPLETE", "ACTIVE", ""}
_MANAGERS = {"OS": "", "NODEPKG": "npm", "PYTHONPKG": "pypi", "PYTHON": "pypi", "GEMSPEC": "gem", "DOTNETDEPS": "nuget"}


class Attribute(Struct):
    key: str
    value: str = ""


class Basic(Struct):
    name: str
    severity: str = ""
    description: str = ""
    uri: str = ""
    attributes: list[Attribute] | None = None


class Score(Struct, rename="camel"):
    base_score: float | None = None
    scoring_vector: str = ""
    version: str = ""
    source: str = ""


class Package(Struct, rename="camel"):
    name: str
    version: str = ""
    release: str = ""
    epoch: int | None = None
    package_manager: str = ""
    file_path: str = ""
    source_layer_hash: str = ""
    fixed_in_version: str | None = ""


class Details(Struct, rename="camel"):
    vulnerability_id: str
    cvss: list[Score] | None = None
    reference_urls: list[str] | None = None
    related_vulnerabilities: list[str] | None = None
    source_url: str = ""
    vulnerable_packages: list[Package] | None = None


class Advice(Struct):
    text: str = ""
    url: str = field(default="", name="Url")


class Remediation(Struct):
    recommendation: Advice | None = None


class Epss(Struct):
    score: float | None = None


class Enhanced(Struct, rename="camel"):
    severity: str = ""
    status: str = ""
    description: str = ""
    details: Details | None = field(default=None, name="packageVulnerabilityDetails")
    remediation: Remediation | None = None
    arn: str = field(default="", name="findingArn")
    epss: Epss | None = None


class Found(Struct, rename="camel"):
    findings: list[Basic] | None = None
    enhanced_findings: list[Enhanced] | None = None
    image_scan_completed_at: str | float | None = ""


class ImageId(Struct, rename="camel"):
    image_digest: str = ""
    image_tag: str = ""


class Status(Struct):
    status: str = ""
    description: str = ""


class Report(Struct, rename="camel"):
    repository_name: str
    found: Found | None = field(default=None, name="imageScanFindings")
    image_id: ImageId = field(default_factory=ImageId)
    registry_id: str = ""
    status: Status = field(default_factory=Status, name="imageScanStatus")
    next_token: str | None = ""


@parser(
    "aws-ecr",
    title="Amazon ECR",
    kind=Kind.CONTAINER,
    looks=json_object("imageScanStatus", "repositoryName", "imageId"),
    made_with="aws ecr describe-image-scan-findings --repository-name NAME --image-id imageTag=TAG",
    url="https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeImageScanFindings.html",
    versions="API 2015-09-21",
)
def read(report: Report) -> Iterator[Item]:
    found, name = report.found or Found(), report.repository_name
    image = f"{name}:{report.image_id.image_tag}" if report.image_id.image_tag else name
    digest = report.image_id.image_digest
    status = report.status.status.upper()
    problems = []
    if status not in _DONE:
        problems.append(f"{status}: {report.status.description}".rstrip(": "))
    if report.next_token:
        problems.append("There are further pages")
    yield Run(
        tool="Amazon ECR",
        configuration=f"{report.registry_id} {name}".strip(),
        successful=False if status not in _DONE or report.found is None else None,
        complete=False if report.next_token else None,
        problems=tuple(problems),
        image=image,
        image_digest=digest,
        finished=moment(found.image_scan_completed_at),
    )
    for row in found.findings or ():
        yield _basic(row, image, digest)
    for enhanced in found.enhanced_findings or ():
        if enhanced.details is not None and enhanced.status.upper() != "CLOSED":
            for bad in enhanced.details.vulnerable_packages or ():
                yield _enhanced(enhanced, enhanced.details, bad, image, digest)


def _basic(row: Basic, image: str, digest: str) -> Finding:
    told = {attribute.key: attribute.value for attribute in row.attributes or ()}
    name = told.get("package_name", "")
    ratings = _of_attributes(told)
    return Finding(
        rule=row.name,
        title=f"{row.name} in {name}" if name else row.name,
        severity=graded(row.severity.replace("UNDEFINED", ""), ratings),
        severity_given=row.severity,
        location=ImageLocation(image=image, digest=digest),
        component=package("", name, told.get("package_version", "")) if name else None,
        about=_about(row.name, row.description, (row.uri,)),
        vulnerabilities=identifiers(row.name),
        cvss=ratings,
        fixed_versions=(fixed,) if (fixed := told.get("fixed_version", "")) else (),
    )


def _of_attributes(told: dict[str, str]) -> tuple[Cvss, ...]:
    pairs = (("CVSS4", "4.0"), ("CVSS3", "3.0"), ("CVSS2", "2.0"))
    found = (rating(told.get(f"{key}_VECTOR"), told.get(f"{key}_SCORE"), version) for key, version in pairs)
    return tuple(one for one in found if one)


def _enhanced(row: Enhanced, details: Details, bad: Package, image: str, digest: str) -> Finding:
    ratings = tuple(
        one
        for score in details.cvss or ()
        if (one := rating(score.scoring_vector, score.base_score, score.version, score.source))
    )
    kind = purl_type(_MANAGERS.get(bad.package_manager, bad.package_manager))
    version = f"{bad.version}-{bad.release}" if bad.release else bad.version
    advice = (row.remediation.recommendation if row.remediation else None) or Advice()
    fixed = bad.fixed_in_version or ""
    return Finding(
        rule=details.vulnerability_id,
        title=f"{details.vulnerability_id} in {bad.name}",
        severity=graded("" if row.severity == "UNTRIAGED" else row.severity, ratings),
        severity_given=row.severity,
        kind=Kind.CONTAINER if of_system(kind) or not kind else Kind.DEPENDENCY,
        location=ImageLocation(image=image, digest=digest, layer=bad.source_layer_hash, path=bad.file_path),
        component=package(kind, bad.name, version),
        about=_about(details.vulnerability_id, row.description, (details.source_url, *(details.reference_urls or ()))),
        remedy="" if advice.text == "None Provided" else advice.text,
        vulnerabilities=identifiers(details.vulnerability_id, details.related_vulnerabilities),
        cvss=ratings,
        epss=probability(row.epss.score) if row.epss else None,
        # The service writes a word where no version fixes the flaw.
        fixed_versions=() if fixed in {"", "NotAvailable"} else (fixed,),
        fingerprints=(("aws-finding", row.arn),) if row.arn else (),
        suppression=Suppression(origin="tool") if row.status.upper() == "SUPPRESSED" else None,
    )


@lru_cache(maxsize=8192)
def _about(rule: str, description: str, links: tuple[str, ...]) -> Rule:
    return Rule(id=rule, description=description, references=references(links))
