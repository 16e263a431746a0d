"""Endor Labs: what `endorctl scan -o json` writes, and the findings of its interface.

The lists of what blocks and what warns name findings of the list of all once more: only what that list lacks is read
out of them. Reachability is told by tags; a reachable function outweighs a reachable dependency.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, islice
from typing import Any

from msgspec import Raw, Struct, field

from seamark.intake.parsers.formats._sca import shared_rule
from seamark.intake.parsers.kit import (
    CodeLocation,
    Component,
    Cvss,
    Finding,
    ImageLocation,
    Item,
    Kind,
    Probe,
    Reach,
    Reading,
    Run,
    Severity,
    Suppression,
    Verification,
    cwe_ids,
    json_object,
    moment,
    parser,
    references,
    variant,
)
from seamark.intake.parsers.kit.packages import identifiers, package, probability, rating

TOOL = "Endor Labs"
_MOST_PROBLEMS = 50
_LEVELS = {
    "FINDING_LEVEL_CRITICAL": Severity.CRITICAL,
    "FINDING_LEVEL_HIGH": Severity.HIGH,
    "FINDING_LEVEL_MEDIUM": Severity.MEDIUM,
    "FINDING_LEVEL_LOW": Severity.LOW,
}
_KINDS = (
    ("SECRETS", Kind.SECRET),
    ("LICENSE_RISK", Kind.LICENCE),
    ("CONTAINER", Kind.CONTAINER),
    ("SAST", Kind.CODE),
    ("SECURITY_REVIEW", Kind.CODE),
    ("SCPM", Kind.MISCONFIGURATION),
    ("CICD", Kind.MISCONFIGURATION),
)
"""Categories by weight: a finding may have several, a flaw of a system's package is VULNERABILITY and CONTAINER."""
_REACHES = (
    ("REACHABLE_FUNCTION", Reach.STATIC),
    ("UNREACHABLE_FUNCTION", Reach.UNREACHABLE),
    ("UNREACHABLE_DEPENDENCY", Reach.UNREACHABLE),
    ("POTENTIALLY_REACHABLE_FUNCTION", Reach.POTENTIAL),
    ("POTENTIALLY_REACHABLE_DEPENDENCY", Reach.POTENTIAL),
    ("REACHABLE_DEPENDENCY", Reach.POTENTIAL),
)
_ECOSYSTEMS = {
    "mvn": "maven", "rpm": "rpm", "debian": "deb", "github": "githubactions", "packagist": "composer", "cocoapod": "cocoapods",
}  # fmt: skip


class Meta(Struct):
    name: str
    description: str | None = ""
    create_time: str | None = ""
    tags: list[str] | None = None


class Severity3(Struct):
    score: float | None = None
    vector: str | None = ""


class Severity4(Struct):
    base_score: float | None = None
    vector: str | None = ""


class Epss(Struct):
    probability_score: float | None = None


class Link(Struct):
    url: str = ""


class AdvisorySpec(Struct):
    aliases: list[str] | None = None
    summary: str | None = ""
    cvss_v3_severity: Severity3 | None = None
    cvss_v4_severity: Severity4 | None = None
    epss_score: Epss | None = None
    references: list[Link] | None = None
    database_specific: dict[str, Any] | None = None


class AdvisoryMeta(Struct):
    name: str | None = ""


class Advisory(Struct):
    meta: AdvisoryMeta | None = None
    spec: AdvisorySpec | None = None


class Place(Struct):
    relative_path: str | None = ""
    function_name: str | None = ""
    snippet: str | None = ""


class Sast(Struct):
    location: Place | None = None
    cwes: list[str] | None = None


class Container(Struct):
    base_image: str | None = ""
    layer_digests: list[str] | None = None


class Metadata(Struct):
    vulnerability: Advisory | None = None
    ai_sast_data: Sast | None = None
    container_data: Container | None = None


class Dismissal(Struct):
    comments: str | None = ""
    reason: str | None = ""


class Exceptions(Struct):
    tags: list[str] | None = None


class Source(Struct):
    ref: str | None = ""
    sha: str | None = ""


class Function(Struct):
    namespace: str | None = ""
    classname: str | None = ""
    function_or_attribute_name: str | None = ""


class Node(Struct):
    function_ref: Function | None = None


class Way(Struct):
    nodes: list[Node] | None = None


class Spec(Struct):
    level: str | None = ""
    summary: str | None = ""
    explanation: str | None = ""
    remediation: str | None = ""
    ecosystem: str | None = ""
    finding_categories: list[str] | None = None
    finding_tags: list[str] | None = None
    finding_metadata: Metadata | None = None
    target_dependency_name: str | None = ""
    target_dependency_package_name: str | None = ""
    target_dependency_version: str | None = ""
    proposed_version: str | None = ""
    dependency_file_paths: list[str] | None = None
    location_urls: dict[str, str] | None = None
    relationship: str | None = ""
    reachable_paths: list[Way] | None = None
    source_code_version: Source | None = None
    dismiss: bool | None = None
    ignore: Dismissal | None = None
    snooze: Dismissal | None = None
    exceptions: Exceptions | None = None
    last_processed: str | None = ""


