"""DevAudit: known vulnerabilities from Sonatype's OSS Index, as its JSON writer puts them."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct, field

from seamark.intake.parsers.formats._sca import ecosystem, shared_rule
from seamark.intake.parsers.kit import (
    Component,
    Finding,
    Item,
    Kind,
    Run,
    cwe_ids,
    json_object,
    parser,
    references,
)
from seamark.intake.parsers.kit.packages import graded, identifiers, package, rating


class Vulnerability(Struct, rename="camel"):
    id: str
    title: str | None = ""
    description: str | None = ""
    cvss_score: str | float | None = None
    cvss_vector: str | None = ""
    cwe: str | None = ""
    cve: str | None = ""
    reference: str | None = ""


class Package(Struct):
    name: str
    pm: str | None = ""
    group: str | None = ""
    version: str | None = ""
    vendor: str | None = ""


class Entry(Struct):
    package: Package = field(name="Package")
    vulnerabilities: list[Vulnerability] | None = field(name="Vulnerabilities", default=None)


class Report(Struct):
    packages: list[Entry] = field(name="Packages")


@parser(
    "ossindex-devaudit",
    title="DevAudit",
    kind=Kind.DEPENDENCY,
    looks=json_object("Packages Audited", "Vulnerabilities Found", "Packages"),
    made_with="devaudit PACKAGE_MANAGER -f FILE, with its JSON writer",
    url="https://github.com/sonatype-nexus-community/DevAudit",
)
def read(report: Report) -> Iterator[Item]:
    yield Run(tool="DevAudit")
    for entry in report.packages:
        component = _component(entry.package)
        for row in entry.vulnerabilities or ():
            yield _finding(component, row)


def _component(one: Package) -> Component:
    group = _said(one.group) or _said(one.vendor)
    return package(ecosystem(_said(one.pm)), f"{group}/{one.name}" if group else one.name, _said(one.version))


def _said(text: str | None) -> str:
    """Return a text, or nothing where DevAudit writes the word None."""
    return "" if text is None or text == "None" else text


def _finding(component: Component, row: Vulnerability) -> Finding:
    found = rating(_said(row.cvss_vector), row.cvss_score)
    ratings = (found,) if found else ()
    title = _said(row.title)
    bracketed = title[1:].partition("]")[0] if title.startswith("[CVE-") else ""
    return Finding(
        rule=row.id,
        title=title or f"{row.id} in {component.name}",
        severity=graded(None, ratings),
        severity_given=str(row.cvss_score or ""),
        component=component,
        about=shared_rule(
            id=row.id,
            title=title,
            description=_said(row.description),
            cwes=cwe_ids(_said(row.cwe), title),
            references=references(_said(row.reference)),
        ),
        vulnerabilities=identifiers(_said(row.cve), bracketed),
        cvss=ratings,
    )
