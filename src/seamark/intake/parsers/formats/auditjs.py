"""AuditJS: known vulnerabilities of npm packages, from Sonatype's OSS Index; JSON and JUnit XML.

The JSON is a list of OSS Index's own component reports, so answers of that service's API are read as well.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct, field

from seamark.intake.parsers.formats._sca import of_coordinates, shared_rule
from seamark.intake.parsers.kit import (
    Finding,
    Item,
    Kind,
    Probe,
    Run,
    UnreadableReport,
    Xml,
    cwe_ids,
    json_rows,
    parser,
    references,
    variant,
    xml_root,
)
from seamark.intake.parsers.kit.packages import graded, identifiers, rating

_LABELS = ("Vulnerability Title", "ID", "Description", "CVSS Score", "CVSS Vector", "CVE", "Reference")


class Vulnerability(Struct, rename="camel"):
    id: str
    title: str | None = ""
    display_name: str | None = ""
    description: str | None = ""
    cvss_score: float | None = None
    cvss_vector: str | None = ""
    cve: str | None = ""
    cwe: str | None = ""
    reference: str | None = ""
    external_references: list[str] | None = None
    version_ranges: list[str] | None = None


class Package(Struct):
    coordinates: str
    reference: str | None = ""
    vulnerabilities: list[Vulnerability] | None = None


def _is_list(probe: Probe) -> bool:
    coordinates = probe.get("0.coordinates")
    return isinstance(coordinates, str) and coordinates.startswith("pkg:")


@parser(
    "auditjs",
    title="AuditJS",
    kind=Kind.DEPENDENCY,
    looks=json_rows("coordinates", "vulnerabilities", where=_is_list),
    made_with="auditjs ossi --json > auditjs.json",
    url="https://github.com/sonatype-nexus-community/auditjs",
    versions="4.0",
    lift=("[]",),
)
def read(packages: list[Package]) -> Iterator[Item]:
    yield Run(tool="AuditJS")
    for package in packages:
        for row in package.vulnerabilities or ():
            yield _finding(package.coordinates, row)


def _finding(coordinates: str, row: Vulnerability) -> Finding:
    component = of_coordinates(coordinates)
    found = rating(row.cvss_vector, row.cvss_score)
    ratings = (found,) if found else ()
    title = row.title or ""
    bracketed = title[1:].partition("]")[0] if title.startswith("[") else ""
    named = (row.cve, bracketed, row.display_name, row.id if row.id.upper().startswith(("CVE-", "SONATYPE-")) else "")
    return Finding(
        rule=row.id,
        title=title or f"{row.id} in {component.name}",
        severity=graded(None, ratings),
        severity_given="" if row.cvss_score is None else str(row.cvss_score),
        component=component,
        about=shared_rule(
            id=row.id,
            title=title,
            description=row.description or "",
            cwes=cwe_ids(row.cwe, title),
            references=references(row.reference, row.external_references),
        ),
        description=f"Affected versions: {', '.join(row.version_ranges)}" if row.version_ranges else "",
        vulnerabilities=identifiers(text for text in named if text and "CWE-" not in text),
        cvss=ratings,
    )


class Failure(Struct):
    type: str = field(name="@type", default="")
    text: str = field(name="#text", default="")


class Case(Struct):
    name: str = field(name="@name")
    failure: Failure | None = None


def _is_suite(probe: Probe) -> bool:
    head = probe.source.head()
    return b'name="pkg:' in head and b"@" in head


@variant("auditjs", looks=xml_root("testsuite", where=_is_suite))
def read_xml(document: Xml) -> Iterator[Item]:
    yield Run(tool="AuditJS")
    for case in document.each("testcase", row=Case):
        if case.failure is None:
            continue
        blocks = list(_blocks(case.failure.text))
        if not blocks:
            raise UnreadableReport(f"The failed test case {case.name!r} names no vulnerability")
        for block in blocks:
            yield _finding(
                case.name,
                Vulnerability(
                    id=block["ID"],
                    title=block.get("Vulnerability Title", ""),
                    description=block.get("Description", ""),
                    cvss_score=_score(block.get("CVSS Score", "")),
                    cvss_vector=_defined(block.get("CVSS Vector", "")),
                    cve=_defined(block.get("CVE", "")),
                    reference=_defined(block.get("Reference", "")),
                ),
            )


def _blocks(text: str) -> Iterator[dict[str, str]]:
    """Yield the labelled fields of each vulnerability in a failure's text; a description may have several lines."""
    block: dict[str, str] = {}
    last = ""
    for line in text.splitlines():
        label, mark, value = line.partition(":")
        if mark and label in _LABELS and (label != "Vulnerability Title" or last in {"", "Reference"}):
            if label == "Vulnerability Title" and "ID" in block:
                yield block
                block = {}
            block[label], last = value.strip(), label
        elif last == "Description":
            block[last] += "\n" + line.rstrip()
    if "ID" in block:
        yield block


def _defined(text: str) -> str:
    return "" if text == "undefined" else text


def _score(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
