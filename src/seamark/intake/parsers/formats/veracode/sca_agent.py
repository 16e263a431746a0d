"""Veracode SCA's agent: `srcclr scan --json`, where vulnerabilities point to the libraries of their record."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct, field

from seamark.intake.parsers.formats.veracode.sca import of_coordinates
from seamark.intake.parsers.formats.veracode.scales import cve
from seamark.intake.parsers.kit import (
    Component,
    Finding,
    Item,
    Probe,
    Rule,
    Run,
    UnreadableReport,
    json_object,
    variant,
)
from seamark.intake.parsers.kit.packages import graded, identifiers, rating

_REFERENCE = re.compile(r"/libraries/(\d{1,7})(?:/versions/(\d{1,7}))?")


class Version(Struct):
    version: str | None = ""


class Library(Struct, rename="camel"):
    name: str | None = ""
    coordinate_type: str | None = ""
    coordinate1: str | None = ""
    coordinate2: str | None = ""
    versions: list[Version] | None = None


class Detail(Struct, rename="camel"):
    update_to_version: str | None = ""
    version_range: str | None = ""
    fix_text: str | None = ""


class Reference(Struct):
    ref: str | None = ""


class Affected(Struct):
    details: list[Detail] | None = None
    links: Reference | None = field(name="_links", default=None)


class Vulnerability(Struct, rename="camel"):
    libraries: list[Affected]
    title: str | None = ""
    cve: str | None = ""
    cvss_score: float | None = None
    cvss3_score: float | None = None
    overview: str | None = ""


class Record(Struct):
    libraries: list[Library] | None = None
    vulnerabilities: list[Vulnerability] | None = None


class Report(Struct):
    records: list[Record]


def _is_agent(probe: Probe) -> bool:
    first = probe.get("records.0")
    return isinstance(first, dict) and {"libraries", "vulnerabilities"} <= first.keys()


@variant("veracode-sca", looks=json_object("records", where=_is_agent))
def read(report: Report) -> Iterator[Item]:
    yield Run(tool="Veracode SCA")
    for number, record in enumerate(report.records):
        components = [
            [_component(library, version.version or "") for version in library.versions or [Version()]]
            for library in record.libraries or ()
        ]
        for row in record.vulnerabilities or ():
            for affected in row.libraries:
                yield _finding(row, affected, _pointed(affected, components, number))
        for versions in components:
            yield from versions


def _pointed(affected: Affected, components: list[list[Component]], number: int) -> Component:
    reference = (affected.links.ref or "") if affected.links else ""
    found = _REFERENCE.search(reference)
    library, version = (int(found[1]), int(found[2] or 0)) if found else (-1, 0)
    if not 0 <= library < len(components) or version >= len(components[library]):
        raise UnreadableReport(f"{reference or 'A vulnerability'} points to no library", where=f"$.records[{number}]")
    return components[library][version]


def _component(library: Library, version: str) -> Component:
    identifier = (
        f"{(library.coordinate_type or '').lower()}:{library.coordinate1 or ''}:{library.coordinate2 or ''}:{version}:"
    )
    return of_coordinates(identifier, library.name or "", version, None)


def _finding(row: Vulnerability, affected: Affected, component: Component) -> Finding:
    name = cve(row.cve)
    given = (
        rating("", row.cvss3_score, "3.1") if row.cvss3_score else None,
        rating("", row.cvss_score, "2") if row.cvss_score else None,
    )
    ratings = tuple(each for each in given if each)
    details = affected.details or []
    ranges = [f"Affected versions: {each.version_range}" for each in details if each.version_range]
    return Finding(
        rule=name or row.title or "SCA",
        title=f"{row.title or name} in {component.name}",
        severity=graded("", ratings),
        severity_given=str(ratings[0].score) if ratings else "",
        component=component,
        about=Rule(id=name or row.title or "SCA", title=row.title or "", description=row.overview or ""),
        description="\n".join(ranges),
        remedy="\n".join(each.fix_text for each in details if each.fix_text),
        vulnerabilities=identifiers(name),
        cvss=ratings,
        fixed_versions=tuple(dict.fromkeys(each.update_to_version for each in details if each.update_to_version)),
    )
