"""Clair 2: its own API (also inside Quay's), clair-scanner and Klar."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from msgspec import Struct, field

from seamark.intake.parsers.kit import (
    Cvss,
    Finding,
    ImageLocation,
    Item,
    Probe,
    Rule,
    Run,
    Severity,
    UnreadableReport,
    json_object,
    references,
    variant,
)
from seamark.intake.parsers.kit.packages import graded, identifiers, package, rating, stable_name

_WORST = "Defcon1"
"""What Clair 2 calls a flaw that everybody has to act on at once, above critical."""


class Named(Struct):
    """A vulnerability in a package, as clair-scanner writes it."""

    featurename: str
    vulnerability: str
    featureversion: str = ""
    namespace: str = ""
    description: str = ""
    link: str = ""
    severity: str = ""
    fixedby: str = ""


class Scanner(Struct):
    image: str
    vulnerabilities: list[Named] | None
    unapproved: list[str] | None = None


@variant("clair", looks=json_object("image", "unapproved", "vulnerabilities"))
def read_scanner(report: Scanner) -> Iterator[Item]:
    yield Run(tool="Clair", configuration=f"image {stable_name(report.image)}".strip(), image=report.image)
    for row in report.vulnerabilities or ():
        yield _finding(
            row.vulnerability, row.severity, row.featurename, row.featureversion, row.namespace, row.description,
            row.link, row.fixedby, report.image,
        )  # fmt: skip


class Klar(Struct, rename="pascal"):
    name: str
    feature_name: str = ""
    feature_version: str = ""
    namespace_name: str = ""
    description: str = ""
    link: str = ""
    severity: str = ""
    fixed_by: str = ""


class KlarReport(Struct, rename="pascal"):
    layer_count: int
    vulnerabilities: dict[str, list[Klar]] | None


@variant("clair", looks=json_object("LayerCount", "Vulnerabilities"))
def read_klar(report: KlarReport) -> Iterator[Item]:
    yield Run(tool="Clair")
    for word, rows in (report.vulnerabilities or {}).items():
        for row in rows:
            yield _finding(
                row.name, row.severity or word, row.feature_name, row.feature_version, row.namespace_name,
                row.description, row.link, row.fixed_by, "",
            )  # fmt: skip


class Score(Struct, rename="pascal"):
    score: float | None = None
    vectors: str | None = ""


class Nvd(Struct):
    v2: Score | None = field(default=None, name="CVSSv2")
    v3: Score | None = field(default=None, name="CVSSv3")


class Metadata(Struct):
    nvd: Nvd | None = field(default=None, name="NVD")


class Flaw(Struct, rename="pascal"):
    name: str
    namespace_name: str | None = ""
    description: str | None = ""
    link: str | None = ""
    severity: str | None = ""
    fixed_by: str | None = ""
    metadata: Metadata | None = None


class Feature(Struct, rename="pascal"):
    name: str
    version: str | None = ""
    namespace_name: str | None = ""
    added_by: str | None = ""
    vulnerabilities: list[Flaw] | None = None


class Layer(Struct, rename="pascal"):
    name: str = ""
    features: list[Feature] | None = None


class Layered(Struct, rename="pascal"):
    layer: Layer


@variant(
    "clair", looks=json_object("Layer", where=lambda probe: probe.has("Layer.Name") or probe.has("Layer.Features"))
)
def read_layer(report: Layered) -> Iterator[Item]:
    yield from _layer(report.layer, "Clair")


class Quay(Struct):
    status: str
    data: Layered | None = None


def _is_quay(probe: Probe) -> bool:
    waiting = probe.get("data") is None and str(probe.get("status")) in {"queued", "scanning", "failed", "unsupported"}
    return probe.has("data.Layer") or (probe.keys == {"status", "data"} and waiting)


@variant("clair", looks=json_object("status", "data", where=_is_quay))
def read_quay(report: Quay) -> Iterator[Item]:
    if report.data is None:
        raise UnreadableReport(f"Quay has no result of the scan: it is {report.status}", hint="ask again later")
    yield from _layer(report.data.layer, "Quay")


def _layer(layer: Layer, tool: str) -> Iterator[Item]:
    digest = layer.name if layer.name.startswith("sha256:") else ""
    yield Run(tool=tool, image_digest=digest)
    for feature in layer.features or ():
        for row in feature.vulnerabilities or ():
            yield _finding(
                row.name, row.severity or "", feature.name, feature.version or "",
                feature.namespace_name or row.namespace_name or "", row.description or "", row.link or "",
                row.fixed_by or "", digest, feature.added_by or "", _ratings(row.metadata),
            )  # fmt: skip


def _ratings(metadata: Metadata | None) -> tuple[Cvss, ...]:
    known = metadata.nvd if metadata else None
    if known is None:
        return ()
    pairs = ((known.v3, "3.0"), (known.v2, "2.0"))
    found = (
        rating(score.vectors or "", score.score, version, "nvd") for score, version in pairs if score and score.score
    )
    return tuple(one for one in found if one)


def _finding(
    name: str,
    given: str,
    feature: str,
    version: str,
    namespace: str,
    description: str,
    link: str,
    fixed: str,
    image: str,
    layer: str = "",
    ratings: tuple[Cvss, ...] = (),
) -> Finding:
    # Quay names an entry by its advisory and all CVEs of it (`RHSA-2024:1 CVE-2024-2`), or adds the advisory's headline.
    told, _, headline = name.partition(": ")
    names = told.split() or [name]
    return Finding(
        rule=names[0],
        title=headline or (f"{names[0]} in {feature}" if feature else names[0]),
        severity=Severity.CRITICAL if given == _WORST else graded(given, ratings),
        severity_given=given,
        location=ImageLocation(image=image, digest=image if image.startswith("sha256:") else "", layer=layer)
        if image or layer
        else None,
        component=package(namespace, feature, version) if feature else None,
        about=_about(names[0], headline, description, link),
        vulnerabilities=identifiers(names, _of_link(link)),
        cvss=ratings,
        fixed_versions=(fixed,) if fixed and fixed != "None" else (),
    )


def _of_link(link: str) -> list[str]:
    """Return the CVEs that an advisory's links are about, of databases that name the page after them."""
    words = (word.rstrip("/").rpartition("/")[2] for word in link.split())
    return [word for word in words if word.startswith("CVE-")]


@lru_cache(maxsize=8192)
def _about(rule: str, title: str, description: str, link: str) -> Rule:
    return Rule(id=rule, title=title, description=description, references=references(link))
