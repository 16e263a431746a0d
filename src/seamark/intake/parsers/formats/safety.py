"""Safety: known vulnerabilities of Python packages; `safety check` of all versions and `safety scan`.

`safety scan` names vulnerabilities by Safety's own number only.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct, field

from seamark.intake.parsers.kit import (
    CodeLocation,
    Cvss,
    Finding,
    Item,
    Kind,
    Probe,
    Rule,
    Run,
    Suppression,
    first_line,
    json_object,
    moment,
    parser,
    references,
    variant,
    vulnerability_ids,
)
from seamark.intake.parsers.kit.packages import graded, identifiers, package, rating


class Score(Struct):
    base_score: float | None = None
    vector_string: str | None = ""


class Severities(Struct):
    source: str | None = ""
    cvssv2: Score | None = None
    cvssv3: Score | None = None


class Vulnerability(Struct):
    vulnerability_id: str
    package_name: str
    analyzed_version: str | None = ""
    advisory: str | None = ""
    vulnerable_spec: list[str] | str | None = None
    fixed_versions: list[str] | None = None
    cve: str | None = field(default=None, name="CVE")
    severity: Severities | None = None
    ignored: bool | None = False
    ignored_reason: str | None = None
    is_transitive: bool | None = None
    more_info_url: str | None = ""


class Git(Struct):
    branch: str | None = ""
    tag: str | None = ""
    commit: str | None = ""
    origin: str | None = ""


class Meta(Struct):
    safety_version: str = ""
    timestamp: str = ""
    scanned: list[str] | None = None
    scan_target: str | None = ""
    git: Git | None = None


class Remediation(Struct):
    recommended_version: str | None = None


class Report(Struct):
    report_meta: Meta
    vulnerabilities: list[Vulnerability]
    ignored_vulnerabilities: list[Vulnerability] | None = None
    remediations: dict[str, Remediation | list[Remediation]] | None = None


@parser(
    "safety",
    title="Safety",
    kind=Kind.DEPENDENCY,
    looks=json_object("report_meta", "vulnerabilities"),
    made_with="safety check --output json > safety.json, or safety scan --output json > safety.json",
    url="https://docs.safetycli.com",
    versions="1.8 to 3.6",
)
def read(report: Report) -> Iterator[Item]:
    meta = report.report_meta
    git = meta.git or Git()
    yield Run(
        tool="Safety",
        version=meta.safety_version,
        finished=moment(meta.timestamp),
        commit=(git.commit or "").removesuffix("-dirty"),
        ref=git.branch or git.tag or "",
        repository=git.origin or "",
    )
    place = (
        CodeLocation(path=meta.scanned[0])
        if meta.scan_target == "files" and meta.scanned and len(meta.scanned) == 1
        else None
    )
    remedies = report.remediations or {}
    for row in report.vulnerabilities:
        yield _finding(row, place, remedies, ignored=bool(row.ignored))
    for row in report.ignored_vulnerabilities or ():
        yield _finding(row, place, remedies, ignored=True)


def _finding(
    row: Vulnerability,
    place: CodeLocation | None,
    remedies: dict[str, Remediation | list[Remediation]],
    *,
    ignored: bool,
) -> Finding:
    ratings = _ratings(row.severity)
    name = row.package_name
    known = package("pypi", name, row.analyzed_version or "")
    component = (
        known
        if row.is_transitive is None
        else type(known)(name=known.name, version=known.version, purl=known.purl, direct=not row.is_transitive)
    )
    advisory = row.advisory or ""
    spec = row.vulnerable_spec if isinstance(row.vulnerable_spec, str) else " ".join(row.vulnerable_spec or ())
    best = remedies.get(name)
    recommended = best.recommended_version if isinstance(best, Remediation) else None
    return Finding(
        rule=row.vulnerability_id,
        title=first_line(advisory) or f"{row.cve or row.vulnerability_id} in {name}",
        severity=graded(None, ratings),
        location=place,
        component=component,
        about=Rule(id=row.vulnerability_id, description=advisory, references=references(row.more_info_url)),
        description=f"Affected versions: {spec}" if spec else "",
        remedy=f"Upgrade to {recommended}" if recommended else "",
        vulnerabilities=_ids(row.vulnerability_id, row.cve, advisory),
        cvss=ratings,
        fixed_versions=tuple(row.fixed_versions or ()),
        suppression=Suppression(origin="tool", justification=row.ignored_reason or "") if ignored else None,
    )


def _ids(number: str, cve: str | None, advisory: str) -> tuple[str, ...]:
    """Return the ids: the CVE where Safety tells it, else the only one that its text names. Its own numbers are no ids."""
    named = vulnerability_ids(advisory)
    return identifiers(cve, number) or (named if len(named) == 1 else ())


def _ratings(given: Severities | None) -> tuple[Cvss, ...]:
    if given is None:
        return ()
    source = given.source or ""
    pairs = ((given.cvssv3, "3"), (given.cvssv2, "2"))
    ratings = (rating(one.vector_string, one.base_score, version, source) for one, version in pairs if one is not None)
    return tuple(found for found in ratings if found is not None)


class Old(Struct, array_like=True):
    """A row of `safety check --json` before 2.0: a list without names."""

    package: str
    spec: str
    version: str
    advisory: str | None
    id: str
    score_2: float | None = None
    score_3: float | None = None


def _is_old(probe: Probe) -> bool:
    row = probe.get("0")
    return (
        probe.is_array
        and isinstance(row, list)
        and 5 <= len(row) <= 7
        and all(isinstance(text, str) for text in (row[0], row[1], row[2], row[4]))
        and row[4].isdecimal()
        and row[1].lstrip()[:1] in {"<", ">", "=", "!", "~", ""}
    )


@variant("safety", looks=_is_old)
def read_old(rows: list[Old]) -> Iterator[Item]:
    yield Run(tool="Safety")
    for row in rows:
        yield _finding(
            Vulnerability(
                vulnerability_id=row.id,
                package_name=row.package,
                analyzed_version=row.version,
                advisory=row.advisory,
                vulnerable_spec=row.spec,
                severity=Severities(cvssv2=Score(row.score_2), cvssv3=Score(row.score_3)),
            ),
            None,
            {},
            ignored=False,
        )


class Ignored(Struct):
    code: str | None = ""
    reason: str | None = ""


class Known(Struct):
    id: str
    vulnerable_spec: str | None = ""
    ignored: Ignored | None = None


class Closest(Struct):
    upper: str | None = None


class Fix(Struct):
    recommended: str | None = None
    closest: Closest | None = field(default=None, name="closest_secure")
    closest_2: Closest | None = field(default=None, name="closest_secure_version")


class Vulnerabilities(Struct):
    known_vulnerabilities: list[Known] | None = None
    remediation: Fix | None = None


class Specification(Struct):
    raw: str = ""
    vulnerabilities: Vulnerabilities | None = None


class Dependency(Struct):
    name: str
    specifications: list[Specification] | None = None


class Results(Struct):
    dependencies: list[Dependency] | None = None


class File(Struct):
    location: str
    results: Results | None = None


class Project(Struct):
    location: str = ""
    git: Git | None = None
    files: list[File] | None = None


class ScanResults(Struct):
    files: list[File] | None = None
    projects: list[Project] | None = None


class Telemetry(Struct):
    safety_version: str = ""


class ScanMeta(Struct):
    scan_type: str = ""
    timestamp: str = ""
    telemetry: Telemetry | None = None


class ScanReport(Struct):
    meta: ScanMeta
    scan_results: ScanResults


@variant("safety", looks=json_object("meta.scan_type", "scan_results"))
def read_scan(report: ScanReport) -> Iterator[Item]:
    projects = report.scan_results.projects or []
    git = next((project.git for project in projects if project.git is not None), None) or Git()
    yield Run(
        tool="Safety",
        version=report.meta.telemetry.safety_version if report.meta.telemetry else "",
        finished=moment(report.meta.timestamp),
        commit=(git.commit or "").removesuffix("-dirty"),
        ref=git.branch or git.tag or "",
        repository=git.origin or "",
    )
    for file in report.scan_results.files or ():
        yield from _of_file(file, "")
    for project in projects:
        for file in project.files or ():
            yield from _of_file(file, project.location)


def _of_file(file: File, root: str) -> Iterator[Finding]:
    place = CodeLocation(path=file.location.removeprefix(root.rstrip("/") + "/") if root else file.location)
    for dependency in (file.results.dependencies if file.results else None) or ():
        for specification in dependency.specifications or ():
            found = specification.vulnerabilities or Vulnerabilities()
            fix = found.remediation or Fix()
            closest = fix.closest or fix.closest_2
            best = fix.recommended or (closest.upper if closest else None)
            _, pinned, version = specification.raw.partition("==")
            for row in found.known_vulnerabilities or ():
                yield Finding(
                    rule=row.id,
                    title=f"Safety {row.id} in {dependency.name}",
                    severity=graded(None),
                    location=place,
                    component=package(
                        "pypi", dependency.name, version.split(";")[0].split("#")[0].strip() if pinned else ""
                    ),
                    description=f"Required as {specification.raw}; affected versions: {row.vulnerable_spec or 'not said'}",
                    remedy=f"Upgrade to {best}" if best else "",
                    vulnerabilities=identifiers(row.id),
                    suppression=Suppression(origin="tool", justification=row.ignored.reason or row.ignored.code or "")
                    if row.ignored
                    else None,
                )
