"""Amazon Inspector 2: flaws of packages, weaknesses of functions' code, and ports that the internet reaches."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Raw, Struct

from seamark.intake.parsers.formats.aws.common import component, fixed, kind_of, place
from seamark.intake.parsers.kit import (
    CodeLocation,
    Cvss,
    Finding,
    Item,
    Kind,
    Probe,
    Reading,
    Rule,
    Run,
    Suppression,
    cvss,
    cwe_ids,
    json_object,
    json_rows,
    moment,
    parser,
    references,
    severity,
    variant,
    vulnerability_ids,
)
from seamark.intake.parsers.kit.packages import probability
from seamark.intake.parsers.kit.texts import described

_KEYS = ("findingArn", "awsAccountId", "type", "resources")
_FUNCTIONS = {"AWS_LAMBDA_FUNCTION"}


class Advice(Struct):
    text: str | None = ""
    url: str | None = ""


class Remediation(Struct, rename="camel"):
    recommendation: Advice | None = None


class Instance(Struct, rename="camel"):
    platform: str | None = ""


class Image(Struct, rename="camel"):
    platform: str | None = ""
    image_tags: list[str] | None = None
    repository_name: str | None = ""
    image_hash: str | None = ""
    registry: str | None = ""


class Details(Struct, rename="camel"):
    aws_ec2_instance: Instance | None = None
    aws_ecr_container_image: Image | None = None


class Resource(Struct, rename="camel"):
    id: str
    type: str = ""
    region: str | None = ""
    details: Details | None = None


class Package(Struct, rename="camel"):
    name: str
    version: str | None = ""
    release: str | None = ""
    package_manager: str | None = ""
    file_path: str | None = ""
    fixed_in_version: str | None = ""
    remediation: str | None = ""
    source_layer_hash: str | None = ""


class Rating(Struct, rename="camel"):
    version: str | None = ""
    base_score: float | str | None = None
    scoring_vector: str | None = ""
    source: str | None = ""


class PackageFlaw(Struct, rename="camel"):
    vulnerability_id: str = ""
    vulnerable_packages: list[Package] | None = None
    cvss: list[Rating] | None = None
    related_vulnerabilities: list[str] | None = None
    reference_urls: list[str] | None = None
    source: str | None = ""
    source_url: str | None = ""


class Path(Struct, rename="camel"):
    file_name: str | None = ""
    file_path: str | None = ""
    start_line: int | None = None
    end_line: int | None = None


class CodeFlaw(Struct, rename="camel"):
    cwes: list[str] | None = None
    detector_id: str | None = ""
    detector_name: str | None = ""
    detector_tags: list[str] | None = None
    file_path: Path | None = None
    reference_urls: list[str] | None = None
    rule_id: str | None = ""


class Range(Struct):
    begin: int | None = None
    end: int | None = None


class Reach(Struct, rename="camel"):
    open_port_range: Range | None = None
    protocol: str | None = ""


class Epss(Struct):
    score: float | str | None = None


class Row(Struct, rename="camel"):
    finding_arn: str
    type: str
    title: str = ""
    aws_account_id: str | int | None = ""
    description: str | None = ""
    severity: str | None = ""
    status: str | None = ""
    remediation: Remediation | None = None
    resources: list[Resource] | None = None
    package_vulnerability_details: PackageFlaw | None = None
    code_vulnerability_details: CodeFlaw | None = None
    network_reachability_details: Reach | None = None
    inspector_score: float | None = None
    exploit_available: str | None = ""
    epss: Epss | None = None
    last_observed_at: str | float | None = None
    updated_at: str | float | None = None


class Answer(Struct):
    findings: Raw


def _is_answer(probe: Probe) -> bool:
    row = probe.get("findings.0")
    if isinstance(row, dict):
        return set(_KEYS) <= row.keys()
    return probe.named and probe.get("findings") == [] and probe.keys <= {"findings", "nextToken"}


@parser(
    "aws-inspector2",
    title="Amazon Inspector",
    kind=Kind.CLOUD,
    looks=json_object("findings", where=_is_answer),
    made_with="aws inspector2 list-findings > findings.json",
    url="https://docs.aws.amazon.com/inspector/v2/APIReference/API_Finding.html",
    versions="the API of 2020-06-08",
    lift=("findings",),
)
def read(answer: Answer, reading: Reading) -> Iterator[Item]:
    yield from _items(reading.rows(answer.findings, Row, "$.findings"))


@variant("aws-inspector2", looks=json_rows(*_KEYS), lift=("[]",))
def read_rows(report: Raw, reading: Reading) -> Iterator[Item]:
    yield from _items(reading.rows(report, Row))


def _items(rows: Iterator[Row]) -> Iterator[Item]:
    yield Run(tool="Amazon Inspector")
    for row in rows:
        for resource in row.resources or [Resource(id=row.finding_arn)]:
            yield from _of_resource(row, resource)


def _of_resource(row: Row, resource: Resource) -> Iterator[Finding]:
    flaw, code, reach = (
        row.package_vulnerability_details,
        row.code_vulnerability_details,
        row.network_reachability_details,
    )
    account = str(row.aws_account_id or "")
    details = resource.details or Details()
    image = details.aws_ecr_container_image or Image()
    platform = (details.aws_ec2_instance.platform if details.aws_ec2_instance else "") or image.platform or ""
    tags = tuple(image.image_tags or ())
    if code is not None:
        yield _code(row, resource, code)
        return
    if flaw is None:
        ports = (reach.open_port_range if reach else None) or Range()
        span = str(ports.begin) if ports.begin == ports.end else f"{ports.begin} to {ports.end}"
        text = described(("Open ports", span if reach else ""), ("Protocol", (reach.protocol or "") if reach else ""))
        where = place(resource.id, resource.type, resource.region or "", account)
        yield _finding(row, Rule(id=row.type, title=row.title, description=row.description or ""), text, location=where)
        return
    about = Rule(
        id=flaw.vulnerability_id,
        title=row.title,
        description=row.description or "",
        remedy=_advice(row),
        references=references(flaw.source_url, flaw.reference_urls),
    )
    packages: list[Package | None] = [*(flaw.vulnerable_packages or ())]
    for package in packages or [None]:
        path = (package.file_path or "") if package else ""
        yield _finding(
            row,
            about,
            described(("Path", path), ("Fix", (package.remediation or "") if package else "")),
            kind=kind_of(resource.type),
            location=place(resource.id, resource.type, resource.region or "", account, path, tags),
            component=component(
                package.package_manager or "", package.name, package.version or "", package.release or "", platform
            )
            if package
            else None,
            vulnerabilities=vulnerability_ids(flaw.vulnerability_id, flaw.related_vulnerabilities),
            cvss=_ratings(flaw),
            epss=probability(row.epss.score) if row.epss else None,
            fixed_versions=fixed(package.fixed_in_version) if package else (),
        )


def _advice(row: Row) -> str:
    advice = (row.remediation.recommendation if row.remediation else None) or Advice()
    return "" if advice.text in {None, "None Provided"} else advice.text or ""


def _ratings(flaw: PackageFlaw) -> tuple[Cvss, ...]:
    made = (cvss(one.scoring_vector, one.base_score, one.source or "") for one in flaw.cvss or ())
    return tuple(dict.fromkeys(one for one in made if one))


def _code(row: Row, resource: Resource, code: CodeFlaw) -> Finding:
    spot = code.file_path or Path()
    about = Rule(
        id=code.detector_id or code.rule_id or row.title,
        name=code.detector_name or "",
        title=row.title,
        description=row.description or "",
        remedy=_advice(row),
        cwes=cwe_ids(code.cwes),
        tags=tuple(code.detector_tags or ()),
        references=references(code.reference_urls),
    )
    path = spot.file_path or spot.file_name or ""
    return _finding(
        row,
        about,
        described(("Function", resource.id)),
        kind=Kind.CODE,
        location=CodeLocation(path=path, line=spot.start_line, end_line=spot.end_line)
        if path not in {"", "N/A"}
        else place(resource.id, resource.type, resource.region or "", str(row.aws_account_id or "")),
        cwes=cwe_ids(code.cwes),
    )


def _is_single(row: Row) -> bool:
    """Tell whether a row gives one finding only, so that its ARN names it."""
    flaw = row.package_vulnerability_details
    return len(row.resources or ()) < 2 and (flaw is None or len(flaw.vulnerable_packages or ()) < 2)


def _finding(row: Row, about: Rule, text: str, **more: object) -> Finding:
    status = (row.status or "").upper()
    return Finding(
        rule=about.id,
        title=row.title or about.id,
        severity=severity("info" if (row.severity or "").upper() == "UNTRIAGED" else row.severity or None),
        severity_given=row.severity or "",
        about=about,
        description=text,
        fingerprints=(("inspector", row.finding_arn),) if _is_single(row) else (),
        suppression=Suppression(origin="tool") if status == "SUPPRESSED" else None,
        baseline="absent" if status == "CLOSED" else "",
        tags=("exploit available",) if row.exploit_available == "YES" else (),
        seen_at=moment(row.last_observed_at) or moment(row.updated_at),
        **more,  # type: ignore[arg-type]
    )
