"""Meterian: known vulnerabilities of libraries of all languages, and licences that a policy refuses."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

from msgspec import Struct

from seamark.intake.parsers.formats._sca import ecosystem, shared_rule
from seamark.intake.parsers.kit import (
    CodeLocation,
    Component,
    Finding,
    Item,
    Kind,
    Run,
    Severity,
    cwe_ids,
    first_line,
    json_object,
    moment,
    parser,
    references,
)
from seamark.intake.parsers.kit.packages import graded, identifiers, package, rating

_SUGGESTED = {"SUGGEST": Severity.LOW}
"""Meterian grades advices on stability by this word."""
_ECOSYSTEMS = {
    "nodejs": "npm",
    "jvm": "maven",
    "dotnet": "nuget",
    "scala": "maven",
    "clojure": "maven",
    "kotlin": "maven",
}


class Library(Struct):
    name: str = ""
    language: str = ""


class Link(Struct):
    url: str = ""
    type: str = ""


class Advice(Struct, rename="camel"):
    id: str
    description: str = ""
    severity: str | None = ""
    links: list[Link] | None = None
    type: str | None = ""
    cvss: float | None = None
    cvss_vector: str | None = ""
    version_range: str | None = ""
    cve: str | None = ""
    cwe: str | None = ""


class Dependency(Struct):
    name: str
    version: str | None = ""


class Safe(Struct, rename="camel"):
    latest_patch: str | None = None
    latest_minor: str | None = None
    latest_major: str | None = None


class Entry(Struct, rename="camel"):
    dependency: Dependency
    advices: list[Advice] | None = None
    hierarchy: list[str] | None = None
    locations: list[str] | None = None
    safe_versions: Safe | None = None
    transitive: bool | None = None


class Language(Struct):
    language: str
    reports: list[Entry] | None = None


class Security(Struct):
    reports: list[Language] | None = None


class Licence(Struct):
    id: str | None = ""


class Breach(Struct):
    message: str | None = ""


class Licensed(Struct):
    name: str
    version: str | None = ""
    violations: list[Breach | str] | None = None
    licenses: list[Licence] | None = None


class LicensedLanguage(Struct):
    language: str
    results: list[Licensed] | None = None


class Licensing(Struct):
    reports: list[LicensedLanguage] | None = None


class Reports(Struct):
    security: Security | None = None
    licensing: Licensing | None = None


class Report(Struct):
    reports: Reports
    url: str = ""
    timestamp: str = ""


@parser(
    "meterian",
    title="Meterian",
    kind=Kind.DEPENDENCY,
    looks=json_object("scores", "reports.security", "timestamp"),
    made_with="meterian-client --report-json=meterian.json",
    url="https://docs.meterian.io",
)
def read(report: Report) -> Iterator[Item]:
    yield Run(tool="Meterian", finished=moment(report.timestamp), ref=_branch(report.url))
    security, licensing = report.reports.security or Security(), report.reports.licensing or Licensing()
    for language in security.reports or ():
        for entry in language.reports or ():
            component = _component(language.language, entry)
            for advice in entry.advices or ():
                yield _finding(advice, entry, component)
    for licensed in licensing.reports or ():
        for row in licensed.results or ():
            for breach in row.violations or ():
                yield _breach(licensed.language, row, breach)


def _branch(address: str) -> str:
    try:
        return next(iter(parse_qs(urlsplit(address).query).get("branch", ())), "")
    except ValueError:
        return ""


def _kind(language: str) -> str:
    return _ECOSYSTEMS.get(language.lower()) or ecosystem(language)


def _component(language: str, entry: Entry) -> Component:
    known = package(_kind(language), entry.dependency.name, entry.dependency.version or "")
    direct = None if entry.transitive is None else not entry.transitive
    return Component(name=known.name, version=known.version, purl=known.purl, direct=direct)


def _finding(advice: Advice, entry: Entry, component: Component) -> Finding:
    found = rating(advice.cvss_vector, advice.cvss)
    ratings = (found,) if found else ()
    given = advice.severity or ""
    ids = identifiers(None if advice.cve == "N/A" else advice.cve)
    way = tuple(text.replace(":", "@") if text.count(":") == 1 else text for text in entry.hierarchy or ())
    safe = entry.safe_versions or Safe()
    versions = (safe.latest_patch, safe.latest_minor, safe.latest_major)
    return Finding(
        rule=ids[0] if ids else advice.id,
        title=first_line(advice.description) or f"{ids[0] if ids else advice.id} in {component.name}",
        severity=_SUGGESTED.get(given) or graded(given, ratings),
        severity_given=given,
        location=CodeLocation(path=entry.locations[0]) if entry.locations else None,
        component=component,
        about=shared_rule(
            id=ids[0] if ids else advice.id,
            description=advice.description,
            cwes=cwe_ids(advice.cwe),
            references=references(*(link.url for link in advice.links or ())),
        ),
        description=f"Affected versions: {advice.version_range}" if advice.version_range else "",
        vulnerabilities=ids,
        cvss=ratings,
        fixed_versions=tuple(dict.fromkeys(version for version in versions if version)),
        dependency_paths=(way,) if len(way) > 1 else (),
        fingerprints=(("meterian-advice", advice.id),),
        tags=(advice.type.lower(),) if advice.type and advice.type != "SECURITY" else (),
    )


def _breach(language: str, row: Licensed, breach: Breach | str) -> Finding:
    message = breach if isinstance(breach, str) else breach.message or ""
    names = tuple(licence.id for licence in row.licenses or () if licence.id)
    known = package(_kind(language), row.name, row.version or "")
    return Finding(
        rule="licence-violation",
        title=f"Licence {', '.join(names) or 'unknown'} of {row.name} is not allowed",
        severity=Severity.MEDIUM,
        kind=Kind.LICENCE,
        component=Component(name=known.name, version=known.version, purl=known.purl, licences=names),
        description=message,
    )
