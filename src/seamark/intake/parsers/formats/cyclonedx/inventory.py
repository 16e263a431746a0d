"""The components of a document: what findings refer to, how they hang together, and where they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from urllib.parse import unquote

from msgspec import Struct
from msgspec.structs import replace

from seamark.intake.parsers.formats.cyclonedx import model
from seamark.intake.parsers.kit import CodeLocation, Component, ImageLocation, Location, canonical_purl, display_name
from seamark.intake.parsers.kit.images import SOURCE, layers
from seamark.intake.parsers.kit.packages import DependencyGraph, of_system, purl_kind

_PATHS = (
    "aquasecurity:trivy:PkgPath",
    "aquasecurity:trivy:FilePath",
    "syft:location:0:path",
    "cdx:npm:package:path",
    "SrcFile",
)
_LABELS = ("aquasecurity:trivy:Labels:", "syft:image:labels:")
_LAYERS = ("aquasecurity:trivy:LayerDiffID", "syft:location:0:layerID")
_SCOPES = {"required": "runtime", "optional": "optional", "excluded": "development"}


def reference(row: model.Part) -> str:
    """Return what refers to a component: its own reference where it has one."""
    if row.bom_ref or row.purl:
        return row.bom_ref or row.purl or ""
    name = getattr(row, "name", "") or ""
    return f"{_full_name(row.group, name)}@{row.version or ''}"


class Known(Struct, frozen=True):
    """A component, and where in the subject it was found."""

    component: Component
    path: str = ""
    line: int | None = None
    layer: str = ""


class Inventory:
    """All components of a document by their reference, with the graph that the document draws."""

    def __init__(self, bom: model.Bom) -> None:
        self._known: dict[str, Known] = {}
        self._graph = DependencyGraph()
        self._ways: dict[str, tuple[tuple[str, ...], ...]] = {}
        self._subject = bom.metadata.component if bom.metadata else None
        self.serial = (bom.serial_number or "").removeprefix("urn:uuid:")
        self.image, self.digest = _image(self._subject)
        self._about = [
            one
            for rows in (bom.metadata and bom.metadata.properties, self._subject and self._subject.properties)
            for one in rows or ()
        ]
        root = (self._subject.bom_ref if self._subject else "") or ""
        self._direct: set[str] | None = None
        for row in bom.dependencies or ():
            for target in row.depends_on or ():
                if row.ref == root:
                    self._graph.direct(target)
                    self._direct = (self._direct or set()) | {target}
                else:
                    self._graph.add(row.ref, target)
        if self._subject is not None:
            self._remember(self._subject)
        for service in _services(bom.services):
            if service.bom_ref:
                name = _full_name(service.group, service.name)
                self._known[service.bom_ref] = Known(
                    Component(name=name, version=service.version or "", ref=service.bom_ref)
                )

    def add(self, row: model.Component) -> Iterator[Component]:
        """Remember a component and those nested in it, and yield them."""
        yield self._remember(row)
        for nested in row.components or ():
            yield from self.add(nested)

    def _remember(self, row: model.Component | model.Subject) -> Component:
        ref = row.bom_ref or ""
        purl = canonical_purl(row.purl) if row.purl else ""
        properties = {one.name: one.value or "" for one in row.properties or ()}
        direct = None if self._direct is None or not ref else ref in self._direct
        scope = _SCOPES.get(row.scope or "", "")
        if properties.get("cdx:npm:package:development") == "true":
            scope = "development"
        component = Component(
            name=_full_name(row.group, row.name or ""),
            version=row.version or "",
            purl=purl,
            licences=tuple(_licences(row.licenses)),
            ref=ref,
            direct=direct,
            scope=scope,
            hashes=tuple((one.alg, one.content) for one in row.hashes or ()),
            supplier=((row.supplier.name if row.supplier else "") or row.publisher or ""),
        )
        occurrence = next(iter((row.evidence.occurrences if row.evidence else None) or ()), None)
        path = occurrence.location if occurrence else _first(properties, _PATHS)
        self._known[reference(row)] = Known(
            component, path, occurrence.line if occurrence else None, _first(properties, _LAYERS)
        )
        return component

    def find(self, ref: str) -> Known:
        """Return what a reference means: a component here, one of another document (`urn:cdx:…#ref`), or a package URL."""
        found = self._known.get(ref)
        if found is None and ref.startswith("urn:cdx:"):
            ref = unquote(ref.partition("#")[2])
            found = self._known.get(ref)
        if found is not None:
            return found
        purl = canonical_purl(ref) if ref.startswith("pkg:") else ""
        if not purl:
            return Known(Component(name=ref, ref=ref))
        version = unquote(purl.partition("?")[0].rpartition("@")[2]) if "@" in purl.rpartition("/")[2] else ""
        return Known(Component(name=_name_of(purl), version=version, purl=purl, ref=ref))

    def layers(self) -> tuple[str, ...]:
        """Return the layers of the image that the document is about."""
        given = [one.value or "" for one in self._about if one.name == "aquasecurity:trivy:DiffID"]
        return layers(given) if self.image else ()

    def labels(self) -> dict[str, str]:
        """Return the labels of the image that the document is about; its repository stands among them."""
        links = (self._subject.external_references if self._subject else None) or ()
        repository = next((link.url for link in links if link.type == "vcs" and link.url), "")
        found = {SOURCE: repository} if repository else {}
        for one in self._about:
            for prefix in _LABELS:
                if one.name.startswith(prefix) and one.value:
                    found[one.name.removeprefix(prefix)] = one.value
        return found if self.image else {}

    def place(self, known: Known) -> Location | None:
        """Return where a component is."""
        if self.image:
            return ImageLocation(image=self.image, digest=self.digest, layer=known.layer, path=known.path)
        return CodeLocation(path=known.path, line=known.line) if known.path else None

    def ways(self, ref: str) -> tuple[tuple[str, ...], ...]:
        """Return by which direct dependencies a component comes in."""
        if not ref:
            return ()
        found = self._ways.get(ref)
        if found is None:
            found = self._ways[ref] = tuple(tuple(self._label(step) for step in way) for way in self._graph.ways(ref))
        return found

    def _label(self, ref: str) -> str:
        known = self._known.get(ref)
        if known is None:
            return ref
        return f"{known.component.name}@{known.component.version}" if known.component.version else known.component.name


def _name_of(purl: str) -> str:
    """Return a package's name; that of a system's package goes without its distribution."""
    name = display_name(purl)
    return name.rpartition("/")[2] if of_system(purl_kind(purl)) else name


def _full_name(group: str | None, name: str) -> str:
    return f"{group}/{name}" if group and not name.startswith(f"{group}/") else name


def _licences(rows: Iterable[model.Licence] | None) -> Iterator[str]:
    for row in rows or ():
        found = row.expression or (row.license and (row.license.id or row.license.name))
        if found:
            yield found


def _services(rows: list[model.Service] | None) -> Iterator[model.Service]:
    for row in rows or ():
        yield row
        yield from _services(row.services)


def _first(properties: dict[str, str], names: tuple[str, ...]) -> str:
    return next((properties[name] for name in names if properties.get(name)), "")


def _image(subject: model.Subject | None) -> tuple[str, str]:
    """Return the image that the document is about, with its digest, or nothing."""
    if subject is None or subject.type != "container":
        return "", ""
    properties = {one.name: one.value or "" for one in subject.properties or ()}
    digest = properties.get("aquasecurity:trivy:RepoDigest", "").partition("@")[2]
    version = subject.version or ""
    return _full_name(subject.group, subject.name or ""), digest or (version if version.startswith("sha256:") else "")


def at_version(known: Known, version: str) -> Known:
    """Return the component at a version that a statement names."""
    return replace(known, component=replace(known.component, version=version))
