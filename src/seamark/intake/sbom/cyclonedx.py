"""CycloneDX as JSON, 1.2 to 1.7. The XML brings its elements into the same rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

from msgspec import Raw, Struct, field

from seamark.core.component import Component, DependsOn, canonical_purl
from seamark.core.finding import Vex
from seamark.core.kind import VexState
from seamark.core.sbom import Entry, Sbom, Statement
from seamark.intake.parsers.formats.cyclonedx import model
from seamark.intake.sbom.rows import Problems, document, each

STATES = {
    "resolved": VexState.FIXED,
    "resolved_with_pedigree": VexState.FIXED,
    "exploitable": VexState.AFFECTED,
    "in_triage": VexState.UNDER_INVESTIGATION,
    "false_positive": VexState.FALSE_POSITIVE,
    "not_affected": VexState.NOT_AFFECTED,
}
_SCOPES = {"required": "runtime", "optional": "optional", "excluded": "development"}
_SOURCE = ("Name", "Version", "Release", "Epoch")
_LAYERS = ("aquasecurity:trivy:LayerDiffID", "syft:location:0:layerID")


class Organisation(Struct):
    """A company."""

    name: str | None = ""


class Person(Struct):
    """Somebody."""

    name: str | None = ""
    email: str | None = ""


class Swid(Struct, rename="camel"):
    """The SWID tag of a component."""

    tag_id: str | None = ""


class Row(Struct, rename="kebab", kw_only=True):
    """A component, whether in the list, nested or the subject."""

    name: str | None = ""
    type: str | None = ""
    version: str | None = ""
    group: str | None = ""
    purl: str | None = ""
    cpe: str | None = ""
    swid: Swid | None = None
    omnibor_id: list[str] | None = field(default=None, name="omniborId")
    swhid: list[str] | None = None
    bom_ref: str | None = ""
    scope: str | None = ""
    supplier: Organisation | None = None
    manufacturer: Organisation | None = None
    publisher: str | None = ""
    author: str | None = ""
    authors: list[Person] | None = None
    licenses: list[model.Licence] | None = None
    hashes: list[model.Hash] | None = None
    properties: list[model.Property] | None = None
    components: list[Row] | None = None


class Service(Struct, rename="kebab", kw_only=True):
    """A service that the subject calls."""

    name: str | None = ""
    version: str | None = ""
    group: str | None = ""
    bom_ref: str | None = ""
    provider: Organisation | None = None
    services: list[Service] | None = None


class Metadata(Struct):
    """What is said of the document itself."""

    timestamp: str | None = ""
    tools: list[model.Tool] | model.Tools | None = None
    authors: list[Person] | None = None
    component: Row | None = None
    manufacture: Organisation | None = None
    manufacturer: Organisation | None = None


class Bom(Struct, rename="camel"):
    """The document; its rows are decoded one by one."""

    spec_version: str = ""
    serial_number: str | None = ""
    metadata: Metadata | None = None
    components: list[Raw] | None = None
    services: list[Raw] | None = None
    dependencies: list[Raw] | None = None
    vulnerabilities: list[Raw] | None = None


class Gathered:
    """Entries and edges, as they are come across."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.edges: dict[str, dict[str, None]] = {}

    def add(self, row: Row, parent: str) -> None:
        """Take a component with those nested in it; a nest deeper than the decoder goes was refused before."""
        waiting = [(row, parent)]
        while waiting:
            one, above = waiting.pop()
            found = entry(one)
            self.entries.append(found)
            if above:
                self.edge(above, found.component.ref)
            waiting += [(nested, found.component.ref) for nested in reversed(one.components or ())]

    def edge(self, source: str, target: str) -> None:
        """Take an edge; one that is told twice is one."""
        self.edges.setdefault(source, {})[target] = None

    def depends(self) -> tuple[DependsOn, ...]:
        """Return all edges."""
        return tuple(DependsOn(source, tuple(targets)) for source, targets in self.edges.items() if targets)


def read(data: Any) -> Sbom:
    """Return a document. Raises `UnreadableReport`."""
    bom = document(data, Bom)
    problems = Problems()
    gathered = Gathered()
    metadata = bom.metadata or Metadata()
    subject = metadata.component
    root = reference(subject) if subject else ""
    for nested in (subject.components if subject else None) or ():
        gathered.add(nested, root)
    for row in each(bom.components, Row, "components", problems):
        gathered.add(row, "")
    for service in each(bom.services, Service, "services", problems):
        for one, above in _nested(service):
            gathered.entries.append(_service(one))
            if above:
                gathered.edge(above, one.bom_ref or one.name or "")
    for edge in each(bom.dependencies, model.Dependency, "dependencies", problems):
        for target in edge.depends_on or ():
            gathered.edge(edge.ref, target)
    rows = each(bom.vulnerabilities, model.Vulnerability, "vulnerabilities", problems)
    return assemble(bom, gathered, tuple(_statements(rows)), problems)


