"""Checkmarx OSA: its two files, vulnerabilities and libraries, put into one list (`jq -s .`)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Struct

from seamark.core.errors import UnreadableReport
from seamark.intake.parsers.formats.checkmarx.common import state_tags, suppression
from seamark.intake.parsers.kit import (
    Component,
    Finding,
    Item,
    Kind,
    Probe,
    Rule,
    Run,
    cvss,
    parser,
    references,
)
from seamark.intake.parsers.kit.packages import graded, identifiers, package


class Named(Struct):
    name: str | None = ""


class Vulnerability(Struct, rename="camel"):
    library_id: str
    cve_name: str | None = ""
    id: str | None = ""
    score: float | None = None
    severity: Named | None = None
    url: str | None = ""
    description: str | None = ""
    recommendations: str | None = ""
    source_file_name: str | None = ""
    state: Named | None = None


class Library(Struct, rename="camel"):
    id: str
    name: str
    version: str | None = ""
    newest_version: str | None = ""


def _is_osa(probe: Probe) -> bool:
    first, second = probe.get("0"), probe.get("1")
    if not isinstance(first, list) or not isinstance(second, list) or probe.get("2"):
        return False
    if not first and not second:
        return probe.named  # two lists of nothing do not say whose they are
    vulnerabilities, libraries = (second, first) if _are_libraries(first) else (first, second)
    return _are_libraries(libraries) and (not vulnerabilities or _has(vulnerabilities, "libraryId"))


def _has(rows: list[object], key: str) -> bool:
    return bool(rows) and isinstance(rows[0], dict) and key in rows[0]


def _are_libraries(rows: list[object]) -> bool:
    return _has(rows, "version") and not _has(rows, "libraryId")


@parser(
    "checkmarx-osa",
    title="Checkmarx OSA",
    kind=Kind.DEPENDENCY,
    looks=_is_osa,
    made_with="jq -s . CxOSAVulnerabilities.json CxOSALibraries.json",
    url="https://docs.checkmarx.com/en/34965-8159-checkmarx-osa-documentation.html",
)
def read(parts: list[list[dict[str, Any]]]) -> Iterator[Item]:
    if len(parts) != 2:
        raise UnreadableReport("A report of OSA is two lists: vulnerabilities and libraries")
    # People put the two files together in either order.
    rows, known = reversed(parts) if _are_libraries(list(parts[0])) else parts
    vulnerabilities = msgspec.convert(rows, list[Vulnerability], strict=False)
    libraries = {each.id: each for each in msgspec.convert(known, list[Library], strict=False)}
    yield Run(tool="Checkmarx OSA")
    components = {key: _component(each) for key, each in libraries.items()}
    for row in vulnerabilities:
        if row.library_id not in components:
            raise UnreadableReport(f"The library {row.library_id} of {row.cve_name} is not in the list of libraries")
        yield _finding(row, components[row.library_id])
    yield from components.values()


def _component(library: Library) -> Component:
    # OSA does not name the ecosystem; only the names of Maven have a colon.
    return package("maven" if ":" in library.name else "", library.name, library.version or "")


def _finding(row: Vulnerability, component: Component) -> Finding:
    name = row.cve_name or row.id or ""
    rating = cvss("", row.score) if row.score is not None else None
    word = (row.severity.name or "") if row.severity else ""
    state = (row.state.name or "") if row.state else ""
    advice = row.recommendations or ""
    return Finding(
        rule=name,
        title=f"{name} in {component.name}",
        severity=graded(word, (rating,) if rating else ()),
        severity_given=word,
        component=component,
        about=Rule(id=name, description=row.description or "", remedy=advice, references=references(row.url)),
        vulnerabilities=identifiers(name),
        cvss=(rating,) if rating else (),
        fixed_versions=_fixed(advice),
        fingerprints=(("checkmarx-osa", row.id),) if row.id else (),
        suppression=suppression(state),
        tags=state_tags(state),
    )


def _fixed(advice: str) -> tuple[str, ...]:
    word = advice.removeprefix("Upgrade to ").strip().rstrip(".")
    return (word,) if word != advice.strip() and word and " " not in word else ()
