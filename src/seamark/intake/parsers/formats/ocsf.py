"""OCSF findings of any producer: vulnerability, compliance, detection and security findings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct, field

from seamark.intake.parsers.kit import (
    Component,
    Cvss,
    Finding,
    HostLocation,
    Item,
    JsonLines,
    Kind,
    Location,
    Probe,
    ResourceLocation,
    Rule,
    Run,
    Severity,
    Suppression,
    WebLocation,
    canonical_purl,
    confidence,
    cvss,
    cwe_ids,
    first_line,
    json_lines,
    json_rows,
    moment,
    parser,
    references,
    variant,
    vulnerability_ids,
)

SEVERITIES = {
    1: Severity.INFO, 2: Severity.LOW, 3: Severity.MEDIUM, 4: Severity.HIGH, 5: Severity.CRITICAL, 6: Severity.CRITICAL,
}  # fmt: skip
KINDS = {2002: Kind.DEPENDENCY, 2003: Kind.CLOUD, 2004: Kind.RUNTIME}
SUPPRESSED, RESOLVED, PASSED = 3, 4, 1
FINDINGS = range(2001, 2008)


class Product(Struct):
    name: str | None = ""
    vendor_name: str | None = ""
    version: str | None = ""


class Metadata(Struct):
    product: Product = field(default_factory=Product)
    event_code: str | None = ""


class Remediation(Struct):
    desc: str | None = ""
    references: list[str] | None = None


class Analytic(Struct):
    name: str | None = ""
    uid: str | int | None = ""


class Info(Struct):
    title: str | None = ""
    desc: str | None = ""
    uid: str | None = ""
    types: list[str] | None = None
    src_url: str | None = ""
    analytic: Analytic | None = None
    remediation: Remediation | None = None


class Account(Struct):
    uid: str | None = ""


class Cloud(Struct):
    account: Account | None = None
    region: str | None = ""


class Resource(Struct):
    uid: str | None = ""
    name: str | None = ""
    type: str | None = ""
    region: str | None = ""
    hostname: str | None = ""


class Rating(Struct):
    vector_string: str | None = ""
    base_score: float | None = None
    version: str | None = ""


class Weakness(Struct):
    uid: str | None = ""


class Epss(Struct):
    score: str | float | None = None


class Cve(Struct):
    uid: str | None = ""
    cvss: list[Rating] | Rating | None = None
    cwe: Weakness | None = None
    epss: Epss | None = None
    related_cwes: list[Weakness] | None = None


class Package(Struct):
    name: str | None = ""
    version: str | None = ""
    purl: str | None = ""
    fixed_in_version: str | None = ""


class Vulnerability(Struct):
    title: str | None = ""
    desc: str | None = ""
    cve: Cve | None = None
    cwe: Weakness | None = None
    references: list[str] | None = None
    remediation: Remediation | None = None
    affected_packages: list[Package] | None = None
    packages: list[Package] | None = None
    severity: str | None = ""


class Compliance(Struct):
    control: str | None = ""
    standards: list[str] | None = None
    requirements: list[str] | None = None
    status: str | None = ""
    status_id: int | None = None


class Endpoint(Struct):
    hostname: str | None = ""
    ip: str | None = ""


class Event(Struct):
    class_uid: int
    metadata: Metadata
    severity_id: int = 0
    severity: str | None = ""
    status_id: int | None = None
    status_code: str | None = ""
    status_detail: str | None = ""
    message: str | None = ""
    comment: str | None = ""
    confidence: str | None = ""
    finding_info: Info | None = None
    finding: Info | None = None
    resources: list[Resource] | None = None
    resource: Resource | None = None
    cloud: Cloud | None = None
    device: Endpoint | None = None
    url: Any = None
    remediation: Remediation | None = None
    vulnerabilities: list[Vulnerability] | None = None
    compliance: Compliance | None = None
    time: int | float | str | None = None
    time_dt: str | None = ""


def _is_finding(probe: Probe) -> bool:
    at = "0." if probe.is_array else ""
    keys = probe.first if probe.is_array else probe.keys
    product = str(probe.get(f"{at}metadata.product.name")).lower()
    told = bool({"finding_info", "finding", "vulnerabilities", "compliance"} & keys)
    return probe.get(f"{at}class_uid") in FINDINGS and product != "prowler" and told


@parser(
    "ocsf",
    title="OCSF",
    kind=Kind.CLOUD,
    looks=json_lines("class_uid", "metadata", where=_is_finding),
    made_with="the OCSF export of the tool, one event a line or as a JSON array",
    url="https://schema.ocsf.io/",
    versions="1.0 to 1.5",
)
def read(events: JsonLines[Event]) -> Iterator[Item]:
    yield from _items(events)


@variant("ocsf", looks=json_rows("class_uid", "metadata", where=_is_finding), lift=("[]",))
def read_list(events: list[Event]) -> Iterator[Item]:
    yield from _items(events)


def _items(events: JsonLines[Event] | list[Event]) -> Iterator[Item]:
    producer = None
    for event in events:
        if event.class_uid not in FINDINGS:
            continue
        product = event.metadata.product
        if producer != (product.name, product.version):
            producer = (product.name, product.version)
            yield Run(tool=product.name or product.vendor_name or "OCSF", version=product.version or "")
        if event.status_id != RESOLVED and not _passed(event):
            yield from _findings(event)


def _passed(event: Event) -> bool:
    compliance = event.compliance
    if compliance is not None and (
        compliance.status_id == PASSED or (compliance.status or "").lower() in {"pass", "passed"}
    ):
        return True
    return (event.status_code or "").lower() in {"pass", "passed"}


def _findings(event: Event) -> Iterator[Finding]:
    places = _places(event)
    for vulnerability in event.vulnerabilities or ():
        packages = vulnerability.affected_packages or vulnerability.packages or ()
        for package in packages or (None,):
            for place in places:
                yield _finding(event, place, vulnerability, package)
    if not event.vulnerabilities:
        for place in places:
            yield _finding(event, place, None, None)


def _finding(
    event: Event, place: Location | None, vulnerability: Vulnerability | None, package: Package | None
) -> Finding:
    info = event.finding_info or event.finding or Info()
    detail = vulnerability or Vulnerability()
    cve = detail.cve or Cve()
    ratings = _ratings(cve)
    advice = detail.remediation or event.remediation or info.remediation or Remediation()
    analytic = info.analytic or Analytic()
    rule = cve.uid or event.metadata.event_code or str(analytic.uid or "") or analytic.name or info.title or "finding"
    title = detail.title or info.title or first_line(event.message or "") or rule
    cwes = cwe_ids(*(weakness.uid for weakness in (detail.cwe, cve.cwe, *(cve.related_cwes or ())) if weakness))
    compliance = event.compliance or Compliance()
    return Finding(
        rule=rule,
        title=title,
        severity=SEVERITIES.get(event.severity_id, Severity.MEDIUM),
        severity_given=event.severity or "",
        kind=KINDS.get(event.class_uid) if package is None or event.class_uid != 2002 else Kind.DEPENDENCY,
        location=place,
        component=_component(package),
        about=Rule(
            id=rule,
            title=title,
            description=detail.desc or info.desc or "",
            remedy=advice.desc or "",
            cwes=cwes,
            tags=tuple(
                word
                for word in (*(info.types or ()), *(compliance.standards or ()), *(compliance.requirements or ()))
                if word
            ),
            references=references(detail.references, advice.references, info.src_url),
        ),
        description=event.status_detail or event.message or "",
        confidence=confidence(event.confidence),
        cwes=cwes,
        vulnerabilities=vulnerability_ids(cve.uid),
        cvss=ratings,
        epss=_probability(cve.epss),
        fixed_versions=(package.fixed_in_version,) if package and package.fixed_in_version else (),
        fingerprints=(("ocsf", info.uid),) if info.uid else (),
        suppression=Suppression(origin="tool", justification=event.comment or "")
        if event.status_id == SUPPRESSED
        else None,
        seen_at=moment(event.time_dt or event.time),
    )


def _places(event: Event) -> list[Location | None]:
    cloud = event.cloud or Cloud()
    account = (cloud.account.uid if cloud.account else "") or ""
    resources = event.resources or ([event.resource] if event.resource else [])
    places: list[Location | None] = [
        ResourceLocation(
            resource=resource.uid or resource.name or resource.hostname or "",
            type=resource.type or "",
            region=resource.region or cloud.region or "",
            account=account,
        )
        for resource in resources
    ]
    if places:
        return places
    if event.device is not None and (event.device.hostname or event.device.ip):
        return [HostLocation(host=event.device.hostname or event.device.ip or "")]
    address = event.url.get("url_string") if isinstance(event.url, dict) else event.url
    return [WebLocation(url=address)] if isinstance(address, str) and address else [None]


def _ratings(cve: Cve) -> tuple[Cvss, ...]:
    given = [cve.cvss] if isinstance(cve.cvss, Rating) else cve.cvss or []
    ratings = (cvss(rating.vector_string, rating.base_score) for rating in given)
    return tuple(rating for rating in ratings if rating is not None)


def _component(package: Package | None) -> Component | None:
    if package is None or not package.name:
        return None
    return Component(name=package.name, version=package.version or "", purl=canonical_purl(package.purl or ""))


def _probability(epss: Epss | None) -> float | None:
    try:
        return float(epss.score) if epss is not None and epss.score is not None else None
    except ValueError:
        return None
