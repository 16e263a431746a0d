"""Prowler's JSON since version 3: OCSF (detection findings; security findings of version 3), and its own form."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Raw, Struct, ValidationError, field
from msgspec.json import Decoder

from seamark.intake.parsers.formats.prowler.common import Outcome, is_finding, items
from seamark.intake.parsers.kit import Item, Kind, Probe, Reading, json_rows, parser, variant


class Feature(Struct, gc=False):
    uid: str = ""


class Product(Struct, gc=False):
    name: str = ""
    version: str = ""
    feature: Feature | None = None


class Metadata(Struct, gc=False):
    product: Product = field(default_factory=Product)
    event_code: str = ""
    original_time: str = ""


class Advice(Struct, gc=False):
    desc: str | None = ""
    references: list[str] | None = None
    kb_articles: list[str] | None = None


class Info(Struct, gc=False):
    title: str = ""
    desc: str | None = ""
    uid: str = ""
    types: list[str] | None = None
    created_time: str | int | float | None = None
    created_time_dt: str = ""
    supporting_data: dict[str, Any] | None = None
    remediation: Advice | None = None
    src_url: str | None = ""


class Resource(Struct, gc=False):
    uid: str | None = ""
    name: str | None = ""
    type: str | None = ""
    region: str | None = ""
    namespace: str | None = ""
    data: Raw = Raw()


class Pod(Struct, gc=False):
    namespace: str | None = ""


class Data(Struct, gc=False):
    metadata: Pod | None = None


_data = Decoder(Data).decode


class Account(Struct, gc=False):
    uid: str | None = ""


class Cloud(Struct, gc=False):
    account: Account | None = None
    provider: str | None = ""
    region: str | None = ""


class Unmapped(Struct, gc=False):
    compliance: dict[str, list[str]] | str | None = None
    categories: list[str] | str | None = None
    related_url: str | None = ""
    additional_urls: list[str] | None = None
    notes: str | None = ""
    provider: str | None = ""
    provider_uid: str | None = ""


class Requirements(Struct, gc=False):
    requirements: list[str] | None = None


class Short(Struct, gc=False):
    """The little that is needed of every row before the first finding."""

    metadata: Metadata
    status: str = ""
    status_code: str = ""

    @property
    def check(self) -> str:
        return self.metadata.event_code or (self.metadata.product.feature or Feature()).uid

    @property
    def outcome(self) -> str:
        return self.status_code or self.status


class Detection(Short, gc=False):
    severity: str = ""
    status_detail: str = ""
    message: str = ""
    finding_info: Info | None = None
    finding: Info | None = None
    resources: list[Resource] | None = None
    cloud: Cloud | None = None
    remediation: Advice | None = None
    risk_details: str | None = ""
    unmapped: Unmapped | None = None
    compliance: Requirements | None = None
    time: str | int | float | None = None
    time_dt: str = ""
    event_time: str = ""


def _is_prowler(probe: Probe) -> bool:
    return str(probe.get("0.metadata.product.name")).lower() == "prowler"


def _is_ocsf(probe: Probe) -> bool:
    if probe.is_empty_array:
        return probe.named
    return {"metadata", "severity"} <= probe.first and _is_prowler(probe)


@parser(
    "prowler",
    title="Prowler",
    kind=Kind.CLOUD,
    looks=_is_ocsf,
    made_with="prowler aws --output-formats json-ocsf",
    url="https://docs.prowler.com/projects/prowler-open-source/en/latest/tutorials/reporting/",
    versions="2.0 to 5.16",
    lift=("[]",),
)
def read(report: Raw, reading: Reading) -> Iterator[Item]:
    names: set[tuple[str, str]] = set()
    version, time = "", ""
    for row in reading.rows(report, Short):
        version = row.metadata.product.version
        names.add((row.check, row.outcome))
    yield from items(_outcomes(reading, report), names, version, time)


def _outcomes(reading: Reading, report: Raw) -> Iterator[Outcome]:
    told: set[str] = set()
    for row in reading.rows(report, Detection):
        for resource in row.resources or [Resource()]:
            outcome = _outcome(row, resource)
            if is_finding(outcome) and outcome.check not in told:
                told.add(outcome.check)
                _explain(outcome, row)
            yield outcome


def _explain(outcome: Outcome, row: Detection) -> None:
    """Add what a check says of itself, which is read once."""
    info = row.finding_info or row.finding or Info()
    unmapped = row.unmapped or Unmapped()
    advice = row.remediation or info.remediation or Advice()
    links = (*(advice.references or ()), *(advice.kb_articles or ()), unmapped.related_url or "", info.src_url or "")
    outcome.description = info.desc or ""
    outcome.risk = row.risk_details or str((info.supporting_data or {}).get("Risk") or "")
    outcome.remedy = advice.desc or ""
    outcome.links = (*links, *(unmapped.additional_urls or ()))
    outcome.tags = (*_compliance(row, unmapped), *_words(unmapped.categories))


def _outcome(row: Detection, resource: Resource) -> Outcome:
    info = row.finding_info or row.finding or Info()
    unmapped, cloud = row.unmapped or Unmapped(), row.cloud or Cloud()
    account = (cloud.account.uid if cloud.account else "") or unmapped.provider_uid or ""
    provider = cloud.provider or unmapped.provider or _provider(info.uid)
    region = resource.region or cloud.region or ""
    if provider == "kubernetes" and (namespace := _namespace(resource)):
        region = f"namespace: {namespace}"
    return Outcome(
        check=row.check,
        title=info.title,
        status=row.outcome,
        severity=row.severity,
        detail=row.status_detail or row.message,
        provider=provider,
        resource=resource.uid or "",
        name=resource.name or "",
        type=resource.type or "",
        region=region,
        account=account,
        muted=row.status.lower() == "suppressed",
        uid=info.uid,
        time=row.time_dt or row.event_time or (row.time if isinstance(row.time, str) else "") or info.created_time_dt,
    )


def _namespace(resource: Resource) -> str:
    if resource.namespace or not resource.data:
        return resource.namespace or ""
    try:
        data = _data(resource.data)
    except ValidationError:
        return ""
    return (data.metadata.namespace or "") if data.metadata else ""


def _provider(uid: str) -> str:
    """Return the provider, which identifiers such as `prowler-kubernetes-…` name where the cloud is not told."""
    parts = uid.split("-", 2)
    return parts[1] if len(parts) == 3 and parts[0] == "prowler" else ""


def _compliance(row: Detection, unmapped: Unmapped) -> list[str]:
    if isinstance(unmapped.compliance, dict):
        return [f"{name}: {control}" for name, controls in unmapped.compliance.items() for control in controls]
    return list((row.compliance or Requirements()).requirements or ())


def _words(given: list[str] | str | None) -> list[str]:
    return [word for word in (given.split(",") if isinstance(given, str) else given or ()) if word]


class Recommendation(Struct, gc=False):
    text: str = field(name="Text", default="")
    url: str = field(name="Url", default="")


class Remediation(Struct, gc=False):
    recommendation: Recommendation = field(name="Recommendation", default_factory=Recommendation)


class Native(Struct, gc=False, rename="pascal"):
    check: str = field(name="CheckID")
    status: str
    check_title: str = ""
    assessment_start_time: str | None = ""
    finding_unique_id: str = ""
    provider: str = ""
    status_extended: str = ""
    severity: str = ""
    resource_type: str = ""
    description: str = ""
    risk: str = ""
    related_url: str = ""
    remediation: Remediation = field(default_factory=Remediation)
    compliance: dict[str, list[str]] | None = None
    categories: list[str] | None = None
    account_id: str | int | None = ""
    subscription: str | None = ""
    project_id: str | None = ""
    region: str | None = ""
    location: str | None = ""
    resource_id: str | None = ""
    resource_arn: str | None = ""
    resource_name: str | None = ""


class NativeShort(Struct, gc=False):
    check: str = field(name="CheckID")
    status: str = field(name="Status")


@variant("prowler", looks=json_rows("CheckID", "Status", "StatusExtended"), lift=("[]",))
def read_native(report: Raw, reading: Reading) -> Iterator[Item]:
    names = [(row.check, row.status) for row in reading.rows(report, NativeShort)]
    yield from items((_native(row) for row in reading.rows(report, Native)), names)


def _native(row: Native) -> Outcome:
    advice = row.remediation.recommendation
    controls = (row.compliance or {}).items()
    return Outcome(
        check=row.check,
        title=row.check_title,
        status=row.status,
        severity=row.severity,
        detail=row.status_extended,
        provider=row.provider,
        resource=row.resource_arn or row.resource_id or "",
        name=row.resource_name or row.resource_id or "",
        type=row.resource_type,
        region=row.region or row.location or "",
        account=str(row.account_id or row.subscription or row.project_id or ""),
        uid=row.finding_unique_id,
        time=row.assessment_start_time or "",
        description=row.description,
        risk=row.risk,
        remedy=advice.text,
        links=(advice.url, row.related_url),
        tags=(*(f"{name}: {control}" for name, group in controls for control in group), *(row.categories or ())),
    )
