"""Checkmarx One: the JSON reports of its web interface, the older one by language and the improved one by query."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from seamark.intake.parsers.formats.checkmarx.common import is_fixed, rule, state_tags, suppression
from seamark.intake.parsers.formats.checkmarx.one import Data, Details, Node, Result, finding
from seamark.intake.parsers.kit import (
    CodeLocation,
    Finding,
    FlowStep,
    Item,
    Kind,
    Probe,
    Rule,
    Run,
    json_object,
    moment,
    references,
    severity,
    variant,
)


class Vulnerability(Struct, rename="camel"):
    id: str | None = ""
    similarity_id: str | int | None = ""
    status: str | None = ""
    state: str | None = ""
    severity: str | None = ""
    cwe_id: str | int | None = ""
    group_name: str | None = ""
    compliance: list[str] | None = None
    nodes: list[Node] | None = None
    found_date: str | None = ""


class Query(Struct, rename="camel"):
    query_name: str
    query_id: str | int | None = ""
    description: str | None = ""
    vulnerabilities: list[Vulnerability] | None = None


class Language(Struct, rename="camel"):
    language_name: str | None = ""
    queries: list[Query] | None = None


class Sast(Struct):
    languages: list[Language] | None = None


class Engines(Struct):
    sast: Sast | None = None
    sca: dict[str, object] | None = None
    kics: dict[str, object] | None = None


class Summary(Struct, rename="camel"):
    branch_name: str | None = ""


class Report(Struct, rename="camel"):
    scan_results: Engines
    executive_summary: Summary | None = None


@variant("checkmarx-one", looks=json_object("scanResults.sast", "executiveSummary", "reportHeader"))
def read(report: Report) -> Iterator[Item]:
    engines = report.scan_results
    unread = [name for name, part in (("SCA", engines.sca), ("KICS", engines.kics)) if part and any(part.values())]
    yield Run(
        tool="Checkmarx One",
        ref=(report.executive_summary.branch_name or "") if report.executive_summary else "",
        complete=False if unread else None,
        problems=tuple(f"This layout's results of {name} are not read: use cx results show" for name in unread),
    )
    for language in (engines.sast or Sast()).languages or ():
        for query in language.queries or ():
            for row in query.vulnerabilities or ():
                if not is_fixed(row.status):
                    yield _of_language(language, query, row)


def _of_language(language: Language, query: Query, row: Vulnerability) -> Finding:
    data = Data(query_name=query.query_name, language_name=language.language_name, nodes=row.nodes, result_hash=row.id)
    return finding(
        Result(
            type="sast",
            id=row.id,
            similarity_id=row.similarity_id,
            state=row.state,
            severity=row.severity,
            found_at=row.found_date,
            description=query.description,
            data=data,
            vulnerability_details=Details(cwe_id=row.cwe_id, compliances=row.compliance),
        )
    )


class Place(Struct, rename="camel"):
    file_name: str | None = ""
    line: int | None = None
    node: str | None = ""
    method: str | None = ""
    code: str | None = ""


class Row(Struct, rename="camel"):
    similarity_id: str | int | None = ""
    status: str | None = ""
    state: str | None = ""
    severity: str | None = ""
    found_date: str | None = ""
    result_viewer_link: str | None = ""
    source_file_name: str | None = ""
    source_line: int | None = None
    source_node: str | None = ""
    source_method: str | None = ""
    source_code: str | None = ""
    destination_file_name: str | None = ""
    destination_line: int | None = None
    destination_node: str | None = ""
    destination_method: str | None = ""
    destination_code: str | None = ""
    nodes: list[Place] | None = None


class Category(Struct, rename="camel"):
    name: str | None = ""
    sub_categories: list[str] | None = None


class ResultQuery(Struct, rename="camel"):
    query_name: str
    query_path: str | None = ""
    query_description_link: str | None = ""
    description: str | None = ""
    cwe_id: str | int | None = ""
    categories: list[Category] | None = None
    vulnerabilities: list[Row] | None = None


class Results(Struct, rename="camel"):
    results_list: list[ResultQuery] | None = None


class IacRow(Struct, rename="camel"):
    severity: str | None = ""
    status: str | None = ""
    state: str | None = ""
    file_name: str | None = ""
    line: int | None = None
    issue_type: str | None = ""
    actual_value: str | None = ""
    expected_value: str | None = ""
    result_viewer_link: str | None = ""
    last_detection_date: str | None = ""


class IacQuery(Struct, rename="camel"):
    query_name: str
    description: str | None = ""
    category: str | None = ""
    results_list: list[IacRow] | None = None


class Technology(Struct):
    name: str | None = ""
    queries: list[IacQuery] | None = None


class Iac(Struct):
    technology: list[Technology] | None = None


class Count(Struct, rename="camel"):
    total_results: int | None = 0


class Header(Struct, rename="camel"):
    scanned_branch_name: str | None = ""
    branch_name: str | None = ""
    scan_date: str | None = ""


class Explained(Struct, rename="camel"):
    vulnerability_name: str | None = ""
    risk: str | None = ""
    cause: str | None = ""
    general_recommendations: str | None = ""


class Improved(Struct, rename="camel"):
    scan_results: Results | None = None
    iac_scan_results: Iac | None = None
    sca_scan_results: Count | None = None
    container_scan_results: Count | None = None
    api_sec_scan_results: Count | None = None
    report_header: Header | None = None
    vulnerability_details: list[Explained] | None = None


def _is_improved(probe: Probe) -> bool:
    given = probe.get("scanResults")
    return given is None or (isinstance(given, dict) and "resultsList" in given)


@variant("checkmarx-one", looks=json_object("scanResults", "reportHeader", "iacScanResults", where=_is_improved))
def read_improved(report: Improved) -> Iterator[Item]:
    header = report.report_header or Header()
    others = (
        ("SCA", report.sca_scan_results),
        ("containers", report.container_scan_results),
        ("APIs", report.api_sec_scan_results),
    )
    unread = [
        f"{part.total_results} results of {name} are not read: use cx results show"
        for name, part in others
        if part and part.total_results
    ]
    yield Run(
        tool="Checkmarx One",
        ref=header.scanned_branch_name or header.branch_name or "",
        complete=False if unread else None,
        problems=tuple(unread),
        finished=moment(header.scan_date),
    )
    explained = {each.vulnerability_name or "": each for each in report.vulnerability_details or ()}
    for query in (report.scan_results or Results()).results_list or ():
        about = _about(query, explained.get(query.query_name) or Explained())
        for row in query.vulnerabilities or ():
            if not is_fixed(row.status):
                yield _of_query(row, about)
    for technology in (report.iac_scan_results or Iac()).technology or ():
        for iac in technology.queries or ():
            known = rule(
                technology.name or "",
                iac.query_name,
                iac.description or "",
                "",
                (iac.category,) if iac.category else (),
            )
            for found in iac.results_list or ():
                if not is_fixed(found.status):
                    yield _of_infrastructure(found, known)


def _about(query: ResultQuery, explained: Explained) -> Rule:
    language = (query.query_path or "").partition("/")[0] if "/" in (query.query_path or "") else ""
    described = "\n\n".join(part for part in (query.description, explained.risk, explained.cause) if part)
    tags = (f"{each.name}: {name}" for each in query.categories or () for name in each.sub_categories or ())
    return rule(
        language, query.query_name, described, query.cwe_id or "", tuple(tags), explained.general_recommendations or ""
    )


def _of_query(row: Row, about: Rule) -> Finding:
    source = _step(row.source_file_name, row.source_line, row.source_method, row.source_code, row.source_node)
    sink = _step(
        row.destination_file_name,
        row.destination_line,
        row.destination_method,
        row.destination_code,
        row.destination_node,
    )
    between = [_step(each.file_name, each.line, each.method, each.code, each.node) for each in row.nodes or ()]
    steps = [step for step in (source, *between, sink) if step is not None]
    # The last node repeats the destination, or the first the source, in some versions.
    flow = tuple(step for at, step in enumerate(steps) if not at or _place(step) != _place(steps[at - 1]))
    place = sink or source or (steps[0] if steps else None)
    similarity = str(row.similarity_id or "")
    return Finding(
        rule=about.id,
        title=about.title,
        severity=severity(row.severity),
        severity_given=row.severity or "",
        location=place.location if place else None,
        about=about,
        cwes=about.cwes,
        flow=flow if len(flow) > 1 else (),
        fingerprints=(("checkmarx/similarity", similarity),) if similarity else (),
        suppression=suppression(row.state or ""),
        references=references(row.result_viewer_link),
        tags=state_tags(row.state or ""),
        seen_at=moment(row.found_date),
    )


def _place(step: FlowStep) -> tuple[str, int | None, str]:
    return step.location.path, step.location.line, step.message


def _step(
    path: str | None, line: int | None, method: str | None, code: str | None, node: str | None
) -> FlowStep | None:
    if not path:
        return None
    return FlowStep(
        CodeLocation(path=path.lstrip("/"), line=line or None, snippet=code or "", scope=method or ""), node or ""
    )


def _of_infrastructure(row: IacRow, about: Rule) -> Finding:
    parts = (("Expected", row.expected_value), ("Found", row.actual_value))
    return Finding(
        rule=about.id,
        title=about.title,
        severity=severity(row.severity),
        severity_given=row.severity or "",
        kind=Kind.MISCONFIGURATION,
        location=CodeLocation(path=row.file_name.lstrip("/"), line=row.line) if row.file_name else None,
        about=about,
        description="\n".join(f"{name}: {text}" for name, text in parts if text),
        suppression=suppression(row.state or ""),
        references=references(row.result_viewer_link),
        tags=state_tags(row.state or ""),
        seen_at=moment(row.last_detection_date),
    )