class Object(Struct):
    meta: Meta
    spec: Spec
    uuid: str = ""


class Scan(Struct):
    all_findings: Raw = field(default_factory=Raw)
    blocking_findings: Raw = field(default_factory=Raw)
    warning_findings: Raw = field(default_factory=Raw)
    warnings: list[str] | None = None
    errors: list[str] | None = None


class Page(Struct):
    next_page_token: int | str | None = None
    next_page_id: str | None = ""


class List(Struct):
    objects: Raw = field(default_factory=Raw)
    response: Page | None = None


class Answer(Struct):
    list: List


def _is_finding(row: object) -> bool:
    spec = row.get("spec") if isinstance(row, dict) else None
    return isinstance(spec, dict) and ("finding_tags" in spec or "finding_categories" in spec)


def _is_scan(probe: Probe) -> bool:
    lists = [probe.get(name) for name in ("all_findings", "blocking_findings", "warning_findings")]
    filled = [one for one in lists if isinstance(one, list) and one]
    # Three lists of these names that are all empty are Endor's too: nobody else has them.
    return any(_is_finding(one[0]) for one in filled) if filled else all(isinstance(one, list) for one in lists)


@parser(
    "endor-labs",
    title=TOOL,
    kind=Kind.DEPENDENCY,
    looks=json_object("all_findings", where=_is_scan),
    made_with="endorctl scan --output-type json > endor.json, or endorctl api list --resource Finding",
    url="https://docs.endorlabs.com/",
    lift=("all_findings",),
)
def read(scan: Scan, reading: Reading) -> Iterator[Item]:
    rows = reading.rows(scan.all_findings, Object, where="$.all_findings")
    first = list(islice(rows, 1))
    source = (first[0].spec.source_code_version if first else None) or Source()
    yield Run(
        tool=TOOL,
        successful=False if scan.errors else None,
        problems=(*(scan.errors or ()), *(scan.warnings or ()))[:_MOST_PROBLEMS],
        commit=source.sha or "",
        ref=source.ref or "",
    )
    known: set[str] = set()
    for row in chain(first, rows):
        known.add(row.uuid)
        yield _finding(row)
    for raw, name in ((scan.blocking_findings, "blocking_findings"), (scan.warning_findings, "warning_findings")):
        for row in reading.rows(raw, Object, where=f"$.{name}"):
            if row.uuid not in known:
                known.add(row.uuid)
                yield _finding(row)


@variant(
    "endor-labs",
    looks=json_object("list.objects", where=lambda probe: _is_finding(probe.get("list.objects.0"))),
    lift=("list.objects",),
)
def read_list(answer: Answer, reading: Reading) -> Iterator[Item]:
    page = answer.list.response or Page()
    more = bool(page.next_page_token or page.next_page_id)
    yield Run(tool=TOOL, complete=False if more else None)
    for row in reading.rows(answer.list.objects, Object, where="$.list.objects"):
        yield _finding(row)


def _finding(row: Object) -> Finding:
    spec, metadata = row.spec, row.spec.finding_metadata or Metadata()
    advisory = metadata.vulnerability or Advisory()
    known, about = advisory.spec or AdvisorySpec(), advisory.meta or AdvisoryMeta()
    tags = [tag.removeprefix("FINDING_TAGS_") for tag in spec.finding_tags or ()]
    categories = [one.removeprefix("FINDING_CATEGORY_") for one in spec.finding_categories or ()]
    kind = next((kind for name, kind in _KINDS if name in categories), None)
    ids = identifiers(about.name, known.aliases) if metadata.vulnerability else ()
    # Manifest and lock file are one place of one dependency: go.mod with go.sum, package.json with its lock.
    path, *others = list(dict.fromkeys(one for one in spec.dependency_file_paths or () if one)) or [""]
    also = f"Also in: {', '.join(others[:20])}" if others else ""
    base = metadata.container_data.base_image if metadata.container_data else ""
    word = (spec.level or "").removeprefix("FINDING_LEVEL_")
    return Finding(
        rule=about.name or row.meta.name,
        title=row.meta.description or row.meta.name,
        severity=_LEVELS.get(spec.level or "", Severity.MEDIUM),
        severity_given="" if word == "UNSPECIFIED" else word,
        kind=kind,
        location=_place(metadata, path),
        component=_component(spec, tags),
        about=shared_rule(
            id=about.name or row.meta.name,
            name=row.meta.name,
            title=known.summary or "",
            description=spec.explanation or "",
            references=references([one.url for one in known.references or () if one.url]),
        ),
        description="\n".join(
            text
            for text in (spec.summary, spec.relationship, also, f"Base image: {base}" if base else "", *_ways(spec))
            if text
        ),
        remedy=spec.remediation or "",
        cwes=cwe_ids((metadata.ai_sast_data.cwes if metadata.ai_sast_data else None) or _weaknesses(known)),
        vulnerabilities=ids,
        cvss=tuple(_ratings(known)),
        epss=probability(known.epss_score.probability_score) if known.epss_score else None,
        fixed_versions=(spec.proposed_version,) if spec.proposed_version and metadata.vulnerability else (),
        verification=_verification(tags),
        suppression=_suppression(spec, tags),
        reach=next((reach for name, reach in _REACHES if name in tags), None),
        references=references(list((spec.location_urls or {}).values())),
        fingerprints=(("endor-labs", row.uuid),) if row.uuid else (),
        tags=tuple(dict.fromkeys([*(one.lower() for one in (*categories, *tags)), *(row.meta.tags or ())])),
        seen_at=moment(row.meta.create_time or spec.last_processed),
    )


