"""Lacework (FortiCNAPP): vulnerabilities of hosts and images as the API gives them, and reports on compliance."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Raw, Struct, field

from seamark.intake.parsers.kit import (
    Finding,
    HostLocation,
    ImageLocation,
    Item,
    Kind,
    Location,
    Probe,
    Reading,
    ResourceLocation,
    Rule,
    Run,
    Severity,
    Suppression,
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

_LEVELS = {1: Severity.CRITICAL, 2: Severity.HIGH, 3: Severity.MEDIUM, 4: Severity.LOW, 5: Severity.INFO}


class Image(Struct):
    registry: str | None = ""
    repo: str | None = ""
    tags: list[str] | None = None
    digest: str | None = ""


class Context(Struct):
    image_info: Image | None = None
    hostname: str | None = ""
    exception_props: list[Any] | None = None


class Package(Struct):
    name: str = ""
    namespace: str | None = ""
    version: str | None = ""
    version_installed: str | None = ""
    package_active: int | str | None = None


class Properties(Struct):
    layer: str | None = ""
    introduced_in: str | None = ""
    src: str | None = ""


class Fix(Struct):
    fixed_version: str | None = ""
    fix_available: int | str | None = None


class Text(Struct):
    description: str | None = ""
    link: str | None = ""


class Row(Struct, rename="camel"):
    vuln_id: str
    status: str | None = ""
    severity: str | None = ""
    feature_key: Package | None = None
    feature_props: Properties | None = None
    fix_info: Fix | None = None
    eval_ctx: Context | None = None
    cve_props: Text | None = None
    machine_tags: dict[str, Any] | None = None
    image_id: str | None = ""
    mid: int | str | None = None
    start_time: str | None = ""


class Paging(Struct):
    urls: dict[str, Any] | None = None


class Answer(Struct):
    data: Raw
    paging: Paging | None = None


def _is_answer(probe: Probe) -> bool:
    row = probe.get("data.0")
    return isinstance(row, dict) and {"vulnId", "featureKey", "evalCtx"} <= row.keys()


@parser(
    "lacework",
    title="Lacework",
    kind=Kind.CONTAINER,
    looks=json_object("data", where=_is_answer),
    made_with="POST /api/v2/Vulnerabilities/Containers/search (also Hosts), or lacework compliance aws get-report ACCOUNT --json",
    url="https://docs.fortinet.com/product/forticnapp",
    versions="API v2",
    lift=("data",),
)
def read(answer: Answer, reading: Reading) -> Iterator[Item]:
    more = bool(answer.paging and (answer.paging.urls or {}).get("nextPage"))
    yield Run(
        tool="Lacework",
        complete=False if more else None,
        problems=("More vulnerabilities are on other pages",) if more else (),
    )
    for row in reading.rows(answer.data, Row, "$.data"):
        yield _vulnerability(row)


@variant("lacework", looks=json_rows("vulnId", "featureKey", "evalCtx"))
def read_rows(rows: list[Row]) -> Iterator[Item]:
    yield Run(tool="Lacework")
    for row in rows:
        yield _vulnerability(row)


def _vulnerability(row: Row) -> Finding:
    found, properties, fix = row.feature_key or Package(), row.feature_props or Properties(), row.fix_info or Fix()
    context, text = row.eval_ctx or Context(), row.cve_props or Text()
    state = (row.status or "").strip().lower()
    version = found.version or found.version_installed or ""
    active = str(found.package_active) == "1"
    return Finding(
        rule=row.vuln_id,
        title=f"{row.vuln_id} in {found.name}" if found.name else row.vuln_id,
        severity=severity(row.severity or None),
        severity_given=row.severity or "",
        kind=None if context.image_info else Kind.HOST,
        location=_place(row, context, properties),
        component=package(found.namespace or "", found.name, version) if found.name else None,
        about=Rule(id=row.vuln_id, description=text.description or "", references=references(text.link)),
        description=described(
            ("Introduced by", properties.introduced_in or ""),
            ("Found in", properties.src or ""),
            ("Image", row.image_id or ""),
        ),
        vulnerabilities=identifiers(row.vuln_id),
        fixed_versions=(fix.fixed_version,) if fix.fixed_version else (),
        suppression=Suppression(origin="tool", justification="exception")
        if state in {"exception", "suppressed"}
        else None,
        baseline="absent" if state in {"fixed", "good"} else "",
        tags=("package in use",) if active else (),
        seen_at=moment(row.start_time),
    )


def _place(row: Row, context: Context, properties: Properties) -> Location | None:
    if (image := context.image_info) is not None and image.repo:
        name = "/".join(part for part in (image.registry, image.repo) if part)
        tag = next(iter(image.tags or ()), "")
        return ImageLocation(
            image=f"{name}:{tag}" if tag else name,
            digest=image.digest or "",
            layer=(properties.layer or "").split("\n")[0],
        )
    host = context.hostname or (row.machine_tags or {}).get("Hostname") or row.mid
    return HostLocation(host=str(host)) if host else None


class Violation(Struct):
    resource: str | None = ""
    region: str | None = ""
    reasons: list[str] | None = None


class Recommendation(Struct):
    id: str = field(name="REC_ID")
    title: str = field(name="TITLE")
    status: str = field(name="STATUS")
    severity: int | None = field(name="SEVERITY", default=None)
    account: str | None = field(name="ACCOUNT_ID", default="")
    category: str | None = field(name="CATEGORY", default="")
    service: str | None = field(name="SERVICE", default="")
    link: str | None = field(name="INFO_LINK", default="")
    violations: list[Violation] | None = field(name="VIOLATIONS", default=None)
    suppressed: list[str] | None = field(name="SUPPRESSIONS", default=None)


class Compliance(Struct, rename="camel"):
    recommendations: list[Recommendation]
    report_type: str | None = ""
    report_title: str | None = ""
    report_time: str | None = ""
    account_id: str | None = ""


class Reports(Struct):
    data: list[Compliance]


@variant("lacework", looks=json_object("data", where=lambda probe: probe.has("data.0.recommendations.0.REC_ID")))
def read_reports(reports: Reports) -> Iterator[Item]:
    for report in reports.data:
        yield from _compliance(report)


@variant(
    "lacework",
    looks=json_object("recommendations", "reportType", where=lambda probe: probe.has("recommendations.0.REC_ID")),
)
def read_report(report: Compliance) -> Iterator[Item]:
    yield from _compliance(report)


def _compliance(report: Compliance) -> Iterator[Item]:
    yield Run(
        tool="Lacework",
        configuration=report.report_type or "",
        ruleset=frozenset(one.id for one in report.recommendations),
        finished=moment(report.report_time),
    )
    for check in report.recommendations:
        account = check.account or report.account_id or ""
        if check.status.strip().lower() != "noncompliant":
            continue
        for violation in check.violations or [Violation()]:
            yield _violation(check, violation, account)


def _violation(check: Recommendation, violation: Violation, account: str) -> Finding:
    resource = violation.resource or account
    ignored = bool(violation.resource) and violation.resource in (check.suppressed or ())
    return Finding(
        rule=check.id,
        title=check.title,
        severity=_LEVELS.get(check.severity or 0, Severity.MEDIUM),
        severity_given="" if check.severity is None else str(check.severity),
        kind=Kind.CLOUD,
        location=ResourceLocation(
            resource=resource, type=check.service or "", region=violation.region or "", account=account
        )
        if resource
        else None,
        about=Rule(
            id=check.id,
            title=check.title,
            references=references(check.link),
            tags=(check.category,) if check.category else (),
        ),
        description=", ".join(violation.reasons or ()),
        suppression=Suppression(origin="tool") if ignored else None,
    )
