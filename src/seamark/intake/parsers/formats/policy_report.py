"""OpenReports and the policy working group's PolicyReport: what Kyverno, Trivy's adapter and others store in a cluster."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from msgspec import Struct, field

from seamark.intake.parsers.kit import (
    Finding,
    Item,
    Kind,
    Probe,
    ResourceLocation,
    Rule,
    Run,
    Severity,
    UnreadableReport,
    json_object,
    json_rows,
    moment,
    parser,
    references,
    severity,
    variant,
)
from seamark.intake.parsers.kit.packages import identifiers, package

_GROUPS = ("openreports.io/", "wgpolicyk8s.io/", "reports.x-k8s.io/")
_OUTCOMES = {"fail": Severity.MEDIUM, "warn": Severity.LOW}


class Object(Struct):
    name: str = ""
    kind: str = ""
    namespace: str = ""

    @property
    def key(self) -> str:
        """The object's name as `namespace/Kind/name`."""
        return "/".join(part for part in (self.namespace, self.kind, self.name) if part)


class Stamp(Struct):
    seconds: int = 0


class Result(Struct):
    policy: str
    rule: str = ""
    result: str = ""
    status: str = ""
    severity: str = ""
    message: str = ""
    description: str = ""
    category: str = ""
    source: str = ""
    resources: list[Object] | None = None
    subjects: list[Object] | None = None
    properties: dict[str, str] | None = None
    timestamp: Stamp | None = None


class Metadata(Struct, rename="camel"):
    name: str = ""
    namespace: str = ""
    creation_timestamp: str | None = ""


class Report(Struct, rename="camel"):
    api_version: str
    kind: str
    metadata: Metadata = field(default_factory=Metadata)
    scope: Object | None = None
    source: str = ""
    results: list[Result] | None = None


class Reports(Struct):
    items: list[Report]


def _of_group(version: object) -> bool:
    return str(version).startswith(_GROUPS)


def _is_report(probe: Probe) -> bool:
    return _of_group(probe.get("apiVersion")) and str(probe.get("kind")).endswith("Report")


def _is_list(probe: Probe) -> bool:
    own = _of_group(probe.get("apiVersion")) and str(probe.get("kind")).endswith("ReportList")
    return own or _of_group(probe.get("items.0.apiVersion"))


@parser(
    "policy-report",
    title="Policy report",
    kind=Kind.MISCONFIGURATION,
    looks=json_object("apiVersion", "kind", "metadata", where=_is_report),
    made_with="kubectl get reports.openreports.io -A -o json",
    url="https://openreports.io/",
    versions="openreports.io/v1alpha1, wgpolicyk8s.io/v1alpha1 to v1beta1",
)
def read(report: Report) -> Iterator[Item]:
    yield from _items(report)


@variant("policy-report", looks=json_object("kind", "items", where=_is_list))
def read_list(reports: Reports) -> Iterator[Item]:
    yield from _all(reports.items)


@variant(
    "policy-report",
    looks=json_rows("apiVersion", "kind", where=lambda probe: _of_group(probe.get("0.apiVersion"))),
)
def read_rows(reports: list[Report]) -> Iterator[Item]:
    yield from _all(reports)


def _all(reports: list[Report]) -> Iterator[Item]:
    if not any(_of_group(report.api_version) for report in reports):
        raise UnreadableReport("The list holds no policy reports, which does not say that nothing was found")
    for report in reports:
        yield from _items(report)


def _items(report: Report) -> Iterator[Item]:
    """Yield a run for each tool that has written results into the report."""
    if not _of_group(report.api_version):
        return
    metadata = report.metadata
    name = "/".join(part for part in (metadata.namespace, report.kind, metadata.name) if part)
    results: dict[str, list[Result]] = {}
    for result in report.results or ():
        results.setdefault(result.source or report.source, []).append(result)
    for source, rows in (results or {report.source: []}).items():
        errors = tuple(f"{row.policy}: {row.message}" for row in rows if _outcome(row) == "error")
        yield Run(
            tool=source or "Policy report",
            configuration=name,
            complete=False if errors else None,
            problems=errors[:50],
            finished=moment(metadata.creation_timestamp),
        )
        for row in rows:
            if _outcome(row) in _OUTCOMES:
                yield from _findings(row, report)


def _outcome(row: Result) -> str:
    return (row.result or row.status).lower()


def _findings(row: Result, report: Report) -> Iterator[Finding]:
    """Yield a finding for each object that a result is about."""
    namespace = report.metadata.namespace
    for thing in row.resources or row.subjects or [report.scope or Object()]:
        key = thing.key if thing.namespace or not thing.name else "/".join(p for p in (namespace, thing.key) if p)
        yield _finding(row, ResourceLocation(resource=key, type=thing.kind) if thing.name else None)


def _finding(row: Result, place: ResourceLocation | None) -> Finding:
    properties = row.properties or {}
    known = identifiers(row.policy) if row.policy.upper().startswith(("CVE-", "GHSA-")) else ()
    name = properties.get("pkgName") or properties.get("resource") or ""
    rule = f"{row.policy}/{row.rule}" if row.rule and row.rule != row.policy else row.policy
    return Finding(
        rule=rule,
        title=row.message or row.description or rule,
        severity=severity(row.severity) if row.severity else _OUTCOMES[_outcome(row)],
        severity_given=row.severity or _outcome(row),
        kind=Kind.CONTAINER if known else None,
        location=place,
        component=package("", name, properties.get("installedVersion", ""), properties.get("pkgPURL", ""))
        if name and known
        else None,
        about=_about(rule, row.category, properties.get("primaryURL", "")),
        description="" if known else "\n".join(f"{key}: {value}" for key, value in properties.items()),
        vulnerabilities=known,
        fixed_versions=(fixed,) if known and (fixed := properties.get("fixedVersion", "")) else (),
        seen_at=moment(row.timestamp.seconds) if row.timestamp and row.timestamp.seconds else "",
    )


@lru_cache(maxsize=4096)
def _about(rule: str, category: str, link: str) -> Rule:
    return Rule(id=rule, tags=(category,) if category else (), references=references(link))
