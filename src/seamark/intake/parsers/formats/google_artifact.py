"""Google Artifact Registry (Artifact Analysis): the vulnerabilities of an image, described by gcloud or listed by the API."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from msgspec import Struct, field

from seamark.intake.parsers.kit import (
    Component,
    Cvss,
    Finding,
    ImageLocation,
    Item,
    Kind,
    Probe,
    Rule,
    Run,
    json_object,
    json_rows,
    moment,
    parser,
    references,
    variant,
)
from seamark.intake.parsers.kit.packages import graded, identifiers, of_system, package, purl_type, rating, stable_name

_TOOL = "Google Artifact Analysis"
_TYPES = {
    "OS": "", "GO_STDLIB": "golang", "GO": "golang", "MAVEN": "maven", "NPM": "npm", "PYPI": "pypi", "NUGET": "nuget",
    "RUBYGEMS": "gem", "RUST": "cargo", "COMPOSER": "composer",
}  # fmt: skip


class Score(Struct, rename="camel"):
    base_score: float | None = None
    attack_vector: str = ""
    attack_complexity: str = ""
    privileges_required: str = ""
    user_interaction: str = ""
    scope: str = ""
    confidentiality_impact: str = ""
    integrity_impact: str = ""
    availability_impact: str = ""
    authentication: str = ""


class Version(Struct, rename="camel"):
    full_name: str = ""
    name: str = ""
    kind: str = ""


class File(Struct, rename="camel"):
    file_path: str = ""


class Issue(Struct, rename="camel"):
    affected_package: str = ""
    affected_version: Version = field(default_factory=Version)
    fixed_version: Version = field(default_factory=Version)
    affected_cpe_uri: str = ""
    package_type: str = ""
    effective_severity: str = ""
    file_location: list[File] | None = None


class Link(Struct):
    url: str = ""


class Vulnerability(Struct, rename="camel"):
    severity: str = ""
    effective_severity: str = ""
    short_description: str = ""
    long_description: str = ""
    package_issue: list[Issue] | None = None
    related_urls: list[Link] | None = None
    cvssv3: Score | None = None
    cvss_v2: Score | None = None
    cvss_score: float | None = None
    cvss_version: str = ""


class Occurrence(Struct, rename="camel"):
    kind: str = ""
    note_name: str = ""
    resource_uri: str = ""
    vulnerability: Vulnerability | None = None
    update_time: str = ""


class Discovery(Struct, rename="camel"):
    analysis_status: str = ""
    last_scan_time: str = ""


class Discovered(Struct):
    discovery: Discovery | None = None


class DiscoverySummary(Struct):
    discovery: list[Discovered] | None = None


class Summary(Struct):
    vulnerabilities: dict[str, list[Occurrence]] | None = None


class ImageSummary(Struct):
    digest: str = ""
    fully_qualified_digest: str = ""


class Report(Struct):
    image_summary: ImageSummary
    package_vulnerability_summary: Summary | None = None
    discovery_summary: DiscoverySummary | None = None


@parser(
    "google-artifact",
    title=_TOOL,
    kind=Kind.CONTAINER,
    looks=json_object("image_summary", "image_summary.fully_qualified_digest"),
    made_with="gcloud artifacts docker images describe IMAGE --show-package-vulnerability --format json",
    url="https://cloud.google.com/artifact-analysis/docs/view-vulnerabilities",
    versions="gcloud 400 to 500, Container Analysis v1",
)
def read(report: Report) -> Iterator[Item]:
    rows = report.discovery_summary.discovery if report.discovery_summary else None
    found = [row.discovery for row in rows or () if row.discovery]
    failed = [
        row.analysis_status
        for row in found
        if row.analysis_status.startswith("FINISHED_") and "SUCCESS" not in row.analysis_status
    ]
    listed = report.package_vulnerability_summary
    yield Run(
        tool=_TOOL,
        successful=False if failed else None,
        complete=None if listed and any(row.analysis_status == "FINISHED_SUCCESS" for row in found) else False,
        problems=tuple(failed) or (() if listed else ("The description was made without the vulnerabilities",)),
        configuration=f"image {stable_name(report.image_summary.fully_qualified_digest)}",
        image=report.image_summary.fully_qualified_digest,
        image_digest=report.image_summary.digest,
        finished=moment(next((row.last_scan_time for row in found), "")[:19]),
    )
    for occurrences in ((listed.vulnerabilities if listed else None) or {}).values():
        yield from _findings(occurrences)


def _is_occurrence(probe: Probe) -> bool:
    return probe.has("0.vulnerability.packageIssue")


@variant("google-artifact", looks=json_rows("kind", "noteName", "vulnerability", where=_is_occurrence))
def read_rows(occurrences: list[Occurrence]) -> Iterator[Item]:
    yield Run(tool=_TOOL)
    yield from _findings(occurrences)


class Page(Struct, rename={"next_page": "nextPageToken"}):
    occurrences: list[Occurrence]
    next_page: str = ""


@variant("google-artifact", looks=json_object("occurrences", where=lambda probe: probe.has("occurrences.0.noteName")))
def read_page(report: Page) -> Iterator[Item]:
    yield Run(
        tool=_TOOL,
        complete=False if report.next_page else None,
        problems=("There are further pages",) if report.next_page else (),
    )
    yield from _findings(report.occurrences)


def _findings(occurrences: Iterable[Occurrence]) -> Iterator[Finding]:
    for row in occurrences:
        if row.vulnerability is not None:
            for issue in row.vulnerability.package_issue or [Issue()]:
                yield _finding(row, row.vulnerability, issue)


def _finding(row: Occurrence, flaw: Vulnerability, issue: Issue) -> Finding:
    name = row.note_name.rpartition("/")[2] or flaw.short_description
    ratings = _ratings(flaw)
    given = _known(issue.effective_severity) or _known(flaw.effective_severity) or flaw.severity
    image = row.resource_uri.removeprefix("https://")
    path = next((file.file_path for file in issue.file_location or () if file.file_path), "")
    fixed = issue.fixed_version
    component = _component(issue)
    return Finding(
        rule=name,
        title=f"{name} in {issue.affected_package}" if issue.affected_package else name,
        severity=graded(given.replace("MINIMAL", "LOW"), ratings),
        severity_given=given,
        kind=Kind.CONTAINER if issue.package_type in {"", "OS"} else Kind.DEPENDENCY,
        location=ImageLocation(image=image, digest=image.partition("@")[2], path=path),
        component=component,
        about=_about(name, flaw.long_description, tuple(link.url for link in flaw.related_urls or ())),
        vulnerabilities=identifiers(name),
        cvss=ratings,
        fixed_versions=(version,) if fixed.kind != "MAXIMUM" and (version := fixed.full_name or fixed.name) else (),
    )


def _known(word: str) -> str:
    return "" if word in {"", "SEVERITY_UNSPECIFIED"} else word


def _component(issue: Issue) -> Component | None:
    if not issue.affected_package:
        return None
    version = issue.affected_version.full_name or issue.affected_version.name
    if issue.package_type == "GO_STDLIB":
        return package("golang", "stdlib", version)
    ecosystem = _TYPES.get(issue.package_type, issue.package_type.lower())
    if not ecosystem:
        # `cpe:/o:debian:debian_linux:12` names the distribution.
        vendor = issue.affected_cpe_uri.split(":")[2:3]
        ecosystem = vendor[0] if vendor and of_system(purl_type(vendor[0])) else ""
    return package(ecosystem, issue.affected_package, version)


_LETTERS_3 = (
    ("AV", "attack_vector", "ATTACK_VECTOR_"), ("AC", "attack_complexity", "ATTACK_COMPLEXITY_"),
    ("PR", "privileges_required", "PRIVILEGES_REQUIRED_"), ("UI", "user_interaction", "USER_INTERACTION_"),
    ("S", "scope", "SCOPE_"), ("C", "confidentiality_impact", "IMPACT_"), ("I", "integrity_impact", "IMPACT_"),
    ("A", "availability_impact", "IMPACT_"),
)  # fmt: skip


def _ratings(flaw: Vulnerability) -> tuple[Cvss, ...]:
    found = []
    if flaw.cvssv3:
        found.append(rating(_vector(flaw.cvssv3), flaw.cvssv3.base_score, "3.1"))
    elif flaw.cvss_score:
        found.append(rating("", flaw.cvss_score, "2.0" if flaw.cvss_version.endswith("_2") else "3.0"))
    if flaw.cvss_v2 and flaw.cvss_v2.base_score:
        found.append(rating("", flaw.cvss_v2.base_score, "2.0"))
    return tuple(one for one in found if one)


def _vector(score: Score) -> str:
    """Return the vector that the spelt-out metrics make, or nothing where one is missing."""
    parts = []
    for letter, name, prefix in _LETTERS_3:
        word: str = getattr(score, name)
        if not word.startswith(prefix) or len(word) == len(prefix):
            return ""
        parts.append(f"{letter}:{word[len(prefix)]}")
    return "CVSS:3.1/" + "/".join(parts)


@lru_cache(maxsize=8192)
def _about(rule: str, description: str, links: tuple[str, ...]) -> Rule:
    return Rule(id=rule, description=description, references=references(links))
