"""Veracode's detailed report (XML): static, dynamic and manual flaws, and vulnerable components."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree
from msgspec import Struct, field

from seamark.intake.parsers.formats.veracode.scales import level, mitigation, plain
from seamark.intake.parsers.kit import (
    CodeLocation,
    Component,
    Finding,
    Item,
    Kind,
    Location,
    Rule,
    Run,
    WebLocation,
    Xml,
    cvss,
    cwe_ids,
    moment,
    parser,
    xml_root,
)
from seamark.intake.parsers.kit.packages import graded, identifiers, package
from seamark.intake.parsers.kit.shapes import convert, local_name

_ANALYSES = ("static-analysis", "dynamic-analysis", "manual-analysis")
_GONE = {"fixed", "remediated"}


class Mitigation(Struct):
    action: str = field(name="@action", default="")
    description: str = field(name="@description", default="")


class Mitigations(Struct):
    mitigation: Mitigation | list[Mitigation] | str | None = None


class Vulnerability(Struct):
    cve: str = field(name="@cve_id", default="")
    score: str = field(name="@cvss_score", default="")
    severity: str = field(name="@severity", default="")
    cwe: str = field(name="@cwe_id", default="")
    summary: str = field(name="@cve_summary", default="")
    found: str = field(name="@first_found_date", default="")
    mitigated: str = field(name="@mitigation", default="")
    mitigations: Mitigations | str | None = None


class Vulnerabilities(Struct):
    vulnerability: Vulnerability | list[Vulnerability] | str | None = None


class FilePath(Struct):
    value: str = field(name="@value", default="")


class FilePaths(Struct):
    file_path: FilePath | list[FilePath] | str | None = None


class Licence(Struct):
    name: str = field(name="@name", default="")
    spdx: str = field(name="@spdx_id", default="")


class Licences(Struct):
    license: Licence | list[Licence] | str | None = None


class Part(Struct):
    library: str = field(name="@library", default="")
    library_id: str = field(name="@library_id", default="")
    version: str = field(name="@version", default="")
    file: str = field(name="@file_name", default="")
    sha1: str = field(name="@sha1", default="")
    vendor: str = field(name="@vendor", default="")
    file_paths: FilePaths | str | None = None
    licenses: Licences | str | None = None
    vulnerabilities: Vulnerabilities | str | None = None


@parser(
    "veracode",
    title="Veracode",
    kind=Kind.CODE,
    looks=xml_root("detailedreport"),
    made_with="java -jar VeracodeJavaAPI.jar -action detailedreport -buildid ID -outputfilepath veracode.xml",
    url="https://docs.veracode.com/r/c_api_detailedreport",
    versions="detailed report 1.5; findings API 2; pipeline scan",
)
def read(document: Xml) -> Iterator[Item]:
    yield _run(document)
    for element in document.each("category", "component"):
        if local_name(element) == "category":
            yield from _flaws(element)
        elif element.find("{*}vulnerabilities") is not None:
            yield from _component(convert(element, Part))


def _run(document: Xml) -> Run:
    version, name, finished = "", "", ""
    for element in document.each(*_ANALYSES, "flaw-status"):
        root = element.getroottree().getroot()
        name = root.get("app_name") or ""
        finished = moment((root.get("last_update_time") or root.get("generation_date") or "").removesuffix(" UTC"))
        version = version or element.get("engine_version") or ""
    return Run(tool="Veracode", version=version, configuration=name, finished=finished)


def _flaws(category: etree._Element) -> Iterator[Finding]:
    remedy = _text(category.find("{*}recommendations"))
    for cwe in category.iterfind("{*}cwe"):
        about = Rule(
            id=f"CWE-{cwe.get('cweid', '')}",
            name=category.get("categoryname") or "",
            title=cwe.get("cwename") or category.get("categoryname") or "",
            description="\n\n".join(
                part for part in (_text(category.find("{*}desc")), _text(cwe.find("{*}description"))) if part
            ),
            remedy=remedy,
            cwes=cwe_ids(cwe.get("cweid")),
            tags=tuple(f"{name.upper()}: {value}" for name in ("owasp", "sans") if (value := cwe.get(name))),
        )
        for flaw in cwe.iterfind("{*}*/{*}flaw"):
            if (flaw.get("remediation_status") or "").lower() not in _GONE:
                yield _flaw(flaw, about)


def _flaw(flaw: etree._Element, about: Rule) -> Finding:
    get = flaw.get
    said = [
        f"{each.get('action')}: {each.get('description')}" for each in flaw.iterfind("{*}mitigations/{*}mitigation")
    ]
    notes = [
        f"Note: {each.get('action')}: {each.get('description')}"
        for each in flaw.iterfind("{*}annotations/{*}annotation")
    ]
    rating = cvss("", get("cvss")) if get("cvss") else None
    where = get("location") or ""
    parts = (plain(get("description") or ""), f"Place: {where}" if where else "", get("note") or "", *notes)
    return Finding(
        rule=about.id,
        title=get("categoryname") or about.title,
        severity=level(get("severity")),
        severity_given=get("severity") or "",
        kind=_kind(flaw),
        location=_location(flaw),
        about=about,
        description="\n".join(part for part in parts if part),
        cwes=cwe_ids(get("cweid")) or about.cwes,
        cvss=(rating,) if rating else (),
        fingerprints=(("veracode", f"{_application(flaw)}/{get('issueid')}"),) if get("issueid") else (),
        suppression=mitigation(get("mitigation_status") or "", "\n".join(said)),
        tags=tuple(tag for tag in (get("type"), get("module")) if tag),
        seen_at=moment((get("date_first_occurrence") or "").removesuffix(" UTC")),
    )


def _application(flaw: etree._Element) -> str:
    return flaw.getroottree().getroot().get("app_id") or ""


def _kind(flaw: etree._Element) -> Kind:
    parent = flaw.getparent()
    return {"dynamicflaws": Kind.WEB, "manualflaws": Kind.PENTEST}.get(
        local_name(parent) if parent is not None else "", Kind.CODE
    )


def _location(flaw: etree._Element) -> Location | None:
    if url := flaw.get("url"):
        return WebLocation(url=url, parameter=flaw.get("vuln_parameter") or "")
    folder, file = flaw.get("sourcefilepath") or "", flaw.get("sourcefile") or ""
    path = f"{folder.rstrip('/')}/{file}" if folder and file else file or folder
    if not path:
        return None
    line = flaw.get("line") or ""
    scope = ".".join(part for part in (flaw.get("scope"), _function(flaw.get("functionprototype") or "")) if part)
    return CodeLocation(path=path, line=int(line) if line.isdecimal() and len(line) < 10 else None, scope=scope)


def _function(prototype: str) -> str:
    """Return the name in a function's prototype (`void save(String)`)."""
    return prototype.partition("(")[0].rpartition(" ")[2]


