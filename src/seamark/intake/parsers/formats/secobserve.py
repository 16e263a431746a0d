"""SecObserve: observations as its API, its CSV export and its own import format give them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Raw, Struct

from seamark.intake.parsers.kit import (
    CodeLocation,
    Component,
    Csv,
    Finding,
    ImageLocation,
    Item,
    Kind,
    Location,
    Probe,
    Reading,
    ResourceLocation,
    Rule,
    Run,
    Suppression,
    UnreadableReport,
    Vex,
    VexState,
    WebLocation,
    csv_header,
    cvss,
    cwe_ids,
    json_object,
    moment,
    parser,
    references,
    severity,
    variant,
)
from seamark.intake.parsers.kit.packages import identifiers, package, probability
from seamark.intake.parsers.kit.texts import described

_SET_ASIDE = {"false positive", "not affected", "risk accepted", "not security", "duplicate"}
_STATEMENTS = {
    "affected": VexState.AFFECTED,
    "not affected": VexState.NOT_AFFECTED,
    "in review": VexState.UNDER_INVESTIGATION,
}
_KNOWN = {
    "Component": "origin_component_name_version", "Component PURL": "origin_component_purl",
    "Container": "origin_docker_image_name_tag", "Docker image digest": "origin_docker_image_digest",
    "Endpoint URL": "origin_endpoint_url", "Source file": "origin_source_file",
    "Source line start": "origin_source_line_start", "Source line end": "origin_source_line_end",
    "Source file link": "origin_source_file_url", "Cloud resource": "origin_cloud_qualified_resource",
    "Kubernetes resource": "origin_kubernetes_qualified_resource", "Service": "origin_service_name",
    "Component name": "origin_component_name", "Component version": "origin_component_version",
    "Component dependencies": "origin_component_dependencies", "Cloud resource type": "origin_cloud_resource_type",
    "Assessment comment": "comment", "EPSS score (%)": "epss_score", "Branch / Version": "branch_name",
    "Observation URL": "observation_url", "Last seen": "import_last_seen", "CVSS 3 score": "cvss3_score",
    "CVSS 3 vector": "cvss3_vector", "CVSS 4 score": "cvss4_score", "CVSS 4 vector": "cvss4_vector",
}  # fmt: skip
"""The fields behind those columns that since version 1.50 are not just the field's name in words."""
_COLUMNS = {column.lower(): name for column, name in _KNOWN.items()}


class Alias(Struct):
    alias: str = ""


class Source(Struct):
    source: str = ""


class Link(Struct):
    url: str = ""


class Observation(Struct):
    title: str
    id: int | str | None = None
    description: str | None = ""
    recommendation: str | None = ""
    scanner_observation_id: str | None = ""
    vulnerability_id: str | None = ""
    vulnerability_id_aliases: list[Alias] | str | None = None
    current_severity: str | None = ""
    parser_severity: str | None = ""
    current_status: str | None = ""
    current_vex_justification: str | None = ""
    comment: str | None = ""
    origin_service_name: str | None = ""
    origin_component_name: str | None = ""
    origin_component_version: str | None = ""
    origin_component_name_version: str | None = ""
    origin_component_purl: str | None = ""
    origin_component_dependencies: str | None = ""
    origin_docker_image_name: str | None = ""
    origin_docker_image_name_tag: str | None = ""
    origin_docker_image_digest: str | None = ""
    origin_endpoint_url: str | None = ""
    origin_source_file: str | None = ""
    origin_source_line_start: int | None = None
    origin_source_line_end: int | None = None
    origin_source_file_url: str | None = ""
    origin_cloud_qualified_resource: str | None = ""
    origin_cloud_resource_type: str | None = ""
    origin_kubernetes_qualified_resource: str | None = ""
    cvss3_score: float | str | None = None
    cvss3_vector: str | None = ""
    cvss4_score: float | str | None = None
    cvss4_vector: str | None = ""
    cwe: int | None = None
    epss_score: float | str | None = None
    cve_found_in: list[Source] | str | None = None
    scanner: str | None = ""
    found: str | None = ""
    import_last_seen: str | None = ""
    references: list[Link] | None = None
    reference: str | None = ""
    observation_url: str | None = ""


class Answer(Struct):
    results: Raw
    count: int = 0
    next: str | None = None


def _is_answer(probe: Probe) -> bool:
    row = probe.get("results.0")
    return isinstance(row, dict) and {"current_severity", "parser_severity", "current_status"} <= row.keys()


@parser(
    "secobserve",
    title="SecObserve",
    kind=Kind.CODE,
    looks=json_object("count", "results", where=_is_answer),
    made_with="GET /api/observations/?page_size=1000, or a product's Export as CSV",
    url="https://secobserve.github.io/SecObserve/",
    versions="1.0 to 1.60",
    lift=("results",),
)
def read(answer: Answer, reading: Reading) -> Iterator[Item]:
    more = bool(answer.next)
    yield Run(
        tool="SecObserve",
        complete=False if more else None,
        problems=("More observations are on other pages",) if more else (),
    )
    for row in reading.rows(answer.results, Observation, "$.results"):
        yield _finding(row)


class Upload(Struct):
    observations: Raw