def assemble(
    bom: Bom, gathered: Gathered, statements: tuple[Statement, ...], problems: Problems, encoding: str = "json"
) -> Sbom:
    """Return the document made of its parts."""
    metadata = bom.metadata or Metadata()
    subject = entry(metadata.component) if metadata.component else None
    makers = [*(metadata.authors or ()), metadata.manufacturer, metadata.manufacture]
    named = [one.name or getattr(one, "email", "") or "" for one in makers if one is not None]
    return Sbom(
        format="cyclonedx",
        encoding=encoding,
        version=bom.spec_version,
        name=subject.component.name if subject else "",
        serial=bom.serial_number or "",
        created=metadata.timestamp or "",
        tools=tuple(_tools(metadata.tools)),
        authors=tuple(dict.fromkeys(one for one in named if one)),
        subject=subject,
        roots=(subject.component.ref,) if subject else (),
        entries=tuple(gathered.entries),
        edges=gathered.depends(),
        statements=statements,
        problems=problems.told(),
    )


def reference(row: Row) -> str:
    """Return what refers to a component: its own reference, its package URL, or its name and version."""
    return row.bom_ref or row.purl or f"{_full_name(row.group, row.name or '')}@{row.version or ''}"


def entry(row: Row) -> Entry:
    """Return a component."""
    properties = {one.name: one.value or "" for one in row.properties or ()}
    makers = [row.supplier, row.manufacturer]
    supplier = next((one.name for one in makers if one and one.name), "") or row.publisher or row.author or ""
    if not supplier and row.authors:
        supplier = next((one.name for one in row.authors if one.name), "")
    scope = _SCOPES.get(row.scope or "", "")
    if properties.get("cdx:npm:package:development") == "true":
        scope = "development"
    given = row.purl or ""
    tag = (row.swid.tag_id if row.swid else "") or ""
    return Entry(
        component=Component(
            name=_full_name(row.group, row.name or ""),
            version=row.version or "",
            purl=canonical_purl(given) if given else "",
            licences=tuple(_licences(row.licenses)),
            ref=reference(row),
            scope=scope,
            hashes=tuple((one.alg, one.content) for one in row.hashes or () if one.content),
            supplier=supplier or "",
        ),
        type=row.type or "",
        given_purl=given,
        cpes=(row.cpe,) if row.cpe else (),
        identifiers=(*((tag,) if tag else ()), *(row.omnibor_id or ()), *(row.swhid or ())),
        layer=next((properties[name] for name in _LAYERS if properties.get(name)), ""),
        source=_source(properties),
    )


def _source(properties: dict[str, str]) -> str:
    """Return the source package that Trivy names beside a distribution's package."""
    name, version, release, epoch = (properties.get(f"aquasecurity:trivy:Src{part}", "") for part in _SOURCE)
    whole = f"{epoch}:" * bool(epoch) + version + f"-{release}" * bool(release)
    return f"{name}@{whole}" if name and version else name


@lru_cache(maxsize=4096)
def _joined(group: str, name: str) -> str:
    return name if name.startswith(f"{group}/") else f"{group}/{name}"


def _full_name(group: str | None, name: str) -> str:
    return _joined(group, name) if group else name


def _licences(rows: Iterable[model.Licence] | None) -> Iterator[str]:
    for row in rows or ():
        found = row.expression or (row.license and (row.license.id or row.license.name))
        if found:
            yield found


def _service(row: Service) -> Entry:
    provider = (row.provider.name if row.provider else "") or ""
    name = _full_name(row.group, row.name or "")
    component = Component(name=name, version=row.version or "", ref=row.bom_ref or name, supplier=provider)
    return Entry(component=component, type="service")


def _nested(row: Service) -> Iterator[tuple[Service, str]]:
    waiting: list[tuple[Service, str]] = [(row, "")]
    while waiting:
        one, above = waiting.pop()
        yield one, above
        waiting += [(nested, one.bom_ref or "") for nested in one.services or ()]


def _tools(given: list[model.Tool] | model.Tools | None) -> Iterator[str]:
    rows = given if isinstance(given, list) else [*(given.components or ()), *(given.services or ())] if given else []
    for row in rows:
        if row.name:
            yield f"{row.name} {row.version}" if row.version else row.name


def _statements(rows: Iterable[model.Vulnerability]) -> Iterator[Statement]:
    for row in rows:
        state = STATES.get((row.analysis.state or "") if row.analysis else "")
        if state is None or row.analysis is None or not row.id:
            continue
        said = row.analysis
        yield Statement(
            vulnerability=row.id,
            aliases=tuple(one.id for one in row.references or () if one.id and one.id != row.id),
            vex=Vex(
                state=state,
                justification=said.justification or "",
                detail=said.detail or "",
                response=tuple(said.response or ()),
            ),
            refs=tuple(one.ref for one in row.affects or ()),
        )
