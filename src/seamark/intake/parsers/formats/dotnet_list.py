"""dotnet list package: NuGet packages with known vulnerabilities, and deprecated ones."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct, field

from seamark.intake.parsers.kit import (
    CodeLocation,
    Finding,
    Item,
    Kind,
    Probe,
    Rule,
    Run,
    Severity,
    UnreadableReport,
    json_object,
    parser,
    references,
)
from seamark.intake.parsers.kit.packages import graded, identifiers, package


class Vulnerability(Struct):
    severity: str = ""
    advisory: str = field(default="", name="advisoryurl")


class Alternative(Struct, rename="camel"):
    id: str = ""
    version_range: str = ""


class Package(Struct, rename="camel"):
    id: str
    resolved_version: str = ""
    vulnerabilities: list[Vulnerability] | None = None
    deprecation_reasons: list[str] | None = None
    alternative_package: Alternative | None = None


class Framework(Struct, rename="camel"):
    framework: str = ""
    top_level_packages: list[Package] | None = None
    transitive_packages: list[Package] | None = None


class Project(Struct):
    path: str
    frameworks: list[Framework] | None = None


class Problem(Struct):
    text: str = ""
    level: str = ""
    project: str | None = ""


class Report(Struct):
    projects: list[Project]
    parameters: str = ""
    problems: list[Problem] | None = None


def _is_report(probe: Probe) -> bool:
    parameters = probe.get("parameters")
    return isinstance(parameters, str) and isinstance(probe.get("projects"), list) and "version" in probe.keys


@parser(
    "dotnet-list",
    title="dotnet list package",
    kind=Kind.DEPENDENCY,
    looks=json_object("version", "parameters", "projects", where=_is_report),
    made_with="dotnet list package --vulnerable --include-transitive --format json > dotnet.json",
    url="https://learn.microsoft.com/dotnet/core/tools/dotnet-list-package",
    versions="JSON output version 1 (.NET SDK 7.0.200 and later)",
)
def read(report: Report) -> Iterator[Item]:
    if "--vulnerable" not in report.parameters and "--deprecated" not in report.parameters:
        raise UnreadableReport(
            "This lists packages but was not asked about vulnerabilities",
            hint="run dotnet list package --vulnerable --include-transitive --format json",
        )
    failed = [problem for problem in report.problems or () if problem.level.lower() == "error"]
    partial = bool(report.problems) or "--include-transitive" not in report.parameters
    yield Run(
        tool="dotnet list package",
        configuration="deprecated" if "--deprecated" in report.parameters else "",
        successful=False if failed else None,
        complete=False if partial else None,
        problems=tuple(
            f"{problem.project}: {problem.text}" if problem.project else problem.text
            for problem in report.problems or ()
        )[:50],
        scope=tuple(project.path for project in report.projects),
    )
    for project in report.projects:
        place = CodeLocation(path=project.path)
        for framework in project.frameworks or ():
            for one in framework.top_level_packages or ():
                yield from _findings(one, framework.framework, place, direct=True)
            for one in framework.transitive_packages or ():
                yield from _findings(one, framework.framework, place, direct=False)


def _findings(one: Package, framework: str, place: CodeLocation, *, direct: bool) -> Iterator[Finding]:
    known = package("nuget", one.id, one.resolved_version)
    component = type(known)(name=known.name, version=known.version, purl=known.purl, direct=direct)
    tags = (framework,) if framework else ()
    for row in one.vulnerabilities or ():
        name = row.advisory.rstrip("/").rpartition("/")[2]
        yield Finding(
            rule=name or "vulnerable-package",
            title=f"{name or 'A known vulnerability'} in {one.id}",
            severity=graded(row.severity),
            severity_given=row.severity,
            location=place,
            component=component,
            about=Rule(id=name or "vulnerable-package", references=references(row.advisory)),
            vulnerabilities=identifiers(name),
            tags=tags,
        )
    if one.deprecation_reasons:
        other = one.alternative_package
        yield Finding(
            rule="deprecated",
            title=f"Package {one.id} is deprecated: {', '.join(one.deprecation_reasons)}",
            severity=Severity.HIGH if "CriticalBugs" in one.deprecation_reasons else Severity.INFO,
            location=place,
            component=component,
            remedy=f"Use {other.id} {other.version_range}".strip() if other and other.id else "",
            tags=(*tags, "deprecated"),
        )
