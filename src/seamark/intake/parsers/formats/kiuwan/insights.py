"""Kiuwan Insights: vulnerabilities of components, as JSON; each of the affected components is a finding."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct, field

from seamark.intake.parsers.kit import (
    Component,
    Finding,
    Item,
    Kind,
    Rule,
    Run,
    Suppression,
    cwe_ids,
    json_rows,
    parser,
)
from seamark.intake.parsers.kit.packages import graded, identifiers, package, probability, rating


class Artifact(Struct):
    artifact: str
    version: str | None = ""
    language: str | None = ""


class Row(Struct):
    cve: str | None = ""
    id: int | str | None = None
    cwe: str | None = ""
    muted: bool | None = False
    cvss2: float | str | None = field(name="cVSSv2BaseScore", default=None)
    cvss3: float | str | None = field(name="cVSSv3BaseScore", default=None)
    risk: str | None = field(name="securityRisk", default="")
    description: str | None = ""
    epss: float | str | None = field(name="epss_score", default=None)
    components: list[Artifact] | None = None


@parser(
    "kiuwan-sca",
    title="Kiuwan Insights",
    kind=Kind.DEPENDENCY,
    looks=json_rows("cve", "securityRisk", "cVSSv2BaseScore"),
    made_with="Kiuwan Insights: Security > Export, or its REST API (insights/analysis/security)",
    url="https://www.kiuwan.com/docs/",
    lift=("[]",),
)
def read(rows: list[Row]) -> Iterator[Item]:
    yield Run(tool="Kiuwan Insights")
    for row in rows:
        if not row.components:
            yield _finding(row, None)
        for artifact in row.components or ():
            yield _finding(row, artifact)


def _finding(row: Row, artifact: Artifact | None) -> Finding:
    name = row.cve or str(row.id or "")
    component = _component(artifact)
    given = (rating("", row.cvss3, "3") if row.cvss3 else None, rating("", row.cvss2, "2") if row.cvss2 else None)
    ratings = tuple(each for each in given if each is not None and each.score)
    cwes = cwe_ids(row.cwe)
    return Finding(
        rule=name,
        title=f"{name} in {component.name}" if component else name,
        severity=graded(row.risk, ratings),
        severity_given=row.risk or "",
        component=component,
        about=Rule(id=name, description=row.description or "", cwes=cwes),
        cwes=cwes,
        vulnerabilities=identifiers(row.cve),
        cvss=ratings,
        epss=probability(row.epss),
        suppression=Suppression(origin="tool", justification="muted") if row.muted else None,
    )


def _component(artifact: Artifact | None) -> Component | None:
    if artifact is None:
        return None
    # Only the names of Maven have a colon; for others the language says the ecosystem.
    ecosystem = "maven" if ":" in artifact.artifact else artifact.language or ""
    return package(ecosystem, artifact.artifact, artifact.version or "")