def _place(metadata: Metadata, path: str) -> CodeLocation | ImageLocation | None:
    at = metadata.ai_sast_data.location if metadata.ai_sast_data else None
    if at and at.relative_path:
        return CodeLocation(path=at.relative_path, snippet=at.snippet or "", scope=at.function_name or "")
    container = metadata.container_data
    if container and container.layer_digests:
        return ImageLocation(image="", layer=container.layer_digests[0], path=path)
    return CodeLocation(path=path) if path else None


def _component(spec: Spec, tags: list[str]) -> Component | None:
    """Return the package at fault: `mvn://org.example:lib@1.0` says ecosystem, name and version in one."""
    scheme, mark, rest = (spec.target_dependency_package_name or "").partition("://")
    ecosystem = scheme if mark else (spec.ecosystem or "").removeprefix("ECOSYSTEM_").lower()
    head, at, tail = rest.rpartition("@")
    name = spec.target_dependency_name or (head if at and head else rest)
    if not name:
        return None
    version = spec.target_dependency_version or (tail if at and head else "")
    known = package(_ECOSYSTEMS.get(ecosystem, ecosystem), name, version)
    direct = True if "DIRECT" in tags else False if "TRANSITIVE" in tags else None
    scope = "test" if "TEST" in tags else "runtime" if "NORMAL" in tags else ""
    return Component(name=known.name, version=known.version, purl=known.purl, direct=direct, scope=scope)


def _weaknesses(known: AdvisorySpec) -> list[str]:
    given = (known.database_specific or {}).get("cwe_ids")
    return [one for one in given if isinstance(one, str)] if isinstance(given, list) else []


def _ratings(known: AdvisorySpec) -> Iterator[Cvss]:
    three, four = known.cvss_v3_severity or Severity3(), known.cvss_v4_severity or Severity4()
    for found in (
        rating(three.vector, three.score or None, "3.1"),
        rating(four.vector, four.base_score or None, "4.0"),
    ):
        if found:
            yield found


def _verification(tags: list[str]) -> Verification | None:
    if "VALID_SECRET" in tags:
        return Verification.VERIFIED
    return Verification.REFUTED if "INVALID_SECRET" in tags else None


def _suppression(spec: Spec, tags: list[str]) -> Suppression | None:
    words = [
        text
        for one in (spec.ignore, spec.snooze)
        if one
        for text in ((one.reason or "").removeprefix("EXCEPTION_REASON_").lower().replace("_", " "), one.comments or "")
        if text and text != "unspecified"
    ]
    words += (spec.exceptions.tags or ()) if spec.exceptions else ()
    if "IGNORED" in tags:
        return Suppression(origin="source", justification="; ".join(words) or "ignored by a file")
    if spec.dismiss or {"EXCEPTION", "SNOOZED", "FALSE_POSITIVE"} & set(tags):
        state = next((tag.lower().replace("_", " ") for tag in ("FALSE_POSITIVE", "SNOOZED") if tag in tags), "")
        return Suppression(origin="tool", justification="; ".join(words) or state or "dismissed")
    return None


def _ways(spec: Spec) -> Iterator[str]:
    """Yield the shortest way by which the vulnerable function is called, as one line."""
    ways = [one.nodes for one in spec.reachable_paths or () if one.nodes]
    if ways:
        steps = [node.function_ref for node in min(ways, key=len)[:20] if node.function_ref]
        names = (
            ".".join(part for part in (step.namespace, step.classname, step.function_or_attribute_name) if part)
            for step in steps
        )
        yield "Called by way of: " + " > ".join(name for name in names if name)
