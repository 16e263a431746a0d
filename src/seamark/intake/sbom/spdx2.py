"""SPDX 2 in all its forms: JSON, YAML, tag-value and RDF/XML come to the same rows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
import yaml
from msgspec import Raw, Struct, field

from seamark.core.component import Component, DependsOn, canonical_purl
from seamark.core.errors import UnreadableReport
from seamark.core.sbom import Entry, Sbom
from seamark.intake.discovery.bounded import Shallow
from seamark.intake.parsers.formats.spdx import inventory, tagvalue
from seamark.intake.parsers.kit.shapes import Text
from seamark.intake.parsers.kit.source import Source
from seamark.intake.sbom.rows import Problems, document, each

_NOTHING = frozenset({"", "NOASSERTION", "NONE"})
_FORWARDS = frozenset({"DEPENDS_ON", "CONTAINS", "STATIC_LINK", "DYNAMIC_LINK", "HAS_PREREQUISITE"})
_SCOPES = {
    "DEV_DEPENDENCY_OF": "development",
    "DEV_TOOL_OF": "development",
    "BUILD_DEPENDENCY_OF": "development",
    "TEST_DEPENDENCY_OF": "test",
    "TEST_TOOL_OF": "test",
    "OPTIONAL_DEPENDENCY_OF": "optional",
    "RUNTIME_DEPENDENCY_OF": "runtime",
}
_BACKWARDS = frozenset({"DEPENDENCY_OF", "CONTAINED_BY", "PROVIDED_DEPENDENCY_OF", "PREREQUISITE_FOR", *_SCOPES})
_LARGEST_YAML = 32 * 1024**2
DOCUMENT = "SPDXRef-DOCUMENT"


class Row(inventory.Package, rename="camel", kw_only=True):
    """A package, which may lack the name that the format asks for; with what it is for."""

    name: str | None = ""  # type: ignore[assignment]
    primary_package_purpose: str | None = ""


class Identified(Struct):
    """A file or a snippet, of which only the reference counts."""

    ref: str = field(default="", name="SPDXID")


class Document(Struct, rename="camel"):
    """The document; its rows are decoded one by one."""

    spdx_version: str = ""
    name: str | None = ""
    document_namespace: str | None = ""
    creation_info: inventory.CreationInfo | None = None
    document_describes: list[str] | None = None
    packages: list[Raw] | None = None
    files: list[Raw] | None = None
    snippets: list[Raw] | None = None
    relationships: list[Raw] | None = None


class Exported(Struct):
    """How GitHub wraps the document of its dependency graph."""

    sbom: Document


def read(data: Any, encoding: str = "json") -> Sbom:
    """Return a document in JSON. Raises `UnreadableReport`."""
    return _sbom(document(data, Document), encoding)


def read_exported(data: Any) -> Sbom:
    """Return a document as GitHub wraps it. Raises `UnreadableReport`."""
    return _sbom(document(data, Exported).sbom, "json")


def read_yaml(source: Source) -> Sbom:
    """Return a document in YAML. Raises `UnreadableReport`."""
    if len(source) > _LARGEST_YAML:
        raise UnreadableReport(f"YAML of more than {_LARGEST_YAML // 1024**2} MB is not read", hint="write it as JSON")
    try:
        value = yaml.load(bytes(source.data), Loader=Shallow)  # noqa: S506 - a safe loader
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        reason = str(error).strip().split("\n", 1)[0]
        raise UnreadableReport(f"The YAML is damaged or cut off: {reason}") from None
    if _repeats(value):
        raise UnreadableReport(
            "The YAML repeats parts of itself, which could grow without bound", hint="write it as JSON"
        )
    if not isinstance(value, dict):
        raise UnreadableReport("This YAML is no SPDX document")
    try:
        return read(msgspec.json.encode(value), "yaml")
    except (TypeError, ValueError, RecursionError) as error:
        raise UnreadableReport(f"This YAML is no SPDX document: {error}") from None


def _repeats(value: Any) -> bool:
    """Tell whether a list or mapping stands at two places, as aliases make it."""
    seen: set[int] = set()
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict | list):
            if id(one) in seen:
                return True
            seen.add(id(one))
            waiting += one.values() if isinstance(one, dict) else one
    return False


def read_text(source: Source) -> Sbom:
    """Return a document in tag-value form. Raises `UnreadableReport`."""
    found = tagvalue.read(Text(source))
    if not found.version.startswith("SPDX-2"):
        raise UnreadableReport(
            f"This is {found.version or 'no version of SPDX'}, which has no tag-value form that is read",
            hint="write SPDX 2.3",
        )
    head = Document(spdx_version=found.version, name=found.name, creation_info=found.info)
    return assemble(head, found.packages, found.relationships, frozenset(), Problems(), "tag-value")


def _sbom(head: Document, encoding: str) -> Sbom:
    problems = Problems()
    if not head.spdx_version.startswith("SPDX-2"):
        raise UnreadableReport(f"This says to be {head.spdx_version or 'no version of SPDX'}", hint="write SPDX 2.3")
    packages = each(head.packages, Row, "packages", problems)
    relations = each(head.relationships, inventory.Relationship, "relationships", problems)
    others = [
        one.ref for rows in (head.files, head.snippets) for one in each(rows, Identified, "files", problems) if one.ref
    ]
    return assemble(head, packages, relations, frozenset(others), problems, encoding)


def assemble(
    head: Document,
    packages: Iterable[inventory.Package],
    relationships: Iterable[inventory.Relationship],
    others: frozenset[str],
    problems: Problems,
    encoding: str,
) -> Sbom:
    """Return the document made of its parts; `others` are the references of files and snippets, which are no components."""
    graph = _Graph(head.document_describes or (), others)
    for row in relationships:
        graph.add(row)
    entries = [_entry(one, graph.scopes.get(one.ref, "")) for one in packages]
    roots = tuple(graph.roots)
    subject = None
    if len(roots) == 1:
        subject = next((one for one in entries if one.component.ref == roots[0]), None)
        # What the document describes is its subject; everything else is what it lists.
        entries = [one for one in entries if one is not subject]
    info = head.creation_info or inventory.CreationInfo()
    creators = [one if isinstance(one, str) else ", ".join(f"{key}: {name}" for key, name in one.items()) for one in info.creators or ()]  # fmt: skip
    return Sbom(
        format="spdx",
        encoding=encoding,
        version=head.spdx_version.removeprefix("SPDX-"),
        name=head.name or "",
        serial=head.document_namespace or "",
        created=info.created,
        tools=tuple(one.partition(":")[2].strip() for one in creators if one.lower().startswith("tool:")),
        authors=tuple(
            text
            for one in creators
            if one.lower().startswith(("person:", "organization:")) and (text := _named(one)) not in _NOTHING
        ),
        subject=subject,
        roots=roots,
        entries=tuple(entries),
        edges=graph.depends(),
        problems=problems.told(),
    )


class _Graph:
    """Relationships of both directions as edges of one."""

    def __init__(self, described: Iterable[str], others: frozenset[str]) -> None:
        self.roots: dict[str, None] = dict.fromkeys(one for one in described if self._counts(one))
        self.scopes: dict[str, str] = {}
        self._others = others
        self._targets: dict[str, dict[str, None]] = {}

    @staticmethod
    def _counts(ref: str) -> bool:
        """Tell packages from the document, from files by the name that tools give them, and from other documents' elements."""
        return bool(ref) and ref not in _NOTHING and not ref.startswith(
            (DOCUMENT, "DocumentRef-", "SPDXRef-File", "SPDXRef-Snippet")
        )  # fmt: skip

    def add(self, row: inventory.Relationship) -> None:
        kind, source, target = row.relationship_type.upper(), row.spdx_element_id, row.related_spdx_element
        if kind in {"DESCRIBES", "DESCRIBED_BY"}:
            root = target if kind == "DESCRIBES" else source
            if self._counts(root) and root not in self._others:
                self.roots[root] = None
            return
        if kind in _BACKWARDS:
            source, target = target, source
        elif kind not in _FORWARDS:
            return
        if self._counts(source) and self._counts(target) and not self._others & {source, target}:
            self._targets.setdefault(source, {})[target] = None
            if kind in _SCOPES:
                self.scopes.setdefault(target, _SCOPES[kind])

    def depends(self) -> tuple[DependsOn, ...]:
        return tuple(DependsOn(source, tuple(targets)) for source, targets in self._targets.items())


