"""GitHub Dependabot alerts of the GraphQL interface: `vulnerabilityAlerts` of one or of several repositories."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Struct, field

from seamark.intake.parsers.formats.github_alerts.common import dismissal
from seamark.intake.parsers.formats.github_alerts.dependabot import Epss, Identifier, Link, about, component
from seamark.intake.parsers.kit import (
    CodeLocation,
    Cvss,
    Finding,
    Item,
    Probe,
    Run,
    Severity,
    UnreadableReport,
    cvss,
    cwe_ids,
    json_object,
    moment,
    references,
    severity,
    variant,
    vulnerability_ids,
)


class Package(Struct):
    name: str
    ecosystem: str = ""


class Rating(Struct, rename="camel"):
    vector_string: str | None = ""
    score: float | None = None


class Ratings(Struct, rename="camel"):
    cvss_v3: Rating | None = field(name="cvssV3", default=None)
    cvss_v4: Rating | None = field(name="cvssV4", default=None)


class Weakness(Struct):
    cwe_id: str = field(name="cweId", default="")


class Weaknesses(Struct):
    nodes: list[Weakness] | None = None


class Advisory(Struct, rename="camel"):
    summary: str | None = ""
    description: str | None = ""
    severity: str | None = ""
    ghsa_id: str | None = ""
    permalink: str | None = ""
    identifiers: list[Identifier] | None = None
    references: list[Link] | None = None
    cvss: Rating | None = None
    cvss_severities: Ratings | None = None
    cwes: Weaknesses | None = None
    epss: Epss | None = None


class Patched(Struct):
    identifier: str = ""


class Vulnerability(Struct, rename="camel"):
    package: Package
    severity: str | None = ""
    advisory: Advisory = field(default_factory=Advisory)
    first_patched_version: Patched | None = None
    vulnerable_version_range: str | None = ""


class PullRequest(Struct):
    permalink: str | None = ""
    url: str | None = ""


class Update(Struct):
    pull_request: PullRequest | None = field(name="pullRequest", default=None)


class Alert(Struct, rename="camel"):
    security_vulnerability: Vulnerability
    id: str = ""
    number: int | None = None
    state: str | None = ""
    created_at: str | None = ""
    dismissed_at: str | None = ""
    dismiss_reason: str | None = ""
    dismiss_comment: str | None = ""
    fixed_at: str | None = ""
    vulnerable_manifest_path: str | None = ""
    vulnerable_manifest_filename: str | None = ""
    vulnerable_requirements: str | None = ""
    dependency_scope: str | None = ""
    dependency_relationship: str | None = ""
    dependabot_update: Update | None = None


class PageInfo(Struct):
    more: bool = field(name="hasNextPage", default=False)


class Edge(Struct):
    node: Alert


class Alerts(Struct, rename="camel"):
    nodes: list[Alert] | None = None
    edges: list[Edge] | None = None
    page_info: PageInfo | None = None


class Repository(Struct, rename="camel"):
    vulnerability_alerts: Alerts
    name: str = ""
    name_with_owner: str = ""
    url: str = ""


class Failure(Struct):
    message: str = ""


class Answer(Struct):
    data: Any
    errors: list[Failure] | None = None


def _is_answer(probe: Probe) -> bool:
    data = probe.get("data")
    return isinstance(data, dict) and any(True for _ in _repositories(data))


def _repositories(value: Any, depth: int = 0) -> Iterator[dict[str, Any]]:
    """Yield the repositories of an answer, wherever the query had them: alone, in a search, in an organisation."""
    if isinstance(value, dict):
        if "vulnerabilityAlerts" in value:
            yield value
        elif depth < 8:
            for inner in value.values():
                yield from _repositories(inner, depth + 1)
    elif isinstance(value, list) and depth < 8:
        for inner in value:
            yield from _repositories(inner, depth + 1)


def _more_repositories(value: Any, depth: int = 0) -> bool:
    """Tell whether the list of repositories goes on in another page."""
    if not isinstance(value, dict) or "vulnerabilityAlerts" in value or depth > 4:
        return False
    page = value.get("pageInfo")
    further = isinstance(page, dict) and page.get("hasNextPage") is True
    return further or any(_more_repositories(inner, depth + 1) for inner in value.values())


@variant("github-dependabot", looks=json_object("data", where=_is_answer))
def read(answer: Answer) -> Iterator[Item]:
    if answer.errors:
        raise UnreadableReport(
            f"GitHub answered with an error: {answer.errors[0].message}", where="$.errors[0]", hint="repeat the query"
        )
    more = _more_repositories(answer.data)
    for raw in _repositories(answer.data):
        repository = msgspec.convert(raw, Repository, strict=False)
        alerts = repository.vulnerability_alerts
        cut = more or bool(alerts.page_info and alerts.page_info.more)
        yield Run(
            tool="Dependabot",
            repository=repository.name_with_owner or repository.name,
            complete=False if cut else None,
            problems=("The answer is one page of several",) if cut else (),
        )
        for alert in alerts.nodes or [edge.node for edge in alerts.edges or ()]:
            if (alert.state or "").upper() != "FIXED" and not alert.fixed_at:
                yield _finding(alert)


def _finding(alert: Alert) -> Finding:
    affected = alert.security_vulnerability
    advisory = affected.advisory
    names = [each.value for each in advisory.identifiers or ()]
    ghsa = next((each.value for each in advisory.identifiers or () if each.type == "GHSA"), "")
    identifier = advisory.ghsa_id or ghsa or next(iter(names), "") or affected.package.name
    given = affected.severity or advisory.severity or ""
    ratings = _ratings(advisory)
    fallback = severity(ratings[0].score) if ratings else Severity.MEDIUM
    cwes = cwe_ids([weakness.cwe_id for weakness in (advisory.cwes.nodes or ())] if advisory.cwes else None)
    links = tuple(link.url for link in advisory.references or ())
    range_ = affected.vulnerable_version_range or ""
    set_aside = (alert.state or "").upper() in {"DISMISSED", "AUTO_DISMISSED"} or bool(alert.dismissed_at)
    manifest = alert.vulnerable_manifest_path or alert.vulnerable_manifest_filename
    request = alert.dependabot_update.pull_request if alert.dependabot_update else None
    return Finding(
        rule=identifier,
        title=advisory.summary or f"{identifier} in {affected.package.name}",
        severity=severity(given or None, fallback),
        severity_given=given,
        location=CodeLocation(path=manifest) if manifest else None,
        component=component(
            affected.package.ecosystem,
            affected.package.name,
            _version(alert.vulnerable_requirements or ""),
            alert.dependency_scope,
            alert.dependency_relationship,
        ),
        about=about(identifier, advisory.summary or "", advisory.description or "", cwes, links),
        description=f"Affected versions: {range_}" if range_ else "",
        cwes=cwes,
        vulnerabilities=vulnerability_ids(identifier, names) or tuple(names),
        cvss=ratings,
        epss=float(advisory.epss.percentage) if advisory.epss and isinstance(advisory.epss.percentage, float) else None,
        fixed_versions=(affected.first_patched_version.identifier,) if affected.first_patched_version else (),
        fingerprints=(("github", alert.id),) if alert.id else (),
        suppression=dismissal(alert.dismiss_reason, alert.dismiss_comment) if set_aside else None,
        references=references(advisory.permalink, request.permalink or request.url if request else None),
        seen_at=moment(alert.created_at),
    )


def _version(requirement: str) -> str:
    """Return the version that a lock file pins (`= 5.3.29`); ranges name none."""
    cleaned = requirement.strip()
    return cleaned.lstrip("= ") if cleaned.startswith("=") and "," not in cleaned else ""


def _ratings(advisory: Advisory) -> tuple[Cvss, ...]:
    by_version = advisory.cvss_severities or Ratings()
    given = (by_version.cvss_v4, by_version.cvss_v3, advisory.cvss)
    ratings = (cvss(rating.vector_string, rating.score or None) for rating in given if rating is not None)
    return tuple(dict.fromkeys(rating for rating in ratings if rating is not None))
