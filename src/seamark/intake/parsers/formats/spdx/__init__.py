"""SPDX: bills of materials of versions 2.2 and 2.3 (JSON and tag-value) and 3.0 (JSON-LD).

The YAML, RDF and spreadsheet forms are not read: convert them to JSON.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Raw, Struct, field

from seamark.intake.parsers.formats.spdx import graph, inventory, tagvalue
from seamark.intake.parsers.kit import (
    Item,
    Kind,
    Probe,
    Reading,
    Text,
    UnreadableReport,
    json_object,
    parser,
    text_start,
    variant,
)


class Document(Struct, rename="camel"):
    spdx_version: str
    name: str | None = ""
    creation_info: inventory.CreationInfo | None = None
    document_describes: list[str] | None = None
    packages: Raw = field(default_factory=Raw)
    relationships: Raw = field(default_factory=Raw)


class Exported(Struct):
    """How the dependency graph of GitHub wraps its document."""

    sbom: Document


class GraphDocument(Struct):
    elements: Raw = field(name="@graph")


def _is_second(probe: Probe) -> bool:
    return str(probe.get("spdxVersion")).startswith("SPDX-2")


def _is_third(probe: Probe) -> bool:
    return "spdx.org" in str(probe.get("@context"))


@parser(
    "spdx",
    title="SPDX",
    kind=Kind.DEPENDENCY,
    looks=json_object("spdxVersion", where=_is_second),
    made_with="syft IMAGE -o spdx-json=sbom.spdx.json",
    url="https://spdx.dev/use/specifications/",
    versions="2.2, 2.3 (JSON, tag-value), 3.0 (JSON-LD)",
    lift=("packages", "relationships"),
)
def read(document: Document, reading: Reading) -> Iterator[Item]:
    yield from _items(document, reading, "$")


@variant("spdx", looks=json_object("sbom.spdxVersion"))
def read_exported(exported: Exported, reading: Reading) -> Iterator[Item]:
    yield from _items(exported.sbom, reading, "$.sbom")


@variant("spdx", looks=json_object("@context", "@graph", where=_is_third), lift=("@graph",))
def read_graph(document: GraphDocument, reading: Reading) -> Iterator[Item]:
    yield from graph.Graph(reading.rows(document.elements, graph.Element, where="$.@graph"))


@variant("spdx", looks=text_start("SPDXVersion:"))
def read_text(lines: Text) -> Iterator[Item]:
    document = tagvalue.read(lines)
    if not document.version.startswith("SPDX-2"):
        raise UnreadableReport(
            f"This is {document.version or 'no version of SPDX'}, which has no tag-value form that is read",
            hint="write SPDX 2.3",
        )
    edges = inventory.Edges(document.relationships, ())
    yield from inventory.items(document.name, document.info, document.packages, edges)


def _items(document: Document, reading: Reading, where: str) -> Iterator[Item]:
    relationships = reading.rows(document.relationships, inventory.Relationship, where=f"{where}.relationships")
    edges = inventory.Edges(relationships, document.document_describes or ())
    packages = list(reading.rows(document.packages, inventory.Package, where=f"{where}.packages"))
    yield from inventory.items(document.name or "", document.creation_info or inventory.CreationInfo(), packages, edges)
