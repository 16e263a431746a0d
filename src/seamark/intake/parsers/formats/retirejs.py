"""Retire.js: JavaScript libraries with known vulnerabilities, found in files and in node_modules."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct, field

from seamark.intake.parsers.formats._sca import shared_rule
from seamark.intake.parsers.kit import (
    CodeLocation,
    Component,
    Finding,
    Item,
    Kind,
    Probe,
    Run,
    cwe_ids,
    json_object,
    json_rows,
    make_purl,
    moment,
    parser,
    references,
    variant,
)
from seamark.intake.parsers.kit.packages import graded, identifiers

Words = list[str] | str | None


class Identifiers(Struct):
    summary: str | None = ""
    cve: Words = field(default=None, name="CVE")
    github: Words = field(default=None, name="githubID")
    osvdb: Words = None
    retid: str | int | None = None
    issue: Words = None
    bug: Words = None


class Vulnerability(Struct, rename="camel"):
    severity: str | None = ""
    identifiers: Identifiers | None = None
    info: list[str] | None = None
    below: str | None = None
    at_or_above: str | None = None
    cwe: Words = None


class Parent(Struct):
    component: str = ""
    version: str = ""
    parent: Parent | None = None


class Result(Struct):
    component: str
    version: str = ""
    detection: str = ""
    npmname: str | None = None
    licenses: list[str] | None = None
    parent: Parent | None = None
    vulnerabilities: list[Vulnerability] | None = None


class File(Struct):
    results: list[Result]
    file: str | None = ""


class Report(Struct):
    data: list[File]
    version: str = ""
    start: str = ""
    errors: list[str] | None = None


def _is_report(probe: Probe) -> bool:
    if probe.get("data.0"):
        return probe.has("data.0.results")
    return probe.get("data") == [] and {"version", "start", "errors", "messages"} <= probe.keys


@parser(
    "retirejs",
    title="Retire.js",
    kind=Kind.DEPENDENCY,
    looks=json_object("data", where=_is_report),
    made_with="retire --path . --outputformat json --outputpath retire.json",
    url="https://github.com/RetireJS/retire.js",
    versions="1 to 5",
)
def read(report: Report) -> Iterator[Item]:
    yield Run(
        tool="Retire.js",
        version=report.version,
        complete=False if report.errors else None,
        problems=tuple((report.errors or ())[:50]),
        started=moment(report.start),
    )
    yield from _findings(report.data)


def _is_list(probe: Probe) -> bool:
    return probe.has("0.results.0.component") and probe.first <= {"file", "results"}


@variant("retirejs", looks=json_rows("results", where=_is_list))
def read_list(files: list[File]) -> Iterator[Item]:
    yield Run(tool="Retire.js")
    yield from _findings(files)


def _findings(files: list[File]) -> Iterator[Finding]:
    for file in files:
        place = CodeLocation(path=file.file) if file.file else None
        for result in file.results:
            # Only a name from npm makes a package URL: others are Retire.js's own names of libraries.
            name = result.npmname or ("" if place else result.component)
            component = Component(
                name=result.npmname or result.component,
                version=result.version,
                purl=make_purl("npm", name, result.version) if name else "",
                licences=tuple(result.licenses or ()),
            )
            for vulnerability in result.vulnerabilities or ():
                yield _finding(result, vulnerability, component, place)


def _finding(result: Result, vulnerability: Vulnerability, component: Component, place: CodeLocation | None) -> Finding:
    given = vulnerability.identifiers or Identifiers()
    osvdb = (f"OSVDB-{text}" if text.isdecimal() else text for text in _words(given.osvdb))
    ids = identifiers(_words(given.cve), _words(given.github), osvdb)
    own = next(
        (f"{result.component}-{text}" for text in (given.retid, *_words(given.issue), *_words(given.bug)) if text), ""
    )
    title = given.summary or f"{ids[0] if ids else 'A known vulnerability'} in {result.component}"
    rule = ids[0] if ids else own or f"{result.component}: {title}"
    since = f"{vulnerability.at_or_above} and above, " if vulnerability.at_or_above else ""
    way = _way(result)
    return Finding(
        rule=rule,
        title=title,
        severity=graded(vulnerability.severity),
        severity_given=vulnerability.severity or "",
        location=place,
        component=component,
        about=shared_rule(
            id=rule, title=title, cwes=cwe_ids(_words(vulnerability.cwe)), references=references(vulnerability.info)
        ),
        description=f"Affected versions: {since}below {vulnerability.below}" if vulnerability.below else "",
        vulnerabilities=ids,
        fixed_versions=(vulnerability.below,) if vulnerability.below else (),
        dependency_paths=(way,) if way else (),
        tags=(result.detection,) if result.detection else (),
    )


def _words(value: Words) -> list[str]:
    return [value] if isinstance(value, str) else value or []


def _way(result: Result) -> tuple[str, ...]:
    """Return the way from the project's direct dependency down to a package of node_modules."""
    steps = [f"{result.component}@{result.version}"]
    parent = result.parent
    while parent is not None and parent.component and len(steps) < 40:
        steps.append(f"{parent.component}@{parent.version}")
        parent = parent.parent
    return tuple(reversed(steps)) if len(steps) > 1 else ()
