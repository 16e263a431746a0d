"""Checkmarx One: results of the API and the CLI, from SAST, SCA, IaC, containers and secrets in one list."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Raw, Struct, field

from seamark.intake.parsers.formats.checkmarx.common import component, is_fixed, rule, state_tags, suppression
from seamark.intake.parsers.kit import (
    CodeLocation,
    Component,
    Cvss,
    Finding,
    FlowStep,
    ImageLocation,
    Item,
    Kind,
    Location,
    Probe,
    Reading,
    Rule,
    Run,
    Verification,
    cvss,
    cwe_ids,
    first_line,
    json_object,
    moment,
    parser,
    references,
)
from seamark.intake.parsers.kit.packages import graded, identifiers

ENGINES = {
    "sast": Kind.CODE,
    "kics": Kind.MISCONFIGURATION,
    "sca": Kind.DEPENDENCY,
    "containers": Kind.CONTAINER,
    "sscs-secret-detection": Kind.SECRET,
    "sscs-scorecard": Kind.MISCONFIGURATION,
}
_VALIDITY = {"valid": Verification.VERIFIED, "invalid": Verification.REFUTED, "unknown": Verification.UNVERIFIED}


class Node(Struct, rename="camel"):
    file_name: str | None = ""
    line: int | None = None
    column: int | None = None
    length: int | None = None
    name: str | None = ""
    full_name: str | None = ""
    method: str | None = ""


class Advisory(Struct):
    url: str | None = ""


class Step(Struct):
    id: str | None = ""
    name: str | None = ""
    version: str | None = ""


class ScaPackage(Struct, rename="camel"):
    id: str | None = ""
    fix_link: str | None = ""
    locations: list[str] | None = None
    dependency_paths: list[list[Step]] | None = None
    is_direct_dependency: bool | None = None
    type_of_dependency: str | None = ""


class Data(Struct, rename="camel"):
    query_id: str | int | None = ""
    query_name: str | None = ""
    group: str | None = ""
    result_hash: str | None = ""
    language_name: str | None = ""
    description: str | None = ""
    nodes: list[Node] | None = None
    package_data: list[Advisory] | None = None
    package_identifier: str | None = ""
    sca_package_data: ScaPackage | None = None
    recommended_version: str | None = ""
    package_name: str | None = ""
    package_version: str | None = ""
    image_name: str | None = ""
    image_tag: str | None = ""
    image_file_path: str | None = ""
    platform: str | None = ""
    issue_type: str | None = ""
    expected_value: str | None = ""
    value: str | None = ""
    file: str | None = field(name="filename", default="")
    file_name: str | None = ""
    line: int | None = None
    rule_id: str | None = field(name="ruleId", default="")
    rule_name: str | None = ""
    rule_description: str | None = ""
    snippet: str | None = ""
    validity: str | None = ""
    remediation: str | None = ""
    remediation_link: str | None = ""


class Details(Struct, rename="camel"):
    cwe_id: str | int | None = ""
    cvss_score: float | None = None
    cve_name: str | None = ""
    compliances: list[str] | None = None


class Result(Struct, rename="camel"):
    type: str
    id: str | None = ""
    similarity_id: str | int | None = ""
    status: str | None = ""
    state: str | None = ""
    severity: str | None = ""
    found_at: str | None = ""
    description: str | None = ""
    data: Data | None = None
    vulnerability_details: Details | None = None


class Report(Struct):
    results: Raw
    total: int | None = field(name="totalCount", default=None)
    scan: str | None = field(name="scanID", default="")


def _is_one(probe: Probe) -> bool:
    results = probe.get("results")
    if not isinstance(results, list):
        return False
    first = results[0] if results else {}
    return not results or (isinstance(first, dict) and {"type", "similarityId"} <= first.keys())


@parser(
    "checkmarx-one",
    title="Checkmarx One",
    kind=Kind.CODE,
    looks=json_object("results", "scanID", where=_is_one),
    made_with="cx results show --scan-id ID --report-format json",
    url="https://docs.checkmarx.com/en/34965-68640-results.html",
    lift=("results",),
)
def read(report: Report, reading: Reading) -> Iterator[Item]:
    yield Run(tool="Checkmarx One")
    for result in reading.rows(report.results, Result, where="$.results"):
        if not is_fixed(result.status):
            yield finding(result)


def finding(result: Result) -> Finding:
    """Return a result of any engine as a finding."""
    data = result.data or Data()
    details = result.vulnerability_details or Details()
    kind = ENGINES.get(result.type, Kind.CODE)
    at_fault = _component(data)
    about = _about(result, data, details, kind)
    rating = cvss("", details.cvss_score) if details.cvss_score else None
    ratings: tuple[Cvss, ...] = (rating,) if rating else ()
    steps = tuple(_step(node) for node in data.nodes or ())
    names = identifiers(details.cve_name or result.id) if at_fault is not None else ()
    similarity = str(result.similarity_id or "")
    hashed = data.result_hash or result.id or ""
    state = result.state or ""
    package = data.sca_package_data or ScaPackage()
    return Finding(
        rule=about.id,
        title=f"{about.id} in {at_fault.name}" if at_fault is not None else about.title,
        severity=graded(result.severity, ratings),
        severity_given=result.severity or "",
        kind=kind,
        location=_location(data, steps),
        component=at_fault,
        about=about,
        description=_description(result, data) if kind is not Kind.DEPENDENCY else "",
        cwes=cwe_ids(details.cwe_id or None) or about.cwes,
        vulnerabilities=names,
        cvss=ratings,
        fixed_versions=(data.recommended_version,) if data.recommended_version else (),
        dependency_paths=_paths(package),
        flow=steps if len(steps) > 1 else (),
        fingerprints=_fingerprints(hashed, similarity) if at_fault is None else (),
        verification=_VALIDITY.get((data.validity or "").lower()) if kind is Kind.SECRET else None,
        suppression=suppression(state),
        references=references(
            package.fix_link, tuple(each.url or "" for each in data.package_data or ()), data.remediation_link
        ),
        tags=state_tags(state),
        seen_at=moment(result.found_at),
    )


def _about(result: Result, data: Data, details: Details, kind: Kind) -> Rule:
    if kind in {Kind.DEPENDENCY, Kind.CONTAINER}:
        name = details.cve_name or result.id or ""
        return Rule(id=name, description=result.description or "", cwes=cwe_ids(details.cwe_id or None))
    tags = tuple(details.compliances or ())
    query = data.query_name or data.rule_name or data.rule_id or ""
    if not query:
        return Rule(
            id=str(result.similarity_id or result.id or result.type), title=first_line(result.description or "")
        )
    described = data.rule_description or (result.description or "" if kind is Kind.MISCONFIGURATION else "")
    language = data.language_name or data.platform or ""
    return rule(language, query, described, str(details.cwe_id or ""), tags, data.remediation or "")


def _description(result: Result, data: Data) -> str:
    parts = [result.description or data.description or ""]
    if data.expected_value or data.value:
        parts += [f"Expected: {data.expected_value}", f"Found: {data.value}"]
    return "\n".join(part for part in parts if part)


def _component(data: Data) -> Component | None:
    package = data.sca_package_data or ScaPackage()
    identifier = data.package_identifier or package.id or ""
    if not identifier and not data.package_name:
        return None
    step = next((each for way in package.dependency_paths or () for each in way if each.id == identifier), Step())
    name, version = data.package_name or step.name or "", data.package_version or step.version or ""
    return component(identifier, name, version, package.is_direct_dependency)


def _location(data: Data, steps: tuple[FlowStep, ...]) -> Location | None:
    # Of a flow, the first step is the place: so do Checkmarx's own files for other tools.
    if steps:
        return steps[0].location
    if data.image_name:
        image = f"{data.image_name}:{data.image_tag}" if data.image_tag else data.image_name
        return ImageLocation(image=image, path=data.image_file_path or "")
    places = data.sca_package_data.locations if data.sca_package_data else None
    path = data.file or data.file_name or next(iter(places or ()), "")
    if not path:
        return None
    return CodeLocation(path=path.lstrip("/"), line=data.line, snippet=data.snippet or "")


def _step(node: Node) -> FlowStep:
    end = node.column + node.length if node.column and node.length else None
    path = (node.file_name or "").lstrip("/")
    return FlowStep(
        CodeLocation(
            path=path,
            line=node.line,
            column=node.column,
            end_line=node.line if end else None,
            end_column=end,
            scope=node.method or "",
        ),
        node.full_name or node.name or "",
    )


def _paths(package: ScaPackage) -> tuple[tuple[str, ...], ...]:
    ways = (tuple(_name(step) for step in way) for way in package.dependency_paths or ())
    return tuple(way for way in ways if len(way) > 1)[:20]


def _name(step: Step) -> str:
    if step.version and step.name:
        return f"{step.name}@{step.version}"
    _, _, rest = (step.id or "").partition("-")
    version = rest.removeprefix(f"{step.name}-") if step.name else ""
    return f"{step.name}@{version}" if version and version != rest else step.name or step.id or ""


def _fingerprints(hashed: str, similarity: str) -> tuple[tuple[str, str], ...]:
    pairs = (("checkmarx-one", hashed), ("checkmarx/similarity", similarity))
    return tuple(pair for pair in pairs if pair[1])
