"""Nancy: known vulnerabilities of Go modules, from Sonatype's OSS Index.

What was excluded stands among the audited modules only.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct, field

from seamark.intake.parsers.formats._sca import of_coordinates, shared_rule
from seamark.intake.parsers.kit import (
    CodeLocation,
    Finding,
    Item,
    Kind,
    Run,
    Suppression,
    cwe_ids,
    json_object,
    parser,
    references,
)
from seamark.intake.parsers.kit.packages import graded, identifiers, rating


class Vulnerability(Struct, rename="pascal"):
    title: str = ""
    id: str = field(default="", name="Id")
    id_2: str = field(default="", name="ID")
    description: str | None = ""
    cvss_score: str | float | None = None
    cvss_vector: str | None = ""
    cve: str | None = ""
    cwe: str | None = ""
    reference: str | None = ""
    excluded: bool = False


class Module(Struct, rename="pascal"):
    coordinates: str
    vulnerabilities: list[Vulnerability] | None = None


class Report(Struct):
    vulnerable: list[Module] | None
    audited: list[Module] | None = None
    invalid: list[Module] | None = None


@parser(
    "nancy",
    title="Nancy",
    kind=Kind.DEPENDENCY,
    looks=json_object("num_audited", "num_vulnerable", "vulnerable"),
    made_with="go list -json -deps ./... | nancy sleuth --output json > nancy.json",
    url="https://github.com/sonatype-nexus-community/nancy",
    versions="0.1 to 1.0",
)
def read(report: Report) -> Iterator[Item]:
    # The version in the report is not Nancy's own where it was built from source: it then reads "development".
    invalid = [f"{module.coordinates} has no version that could be looked up" for module in report.invalid or ()]
    yield Run(tool="Nancy", complete=False if invalid else None, problems=tuple(invalid[:50]))
    for module in report.vulnerable or ():
        for row in module.vulnerabilities or ():
            yield _finding(module, row)
    for module in report.audited or ():
        for row in module.vulnerabilities or ():
            if row.excluded:
                yield _finding(module, row)


def _finding(module: Module, row: Vulnerability) -> Finding:
    component = of_coordinates(module.coordinates)
    found = rating(row.cvss_vector, row.cvss_score)
    ratings = (found,) if found else ()
    ids = identifiers(row.cve) or identifiers(
        row.title.partition("]")[0].strip("[ ") if row.title.startswith("[") else ""
    )
    rule = row.id or row.id_2 or (ids[0] if ids else row.title)
    return Finding(
        rule=rule,
        title=row.title or f"{rule} in {component.name}",
        severity=graded(None, ratings),
        severity_given=str(row.cvss_score or ""),
        location=CodeLocation(path="go.mod"),
        component=component,
        about=shared_rule(
            id=rule,
            title=row.title,
            description=row.description or "",
            cwes=cwe_ids(row.cwe, row.title),
            references=references(row.reference),
        ),
        vulnerabilities=ids or identifiers(rule if rule.startswith(("CVE-", "sonatype-")) else None),
        cvss=ratings,
        suppression=Suppression(origin="tool") if row.excluded else None,
    )
