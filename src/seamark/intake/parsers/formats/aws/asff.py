"""The AWS Security Finding Format: what Security Hub collects of all Amazon's services and of other tools."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Raw, Struct

from seamark.intake.parsers.formats.aws.common import component, fixed, kind_of, place
from seamark.intake.parsers.kit import (
    Component,
    Cvss,
    Finding,
    Item,
    Kind,
    Probe,
    Reading,
    Rule,
    Run,
    Severity,
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
from seamark.intake.parsers.kit.probe import Looks
from seamark.intake.parsers.kit.texts import described

_KEYS = ("SchemaVersion", "ProductArn", "GeneratorId", "Resources")
_PASSED = {"PASSED", "NOT_AVAILABLE"}
_BANDS = ((90, Severity.CRITICAL), (70, Severity.HIGH), (40, Severity.MEDIUM), (1, Severity.LOW))


class Grade(Struct, rename="pascal"):
    label: str | None = ""
    normalized: float | int | None = None
    original: str | None = ""
    product: float | None = None


class Advice(Struct, rename="pascal"):
    text: str | None = ""
    url: str | None = ""


class Remediation(Struct, rename="pascal"):
    recommendation: Advice | None = None


class Resource(Struct, rename="pascal"):
    id: str
    type: str = ""
    region: str | None = ""
    details: dict[str, Any] | None = None
    tags: dict[str, Any] | None = None


class Reason(Struct, rename="pascal"):
    reason_code: str | None = ""
    description: str | None = ""


class Compliance(Struct, rename="pascal"):
    status: str | None = ""
    status_reasons: list[Reason] | None = None
    related_requirements: list[str] | None = None
    security_control_id: str | None = ""


class Package(Struct, rename="pascal"):
    name: str | None = ""
    version: str | None = ""
    release: str | None = ""
    package_manager: str | None = ""
    file_path: str | None = ""
    fixed_in_version: str | None = ""
    remediation: str | None = ""


class Rating(Struct, rename="pascal"):
    version: str | None = ""
    base_score: float | str | None = None
    base_vector: str | None = ""
    source: str | None = ""


class Vendor(Struct, rename="pascal"):
    name: str | None = ""
    url: str | None = ""


class Vulnerability(Struct, rename="pascal"):
    id: str = ""
    vulnerable_packages: list[Package] | None = None
    cvss: list[Rating] | None = None
    related_vulnerabilities: list[str] | None = None
    reference_urls: list[str] | None = None
    vendor: Vendor | None = None
    epss_score: float | str | None = None
    exploit_available: str | None = ""


class Workflow(Struct, rename="pascal"):
    status: str | None = ""


class Note(Struct, rename="pascal"):
    text: str | None = ""


class Row(Struct, rename="pascal"):
    id: str
    product_arn: str
    generator_id: str
    title: str
    resources: list[Resource] | None = None
    description: str | None = ""
    severity: Grade | None = None
    product_name: str | None = ""
    region: str | None = ""
    aws_account_id: str | int | None = ""
    types: list[str] | None = None
    remediation: Remediation | None = None
    product_fields: dict[str, Any] | None = None
    compliance: Compliance | None = None
    workflow: Workflow | None = None
    workflow_state: str | None = ""
    record_state: str | None = ""
    source_url: str | None = ""
    verification_state: str | None = ""
    vulnerabilities: list[Vulnerability] | None = None
    note: Note | None = None
    first_observed_at: str | None = ""
    last_observed_at: str | None = ""
    updated_at: str | None = ""
    sample: bool | None = None


class Product(Struct, rename="pascal"):
    product_arn: str = ""
    product_name: str | None = ""
    product_fields: dict[str, Any] | None = None


@parser(
    "asff",
    title="AWS Security Hub",
    kind=Kind.CLOUD,
    looks=json_rows(*_KEYS),
    made_with="aws securityhub get-findings > findings.json",
    url="https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-findings-format-syntax.html",
    versions="2018-10-08",
    lift=("[]",),
)
def read(report: Raw, reading: Reading) -> Iterator[Item]:
    yield from _items(report, reading, "$")


class Answered(Struct, rename={"findings": "Findings"}):
    findings: Raw


class Listed(Struct):
    findings: Raw


def _in(key: str) -> Looks:
    def holds(probe: Probe) -> bool:
        row = probe.get(f"{key}.0")
        if isinstance(row, dict):
            return set(_KEYS) <= row.keys()
        # Nothing in an empty answer says which service gave it.
        return probe.named and probe.get(key) == [] and probe.keys <= {key, "NextToken", "nextToken"}

    return json_object(key, where=holds)


@variant("asff", looks=_in("Findings"), lift=("Findings",))
def read_answer(answer: Answered, reading: Reading) -> Iterator[Item]:
    yield from _items(answer.findings, reading, "$.Findings")


@variant("asff", looks=_in("findings"), lift=("findings",))
def read_listed(answer: Listed, reading: Reading) -> Iterator[Item]:
    yield from _items(answer.findings, reading, "$.findings")


def _items(report: Raw, reading: Reading, where: str) -> Iterator[Item]:
    tools = {
        _tool(row.product_name, row.product_arn, row.product_fields) for row in reading.rows(report, Product, where)
    }
    yield Run(tool=tools.pop() if len(tools) == 1 else "AWS Security Hub")
    for row in reading.rows(report, Row, where):
        status = (row.compliance.status or "").upper() if row.compliance else ""
        if status not in _PASSED:
            yield from _findings(row)


def _tool(name: str | None, arn: str, fields: dict[str, Any] | None) -> str:
    found = name or str((fields or {}).get("aws/securityhub/ProductName") or "") or arn.rpartition("/")[2]
    return f"AWS {found}" if arn.partition("::product/")[2].startswith("aws/") and "AWS" not in found else found


def _findings(row: Row) -> Iterator[Finding]:
    about = _about(row)
    for resource in row.resources or [Resource(id=str(row.aws_account_id or row.id), type="AwsAccount")]:
        flaws = row.vulnerabilities or []
        if not flaws:
            yield _finding(row, resource, about, None, None)
        for flaw in flaws:
            packages: list[Package | None] = [*(flaw.vulnerable_packages or ())]
            for package in packages or [None]:
                yield _finding(row, resource, about, flaw, package)


def _about(row: Row) -> Rule:
    fields = row.product_fields or {}
    compliance = row.compliance or Compliance()
    control = compliance.security_control_id or fields.get("ControlId") or fields.get("RuleId") or ""
    advice = (row.remediation.recommendation if row.remediation else None) or Advice()
    flaws = row.vulnerabilities or []
    # GuardDuty names its detector as the generator, and says what it found by its type.
    generator = row.generator_id if not row.generator_id.startswith("arn:") else (row.types or [row.generator_id])[0]
    return Rule(
        id=str(control) or (flaws[0].id if flaws else "") or generator,
        title=row.title,
        description=row.description or "",
        remedy=advice.text or "",
        tags=tuple(dict.fromkeys((*(row.types or ()), *(compliance.related_requirements or ()))))[:50],
        references=references(
            advice.url, row.source_url, *((flaw.vendor.url if flaw.vendor else "") for flaw in flaws)
        ),
    )


def _grade(row: Row) -> tuple[Severity, str]:
    grade = row.severity or Grade()
    if grade.label:
        return severity(grade.label), grade.label
    if grade.normalized is not None:
        found = next((band for least, band in _BANDS if grade.normalized >= least), Severity.INFO)
        return found, str(grade.normalized)
    return severity(grade.original or None), grade.original or ""


def _finding(row: Row, resource: Resource, about: Rule, flaw: Vulnerability | None, package: Package | None) -> Finding:
    graded, given = _grade(row)
    account, region = str(row.aws_account_id or ""), resource.region or row.region or ""
    path = (package.file_path or "") if package else ""
    state, record = ((row.workflow.status if row.workflow else "") or "").upper(), (row.record_state or "").upper()
    reasons = (row.compliance.status_reasons if row.compliance else None) or []
    fields = row.product_fields or {}
    runtime = any(kind.startswith(("TTPs", "Effects", "Unusual Behaviors")) for kind in row.types or ())
    return Finding(
        rule=about.id,
        title=row.title,
        severity=graded,
        severity_given=given,
        kind=kind_of(resource.type) if flaw else Kind.RUNTIME if runtime else None,
        location=place(resource.id, resource.type, region, account, path, _image_tags(resource)),
        component=_component(package, fields) if package and package.name else None,
        about=about,
        description=described(
            ("Path", path),
            *(("", reason.description or reason.reason_code or "") for reason in reasons),
            ("", fields.get("aws/securityhub/annotation", "")),
            ("Fix", (package.remediation or "") if package else ""),
            ("Addresses", ", ".join(_addresses(resource))),
        ),
        cwes=cwe_ids(row.types or ()) if not flaw else (),
        vulnerabilities=vulnerability_ids(flaw.id, flaw.related_vulnerabilities) if flaw else (),
        cvss=_ratings(flaw) if flaw else (),
        epss=probability(flaw.epss_score) if flaw else None,
        fixed_versions=fixed(package.fixed_in_version) if package else (),
        fingerprints=(("asff", row.id),) if _is_single(row) else (),
        suppression=Suppression(origin="tool", justification=(row.note.text or "") if row.note else "")
        if state == "SUPPRESSED"
        else None,
        baseline="absent" if record == "ARCHIVED" or state == "RESOLVED" else "",
        references=references(flaw.reference_urls) if flaw else (),
        tags=("exploit available",) if flaw and flaw.exploit_available == "YES" else (),
        seen_at=moment(row.last_observed_at) or moment(row.updated_at),
    )


def _is_single(row: Row) -> bool:
    """Tell whether a row gives one finding only, so that its id names it."""
    flaws = row.vulnerabilities or []
    return (
        len(row.resources or ()) < 2 and len(flaws) < 2 and all(len(one.vulnerable_packages or ()) < 2 for one in flaws)
    )


def _ratings(flaw: Vulnerability) -> tuple[Cvss, ...]:
    made = (cvss(one.base_vector, one.base_score, one.source or "") for one in flaw.cvss or ())
    return tuple(dict.fromkeys(one for one in made if one))


def _component(package: Package, fields: dict[str, Any]) -> Component:
    platform = fields.get("aws/inspector/resources/1/resourceDetails/awsEc2InstanceDetails/platform") or ""
    if not platform:
        platform = next((str(value) for key, value in fields.items() if key.endswith("/platform")), "")
    return component(
        package.package_manager or "", package.name or "", package.version or "", package.release or "", str(platform)
    )


def _detail(resource: Resource, key: str) -> list[str]:
    for inner in (resource.details or {}).values():
        if isinstance(inner, dict) and isinstance(found := inner.get(key), list):
            return [str(one) for one in found]
    return []


def _image_tags(resource: Resource) -> tuple[str, ...]:
    return tuple(_detail(resource, "ImageTags")) if "Image" in resource.type else ()


def _addresses(resource: Resource) -> list[str]:
    return _detail(resource, "IpV4Addresses")[:10]
