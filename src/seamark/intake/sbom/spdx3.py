"""SPDX 3 as JSON-LD: a graph of elements in any order."""

from __future__ import annotations

from typing import Any, Final

from msgspec import Raw, Struct, field

from seamark.core.component import Component, DependsOn, canonical_purl
from seamark.core.finding import Vex
from seamark.core.kind import VexState
from seamark.core.sbom import Entry, Sbom, Statement
from seamark.intake.parsers.formats.spdx import graph
from seamark.intake.sbom.rows import Problems, document, each

_PACKAGES: Final = frozenset({"software_Package", "ai_AIPackage", "dataset_DatasetPackage"})
_EDGES: Final = frozenset({"dependsOn", "contains", "hasDynamicLink", "hasStaticLink", "hasPrerequisite"})
_LICENCES: Final = frozenset({"hasConcludedLicense", "hasDeclaredLicense"})
_SCOPES: Final = {"development": "development", "build": "development", "test": "test", "runtime": "runtime"}
_STATES: Final = {
    "security_VexAffectedVulnAssessmentRelationship": VexState.AFFECTED,
    "security_VexNotAffectedVulnAssessmentRelationship": VexState.NOT_AFFECTED,
    "security_VexFixedVulnAssessmentRelationship": VexState.FIXED,
    "security_VexUnderInvestigationVulnAssessmentRelationship": VexState.UNDER_INVESTIGATION,
}


class Row(graph.Element, rename="camel"):
    """An element, with the fields that an inventory needs besides."""

    created_by: list[str] | None = None
    spec_version: str | None = ""
    purpose: str | None = field(default="", name="software_primaryPurpose")
    originated_by: list[str] | None = None


class Graph(Struct, rename="camel"):
    """The document: all its elements in one list."""

    elements: list[Raw] = field(name="@graph")
    context: Any = field(default="", name="@context")


def read(data: Any) -> Sbom:
    """Return a document. Raises `UnreadableReport`."""
    given = document(data, Graph)
    problems = Problems()
    found = _Sorted()
    for row in each(given.elements, Row, "@graph", problems):
        found.add(row)
    roots = tuple(dict.fromkeys(found.roots()))
    entries = [found.entry(one) for one in found.packages]
    subject = None
    if len(roots) == 1:
        subject = next((one for one in entries if one.component.ref == roots[0]), None)
        entries = [one for one in entries if one is not subject]
    known = {one.key for one in found.packages}
    version = found.creation.spec_version or str(given.context).rpartition("/rdf/")[2].partition("/")[0]
    return Sbom(
        format="spdx",
        encoding="json",
        version=version,
        name=found.document.name or (subject.component.name if subject else ""),
        serial=found.document.key,
        created=found.creation.created,
        tools=found.names(found.creation.created_using),
        authors=found.names(found.creation.created_by),
        subject=subject,
        roots=roots,
        entries=tuple(entries),
        edges=tuple(
            DependsOn(source, tuple(targets))
            for source, all_targets in found.edges.items()
            if source in known and (targets := [one for one in all_targets if one not in found.others])
        ),
        statements=tuple(found.statements()),
        problems=problems.told(),
    )


class _Sorted:
    """The elements by what they are."""

    def __init__(self) -> None:
        self.packages: list[Row] = []
        self.creation = Row()
        self.document = Row()
        self.edges: dict[str, dict[str, None]] = {}
        self.others: set[str] = set()
        self._bills: list[Row] = []
        self._described: list[str] = []
        self._named: dict[str, Row] = {}
        self._scopes: dict[str, str] = {}
        self._licences: dict[str, dict[str, None]] = {}
        self._stated: list[Row] = []

    def add(self, row: Row) -> None:
        kind = row.kind
        if row.key:
            self._named[row.key] = row
        if kind in _PACKAGES:
            self.packages.append(row)
        elif kind == "CreationInfo":
            self.creation = row
        elif kind == "SpdxDocument":
            self.document = row
        elif kind in {"software_Sbom", "Bom"}:
            self._bills.append(row)
        elif kind in _STATES:
            self._stated.append(row)
        elif row.from_:
            self._relate(row)
        elif row.key:
            self.others.add(row.key)

    def _relate(self, row: Row) -> None:
        if row.relationship_type in _EDGES:
            self.edges.setdefault(row.from_, {}).update(dict.fromkeys(row.targets))
            for target in row.targets if row.scope in _SCOPES else ():
                self._scopes.setdefault(target, _SCOPES[row.scope])
        elif row.relationship_type in _LICENCES:
            self._licences.setdefault(row.from_, {}).update(dict.fromkeys(row.targets))
        elif row.relationship_type == "describes":
            self._described += row.targets

    def roots(self) -> list[str]:
        """Return the packages that the document is about; it may name a bill of materials that names them."""
        known = {one.key for one in self.packages}
        named = [*(self.document.root_element or ()), *self._described]
        for bill in self._bills:
            named += bill.root_element or ()
        return [one for one in named if one in known]

    def names(self, keys: list[str] | None) -> tuple[str, ...]:
        """Return the names of people, organisations or tools."""
        return tuple(one.name for key in keys or () if (one := self._named.get(key)) is not None and one.name)

    def entry(self, row: Row) -> Entry:
        """Return a package."""
        named = [(one.external_identifier_type, one.identifier) for one in row.external_identifier or ()]
        given = row.purl or next((value for sort, value in named if sort in {"packageUrl", "purl", "packageURL"}), "")
        supplier = self.names([row.supplied_by or "", *(row.originated_by or ())])
        licences = (self._licence(key) for key in self._licences.get(row.key, ()))
        return Entry(
            component=Component(
                name=row.name or "",
                version=row.version or "",
                purl=canonical_purl(given) if given else "",
                licences=tuple(dict.fromkeys(one for one in licences if one)),
                ref=row.key,
                scope=self._scopes.get(row.key, ""),
                hashes=tuple((one.algorithm, one.hash_value) for one in row.verified_using or () if one.hash_value),
                supplier=supplier[0] if supplier else "",
            ),
            type=row.purpose or "",
            given_purl=given or "",
            cpes=tuple(value for sort, value in named if sort.lower().startswith("cpe")),
            identifiers=tuple(value for sort, value in named if sort in {"swid", "swhid", "gitoid"}),
        )

    def _licence(self, key: str) -> str:
        """Return a licence's expression; the listed licences are known by their address alone."""
        element = self._named.get(key)
        if element is not None:
            found = element.licence or element.licence_id or element.name or ""
        else:
            found = key.rpartition("/")[2] if "spdx.org/licenses/" in key else ""
        return "" if found in {"NOASSERTION", "NONE"} else found

    def statements(self) -> list[Statement]:
        """Return what assessments say, each with the name of its vulnerability."""
        told = []
        for row in self._stated:
            flaw = self._named.get(row.from_)
            names = [one.identifier for one in (flaw.external_identifier if flaw else None) or () if one.identifier]
            names += [flaw.name] if flaw and flaw.name else []
            names = list(dict.fromkeys(names)) or [row.from_]
            vex = Vex(
                state=_STATES[row.kind],
                justification=row.justification or "",
                detail=row.impact or row.status_notes or "",
            )
            told.append(Statement(vulnerability=names[0], aliases=tuple(names[1:]), vex=vex, refs=row.targets))
        return told
