"""Xeol: packages of an image or directory whose release is at the end of its life."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Raw, Struct, field

from seamark.intake.parsers.formats._sca import shared_rule
from seamark.intake.parsers.kit import (
    CodeLocation,
    Finding,
    ImageLocation,
    Item,
    Kind,
    Location,
    Probe,
    Reading,
    Run,
    Severity,
    json_object,
    parser,
    references,
)
from seamark.intake.parsers.kit.images import layers
from seamark.intake.parsers.kit.packages import identifiers, of_system, package, purl_kind, stable_name

RULE = "end-of-life"


class Cycle(Struct, rename="pascal"):
    product_name: str
    product_permalink: str | None = ""
    release_cycle: str | None = ""
    eol: str | bool | None = ""
    latest_release: str | None = ""
    release_date: str | None = ""


class Place(Struct):
    path: str = ""
    layer: str = field(default="", name="layerID")


class Artifact(Struct):
    name: str
    version: str = ""
    type: str = ""
    locations: list[Place] | None = None
    purl: str = ""


class Vulnerability(Struct):
    id: str = ""


class Match(Struct):
    cycle: Cycle = field(name="Cycle")
    artifact: Artifact
    vulnerabilities: list[Vulnerability] | None = field(default=None, name="Vulnerabilities")


class Layer(Struct):
    digest: str = ""


class Image(Struct, rename="camel"):
    user_input: str = ""
    manifest_digest: str = ""
    layers: list[Layer] | None = None


class Origin(Struct):
    type: str = ""
    target: Image | str | None = None


class Configuration(Struct, rename="kebab"):
    commit_hash: str = ""


class Descriptor(Struct):
    version: str = ""
    configuration: Configuration | None = None


class Report(Struct):
    matches: Raw
    source: Origin | None = None
    descriptor: Descriptor | None = None


def _is_xeol(probe: Probe) -> bool:
    return probe.get("descriptor.name") == "xeol" or probe.has("matches.0.Cycle.ProductName")


@parser(
    "xeol",
    title="Xeol",
    kind=Kind.DEPENDENCY,
    looks=json_object("matches", where=_is_xeol),
    made_with="xeol IMAGE -o json > xeol.json",
    url="https://github.com/xeol-io/xeol",
    versions="0.1 to 0.10",
    lift=("matches",),
)
def read(report: Report, reading: Reading) -> Iterator[Item]:
    origin, descriptor = report.source or Origin(), report.descriptor or Descriptor()
    image = origin.target if isinstance(origin.target, Image) else None
    name = image.user_input if image else str(origin.target or "")
    yield Run(
        tool="Xeol",
        version="" if descriptor.version.startswith("[") else descriptor.version,
        configuration=f"{origin.type} {stable_name(name)}".strip(),
        commit=descriptor.configuration.commit_hash if descriptor.configuration else "",
        image=image.user_input if image else "",
        image_digest=image.manifest_digest if image else "",
        layers=layers([layer.digest for layer in image.layers or ()]) if image else (),
    )
    for match in reading.rows(report.matches, Match, where="$.matches"):
        yield _finding(match, image)


def _finding(match: Match, image: Image | None) -> Finding:
    cycle, artifact = match.cycle, match.artifact
    component = package(artifact.type, artifact.name, artifact.version, artifact.purl)
    ended = cycle.eol if isinstance(cycle.eol, str) else ""
    system = of_system(purl_kind(component.purl))
    return Finding(
        rule=RULE,
        title=f"{cycle.product_name} {cycle.release_cycle or artifact.version} is at the end of its life"
        + (f" since {ended}" if ended else ""),
        severity=Severity.MEDIUM,
        kind=Kind.CONTAINER if system else Kind.DEPENDENCY,
        location=_place(artifact, image),
        component=component,
        about=shared_rule(id=RULE, name="End of life"),
        description=f"{artifact.name} {artifact.version} belongs to release {cycle.release_cycle or 'unknown'}"
        + (f" of {cycle.release_date}" if cycle.release_date else ""),
        remedy=f"Upgrade to {cycle.latest_release} or a later release"
        if cycle.latest_release
        else "Upgrade to a release that is maintained",
        vulnerabilities=identifiers(one.id for one in match.vulnerabilities or ()),
        references=references(cycle.product_permalink),
    )


def _place(artifact: Artifact, image: Image | None) -> Location | None:
    first = next(iter(artifact.locations or ()), Place())
    if image is not None:
        return ImageLocation(image=image.user_input, digest=image.manifest_digest, layer=first.layer, path=first.path)
    return CodeLocation(path=first.path) if first.path else None
