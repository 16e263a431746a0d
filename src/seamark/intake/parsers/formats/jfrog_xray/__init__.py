"""JFrog Xray: summaries of artifacts and builds, vulnerability reports, violations, and scans of the JFrog CLI."""

from __future__ import annotations

from collections.abc import Iterator
from types import NoneType

from msgspec import Raw, Struct

from seamark.intake.parsers.formats.jfrog_xray.cli import SimpleReport
from seamark.intake.parsers.formats.jfrog_xray.findings import Cve, component_of, finding, of_tail
from seamark.intake.parsers.kit import (
    CodeLocation,
    Finding,
    ImageLocation,
    Item,
    Kind,
    Location,
    Probe,
    Reach,
    Reading,
    Run,
    Suppression,
    UnreadableReport,
    first_line,
    json_object,
    json_rows,
    parser,
    variant,
)

_KINDS = {"license": Kind.LICENCE, "licenses": Kind.LICENCE, "operational_risk": Kind.DEPENDENCY}
_REACH = {"applicable": Reach.STATIC, "not_applicable": Reach.UNREACHABLE, "undetermined": Reach.POTENTIAL}


class Fixed(Struct):
    component_id: str
    fixed_versions: list[str] | None = None


class Issue(Struct):
    issue_id: str = ""
    summary: str = ""
    description: str = ""
    issue_type: str = ""
    severity: str = ""
    cves: list[Cve] | None = None
    created: str | None = ""
    impact_path: list[str] | None = None
    components: list[Fixed] | None = None


class General(Struct):
    name: str = ""
    component_id: str = ""
    pkg_type: str = ""
    path: str = ""
    sha256: str = ""


class Artifact(Struct):
    general: General
    issues: list[Issue] | None = None


class Failure(Struct):
    identifier: str = ""
    error: str = ""


class Summary(Struct):
    artifacts: list[Artifact] | None
    errors: list[Failure] | None = None


def _is_summary(probe: Probe) -> bool:
    if probe.get("artifacts.0"):
        return probe.has("artifacts.0.general.component_id") or probe.has("artifacts.0.general.pkg_type")
    return probe.keys == {"artifacts", "errors"} and probe.has("errors.0.identifier")


@parser(
    "jfrog-xray",
    title="JFrog Xray",
    kind=Kind.DEPENDENCY,
    looks=json_object("artifacts", where=_is_summary),
    made_with="POST /xray/api/v1/summary/artifact, or jf docker scan IMAGE --format=json",
    url="https://jfrog.com/help/r/xray-rest-apis",
    versions="Xray 2 and 3",
)
def read(report: Summary) -> Iterator[Item]:
    failures = [f"{failure.identifier}: {failure.error}" for failure in report.errors or ()]
    if not report.artifacts:
        reasons = f": {'; '.join(failures[:3])}" if failures else ""
        raise UnreadableReport(f"This is no report: Xray looked at nothing{reasons}")
    for artifact in report.artifacts:
        general = artifact.general
        docker = general.pkg_type.lower() == "docker"
        yield Run(
            tool="JFrog Xray",
            configuration=general.name or general.component_id,
            complete=False if failures else None,
            problems=tuple(failures[:50]),
            image=general.name if docker else "",
            image_digest=f"sha256:{general.sha256}" if docker and general.sha256 else "",
        )
        for issue in artifact.issues or ():
            yield _of_issue(issue, general)


class Build(Struct):
    name: str = ""
    number: str = ""


class BuildSummary(Struct):
    build: Build
    issues: list[Issue] | None


@variant("jfrog-xray", looks=json_object("build.name", "issues", "licenses"))
def read_build(report: BuildSummary) -> Iterator[Item]:
    yield Run(tool="JFrog Xray", configuration=report.build.name)
    for issue in report.issues or ():
        yield _of_issue(issue, General(name=report.build.name))


def _of_issue(issue: Issue, general: General) -> Finding:
    paths = issue.impact_path or []
    named = issue.components[0] if issue.components else None
    tail = paths[0].rstrip("/").rpartition("/")[2] if paths else ""
    component = (
        component_of(named.component_id) if named else of_tail(tail) if tail else component_of(general.component_id)
    )
    kind = _KINDS.get(issue.issue_type.lower())
    fixed = named.fixed_versions if named else None
    return finding(
        issue.issue_id, issue.summary, issue.description, issue.severity, issue.cves, component,
        kind=kind, place=_in_artifact(paths, general), fixed=fixed, created=issue.created,
        paths=tuple((path,) for path in paths[:20]) if len(paths) > 1 else (),
    )  # fmt: skip


