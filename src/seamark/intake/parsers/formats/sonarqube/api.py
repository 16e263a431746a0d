"""Answers of the web API: issues, security hotspots, and the files that old analyses wrote in preview mode."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Raw, Struct, field

from seamark.intake.parsers.formats.sonarqube.scales import (
    about,
    dependency,
    grade,
    is_fixed,
    kind_of,
    plain,
    set_aside,
)
from seamark.intake.parsers.kit import (
    CodeLocation,
    Finding,
    FlowStep,
    Item,
    Kind,
    Probe,
    Reading,
    Run,
    cvss,
    cwe_ids,
    json_object,
    moment,
    parser,
    references,
    variant,
    vulnerability_ids,
)


class Range(Struct, rename="camel"):
    start_line: int | None = None
    end_line: int | None = None
    start_offset: int | None = None
    end_offset: int | None = None


class Place(Struct, rename="camel"):
    component: str | None = ""
    text_range: Range | None = None
    msg: str | None = ""


class Flow(Struct):
    locations: list[Place] | None = None


class Impact(Struct, rename="camel"):
    software_quality: str | None = ""
    severity: str | None = ""


class Issue(Struct, rename="camel"):
    rule: str
    component: str
    key: str | None = ""
    severity: str | None = ""
    project: str | None = ""
    line: int | None = None
    text_range: Range | None = None
    flows: list[Flow] | None = None
    status: str | None = ""
    issue_status: str | None = ""
    resolution: str | None = ""
    message: str | None = ""
    tags: list[str] | None = None
    type: str | None = ""
    scope: str | None = ""
    author: str | None = ""
    creation_date: str | None = ""
    impacts: list[Impact] | None = None
    clean_code_attribute: str | None = ""
    cve_id: str | None = ""


class Hotspot(Struct, rename="camel"):
    rule: str = field(name="ruleKey")
    component: str
    key: str | None = ""
    project: str | None = ""
    security_category: str | None = ""
    probability: str | None = field(name="vulnerabilityProbability", default="")
    status: str | None = ""
    resolution: str | None = ""
    line: int | None = None
    text_range: Range | None = None
    flows: list[Flow] | None = None
    message: str | None = ""
    author: str | None = ""
    creation_date: str | None = ""


class File(Struct, rename="camel"):
    key: str
    path: str | None = ""
    qualifier: str | None = ""
    long_name: str | None = ""


class RuleText(Struct, rename="camel"):
    key: str
    name: str | None = ""
    rule: str | None = ""
    repository: str | None = ""


class Paging(Struct):
    total: int | None = None


class Issues(Struct, rename="camel"):
    issues: Raw
    components: list[File] | None = None
    rules: list[RuleText] | None = None
    paging: Paging | None = None
    total: int | None = None
    version: str | None = ""


class Hotspots(Struct, rename="camel"):
    hotspots: list[Hotspot]
    components: list[File] | None = None
    paging: Paging | None = None


def is_issues(probe: Probe) -> bool:
    """Tell whether an object with issues is an answer of the API: it pages, or its rows are SonarQube's."""
    issues = probe.get("issues")
    if not isinstance(issues, list):
        return False
    if not issues:
        return isinstance(probe.get("paging.pageIndex"), int) or isinstance(probe.get("effortTotal"), int)
    first = issues[0]
    return isinstance(first, dict) and {"rule", "component"} <= first.keys() and "projectName" not in probe.keys


@parser(
    "sonarqube",
    title="SonarQube",
    kind=Kind.CODE,
    looks=json_object("issues", where=is_issues),
    made_with='curl -u TOKEN: "https://sonarqube.example/api/issues/search?componentKeys=PROJECT&ps=500"',
    url="https://docs.sonarsource.com/sonarqube-server/extension-guide/web-api",
    versions="5 to 2025; SonarCloud; sonar-report 1 to 4",
    lift=("issues",),
)
def read(answer: Issues, reading: Reading) -> Iterator[Item]:
    # The list is read twice, because the run comes first and says whether the page is all.
    count = sum(1 for _ in reading.rows(answer.issues, Issue, where="$.issues"))
    yield _run(
        answer.paging.total if answer.paging and answer.paging.total is not None else answer.total,
        count,
        answer.version,
    )
    yield from findings_of_issues(reading.rows(answer.issues, Issue, where="$.issues"), answer)


def findings_of_issues(issues: Iterator[Issue], answer: Issues) -> Iterator[Finding]:
    """Yield the issues that are still in the code."""
    paths = _paths(answer.components)
    names = {rule.key: rule.name or "" for rule in answer.rules or ()}
    for issue in issues:
        if not is_fixed(issue.issue_status or issue.status, issue.resolution):
            yield _issue(issue, paths, names.get(issue.rule, ""))


@variant("sonarqube", looks=json_object("hotspots", "paging"))
def read_hotspots(answer: Hotspots) -> Iterator[Item]:
    yield _run(answer.paging.total if answer.paging else None, len(answer.hotspots))
    yield from findings_of_hotspots(answer)