def _named(text: str) -> str:
    """Return the name in `Organization: Acme (info@acme.example)`."""
    return text.partition(":")[2].partition("(")[0].strip()


def _entry(row: inventory.Package, scope: str) -> Entry:
    refs = [(one.reference_type.rpartition("/")[2].lower(), one.reference_locator) for one in row.external_refs or ()]
    given = next((locator for kind, locator in refs if kind == "purl" and locator), "")
    licences = dict.fromkeys(
        text for text in (row.license_concluded, row.license_declared) if text and text not in _NOTHING
    )
    supplier = next((text for text in (row.supplier, row.originator) if text and text not in _NOTHING), "")
    purpose = getattr(row, "primary_package_purpose", "") or ""
    return Entry(
        component=Component(
            name=row.name or "",
            version=row.version_info or "",
            purl=canonical_purl(given) if given else "",
            licences=tuple(licences),
            ref=row.ref,
            scope=scope,
            hashes=tuple((one.algorithm, one.checksum_value) for one in row.checksums or () if one.checksum_value),
            supplier=_named(supplier) if supplier.startswith(("Organization:", "Person:")) else supplier,
        ),
        type=purpose.lower().replace("_", "-"),
        given_purl=given,
        cpes=tuple(locator for kind, locator in refs if kind in {"cpe23type", "cpe22type"} and locator),
        identifiers=tuple(locator for kind, locator in refs if kind in {"swid", "swh", "gitoid"} and locator),
    )
