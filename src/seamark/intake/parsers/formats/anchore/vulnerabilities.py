"""Anchore's vulnerabilities: the engine's words have underscores, AnchoreCTL's have humps."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TypeAlias

from msgspec import Struct

from seamark.intake.parsers.kit import (
    Component,
    Cvss,
    Finding,
    ImageLocation,
    Item,
    Kind,
    Probe,
    Rule,
    Run,
    json_object,
    json_rows,
    parser,
    references,
    variant,
)
from seamark.intake.parsers.kit.packages import graded, identifiers, of_system, package, purl_type, rating


class Scores(Struct):
    base_score: float | None = None
    vector_string: str | None = ""


class Rated(Struct):
    id: str = ""
    cvss_v2: Scores | None = None
    cvss_v3: Scores | None = None


class Vulnerability(Struct):
    vuln: str
    severity: str = ""
    package: str | None = ""
    package_name: str | None = ""
    package_version: str | None = ""
    package_type: str | None = ""
    package_path: str | None = ""
    feed: str | None = ""
    feed_group: str | None = ""
    fix: str | None = ""
    url: str | None = ""
    will_not_fix: bool | None = False
    nvd_data: list[Rated] | None = None
    vendor_data: list[Rated] | None = None


class CamelScores(Struct, rename="camel"):
    base_score: float | None = None
    vector_string: str | None = ""


class CamelRated(Struct, rename={"cvss_v2": "cvssV2", "cvss_v3": "cvssV3"}):
    id: str = ""
    cvss_v2: CamelScores | None = None
    cvss_v3: CamelScores | None = None


class CamelVulnerability(Struct, rename="camel"):
    vuln: str
    severity: str = ""
    package: str | None = ""
    package_name: str | None = ""
    package_version: str | None = ""
    package_type: str | None = ""
    package_path: str | None = ""
    feed: str | None = ""
    feed_group: str | None = ""
    fix: str | None = ""
    url: str | None = ""
    will_not_fix: bool | None = False
    nvd_data: list[CamelRated] | None = None
    vendor_data: list[CamelRated] | None = None


Row: TypeAlias = Vulnerability | CamelVulnerability


class Report(Struct, rename={"digest": "imageDigest", "sort": "vulnerability_type"}):
    vulnerabilities: list[Vulnerability] | None
    digest: str = ""
    sort: str = ""


class CamelReport(Struct, rename={"digest": "imageDigest", "sort": "vulnerabilityType"}):
    vulnerabilities: list[CamelVulnerability] | None
    digest: str = ""
    sort: str = ""


def _is_engine(probe: Probe) -> bool:
    return "vulnerability_type" in probe.keys or probe.has("vulnerabilities.0.package_name")


def _is_camel(probe: Probe) -> bool:
    return "vulnerabilityType" in probe.keys or probe.has("vulnerabilities.0.packageName")


@parser(
    "anchore",
    title="Anchore",
    kind=Kind.CONTAINER,
    looks=json_object("imageDigest", "vulnerabilities", where=_is_engine),
    made_with="anchore-cli --json image vuln IMAGE all",
    url="https://docs.anchore.com/",
    versions="Engine 0.5 to 1.1, AnchoreCTL 0.2 to 5",
)
def read(report: Report) -> Iterator[Item]:
    yield from _items(report.vulnerabilities or [], report.digest, report.sort)


@variant(
    "anchore",
    looks=json_object("imageDigest", "vulnerabilities", where=lambda probe: _is_camel(probe) and not _is_engine(probe)),
)
def read_camel(report: CamelReport) -> Iterator[Item]:
    yield from _items(report.vulnerabilities or [], report.digest, report.sort)


@variant("anchore", looks=json_rows("vuln", "severity", "packageName", "packageType"))
def read_rows(rows: list[CamelVulnerability]) -> Iterator[Item]:
    yield from _items(rows, "", "")


def _items(rows: list[Vulnerability] | list[CamelVulnerability], digest: str, sort: str) -> Iterator[Item]:
    # Of "os" and "non-os" vulnerabilities apart, neither may close the other's.
    yield Run(tool="Anchore", configuration="" if sort == "all" else sort, image_digest=digest)
    for row in rows:
        yield _finding(row, digest)


def _given(text: str | None) -> str:
    """Return a text without the word that Python writes for nothing."""
    return "" if text is None or text == "None" else text


def _finding(row: Row, digest: str) -> Finding:
    ratings = tuple(_ratings(row))
    component = _component(row)
    path = "" if row.package_path == "pkgdb" else _given(row.package_path)
    system = of_system(_type(row))
    return Finding(
        rule=row.vuln,
        title=f"{row.vuln} in {component.name}" if component.name else row.vuln,
        severity=graded(row.severity, ratings),
        severity_given=row.severity,
        kind=Kind.CONTAINER if system or not _type(row) else Kind.DEPENDENCY,
        location=ImageLocation(image=digest, digest=digest, path=path) if digest or path else None,
        component=component,
        about=_about(row.vuln, _given(row.url)),
        vulnerabilities=identifiers(row.vuln, [rated.id for rated in row.nvd_data or ()]),
        cvss=ratings,
        fixed_versions=tuple(part for text in _given(row.fix).split(",") if (part := text.strip())),
        tags=(f"feed:{group}",) if (group := _given(row.feed_group) or _given(row.feed)) else (),
    )


def _type(row: Row) -> str:
    word = _given(row.package_type).lower()
    return "apk" if word == "apkg" else purl_type(word)


def _component(row: Row) -> Component:
    """Return the package; an operating system's gets the distribution that the feed is named after."""
    name, version = _given(row.package_name), _given(row.package_version)
    if not name:
        name, _, version = _given(row.package).rpartition("-")
    kind = _type(row)
    family = _given(row.feed_group).partition(":")[0]
    ecosystem = family if of_system(kind) and purl_type(family) == kind else kind
    # Of a Java archive only the name is told, which is no Maven coordinate without its group.
    if kind == "maven" and ":" not in name and "/" not in name:
        return Component(name=name, version=version)
    return package(ecosystem, name, version)


def _ratings(row: Row) -> Iterator[Cvss]:
    for group, source in ((row.nvd_data, "nvd"), (row.vendor_data, "vendor")):
        for rated in group or ():
            for scores, version in ((rated.cvss_v3, "3.0"), (rated.cvss_v2, "2.0")):
                # -1 stands for no score.
                if scores and (scores.base_score or 0) > 0:
                    found = rating(scores.vector_string or "", scores.base_score, version, source)
                    if found:
                        yield found


@lru_cache(maxsize=8192)
def _about(rule: str, link: str) -> Rule:
    return Rule(id=rule, references=references(link))
