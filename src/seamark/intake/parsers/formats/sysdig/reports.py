"""Tables and JSON panels that Sysdig Secure and the CLI write: a row is a vulnerability in a package of an image."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from msgspec import Struct, field

from seamark.intake.parsers.kit import (
    AssetKind,
    AssetRef,
    Csv,
    Finding,
    ImageLocation,
    Item,
    Kind,
    Reach,
    Relation,
    RelationKind,
    Rule,
    Run,
    Suppression,
    csv_header,
    json_object,
    parser,
    references,
    variant,
)
from seamark.intake.parsers.kit.packages import graded, identifiers, of_system, package, probability, purl_type, rating

TOOL = "Sysdig Secure"


class Row(Struct, frozen=True, kw_only=True):
    """A row, of any of the tables."""

    id: str
    severity: str
    name: str = ""
    version: str = ""
    type: str = ""
    path: str = ""
    image: str = ""
    digest: str = ""
    system: str = ""
    cvss_version: str = ""
    score: str | float = ""
    vector: str = ""
    link: str = ""
    fixed: str = ""
    suggested: str = ""
    epss: str = ""
    workload: str = ""
    in_use: bool | None = None
    accepted: bool = False
    exploit: bool = False


def items(rows: Iterable[Row], run: Run) -> Iterator[Item]:
    """Yield the run, the images that workloads run, and a finding for each row."""
    yield run
    seen: set[tuple[str, str]] = set()
    for row in rows:
        if row.workload and row.image and (row.workload, row.image) not in seen:
            seen.add((row.workload, row.image))
            workload = AssetRef(AssetKind.WORKLOAD, row.workload)
            yield Relation(
                kind=RelationKind.RUNS, source=workload, target=AssetRef(AssetKind.IMAGE, row.image), origin=TOOL
            )
        yield _finding(row)


def _finding(row: Row) -> Finding:
    vector = row.vector.strip()
    found = rating(vector, row.score, row.cvss_version)
    ratings = (found,) if found else ()
    kind = purl_type(row.type)
    system = row.type.lower() == "os" or of_system(kind)
    return Finding(
        rule=row.id,
        title=f"{row.id} in {row.name}" if row.name else row.id,
        # "Other" is what the feed did not grade.
        severity=graded("" if row.severity.lower() == "other" else row.severity, ratings),
        severity_given=row.severity,
        kind=Kind.CONTAINER if system or not row.type else Kind.DEPENDENCY,
        location=ImageLocation(image=row.image, digest=row.digest, path=row.path)
        if row.image or row.digest or row.path
        else None,
        component=package(row.system.partition(" ")[0] if system else row.type, row.name, row.version),
        about=_about(row.id, row.link),
        remedy=f"Upgrade to {row.suggested}" if row.suggested and row.suggested != row.fixed else "",
        vulnerabilities=identifiers(row.id),
        cvss=ratings,
        epss=probability(row.epss or None),
        fixed_versions=(row.fixed,) if row.fixed else (),
        # What runs is the tool's own observation; that something did not run yet proves nothing.
        reach=Reach.RUNTIME if row.in_use else None,
        suppression=Suppression(origin="tool") if row.accepted else None,
        tags=tuple(text for text in (row.workload, "exploit" if row.exploit else "") if text),
    )


@lru_cache(maxsize=8192)
def _about(rule: str, link: str) -> Rule:
    return Rule(id=rule, references=references(link))


def _yes(text: str) -> bool:
    return text.strip().lower() == "true"


def workload(cluster: str, namespace: str, kind: str, name: str) -> str:
    """Return the key of a workload, its kind written as Kubernetes does."""
    if not name:
        return ""
    written = _KINDS.get(kind.lower(), kind)
    return "/".join(part for part in (cluster, namespace, written, name) if part)


_KINDS = {
    word.lower(): word
    for word in (
        "Deployment",
        "DaemonSet",
        "StatefulSet",
        "ReplicaSet",
        "CronJob",
        "Job",
        "Pod",
        "ReplicationController",
    )
}


class Listed(Struct):
    id: str = field(name="Vulnerability ID")
    severity: str = field(name="Severity")
    name: str = field(name="Package name", default="")
    version: str = field(name="Package version", default="")
    type: str = field(name="Package type", default="")
    path: str = field(name="Package path", default="")
    image: str = field(name="Image", default="")
    digest: str = field(name="Image ID", default="")
    system: str = field(name="OS Name", default="")
    cvss_version: str = field(name="CVSS version", default="")
    score: str = field(name="CVSS score", default="")
    vector: str = field(name="CVSS vector", default="")
    link: str = field(name="Vuln link", default="")
    fixed: str = field(name="Fix version", default="")
    suggested: str = field(name="Package suggested fix", default="")
    exploit: str = field(name="Public Exploit", default="")
    cluster: str = field(name="K8S cluster name", default="")
    namespace: str = field(name="K8S namespace name", default="")
    workload_type: str = field(name="K8S workload type", default="")
    workload: str = field(name="K8S workload name", default="")
    in_use: str = field(name="In use", default="")
    accepted: str = field(name="Risk accepted", default="")

    def row(self) -> Row:
        return Row(
            id=self.id, severity=self.severity, name=self.name, version=self.version, type=self.type, path=self.path,
            image=self.image, digest=self.digest, system=self.system, cvss_version=self.cvss_version,
            score=self.score, vector=self.vector, link=self.link, fixed=self.fixed, suggested=self.suggested,
            workload=workload(self.cluster, self.namespace, self.workload_type, self.workload),
            in_use=_yes(self.in_use) if self.in_use else None, accepted=_yes(self.accepted), exploit=_yes(self.exploit),
        )  # fmt: skip


@parser(
    "sysdig",
    title=TOOL,
    kind=Kind.CONTAINER,
    looks=csv_header("Vulnerability ID", "Severity", "Package name", "Package version", "Vuln link"),
    made_with="Sysdig Secure: Vulnerabilities, Reporting, download; sysdig-cli-scanner --json-scan-result=FILE IMAGE",
    url="https://docs.sysdig.com/en/docs/sysdig-secure/vulnerabilities/",
    versions="reports of 2022 to 2025, CLI scanner 1.3 to 1.22",
)
def read(rows: Csv[Listed]) -> Iterator[Item]:
    yield from items((row.row() for row in rows), Run(tool=TOOL))


class OfCli(Struct):
    id: str = field(name="CVE ID")
    severity: str = field(name="CVE Severity")
    name: str = field(name="Package Name", default="")
    version: str = field(name="Package Version", default="")
    type: str = field(name="Package Type", default="")
    path: str = field(name="Package Path", default="")
    cvss_version: str = field(name="CVSS Score Version", default="")
    score: str = field(name="CVSS Score", default="")
    link: str = field(name="CVE URL", default="")
    fixed: str = field(name="Fix Version", default="")
    accepted: str = field(name="Risk Accepted", default="")
    epss: str = field(name="EPSS Score", default="")

    def row(self) -> Row:
        return Row(
            id=self.id, severity=self.severity, name=self.name, version=self.version, type=self.type, path=self.path,
            cvss_version=self.cvss_version, score=self.score, link=self.link, fixed=self.fixed, epss=self.epss,
            accepted=_yes(self.accepted),
        )  # fmt: skip


@variant("sysdig", looks=csv_header("CVE ID", "CVE Severity", "Package Name", "CVE URL"))
def read_cli(rows: Csv[OfCli]) -> Iterator[Item]:
    yield from items((row.row() for row in rows), Run(tool=TOOL))


class Cell(Struct):
    vuln_id: str
    vuln_severity: str = ""
    container_image: str | None = ""
    container_image_id: str | None = ""
    container_image_distro: str | None = ""
    kubernetes_cluster_name: str | None = ""
    kubernetes_namespace_name: str | None = ""
    kubernetes_workload_name: str | None = ""
    kubernetes_workload_type: str | None = ""
    scan_package_name: str | None = ""
    scan_package_version: str | None = ""
    scan_package_type: str | None = ""
    scan_package_path: str | None = ""
    scan_package_in_use: bool | None = None
    vuln_cvss_score: float | None = None
    vuln_cvss_vector: str | None = ""
    vuln_cvss_version: str | None = ""
    vuln_fixed_in_version: str | None = ""
    vuln_has_exploit: bool | None = False
    vuln_risk_accepted: bool | None = False
    vuln_epss_score: float | None = None
    vuln_link: str | None = ""

    def row(self) -> Row:
        return Row(
            id=self.vuln_id, severity=self.vuln_severity, name=self.scan_package_name or "",
            version=self.scan_package_version or "", type=self.scan_package_type or "", path=self.scan_package_path or "",
            image=self.container_image or "", digest=self.container_image_id or "",
            system=self.container_image_distro or "", cvss_version=self.vuln_cvss_version or "",
            score="" if self.vuln_cvss_score is None else self.vuln_cvss_score, vector=self.vuln_cvss_vector or "",
            link=self.vuln_link or "", fixed=self.vuln_fixed_in_version or "",
            epss="" if self.vuln_epss_score is None else str(self.vuln_epss_score),
            workload=workload(
                self.kubernetes_cluster_name or "", self.kubernetes_namespace_name or "",
                self.kubernetes_workload_type or "", self.kubernetes_workload_name or "",
            ),
            in_use=self.scan_package_in_use, accepted=bool(self.vuln_risk_accepted), exploit=bool(self.vuln_has_exploit),
        )  # fmt: skip


class Panel(Struct):
    data: list[Cell] | None
    name: str = ""


class Panels(Struct):
    panels: list[Panel]
    name: str = ""
    zones: list[str] | None = None


@variant("sysdig", looks=json_object("panels", "zones", "schedule"))
def read_panels(report: Panels) -> Iterator[Item]:
    scope = " ".join((report.name, *(report.zones or ()))).strip()
    rows = (cell.row() for panel in report.panels for cell in panel.data or ())
    yield from items(rows, Run(tool=TOOL, configuration=scope))
