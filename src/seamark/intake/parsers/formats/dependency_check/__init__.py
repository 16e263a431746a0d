"""OWASP Dependency-Check: known vulnerabilities of the libraries among the files of a project."""

from __future__ import annotations

from collections.abc import Iterator

from seamark.intake.parsers.formats.dependency_check import model, xml
from seamark.intake.parsers.formats.dependency_check.findings import Findings, component_of
from seamark.intake.parsers.kit import (
    CodeLocation,
    Csv,
    Finding,
    Item,
    Kind,
    Reading,
    Rule,
    Run,
    Xml,
    csv_header,
    cwe_ids,
    json_object,
    moment,
    parser,
    variant,
    xml_root,
)
from seamark.intake.parsers.kit.packages import graded, identifiers, rating
from seamark.intake.parsers.kit.shapes import local_name


@parser(
    "dependency-check",
    title="OWASP Dependency-Check",
    kind=Kind.DEPENDENCY,
    looks=xml_root("analysis", namespace="ependency"),
    made_with="dependency-check --scan . --format XML --out dependency-check-report.xml",
    url="https://dependency-check.github.io/DependencyCheck/",
    versions="1 to 12 (schemas 1.1 to 4.1)",
)
def read_xml(document: Xml) -> Iterator[Item]:
    engine, project = model.ScanInfo(), model.ProjectInfo()
    started = False
    findings = Findings()
    for element in document.each("scanInfo", "projectInfo", "dependency"):
        name = local_name(element)
        if name == "scanInfo":
            engine = xml.scan_info(element)
        elif name == "projectInfo":
            project = xml.project_info(element)
        else:
            if not started:
                started = True
                yield _run(engine, project)
            yield from findings.of(xml.dependency(element))
    if not started:
        yield _run(engine, project)


@variant("dependency-check", looks=json_object("reportSchema", "scanInfo", "dependencies"), lift=("dependencies",))
def read_json(report: model.Report, reading: Reading) -> Iterator[Item]:
    yield _run(report.scan_info, report.project_info or model.ProjectInfo())
    findings = Findings()
    for dependency in reading.rows(report.dependencies, model.Dependency, where="$.dependencies"):
        yield from findings.of(dependency)


@variant("dependency-check", looks=csv_header("Project", "ScanDate", "DependencyName", "DependencyPath", "CVE"))
def read_csv(rows: Csv[model.Row]) -> Iterator[Item]:
    started = False
    rules: dict[str, Rule] = {}
    for row in rows:
        if not started:
            started = True
            yield _run(model.ScanInfo(), model.ProjectInfo(name=row.project, report_date=row.date))
        if row.cve:
            yield _of_row(row, rules)


def _run(engine: model.ScanInfo, project: model.ProjectInfo) -> Run:
    failures = [
        one.exception.message or "a file could not be analysed"
        for one in engine.analysis_exceptions or ()
        if one.exception
    ]
    return Run(
        tool="OWASP Dependency-Check",
        version=engine.engine_version,
        configuration=(project.name or "").strip(),
        complete=False if failures else None,
        problems=tuple(failures[:50]),
        finished=moment(project.report_date),
    )


def _of_row(row: model.Row, rules: dict[str, Rule]) -> Finding:
    name = row.cve.strip()
    if name not in rules:
        rules[name] = Rule(id=name, description=row.text, tags=(row.source,) if row.source else ())
    scores = (
        rating(row.vector_4, row.score_4, "4.0", row.source),
        rating(row.vector_3, row.score_3, "3.1", row.source),
        rating(row.vector_2, row.score_2, "2.0", row.source),
    )
    ratings = tuple(one for one in scores if one)
    word = row.severity_4 or row.severity_3 or row.severity_2
    component = component_of(row.identifiers.split(",")[0].strip(), row.file_name)
    path = row.file_path or row.file_name
    return Finding(
        rule=name,
        title=f"{name} in {component.name}",
        severity=graded(word, ratings),
        severity_given=word,
        location=CodeLocation(path=path) if path else None,
        component=component,
        about=rules[name],
        cwes=cwe_ids(row.cwe),
        vulnerabilities=identifiers(name),
        cvss=ratings,
    )