@variant(
    "secobserve",
    looks=json_object("format", "observations", where=lambda probe: probe.get("format") == "SecObserve"),
    lift=("observations",),
)
def read_upload(upload: Upload, reading: Reading) -> Iterator[Item]:
    """Read what SecObserve itself takes from scripts: its own import format."""
    yield Run(tool="SecObserve")
    for row in reading.rows(upload.observations, Observation, "$.observations"):
        yield _finding(row)


@variant("secobserve", looks=csv_header("Current severity", "Current status", "Parser severity", "Upload filename"))
def read_csv(rows: Csv[dict[str, str]]) -> Iterator[Item]:
    yield Run(tool="SecObserve")
    for number, row in enumerate(rows, start=1):
        values = {_field(column): _cell(text) for column, text in row.items() if text}
        try:
            yield _finding(msgspec.convert(values, Observation, strict=False))
        except msgspec.ValidationError as error:
            raise UnreadableReport(str(error), where=f"row {number}") from None


def _field(column: str) -> str:
    name = column.lower()
    return _COLUMNS.get(name) or name.replace(" ", "_")


def _cell(text: str) -> str:
    """Return a cell as it was before it was made safe for spreadsheets."""
    text = text.replace(" NEWLINE ", "\n")
    return text[1:] if text[:1] == "'" and text[1:2] in {"=", "+", "-", "@"} else text


def _words(given: list[Any] | str | None, name: str) -> list[str]:
    """Return what the API lists as objects and the CSV with commas."""
    if isinstance(given, str):
        return [word.strip() for word in given.split(",") if word.strip()]
    return [getattr(one, name) for one in given or () if getattr(one, name)]


def _finding(row: Observation) -> Finding:
    word = row.current_severity or row.parser_severity or ""
    status = (row.current_status or "").strip().lower()
    why = ": ".join(text for text in (status, row.current_vex_justification, row.comment) if text)
    ids = identifiers(row.vulnerability_id, _words(row.vulnerability_id_aliases, "alias"))
    rule = row.vulnerability_id or row.scanner_observation_id or row.title
    ratings = (cvss(row.cvss4_vector, row.cvss4_score), cvss(row.cvss3_vector, row.cvss3_score))
    place, component = _place(row), _component(row)
    return Finding(
        rule=rule,
        title=row.title,
        severity=severity(word),
        severity_given=word,
        kind=_kind(row, component),
        location=place,
        component=component,
        about=Rule(
            id=rule,
            remedy=row.recommendation or "",
            references=references([one.url for one in row.references or ()], row.reference),
        ),
        description=described(
            ("", row.description or ""),
            ("Service", row.origin_service_name or ""),
            ("Dependencies", row.origin_component_dependencies or ""),
        ),
        cwes=cwe_ids(row.cwe),
        vulnerabilities=ids,
        cvss=tuple(one for one in ratings if one),
        epss=_percent(row.epss_score),
        fingerprints=(("secobserve", str(row.id)),) if row.id is not None else (),
        suppression=Suppression(origin="tool", justification=why) if status in _SET_ASIDE else None,
        vex=Vex(state=_STATEMENTS[status], justification=row.current_vex_justification or "", detail=row.comment or "")
        if ids and status in _STATEMENTS
        else None,
        baseline="absent" if status == "resolved" else "",
        references=references(row.origin_source_file_url, row.observation_url),
        tags=tuple(text for text in (row.scanner or "", *_words(row.cve_found_in, "source")) if text),
        seen_at=moment(row.import_last_seen) or moment(row.found),
    )


def _percent(value: float | str | None) -> float | None:
    try:
        return probability(round(float(value) / 100, 7)) if value is not None else None
    except (ValueError, OverflowError):
        return None


def _component(row: Observation) -> Component | None:
    name, version = row.origin_component_name or "", row.origin_component_version or ""
    if not name:
        name, _, version = (row.origin_component_name_version or "").partition(":")
    return package("", name, version, row.origin_component_purl or "") if name else None


def _kind(row: Observation, component: Component | None) -> Kind | None:
    if component is not None:
        return Kind.DEPENDENCY
    if row.origin_source_file:
        return None
    if row.origin_endpoint_url:
        return Kind.WEB
    if row.origin_cloud_qualified_resource:
        return Kind.CLOUD
    if row.origin_kubernetes_qualified_resource:
        return Kind.MISCONFIGURATION
    return Kind.CONTAINER if row.origin_docker_image_name_tag or row.origin_docker_image_name else None


def _place(row: Observation) -> Location | None:
    image = row.origin_docker_image_name_tag or row.origin_docker_image_name or ""
    if row.origin_source_file:
        return CodeLocation(
            path=row.origin_source_file, line=row.origin_source_line_start, end_line=row.origin_source_line_end
        )
    if row.origin_endpoint_url:
        return WebLocation(url=row.origin_endpoint_url)
    if row.origin_cloud_qualified_resource:
        return ResourceLocation(resource=row.origin_cloud_qualified_resource, type=row.origin_cloud_resource_type or "")
    if row.origin_kubernetes_qualified_resource:
        return ResourceLocation(resource=row.origin_kubernetes_qualified_resource)
    if image:
        return ImageLocation(image=image, digest=row.origin_docker_image_digest or "")
    return ResourceLocation(resource=row.origin_service_name, type="service") if row.origin_service_name else None
