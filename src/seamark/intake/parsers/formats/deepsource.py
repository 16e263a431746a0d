"""DeepSource: issues in code and vulnerable dependencies, as its command line and its GraphQL interface give them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Generic, TypeVar

from msgspec import Struct, field

from seamark.intake.parsers.formats._sca import shared_rule
from seamark.intake.parsers.kit import (
    CodeLocation,
    Finding,
    Item,
    Kind,
    Probe,
    Reach,
    Run,
    json_object,
    json_rows,
    parser,
    references,
    severity,
    variant,
)
from seamark.intake.parsers.kit.packages import graded, identifiers, package, probability, rating

T = TypeVar("T")
TOOL = "DeepSource"
_REACH = {"REACHABLE": Reach.STATIC, "UNREACHABLE": Reach.UNREACHABLE}
_SECRETS = {"secrets", "secret"}


class Row(Struct):
    """An issue as `deepsource issues` writes it."""

    issue_code: str
    path: str
    title: str
    begin_line: int | None = None
    end_line: int | None = None
    description: str | None = ""
    category: str | None = ""
    severity: str | None = ""
    source: str | None = ""
    analyzer: str | None = ""


class Named(Struct):
    name: str | None = ""
    ecosystem: str | None = ""


class Version(Struct):
    version: str | None = ""


class Advisory(Struct):
    """A vulnerability: the command line writes its fields apart by underscores, GraphQL in camel case."""

    identifier: str
    severity: str | None = ""
    summary: str | None = ""
    score: float | None = field(name="cvss_v3_base_score", default=None)
    fixed: list[str] | None = field(name="fixed_versions", default=None)
    aliases: list[str] | None = None
    epss: float | None = field(name="epss_score", default=None)
    urls: list[str] | None = field(name="reference_urls", default=None)
    camel_score: float | None = field(name="cvssV3BaseScore", default=None)
    camel_fixed: list[str] | None = field(name="fixedVersions", default=None)
    camel_epss: float | None = field(name="epssScore", default=None)
    camel_urls: list[str] | None = field(name="referenceUrls", default=None)


class Occurrence(Struct):
    vulnerability: Advisory
    id: str | None = ""
    reachability: str | None = ""
    fixability: str | None = ""
    package: Named | None = None
    version: Version | None = field(name="package_version", default=None)
    camel_version: Version | None = field(name="packageVersion", default=None)


class OfRun(Struct):
    """Vulnerabilities of a run or a pull request, as the command line writes them."""

    vulnerabilities: list[Occurrence]
    commit_oid: str | None = ""
    branch_name: str | None = ""
    branch: str | None = ""
    status: str | None = ""


class Edge(Struct, Generic[T]):
    node: T | None = None


class Edges(Struct, Generic[T]):
    edges: list[Edge[T]] | None = None


class Analyzer(Struct):
    name: str | None = ""
    shortcode: str | None = ""


class Issue(Struct, rename="camel"):
    """An issue, and the place of it where GraphQL tells both in one."""

    title: str | None = ""
    shortcode: str | None = ""
    short_description: str | None = ""
    category: str | None = ""
    severity: str | None = ""
    analyzer: Analyzer | None = None


class Place(Struct, rename="camel"):
    path: str | None = ""
    begin_line: int | None = None
    end_line: int | None = None
    source: str | None = ""
    title: str | None = ""
    shortcode: str | None = ""
    category: str | None = ""
    severity: str | None = ""
    issue: Issue | None = None


class OfIssue(Struct):
    """An issue of a repository with its places; for a pull request the place itself."""

    occurrences: Edges[Place] | None = None
    issue: Issue | None = None


class PullRequest(Struct, rename="camel"):
    issues: Edges[Place] | None = None
    vulnerability_occurrences: Edges[Occurrence] | None = None


class Repository(Struct, rename="camel"):
    issues: Edges[OfIssue] | None = None
    pull_request: PullRequest | None = None
    dependency_vulnerability_occurrences: Edges[Occurrence] | None = None


class Check(Struct, rename="camel"):
    analyzer: Analyzer | None = None
    issues: Edges[Place] | None = None
    vulnerability_occurrences: Edges[Occurrence] | None = None


class Analysis(Struct, rename="camel"):
    commit_oid: str | None = ""
    branch_name: str | None = ""
    status: str | None = ""
    checks: Edges[Check] | None = None
    sca_checks: Edges[Check] | None = None


class Data(Struct):
    repository: Repository | None = None
    run: Analysis | None = None


class Answer(Struct):
    data: Data


@parser(
    "deepsource",
    title=TOOL,
    kind=Kind.CODE,
    looks=json_rows("issue_code", "path", "title", "begin_line", "analyzer"),
    made_with="deepsource issues --output json > deepsource.json (also: deepsource vulnerabilities --output json)",
    url="https://docs.deepsource.com/docs/developers/api/schema",
    versions="2.0 of the command line",
    lift=("[]",),
)
def read(rows: list[Row]) -> Iterator[Item]:
    # What the command line lists may be narrowed by severity, path and pull request, and is cut at a largest number.
    yield Run(tool=TOOL, configuration="issues", complete=False)
    for row in rows:
        place = Place(row.path, row.begin_line, row.end_line, row.source, row.title, row.issue_code)
        place.category, place.severity = row.category, row.severity
        yield _issue(place, Issue(short_description=row.description), row.analyzer or "")


def _is_occurrence(row: object) -> bool:
    return isinstance(row, dict) and {"vulnerability", "package", "reachability"} <= row.keys()


@variant("deepsource", looks=json_rows("vulnerability", "package", "reachability", "fixability"), lift=("[]",))
def read_vulnerabilities(rows: list[Occurrence]) -> Iterator[Item]:
    yield Run(tool=TOOL, configuration="vulnerabilities", complete=False)
    yield from _vulnerabilities(rows)


@variant(
    "deepsource",
    looks=json_object("vulnerabilities", where=lambda probe: _is_occurrence(probe.get("vulnerabilities.0"))),
)
def read_of_run(report: OfRun) -> Iterator[Item]:
    yield Run(
        tool=TOOL,
        configuration="vulnerabilities",
        complete=False,
        successful=_successful(report.status),
        commit=report.commit_oid or "",
        ref=report.branch_name or report.branch or "",
    )
    yield from _vulnerabilities(report.vulnerabilities)


_LISTS = (
    "repository.issues.edges",
    "repository.pullRequest.issues.edges",
    "repository.pullRequest.vulnerabilityOccurrences.edges",
    "repository.dependencyVulnerabilityOccurrences.edges",
    "run.checks.edges",
    "run.scaChecks.edges",
)


def _answers(prefix: str, probe: Probe) -> bool:
    """Tell DeepSource's answer from GitHub's, GitLab's and others', which speak of repositories too."""
    for name in _LISTS:
        rows = probe.get(prefix + name)
        node = rows[0].get("node") if isinstance(rows, list) and rows and isinstance(rows[0], dict) else None
        if isinstance(node, dict):
            return _is_ours(node)
    return False


def _is_ours(node: dict[str, object]) -> bool:
    if "scaChecks" in node or {"vulnerability", "reachability"} <= node.keys() or {"beginLine", "path"} <= node.keys():
        return True
    if {"analyzer", "issues"} <= node.keys() or "vulnerabilityOccurrences" in node:
        return True
    occurrences = node.get("occurrences")
    return isinstance(occurrences, dict) and "edges" in occurrences


@variant("deepsource", looks=json_object("data", where=lambda probe: _answers("data.", probe)))
def read_answer(answer: Answer) -> Iterator[Item]:
    yield from _items(answer.data)


@variant("deepsource", looks=json_object(where=lambda probe: _answers("", probe)))
def read_data(data: Data) -> Iterator[Item]:
    yield from _items(data)


def _items(data: Data) -> Iterator[Item]:
    """Yield what an answer says; it is one page of a list, so nothing says that it is all."""
    analysis, repository = data.run or Analysis(), data.repository or Repository()
    yield Run(
        tool=TOOL,
        configuration="api",
        complete=False,
        successful=_successful(analysis.status),
        commit=analysis.commit_oid or "",
        ref=analysis.branch_name or "",
    )
    for one in _nodes(repository.issues):
        for place in _nodes(one.occurrences):
            yield _issue(place, place.issue or one.issue or Issue())
    request = repository.pull_request or PullRequest()
    for place in _nodes(request.issues):
        yield _issue(place, place.issue or Issue())
    yield from _vulnerabilities(_nodes(request.vulnerability_occurrences))
    yield from _vulnerabilities(_nodes(repository.dependency_vulnerability_occurrences))
    for check in (*_nodes(analysis.checks), *_nodes(analysis.sca_checks)):
        analyzer = check.analyzer.shortcode or "" if check.analyzer else ""
        for place in _nodes(check.issues):
            yield _issue(place, place.issue or Issue(), analyzer)
        yield from _vulnerabilities(_nodes(check.vulnerability_occurrences))


def _nodes(given: Edges[T] | None) -> Iterator[T]:
    for edge in (given.edges if given else None) or ():
        if edge.node is not None:
            yield edge.node


def _successful(status: str | None) -> bool | None:
    """Return whether a run came to its end; FAIL only says that it found more than was allowed."""
    return {"SUCCESS": True, "FAIL": True, "FAILURE": True, "TIMEOUT": False, "CANCEL": False}.get(status or "")


def _issue(place: Place, issue: Issue, analyzer: str = "") -> Finding:
    rule = place.shortcode or issue.shortcode or ""
    title = place.title or issue.title or rule
    word = place.severity or issue.severity or ""
    category = place.category or issue.category or ""
    analyzer = analyzer or (issue.analyzer.shortcode or "" if issue.analyzer else "")
    tags = (category.lower(), analyzer, place.source or "")
    return Finding(
        rule=rule or title,
        title=title,
        severity=severity(word),
        severity_given=word,
        kind=Kind.SECRET if analyzer.lower() in _SECRETS else Kind.CODE,
        location=CodeLocation(path=place.path, line=place.begin_line, end_line=place.end_line) if place.path else None,
        about=shared_rule(
            id=rule or title, description=issue.short_description or "", tags=tuple(tag for tag in tags if tag)
        ),
    )


def _vulnerabilities(rows: Iterable[Occurrence]) -> Iterator[Finding]:
    for row in rows:
        known, named, version = row.vulnerability, row.package or Named(), row.version or row.camel_version or Version()
        score = known.score if known.score is not None else known.camel_score
        rated = rating("", score, "3") if score else None
        ratings = (rated,) if rated else ()
        component = package(named.ecosystem or "", named.name or "", version.version or "")
        fixability = (row.fixability or "").lower()
        yield Finding(
            rule=known.identifier,
            title=f"{known.identifier} in {component.name}" if component.name else known.identifier,
            severity=graded(known.severity, ratings),
            severity_given=known.severity or "",
            kind=Kind.DEPENDENCY,
            component=component,
            about=shared_rule(
                id=known.identifier,
                title=known.summary or "",
                references=references(known.urls, known.camel_urls),
            ),
            vulnerabilities=identifiers(known.identifier, known.aliases),
            cvss=ratings,
            epss=probability(known.epss if known.epss is not None else known.camel_epss),
            fixed_versions=tuple(known.fixed or known.camel_fixed or ()),
            reach=_REACH.get((row.reachability or "").upper()),
            fingerprints=(("deepsource", row.id),) if row.id else (),
            tags=(fixability,) if fixability else (),
        )
