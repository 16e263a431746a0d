"""Syft's own JSON: the packages of an image, a directory or a file, and which of them need which.

It is an inventory: no check ran, so its ruleset is empty and it closes nothing. Only `dependency-of` is an edge: that
an image contains all of its packages says nothing of who asked for them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Raw, Struct, field

from seamark.intake.parsers.kit import (
    Component,
    DependsOn,
    Item,
    Kind,
    Probe,
    Reading,
    Run,
    canonical_purl,
    json_object,
    parser,
)
from seamark.intake.parsers.kit.images import layers, origins, revision
from seamark.intake.parsers.kit.packages import package, stable_name, tool_title

_MOST_HASHES = 20


class Licence(Struct, gc=False, rename="camel"):
    value: str | None = ""
    spdx_expression: str | None = ""


class Extra(Struct, gc=False):
    """What catalogers say besides; each has a form of its own."""

    maintainer: Any = None
    vendor: Any = None
    author: Any = None
    digest: Any = None


class Artifact(Struct, gc=False):
    id: str = ""
    name: str | None = ""
    version: str | None = ""
    type: str | None = ""
    licenses: list[Licence | str] | None = None
    purl: str | None = ""
    metadata: Extra | None = None


class Relationship(Struct, gc=False):
    parent: str
    child: str
    type: str


class Layer(Struct):
    digest: str = ""


class Image(Struct, rename="camel"):
    """The subject: of an image all of this, of a directory or file its path."""

    user_input: str | None = ""
    manifest_digest: str | None = ""
    repo_digests: list[str] | None = None
    layers: list[Layer] | None = None
    labels: dict[str, str] | None = None
    path: str | None = ""


class Origin(Struct):
    name: str | None = ""
    type: str | None = ""
    metadata: Image | None = None
    target: Image | str | None = None
    """Where versions before 1.0 keep the metadata."""


class Named(Struct):
    name: str | None = ""
    version: str | None = ""


class Report(Struct, rename="camel"):
    artifacts: Raw
    source: Origin
    artifact_relationships: Raw = field(default_factory=Raw)
    descriptor: Named | None = None


def _is_syft(probe: Probe) -> bool:
    return probe.get("descriptor.name") == "syft" or probe.has("artifactRelationships")


@parser(
    "syft",
    title="Syft",
    kind=Kind.DEPENDENCY,
    looks=json_object("artifacts", "source", "descriptor", where=_is_syft),
    made_with="syft IMAGE -o syft-json=syft.json",
    url="https://github.com/anchore/syft/tree/main/schema/json",
    versions="0.19 to 1.42 (schema 1.1 to 16.1)",
    lift=("artifacts", "artifactRelationships"),
)
def read(report: Report, reading: Reading) -> Iterator[Item]:
    source, tool = report.source, report.descriptor or Named()
    target = source.target if isinstance(source.target, Image) else None
    subject = source.metadata or target or Image()
    name = subject.user_input or subject.path or source.name or ""
    if isinstance(source.target, str):
        name = name or source.target
    is_image = (source.type or "") == "image"
    labels = (subject.labels if is_image else None) or {}
    yield Run(
        tool=tool_title(tool.name or "") or "Syft",
        version=(tool.version or "").removeprefix("v"),
        configuration=f"{source.type or ''} {stable_name(name)}".strip(),
        ruleset=frozenset(),
        commit=revision(labels),
        image=name if is_image else "",
        image_digest=_digest(subject) if is_image else "",
        layers=layers([layer.digest for layer in subject.layers or ()]) if is_image else (),
    )
    if is_image:
        yield from origins(name, labels)
    for artifact in reading.rows(report.artifacts, Artifact, where="$.artifacts"):
        yield _component(artifact)
    needs: dict[str, dict[str, None]] = {}
    for row in reading.rows(report.artifact_relationships, Relationship, where="$.artifactRelationships"):
        if row.type == "dependency-of" and row.child and row.parent:
            needs.setdefault(row.child, {})[row.parent] = None
    for ref, targets in needs.items():
        yield DependsOn(ref, tuple(targets))


def _digest(image: Image) -> str:
    published = next((text.partition("@")[2] for text in image.repo_digests or () if "@" in text), "")
    return published or image.manifest_digest or ""


def _component(row: Artifact) -> Component:
    extra = row.metadata or Extra()
    given = [one if isinstance(one, str) else one.spdx_expression or one.value or "" for one in row.licenses or ()]
    supplier = next((one for one in (extra.maintainer, extra.vendor, extra.author) if one and isinstance(one, str)), "")
    known = package(row.type or "", row.name or "", row.version or "", row.purl or "")
    return Component(
        name=known.name,
        version=known.version,
        # What has no package URL is often a system's package, whose distribution only the whole document knows.
        purl=canonical_purl(row.purl) if row.purl else "",
        licences=tuple(dict.fromkeys(one for one in given if one)),
        ref=row.id,
        hashes=tuple(_hashes(extra.digest)),
        supplier=supplier,
    )


def _hashes(given: Any) -> Iterator[tuple[str, str]]:
    """Yield the digests of a package that is a file of its own, such as a Java archive."""
    for one in given[:_MOST_HASHES] if isinstance(given, list) else ():
        if isinstance(one, dict):
            algorithm, value = one.get("algorithm"), one.get("value")
            if isinstance(algorithm, str) and isinstance(value, str) and value:
                yield algorithm, value