def findings_of_hotspots(answer: Hotspots) -> Iterator[Finding]:
    """Yield the hotspots that are still in the code."""
    paths = _paths(answer.components)
    for hotspot in answer.hotspots:
        if not is_fixed(hotspot.status, hotspot.resolution):
            yield _hotspot(hotspot, paths)


def _run(total: int | None, read: int, version: str | None = "") -> Run:
    cut = total is not None and total > read
    return Run(
        tool="SonarQube",
        version=version or "",
        complete=False if cut else None,
        problems=(f"The answer is one page: {read} of {total}",) if cut else (),
    )


def _paths(components: list[File] | None) -> dict[str, str]:
    """Return the paths of files by their keys; projects and modules are no places."""
    return {
        each.key: each.path or ""
        for each in components or ()
        if each.qualifier not in {"TRK", "BRC", "DIR", "APP", "VW"}
    }


def _path(component: str, project: str | None, paths: dict[str, str]) -> str:
    if found := paths.get(component):
        return found
    if component == project:
        return ""
    return component.removeprefix(f"{project}:") if project else component.rpartition(":")[2]


def _issue(issue: Issue, paths: dict[str, str], name: str) -> Finding:
    message = issue.message or ""
    impacts = issue.impacts or []
    given = issue.severity or next((each.severity for each in impacts if each.software_quality == "SECURITY"), "") or ""
    given = given or next((each.severity or "" for each in impacts), "")
    kind = kind_of(issue.rule, issue.type)
    component, identifier, score = dependency(message) if kind is Kind.DEPENDENCY else (None, "", None)
    rating = cvss("", score) if score is not None else None
    cwes = cwe_ids(message) if kind is Kind.DEPENDENCY else ()
    path = _path(issue.component, issue.project, paths)
    return Finding(
        rule=issue.rule,
        title=f"{identifier} in {component.name}"
        if component and identifier
        else name or message.partition("\n")[0] or issue.rule,
        severity=grade(given),
        severity_given=given,
        kind=kind,
        location=_location(path, issue.line, issue.text_range),
        component=component,
        about=about(issue.rule, name, ""),
        description=message,
        cwes=cwes,
        vulnerabilities=vulnerability_ids(issue.cve_id, identifier),
        cvss=(rating,) if rating else (),
        flow=_flow(issue.flows, issue.project, paths),
        fingerprints=(("sonarqube", issue.key),) if issue.key else (),
        suppression=set_aside(issue.issue_status or issue.status, issue.resolution),
        references=references(message) if kind is Kind.DEPENDENCY else (),
        tags=_tags(issue),
        seen_at=moment(issue.creation_date),
    )


def _tags(issue: Issue) -> tuple[str, ...]:
    kind = (issue.type or "").lower().replace("_", "-")
    qualities = [
        f"{(each.software_quality or '').lower()}-{(each.severity or '').lower()}" for each in issue.impacts or ()
    ]
    return tuple(tag for tag in (kind, *(issue.tags or ()), *qualities) if tag)


def _hotspot(hotspot: Hotspot, paths: dict[str, str]) -> Finding:
    message = hotspot.message or ""
    return Finding(
        rule=hotspot.rule,
        title=plain(message) or hotspot.rule,
        severity=grade(hotspot.probability),
        severity_given=hotspot.probability or "",
        kind=kind_of(hotspot.rule, ""),
        location=_location(_path(hotspot.component, hotspot.project, paths), hotspot.line, hotspot.text_range),
        about=about(hotspot.rule, "", "", (hotspot.security_category,) if hotspot.security_category else ()),
        description=message,
        flow=_flow(hotspot.flows, hotspot.project, paths),
        fingerprints=(("sonarqube", hotspot.key),) if hotspot.key else (),
        suppression=set_aside(hotspot.status, hotspot.resolution),
        tags=("security-hotspot",),
        seen_at=moment(hotspot.creation_date),
    )


def _location(path: str, line: int | None, span: Range | None) -> CodeLocation | None:
    if not path:
        return None
    if span is None:
        return CodeLocation(path=path, line=line)
    return CodeLocation(
        path=path,
        line=span.start_line or line,
        column=_column(span.start_offset),
        end_line=span.end_line,
        end_column=_column(span.end_offset),
    )


def _column(offset: int | None) -> int | None:
    """Return a column: offsets count from 0."""
    return None if offset is None or offset < 0 else offset + 1


def _flow(flows: list[Flow] | None, project: str | None, paths: dict[str, str]) -> tuple[FlowStep, ...]:
    """Return the longest flow in the order of the data: SonarQube lists the end first."""
    longest = max((flow.locations or [] for flow in flows or ()), key=len, default=[])
    steps = []
    for place in reversed(longest):
        path = _path(place.component or "", project, paths)
        if (location := _location(path, None, place.text_range)) is not None:
            steps.append(FlowStep(location, place.msg or ""))
    return tuple(steps)
