"""Syft's own JSON."""

from __future__ import annotations

from typing import Any

from msgspec import Raw, Struct, field

from seamark.core.component import Component, DependsOn, canonical_purl
from seamark.core.sbom import Entry, Sbom
from seamark.intake.sbom.rows import Problems, document, each

_EDGES = {"dependency-of": True, "contains": False, "ownership-by-file-overlap": False}
"""Sorts of relationship, and whether the child is the one that depends."""


class Licence(Struct, rename="camel"):
    """A licence, as given and as an expression."""

    value: str | None = ""
    spdx_expression: str | None = ""


class Cpe(Struct):
    """A CPE with where it is from."""

    cpe: str = ""


class Place(Struct):
    """Where a package was found."""

    path: str | None = ""
    layer: str | None = field(default="", name="layerID")


class Digest(Struct):
    """A digest of a package."""

    algorithm: str = ""
    value: str = ""


class Extra(Struct, rename="camel"):
    """What some cataloguers say besides."""

    maintainer: str | None = ""
    vendor: str | None = ""
    author: str | None = ""
    digest: list[Digest] | None = None


class Artifact(Struct, rename="camel"):
    """A package."""

    id: str = ""
    name: str | None = ""
    version: str | None = ""
    type: str | None = ""
    licenses: list[Licence | str] | None = None
    cpes: list[Cpe | str] | None = None
    purl: str | None = ""
    locations: list[Place] | None = None
    metadata: Raw = field(default_factory=Raw)


class Relationship(Struct):
    """An edge."""

    parent: str = ""
    child: str = ""
    type: str = ""


class Identified(Struct):
    """A file, of which only the reference counts."""

    id: str = ""


class Origin(Struct):
    """What was looked at."""

    id: str | None = ""
    name: str | None = ""
    version: str | None = ""
    type: str | None = ""
    target: Raw = field(default_factory=Raw)


class Named(Struct):
    """A tool or a schema."""

    name: str | None = ""
    version: str | None = ""


class Report(Struct, rename="camel"):
    """The document; its rows are decoded one by one."""

    artifacts: list[Raw] | None = None
    artifact_relationships: list[Raw] | None = None
    files: list[Raw] | None = None
    source: Origin | None = None
    descriptor: Named | None = None
    schema: Named | None = None


def read(data: Any) -> Sbom:
    """Return a document. Raises `UnreadableReport`."""
    report = document(data, Report)
    problems = Problems()
    entries = tuple(_entry(one) for one in each(report.artifacts, Artifact, "artifacts", problems))
    source = report.source or Origin()
    subject = _subject(source)
    root = subject.component.ref if subject else ""
    known = {one.component.ref for one in entries} | {root}
    files = {one.id for one in each(report.files, Identified, "files", problems)}
    edges: dict[str, dict[str, None]] = {}
    for row in each(report.artifact_relationships, Relationship, "artifactRelationships", problems):
        if row.type not in _EDGES:
            continue
        above, below = (row.child, row.parent) if _EDGES[row.type] else (row.parent, row.child)
        if above in known and below not in files:
            edges.setdefault(above, {})[below] = None
    tool = report.descriptor or Named()
    return Sbom(
        format="syft",
        version=(report.schema.version if report.schema else "") or "",
        name=source.name or (subject.component.name if subject else ""),
        tools=(f"{tool.name} {tool.version}".strip(),) if tool.name else (),
        subject=subject,
        roots=(root,) if root else (),
        entries=entries,
        edges=tuple(DependsOn(above, tuple(below)) for above, below in edges.items()),
        problems=problems.told(),
    )


def _subject(source: Origin) -> Entry | None:
    target = b"" if not len(source.target) else bytes(source.target)
    name = source.name or (target.decode("utf-8", "replace").strip('"') if target.startswith(b'"') else "")
    if not (name or source.id):
        return None
    kind = {"image": "container", "directory": "application", "file": "file"}.get(source.type or "", source.type or "")
    return Entry(component=Component(name=name, version=source.version or "", ref=source.id or name), type=kind)


def _entry(row: Artifact) -> Entry:
    licences = [one if isinstance(one, str) else one.spdx_expression or one.value or "" for one in row.licenses or ()]
    cpes = [one if isinstance(one, str) else one.cpe for one in row.cpes or ()]
    extra = _extra(row.metadata)
    given = row.purl or ""
    return Entry(
        component=Component(
            name=row.name or "",
            version=row.version or "",
            purl=canonical_purl(given) if given else "",
            licences=tuple(dict.fromkeys(one for one in licences if one)),
            ref=row.id,
            hashes=tuple((one.algorithm, one.value) for one in extra.digest or () if one.value),
            supplier=extra.maintainer or extra.vendor or extra.author or "",
        ),
        type="library",
        given_purl=given,
        cpes=tuple(dict.fromkeys(one for one in cpes if one)),
        layer=next((one.layer for one in row.locations or () if one.layer), ""),
    )


def _extra(raw: Raw) -> Extra:
    """Return the supplier and the digests, of which each cataloguer has its own form; what does not fit says nothing."""
    if not len(raw):
        return Extra()
    return next(each([raw], Extra, "metadata", Problems()), Extra())
