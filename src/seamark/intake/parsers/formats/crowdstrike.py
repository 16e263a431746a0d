"""CrowdStrike Falcon: vulnerabilities of hosts as Spotlight's API gives them, and the report of an image's scan."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Raw, Struct, field

from seamark.intake.parsers.kit import (
    Component,
    Confidence,
    Finding,
    HostLocation,
    ImageLocation,
    Item,
    Kind,
    Probe,
    Reading,
    Rule,
    Run,
    Suppression,
    confidence,
    cvss,
    json_object,
    json_rows,
    moment,
    parser,
    references,
    severity,
    variant,
)
from seamark.intake.parsers.kit.packages import identifiers, package
from seamark.intake.parsers.kit.texts import described

_EXPLOITS = {30: "exploit available", 60: "easy exploit", 90: "actively exploited"}


class Known(Struct):
    is_cisa_kev: bool | None = None
    due_date: str | None = ""


class Cve(Struct):
    id: str = ""
    name: str | None = ""
    description: str | None = ""
    severity: str | None = ""
    base_score: float | None = None
    vector: str | None = ""
    exploit_status: int | None = None
    exprt_rating: str | None = ""
    cisa_info: Known | None = None
    references: list[str] | None = None
    vendor_advisory: list[str] | None = None
    types: list[str] | None = None
    published_date: str | None = ""


class Ids(Struct):
    ids: list[str] | None = None


class App(Struct):
    product_name_version: str | None = ""
    product_name_normalized: str | None = ""
    vendor_normalized: str | None = ""
    sub_status: str | None = ""
    remediation: Ids | None = None


class Ignored(Struct):
    is_suppressed: bool | None = None
    reason: str | None = ""


class Host(Struct):
    hostname: str | None = ""
    local_ip: str | None = ""
    machine_domain: str | None = ""
    os_version: str | None = ""
    platform: str | None = ""
    instance_id: str | None = ""
    service_provider: str | None = ""
    service_provider_account_id: str | None = ""
    internet_exposure: str | None = ""
    asset_criticality: str | None = ""
    tags: list[str] | None = None


class Change(Struct):
    id: str | None = ""
    title: str | None = ""
    action: str | None = ""
    reference: str | None = ""
    link: str | None = ""
    vendor_url: str | None = ""


class Remedies(Struct):
    entities: list[Change] | None = None


class Vulnerability(Struct):
    id: str
    aid: str
    status: str
    cve: Cve | None = None
    vulnerability_id: str | None = ""
    apps: list[App] | None = None
    app: App | None = None
    suppression_info: Ignored | None = None
    confidence: str | None = ""
    host_info: Host | None = None
    remediation: Remedies | None = None
    created_timestamp: str | None = ""
    updated_timestamp: str | None = ""


class Pagination(Struct):
    total: int | None = None
    after: str | None = ""


class Meta(Struct):
    pagination: Pagination | None = None


class Answer(Struct):
    resources: Raw
    meta: Meta | None = None


def _is_spotlight(probe: Probe) -> bool:
    row = probe.get("resources.0")
    return (
        isinstance(row, dict)
        and {"aid", "cid", "status"} <= row.keys()
        and bool({"cve", "vulnerability_id"} & row.keys())
    )


@parser(
    "crowdstrike",
    title="CrowdStrike Falcon",
    kind=Kind.HOST,
    looks=json_object("meta", "resources", where=_is_spotlight),
    made_with="GET /spotlight/combined/vulnerabilities/v1?facet=cve&facet=host_info&facet=remediation&filter=status:'open'",
    url="https://developer.crowdstrike.com/api-reference/collections/spotlight-vulnerabilities/",
    versions="Spotlight API v1 and v2; image reports of cs_scanimage",
    lift=("resources",),
)
def read(answer: Answer, reading: Reading) -> Iterator[Item]:
    pages = answer.meta.pagination if answer.meta else None
    yield from _vulnerabilities(
        reading.rows(answer.resources, Vulnerability, "$.resources"), more=bool(pages and pages.after)
    )


@variant("crowdstrike", looks=json_rows("aid", "cid", "cve", "status", "created_timestamp"), lift=("[]",))
def read_rows(rows: list[Vulnerability]) -> Iterator[Item]:
    yield from _vulnerabilities(iter(rows), more=False)


def _vulnerabilities(rows: Iterator[Vulnerability], *, more: bool) -> Iterator[Item]:
    yield Run(
        tool="CrowdStrike Falcon Spotlight",
        complete=False if more else None,
        problems=("More vulnerabilities are on other pages",) if more else (),
    )
    for row in rows:
        # Each application that the flaw was found in is patched by itself.
        apps = row.apps or ([row.app] if row.app else [])
        for app in apps or [App()]:
            yield _vulnerability(row, app, several=len(apps) > 1)


def _vulnerability(row: Vulnerability, app: App, *, several: bool) -> Finding:
    cve, host = row.cve or Cve(), row.host_info or Host()
    rule = cve.id or row.vulnerability_id or row.id
    word = cve.severity or ""
    rating = cvss(cve.vector, cve.base_score)
    state = (app.sub_status or row.status).strip().lower()
    ignored = row.suppression_info if row.suppression_info and row.suppression_info.is_suppressed else None
    wanted = set((app.remediation.ids if app.remediation else None) or ())
    given = (row.remediation.entities if row.remediation else None) or []
    changes = [one for one in given if one.id in wanted or not wanted]
    component = _product(app)
    known = cve.cisa_info if cve.cisa_info and cve.cisa_info.is_cisa_kev else None
    return Finding(
        rule=rule,
        title=f"{rule} in {app.product_name_version or component.name}" if component else cve.name or rule,
        severity=severity(word) if word else severity(rating.score if rating else None),
        severity_given=word,
        kind=Kind.HOST,
        location=HostLocation(host=host.hostname or host.local_ip or row.aid),
        component=component,
        about=Rule(
            id=rule,
            name=cve.name or "",
            description=cve.description or "",
            references=references(cve.references, cve.vendor_advisory),
        ),
        description=described(
            ("Address", host.local_ip or ""),
            ("Domain", host.machine_domain or ""),
            ("System", host.os_version or host.platform or ""),
            ("Instance", host.instance_id or ""),
            ("Account", host.service_provider_account_id or ""),
            ("Exposed to the internet", host.internet_exposure or ""),
            ("Criticality of the host", host.asset_criticality or ""),
            ("ExPRT rating", cve.exprt_rating or ""),
        ),
        remedy="\n".join(dict.fromkeys(text for one in changes if (text := one.action or one.title))),
        confidence=confidence(row.confidence) if row.confidence != "potential" else Confidence.LOW,
        vulnerabilities=identifiers(cve.id, row.vulnerability_id),
        cvss=(rating,) if rating else (),
        fingerprints=(("crowdstrike", f"{row.id}/{app.product_name_version}" if several else row.id),),
        suppression=Suppression(origin="tool", justification=ignored.reason or "") if ignored else None,
        baseline="absent" if state in {"closed", "expired"} else "",
        references=references([one.link or one.vendor_url or "" for one in changes]),
        tags=tuple(
            text
            for text in (
                _EXPLOITS.get(cve.exploit_status or 0, ""),
                "known exploited" if known else "",
                *(host.tags or ()),
            )
            if text
        ),
        seen_at=moment(row.updated_timestamp) or moment(row.created_timestamp),
    )


def _product(app: App) -> Component | None:
    """Return the product; its version is what follows the last blank of `Chrome 120.0.1`."""
    whole = (app.product_name_version or "").strip()
    name, _, version = whole.rpartition(" ")
    if not name or not version[:1].isdigit():
        name, version = whole, ""
    name = name or app.product_name_normalized or ""
    return Component(name=name, version=version) if name else None


class Product(Struct, rename="pascal"):
    product: str | None = ""
    major_version: str | None = ""
    vendor: str | None = ""
    package_source: str | None = ""
    software_architecture: str | None = ""


class Details(Struct):
    severity: str | None = ""
    description: str | None = ""
    base_score: float | None = None
    vector: str | None = ""


class ImageFlaw(Struct):
    cve: str = field(name="CVEID")
    layer: str | None = field(name="LayerHash", default="")
    product: Product | None = field(name="Product", default=None)
    details: Details | None = field(name="Details", default=None)
    fixed: list[str] | None = field(name="FixedVersions", default=None)


class FlawEntry(Struct):
    flaw: ImageFlaw = field(name="Vulnerability")


class Seen(Struct, rename="pascal"):
    type: str | None = ""
    id: str | int | None = field(name="ID", default="")
    title: str | None = ""
    name: str | None = ""
    severity: str | int | None = ""
    description: str | None = ""
    remediation: str | None = ""


class SeenEntry(Struct):
    seen: Seen = field(name="Detection")


class Image(Struct, rename="pascal"):
    registry: str | None = ""
    repository: str | None = ""
    tag: str | None = ""
    digest: str | None = ""


class ImageReport(Struct):
    image: Image | None = field(name="ImageInfo", default=None)
    flaws: list[FlawEntry] | None = field(name="Vulnerabilities", default=None)
    detections: list[SeenEntry] | None = field(name="Detections", default=None)


def _is_image(probe: Probe) -> bool:
    if probe.get("Vulnerabilities.0"):
        return probe.has("Vulnerabilities.0.Vulnerability.CVEID")
    return probe.has("Detections.0.Detection") or probe.has("ImageInfo.Repository")


@variant("crowdstrike", looks=json_object("ImageInfo", "Vulnerabilities", where=_is_image))
def read_image(report: ImageReport) -> Iterator[Item]:
    image = report.image or Image()
    name = "/".join(part for part in ((image.registry or "").rpartition("://")[2], image.repository) if part)
    name = f"{name}:{image.tag}" if name and image.tag else name
    yield Run(
        tool="CrowdStrike Falcon", image=name, image_digest=image.digest or "", configuration=image.repository or ""
    )
    for entry in report.flaws or ():
        yield _image_flaw(entry.flaw, name, image.digest or "")
    for seen in report.detections or ():
        yield _detection(seen.seen, name, image.digest or "")


def _image_flaw(flaw: ImageFlaw, image: str, digest: str) -> Finding:
    product, details = flaw.product or Product(), flaw.details or Details()
    rating = cvss(details.vector, details.base_score)
    word = details.severity or ""
    source = product.package_source or ""
    name = product.product or source
    return Finding(
        rule=flaw.cve,
        title=f"{flaw.cve} in {name}" if name else flaw.cve,
        severity=severity(word) if word else severity(rating.score if rating else None),
        severity_given=word,
        kind=Kind.CONTAINER,
        location=ImageLocation(image=image, digest=digest, layer=flaw.layer or "") if image else None,
        component=package("", name, product.major_version or "") if name else None,
        about=Rule(id=flaw.cve, description=details.description or ""),
        description=described(("Vendor", product.vendor or ""), ("Source", source if source != name else "")),
        vulnerabilities=identifiers(flaw.cve),
        cvss=(rating,) if rating else (),
        fixed_versions=tuple(flaw.fixed or ()),
    )


def _detection(seen: Seen, image: str, digest: str) -> Finding:
    sort = (seen.type or "").strip().lower()
    title = seen.title or seen.name or sort
    rule = str(seen.id or "") or title
    return Finding(
        rule=rule,
        title=title or rule,
        severity=severity(seen.severity if isinstance(seen.severity, str) and seen.severity else None),
        severity_given=str(seen.severity or ""),
        kind=Kind.SECRET
        if sort == "secret"
        else Kind.MISCONFIGURATION
        if sort == "misconfiguration"
        else Kind.CONTAINER,
        location=ImageLocation(image=image, digest=digest) if image else None,
        about=Rule(id=rule, title=title, remedy=seen.remediation or ""),
        description=seen.description or "",
        tags=(sort,) if sort else (),
    )
