"""Wiz: issues (CSV, and JSON of its API) and flaws of packages (CSV)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct, field

from seamark.intake.parsers.kit import (
    Csv,
    Finding,
    Item,
    Kind,
    Probe,
    ResourceLocation,
    Rule,
    Run,
    Suppression,
    csv_header,
    json_object,
    json_rows,
    moment,
    parser,
    references,
    severity,
    variant,
    vulnerability_ids,
)
from seamark.intake.parsers.kit.packages import package
from seamark.intake.parsers.kit.texts import described


class IssueRow(Struct):
    title: str = field(name="Title")
    severity: str = field(name="Severity")
    status: str = field(name="Status")
    created: str = field(name="Created At", default="")
    description: str = field(name="Description", default="")
    sort: str = field(name="Resource Type", default="")
    external: str = field(name="Resource external ID", default="")
    subscription: str = field(name="Subscription ID", default="")
    resolution: str = field(name="Resolution", default="")
    control: str = field(name="Control ID", default="")
    name: str = field(name="Resource Name", default="")
    region: str = field(name="Resource Region", default="")
    platform: str = field(name="Resource Platform", default="")
    issue: str = field(name="Issue ID", default="")
    tickets: str = field(name="Ticket URLs", default="")
    note: str = field(name="Note", default="")
    remedy: str = field(name="Remediation Recommendation", default="")
    subscription_name: str = field(name="Subscription Name", default="")
    link: str = field(name="Wiz URL", default="")
    cluster: str = field(name="Kubernetes Cluster", default="")
    namespace: str = field(name="Kubernetes Namespace", default="")
    projects: str = field(name="Project Names", default="")


@parser(
    "wiz",
    title="Wiz",
    kind=Kind.CLOUD,
    looks=csv_header("Title", "Severity", "Status", "Control ID", "Issue ID", "Resource Type"),
    made_with="the export of issues or of vulnerability findings as CSV",
    url="https://docs.wiz.io/",
    versions="as of 2023 to 2025",
)
def read(rows: Csv[IssueRow]) -> Iterator[Item]:
    yield Run(tool="Wiz")
    for row in rows:
        yield _issue(
            rule=row.control or row.title.strip(),
            title=row.title.strip(),
            text=row.description,
            remedy=row.remedy,
            word=row.severity,
            status=row.status,
            why="\n".join(part for part in (row.resolution, row.note) if part),
            identifier=row.issue,
            place=ResourceLocation(
                resource=row.external or row.name, type=row.sort, region=row.region, account=row.subscription
            ),
            more=described(
                ("Name", row.name), ("Platform", row.platform), ("Cluster", row.cluster), ("Namespace", row.namespace)
            ),
            links=references(row.link, row.tickets),
            tags=tuple(tag.strip() for tag in row.projects.split(",") if tag.strip()),
            seen=moment(row.created),
        )


def _issue(
    *,
    rule: str,
    title: str,
    text: str,
    remedy: str,
    word: str,
    status: str,
    why: str,
    identifier: str,
    place: ResourceLocation,
    more: str,
    links: tuple[str, ...],
    tags: tuple[str, ...],
    seen: str,
) -> Finding:
    state = status.strip().upper()
    return Finding(
        rule=rule,
        title=title or rule,
        severity=severity(word or None),
        severity_given=word,
        location=place if place.resource else None,
        about=Rule(id=rule, title=title, description=text, remedy=remedy),
        description=more,
        vulnerabilities=vulnerability_ids(title),
        fingerprints=(("wiz", identifier),) if identifier else (),
        suppression=Suppression(origin="tool", justification=why) if state in {"REJECTED", "IGNORED"} else None,
        baseline="absent" if state == "RESOLVED" else "",
        references=links,
        tags=tags,
        seen_at=seen,
    )


class FlawRow(Struct):
    id: str = field(name="ID")
    name: str = field(name="Name")
    status: str = field(name="FindingStatus", default="")
    severity: str = field(name="Severity", default="")
    cvss: str = field(name="CVSSSeverity", default="")
    vendor: str = field(name="VendorSeverity", default="")
    exploit: str = field(name="HasExploit", default="")
    exploited: str = field(name="HasCisaKevExploit", default="")
    last: str = field(name="LastDetected", default="")
    reason: str = field(name="ResolutionReason", default="")
    remedy: str = field(name="Remediation", default="")
    path: str = field(name="LocationPath", default="")
    package: str = field(name="DetailedName", default="")
    version: str = field(name="Version", default="")
    fixed: str = field(name="FixedVersion", default="")
    method: str = field(name="DetectionMethod", default="")
    link: str = field(name="Link", default="")
    wiz: str = field(name="WizURL", default="")
    asset: str = field(name="AssetName", default="")
    region: str = field(name="AssetRegion", default="")
    provider: str = field(name="ProviderUniqueId", default="")
    asset_id: str = field(name="AssetID", default="")
    subscription: str = field(name="SubscriptionExternalId", default="")
    projects: str = field(name="Projects", default="")
    addresses: str = field(name="IpAddresses", default="")


@variant("wiz", looks=csv_header("ID", "WizURL", "Name", "FindingStatus", "DetailedName", "Version"))
def read_flaws(rows: Csv[FlawRow]) -> Iterator[Item]:
    yield Run(tool="Wiz")
    for row in rows:
        word, state = row.severity or row.cvss or row.vendor, row.status.strip().upper()
        library = row.method.strip().lower() == "library"
        resource = row.provider or row.asset or row.asset_id
        yield Finding(
            rule=row.name,
            title=f"{row.name} in {row.package}" if row.package else row.name,
            severity=severity(word or None),
            severity_given=word,
            kind=Kind.DEPENDENCY if library else Kind.HOST,
            location=ResourceLocation(resource=resource, region=row.region, account=row.subscription) if resource else None,
            component=package("golang" if library and row.remedy.startswith("go get") else "", row.package, row.version)
            if row.package
            else None,
            description=described(
                ("Path", row.path), ("Found by", row.method), ("Asset", row.asset if row.asset != resource else ""),
                ("Addresses", row.addresses), ("Grade of the vendor", row.vendor),
            ),
            remedy=row.remedy,
            vulnerabilities=vulnerability_ids(row.name) or (row.name,),
            fixed_versions=(row.fixed,) if row.fixed else (),
            fingerprints=(("wiz", row.id),),
            suppression=Suppression(origin="tool", justification=row.reason) if state in {"REJECTED", "IGNORED"} else None,
            baseline="absent" if state == "RESOLVED" else "",
            references=references(row.link, row.wiz),
            tags=tuple(
                tag
                for tag in (
                    "exploit available" if row.exploit.lower() == "true" else "",
                    "known exploited" if row.exploited.lower() == "true" else "",
                    *(name.strip() for name in row.projects.split(";")),
                )
                if tag
            ),
            seen_at=moment(row.last),
        )  # fmt: skip


class Source(Struct, rename="camel"):
    id: str = ""
    name: str | None = ""
    description: str | None = ""
    control_description: str | None = ""
    resolution_recommendation: str | None = ""


class Snapshot(Struct, rename="camel"):
    id: str | None = ""
    type: str | None = ""
    name: str | None = ""
    provider_id: str | None = ""
    external_id: str | None = ""
    region: str | None = ""
    cloud_platform: str | None = ""
    subscription_external_id: str | None = ""


class Note(Struct):
    text: str | None = ""


class Issue(Struct, rename="camel"):
    id: str
    severity: str
    status: str
    source_rule: Source | None = None
    control: Source | None = None
    entity_snapshot: Snapshot | None = None
    entity: Snapshot | None = None
    resolution_reason: str | None = ""
    notes: list[Note] | None = None
    created_at: str | None = ""
    updated_at: str | None = ""
    url: str | None = ""


class Page(Struct, rename="camel"):
    has_next_page: bool = False


class Issues(Struct, rename="camel"):
    nodes: list[Issue] | None = None
    page_info: Page | None = None


class Data(Struct):
    issues: Issues


class Answer(Struct):
    data: Data


def _is_answer(probe: Probe) -> bool:
    row = probe.get("data.issues.nodes.0")
    return (
        isinstance(row, dict) and "severity" in row and bool({"sourceRule", "control", "entitySnapshot"} & row.keys())
    )


@variant("wiz", looks=json_object("data", where=_is_answer))
def read_answer(answer: Answer) -> Iterator[Item]:
    page = answer.data.issues.page_info
    more = page is not None and page.has_next_page
    yield from _issues(answer.data.issues.nodes or [], more=more)


@variant("wiz", looks=json_rows("id", "severity", "status", "entitySnapshot"))
def read_issues(rows: list[Issue]) -> Iterator[Item]:
    yield from _issues(rows, more=False)


def _issues(rows: Iterable[Issue], *, more: bool) -> Iterator[Item]:
    yield Run(
        tool="Wiz",
        complete=False if more else None,
        problems=("More issues are on other pages",) if more else (),
    )
    for row in rows:
        rule, where = row.source_rule or row.control or Source(), row.entity_snapshot or row.entity or Snapshot()
        yield _issue(
            rule=rule.id or rule.name or row.id,
            title=rule.name or row.id,
            text=rule.control_description or rule.description or "",
            remedy=rule.resolution_recommendation or "",
            word=row.severity,
            status=row.status,
            why="\n".join(part for part in (row.resolution_reason, *(note.text for note in row.notes or ())) if part),
            identifier=row.id,
            place=ResourceLocation(
                resource=where.provider_id or where.external_id or where.name or where.id or "",
                type=where.type or "",
                region=where.region or "",
                account=where.subscription_external_id or "",
            ),
            more=described(("Name", where.name or ""), ("Platform", where.cloud_platform or "")),
            links=references(row.url),
            tags=(),
            seen=moment(row.updated_at) or moment(row.created_at),
        )