def _in_artifact(paths: list[str], general: General) -> Location | None:
    """Return the place that an impact path names: the layers of an image are segments of it."""
    path = paths[0] if paths else general.path
    for segment in path.split("/"):
        if segment.startswith("sha256__"):
            digest = segment.removeprefix("sha256__").partition(".")[0]
            inner = path.partition(f"{segment}/")[2]
            return ImageLocation(
                image=general.name,
                digest=f"sha256:{general.sha256}" if general.sha256 else "",
                layer=f"sha256:{digest}",
                path="" if ":" in inner else inner,
            )
    return CodeLocation(path=path) if path else None


class Row(Struct):
    issue_id: str
    severity: str
    vulnerable_component: str
    summary: str | None = ""
    description: str | None = ""
    cves: list[Cve] | None = None
    impacted_artifact: str | None = ""
    impact_path: list[str] | None = None
    path: str | None = ""
    component_physical_path: str | None = ""
    fixed_versions: list[str] | None = None
    published: str | None = ""
    package_type: str | None = ""
    references: list[str] | None = None
    applicability_result: str | None = ""


class Table(Struct):
    rows: Raw
    total_rows: int = 0


def _is_table(probe: Probe) -> bool:
    if probe.get("rows.0"):
        return probe.has("rows.0.issue_id") and probe.has("rows.0.vulnerable_component")
    return probe.keys == {"total_rows", "rows"} and probe.get("rows") == []


@variant("jfrog-xray", looks=json_object("total_rows", "rows", where=_is_table), lift=("rows",))
def read_table(report: Table, reading: Reading) -> Iterator[Item]:
    """Read a vulnerability report of Xray, as the platform exports it."""
    rows = list(reading.rows(report.rows, Row, where="$.rows"))
    missing = report.total_rows - len(rows)
    yield Run(
        tool="JFrog Xray",
        complete=False if missing > 0 else None,
        problems=(f"{missing} of {report.total_rows} rows are not in the report",) if missing > 0 else (),
    )
    for row in rows:
        component = component_of(row.vulnerable_component, row.package_type or "")
        artifact = row.impacted_artifact or ""
        way = tuple(_step(text) for text in row.impact_path or ())
        yield finding(
            row.issue_id, row.summary or "", row.description or "", row.severity, row.cves, component,
            place=ImageLocation(image=artifact.removeprefix("docker://"), path=_file(row.component_physical_path or ""))
            if artifact.startswith("docker://")
            else CodeLocation(path=row.path) if row.path else None,
            fixed=row.fixed_versions, created=row.published, links=row.references,
            paths=(way,) if len(way) > 1 else (),
            reach=_REACH.get((row.applicability_result or "").lower().replace(" ", "_")),
        )  # fmt: skip


def _file(path: str) -> str:
    return "" if ":" in path else path


def _step(text: str) -> str:
    one = component_of(text)
    return f"{one.name}@{one.version}" if one.version else one.name


class Node(Struct):
    component_id: str
    full_path: str | None = ""


class Affected(Struct):
    fixed_versions: list[str] | None = None
    impact_paths: list[list[Node]] | None = None


class Scanned(Struct):
    issue_id: str
    severity: str
    summary: str | None = ""
    cves: list[Cve] | None = None
    components: dict[str, Affected] | None = None
    references: list[str] | None = None
    type: str | None = ""
    license_key: str | None = ""


class Scan(Struct):
    component_id: str | None = ""
    package_type: str | None = ""
    status: str | None = ""
    vulnerabilities: list[Scanned] | None = None
    violations: list[Scanned] | None = None


def _is_scan(probe: Probe) -> bool:
    return {"scan_id", "component_id"} <= probe.first and bool(
        probe.first & {"vulnerabilities", "violations", "package_type"}
    )


@variant("jfrog-xray", looks=json_rows("scan_id", where=_is_scan))
def read_scans(scans: list[Scan]) -> Iterator[Item]:
    """Read what the JFrog CLI writes for a scan on demand."""
    for scan in scans:
        root = scan.component_id or ""
        image = root.removeprefix("docker://") if root.startswith("docker://") else ""
        done = (scan.status or "completed").lower() in {"completed", "success"}
        yield Run(
            tool="JFrog Xray",
            configuration=component_of(root).name if root else "",
            successful=None if done else False,
            problems=() if done else (f"The scan is {scan.status}",),
            image=image,
        )
        # With a watch, violations repeat those vulnerabilities that break a policy.
        for row in scan.vulnerabilities or ():
            yield from _of_scanned(row, image)
        known = {row.issue_id for row in scan.vulnerabilities or ()}
        for row in scan.violations or ():
            if row.issue_id not in known:
                yield from _of_scanned(row, image)