def _text(element: etree._Element | None) -> str:
    """Return the paragraphs of a description: their text is in attributes."""
    if element is None:
        return ""
    return "\n".join(text for each in element.iter() if (text := each.get("text")))


def _component(part: Part) -> Iterator[Finding]:
    component = _package(part)
    paths = [
        each.value
        for each in _list(part.file_paths.file_path if isinstance(part.file_paths, FilePaths) else None)
        if isinstance(each, FilePath)
    ]
    path = next((each for each in paths if each), part.file)
    given = part.vulnerabilities.vulnerability if isinstance(part.vulnerabilities, Vulnerabilities) else None
    for row in _list(given):
        if isinstance(row, Vulnerability) and row.cve:
            yield _vulnerability(row, component, CodeLocation(path=path) if path else None)


def _vulnerability(row: Vulnerability, component: Component, place: CodeLocation | None) -> Finding:
    rating = cvss("", row.score) if row.score else None
    said = [
        f"{each.action}: {each.description}"
        for each in _list(row.mitigations.mitigation if isinstance(row.mitigations, Mitigations) else None)
        if isinstance(each, Mitigation)
    ]
    cwes = cwe_ids(row.cwe)
    return Finding(
        rule=row.cve,
        title=f"{row.cve} in {component.name}",
        severity=level(row.severity) if row.severity else graded("", (rating,) if rating else ()),
        severity_given=row.severity,
        kind=Kind.DEPENDENCY,
        location=place,
        component=component,
        about=Rule(id=row.cve, description=row.summary, cwes=cwes),
        cwes=cwes,
        vulnerabilities=identifiers(row.cve),
        cvss=(rating,) if rating else (),
        suppression=mitigation(row.mitigated, "\n".join(said)),
        seen_at=moment(row.found.removesuffix(" UTC")),
    )


def _package(part: Part) -> Component:
    licences = tuple(
        each.spdx or each.name
        for each in _list(part.licenses.license if isinstance(part.licenses, Licences) else None)
        if isinstance(each, Licence)
    )
    ecosystem, name = "", part.library or part.file
    kind, *coordinates = part.library_id.split(":")
    if coordinates and len(coordinates) >= 2:
        ecosystem = kind
        name = ":".join(each for each in coordinates[:2] if each)
    found = package(ecosystem, name, part.version)
    hashes = (("sha1", part.sha1),) if part.sha1 else ()
    return Component(
        name=found.name, version=part.version, purl=found.purl, licences=licences, hashes=hashes, supplier=part.vendor
    )


def _list(given: object) -> list[object]:
    return given if isinstance(given, list) else [given]
