"""GitHub Dependabot alerts of the REST interface."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from msgspec import Struct, field

from seamark.intake.parsers.formats.github_alerts.common import dismissal, repository_of, text
from seamark.intake.parsers.kit import (
    CodeLocation,
    Component,
    Cvss,
    Finding,
    Item,
    Kind,
    Rule,
    Run,
    cvss,
    cwe_ids,
    json_rows,
    make_purl,
    moment,
    parser,
    references,
    severity,
    vulnerability_ids,
)

PURL_TYPES = {
    "pip": "pypi", "rubygems": "gem", "go": "golang", "rust": "cargo", "erlang": "hex", "actions": "githubactions",
}  # fmt: skip


class Package(Struct):
    name: str
    ecosystem: str = ""


class Dependency(Struct):
    package: Package | None = None
    manifest_path: str | None = ""
    scope: str | None = ""
    relationship: str | None = ""


class Identifier(Struct):
    value: str = ""
    type: str = ""


class Link(Struct):
    url: str = ""


class Rating(Struct):
    vector_string: str | None = ""
    score: float | None = None


class Ratings(Struct):
    cvss_v3: Rating | None = None
    cvss_v4: Rating | None = None


class Epss(Struct):
    percentage: float | str | None = None


class Weakness(Struct):
    cwe_id: str = ""


class Advisory(Struct):
    ghsa_id: str | None = ""
    cve_id: str | None = ""
    summary: str | None = ""
    description: str | None = ""
    severity: str | None = ""
    identifiers: list[Identifier] | None = None
    references: list[Link] | None = None
    cvss: Rating | None = None
    cvss_severities: Ratings | None = None
    epss: Epss | list[Epss] | None = None
    cwes: list[Weakness] | None = None


class Patched(Struct):
    identifier: str = ""


class Vulnerability(Struct):
    package: Package
    severity: str | None = ""
    vulnerable_version_range: str | None = ""
    first_patched_version: Patched | None = None


class Repository(Struct):
    full_name: str = ""


class Alert(Struct):
    number: int
    state: str
    advisory: Advisory = field(name="security_advisory")
    vulnerability: Vulnerability = field(name="security_vulnerability")
    dependency: Dependency = field(default_factory=Dependency)
    html_url: str = ""
    created_at: str | None = ""
    dismissed_reason: str | None = ""
    dismissed_comment: str | None = ""
    repository: Repository | None = None


@parser(
    "github-dependabot",
    title="Dependabot",
    kind=Kind.DEPENDENCY,
    looks=json_rows("security_advisory", "security_vulnerability", "state"),
    made_with="gh api --paginate repos/OWNER/NAME/dependabot/alerts",
    url="https://docs.github.com/en/rest/dependabot/alerts",
)
def read(alerts: list[Alert]) -> Iterator[Item]:
    groups: dict[str, list[Alert]] = {}
    for alert in alerts:
        name = alert.repository.full_name if alert.repository else repository_of(alert.html_url)
        groups.setdefault(name, []).append(alert)
    for repository, group in groups.items():
        yield Run(tool="Dependabot", repository=repository)
        for alert in group:
            if alert.state.lower() != "fixed":
                yield _finding(alert)


def _finding(alert: Alert) -> Finding:
    advisory, affected, dependency = alert.advisory, alert.vulnerability, alert.dependency
    package = dependency.package or affected.package
    identifier = advisory.ghsa_id or advisory.cve_id or next((each.value for each in advisory.identifiers or ()), "")
    given = affected.severity or advisory.severity or ""
    names = [each.value for each in advisory.identifiers or ()]
    ids = vulnerability_ids(advisory.cve_id, identifier, names) or tuple(names)
    links = [link.url for link in advisory.references or ()]
    cwes = cwe_ids([weakness.cwe_id for weakness in advisory.cwes or ()])
    range_ = affected.vulnerable_version_range or ""
    set_aside = alert.state.lower() in {"dismissed", "auto_dismissed"}
    return Finding(
        rule=identifier,
        title=advisory.summary or f"{identifier} in {package.name}",
        severity=severity(given or None),
        severity_given=given,
        location=CodeLocation(path=dependency.manifest_path) if dependency.manifest_path else None,
        component=component(package.ecosystem, package.name, "", dependency.scope, dependency.relationship),
        about=about(identifier, advisory.summary or "", advisory.description or "", cwes, tuple(links)),
        description=f"Affected versions: {range_}" if range_ else "",
        cwes=cwes,
        vulnerabilities=ids,
        cvss=_ratings(advisory),
        epss=_probability(advisory.epss),
        fixed_versions=(affected.first_patched_version.identifier,) if affected.first_patched_version else (),
        suppression=_suppression(alert) if set_aside else None,
        references=references(alert.html_url),
        seen_at=moment(text(alert.created_at)),
    )


def _suppression(alert: Alert) -> Any:
    reason = text(alert.dismissed_reason) or ("dismissed by a rule" if alert.state == "auto_dismissed" else "")
    return dismissal(reason, alert.dismissed_comment)


def component(ecosystem: str, name: str, version: str, scope: str | None, relationship: str | None) -> Component:
    """Return the package with GitHub's words for ecosystem, scope and relationship understood."""
    kind = ecosystem.lower()
    return Component(
        name=name,
        version=version,
        purl=make_purl(PURL_TYPES.get(kind, kind), name, version) if kind else "",
        direct={"direct": True, "transitive": False, "indirect": False}.get((relationship or "").lower()),
        scope={"runtime": "runtime", "development": "development"}.get((scope or "").lower(), ""),
    )


@lru_cache(maxsize=4096)
def about(rule: str, title: str, description: str, cwes: tuple[int, ...], links: tuple[str, ...]) -> Rule:
    """Return the texts of an advisory."""
    return Rule(id=rule, title=title, description=description, cwes=cwes, references=references(links))


def _ratings(advisory: Advisory) -> tuple[Cvss, ...]:
    by_version = advisory.cvss_severities or Ratings()
    given = (by_version.cvss_v4, by_version.cvss_v3, advisory.cvss)
    # A score of 0 without a vector stands for "not rated".
    ratings = (cvss(rating.vector_string, rating.score or None) for rating in given if rating is not None)
    return tuple(dict.fromkeys(rating for rating in ratings if rating is not None))


def _probability(given: Epss | list[Epss] | None) -> float | None:
    epss = given[0] if isinstance(given, list) and given else given
    if not isinstance(epss, Epss) or epss.percentage is None:
        return None
    try:
        return float(epss.percentage)
    except ValueError:
        return None