def _of_scanned(row: Scanned, image: str) -> Iterator[Finding]:
    for name, affected in (row.components or {"": Affected()}).items():
        paths = affected.impact_paths or []
        file = next((node.full_path for path in paths for node in reversed(path) if node.full_path), "") or ""
        layer = next(
            (_layer(node.component_id) for path in paths for node in path if "sha256:" in node.component_id), ""
        )
        ways = tuple(tuple(_step(node.component_id) for node in path) for path in paths[:20] if len(path) > 1)
        place: Location | None = CodeLocation(path=file) if file else None
        if image:
            place = ImageLocation(image=image, layer=layer, path="" if file.startswith("sha256__") else _file(file))
        yield finding(
            row.issue_id, row.summary or (f"Licence {row.license_key}" if row.license_key else ""), "", row.severity, row.cves,
            component_of(name) if name else None,
            kind=_KINDS.get((row.type or "").lower()), place=place, fixed=affected.fixed_versions, links=row.references,
            paths=ways,
        )  # fmt: skip


def _layer(text: str) -> str:
    return "sha256:" + text.partition("sha256:")[2].partition("/")[0]


class Details(Struct):
    cves: list[Cve] | None = None
    description: str | None = ""


class Versions(Struct):
    fixed_versions: list[str] | None = None
    vulnerable_versions: list[str] | None = None
    more_details: Details | None = None


class Listed(Struct):
    severity: str
    source_comp_id: str
    summary: str | None = ""
    id: str | None = ""
    issue_type: str | None = ""
    component_versions: Versions | None = None
    edited: str | None = ""


class Export(Struct):
    data: list[Listed]
    total_count: int = 0


@variant("jfrog-xray", looks=json_object("total_count", "data", where=lambda probe: probe.has("data.0.source_comp_id")))
def read_export(report: Export) -> Iterator[Item]:
    """Read the security tab of a component, as it is exported."""
    missing = report.total_count - len(report.data)
    yield Run(tool="JFrog Xray", complete=False if missing > 0 else None)
    for row in report.data:
        versions = row.component_versions or Versions()
        details = versions.more_details or Details()
        yield finding(
            row.id or "", row.summary or "", details.description or "", row.severity, details.cves,
            component_of(row.source_comp_id), kind=_KINDS.get((row.issue_type or "").lower()),
            fixed=versions.fixed_versions, created=row.edited, affected=versions.vulnerable_versions,
        )  # fmt: skip


class Violation(Struct):
    severity: str
    type: str
    description: str | None = ""
    summary: str | None = ""
    issue_id: str | None = ""
    created: str | None = ""
    watch_name: str | None = ""
    infected_components: list[str] | None = None
    impacted_artifacts: list[str] | None = None
    fix_versions: list[str] | None = None
    ignored: bool | None = False
    violation_details_url: str | None = ""


class Violations(Struct):
    violations: list[Violation]
    total_violations: int = 0


def _is_violations(probe: Probe) -> bool:
    return probe.get("violations") == [] or probe.has("violations.0.watch_name")


@variant("jfrog-xray", looks=json_object("total_violations", "violations", where=_is_violations))
def read_violations(report: Violations) -> Iterator[Item]:
    missing = report.total_violations - len(report.violations)
    yield Run(
        tool="JFrog Xray",
        configuration="violations",
        complete=False if missing > 0 else None,
        problems=(f"{missing} of {report.total_violations} violations are not in the report",) if missing > 0 else (),
    )
    for row in report.violations:
        place = CodeLocation(path=row.impacted_artifacts[0]) if row.impacted_artifacts else None
        for name in row.infected_components or [""]:
            yield finding(
                row.issue_id or f"{row.type}: {row.watch_name}", row.summary or first_line(row.description or ""),
                row.description or "", row.severity, None, component_of(name) if name else None,
                kind=_KINDS.get(row.type.lower()), place=place, fixed=row.fix_versions, created=row.created,
                links=[row.violation_details_url or ""],
                suppression=Suppression(origin="tool") if row.ignored else None,
            )  # fmt: skip


def _is_simple(probe: Probe) -> bool:
    return isinstance(probe.get("vulnerabilities"), list | NoneType) and isinstance(
        probe.get("securityViolations"), list | NoneType
    )


@variant(
    "jfrog-xray", looks=json_object("vulnerabilities", "securityViolations", "licensesViolations", where=_is_simple)
)
def read_simple(report: SimpleReport) -> Iterator[Item]:
    problems = report.problems()
    yield Run(tool="JFrog Xray", complete=False if problems else None, problems=problems)
    yield from report.findings()
