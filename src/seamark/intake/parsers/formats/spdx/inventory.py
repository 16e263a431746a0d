"""What all forms of SPDX 2 come to: packages, edges, and references to advisories."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct, field

from seamark.intake.parsers.kit import (
    Component,
    DependsOn,
    Finding,
    Item,
    Kind,
    Rule,
    Run,
    Severity,
    canonical_purl,
    moment,
    references,
    vulnerability_ids,
)
from seamark.intake.parsers.kit.packages import of_system, purl_kind, stable_name, tool_title

_NOTHING = frozenset({"", "NOASSERTION", "NONE"})
_SCOPES = {
    "DEV_DEPENDENCY_OF": "development",
    "DEV_TOOL_OF": "development",
    "TEST_DEPENDENCY_OF": "test",
    "TEST_TOOL_OF": "test",
    "BUILD_DEPENDENCY_OF": "development",
    "OPTIONAL_DEPENDENCY_OF": "optional",
    "RUNTIME_DEPENDENCY_OF": "runtime",
}
_FORWARDS = frozenset({"DEPENDS_ON", "CONTAINS", "STATIC_LINK", "DYNAMIC_LINK", "HAS_PREREQUISITE"})
_BACKWARDS = frozenset({"DEPENDENCY_OF", "CONTAINED_BY", "PROVIDED_DEPENDENCY_OF", "PREREQUISITE_FOR", *_SCOPES})
_CONTAINMENT = frozenset({"CONTAINS", "CONTAINED_BY"})
_ADVISORIES = frozenset({"advisory", "url", "cve", "vulnerabilitydisclosurereport", "securityother", "other"})


class Checksum(Struct, rename="camel"):
    algorithm: str = ""
    checksum_value: str = ""


class ExternalRef(Struct, rename="camel"):
    reference_type: str = ""
    reference_locator: str = ""
    reference_category: str = ""
    comment: str = ""


class Package(Struct, rename="camel"):
    name: str
    ref: str = field(default="", name="SPDXID")
    version_info: str | None = ""
    supplier: str | None = ""
    originator: str | None = ""
    license_concluded: str | None = ""
    license_declared: str | None = ""
    external_refs: list[ExternalRef] | None = None
    checksums: list[Checksum] | None = None


class Relationship(Struct, rename="camel"):
    spdx_element_id: str
    relationship_type: str
    related_spdx_element: str = ""


class CreationInfo(Struct):
    created: str = ""
    creators: list[str | dict[str, str]] | None = None


class Edges:
    """The dependency graph, read from relationships of both directions."""

    def __init__(self, relationships: Iterable[Relationship], described: Iterable[str]) -> None:
        self._targets: dict[str, dict[str, None]] = {}
        self._scopes: dict[str, str] = {}
        self._asked: list[tuple[str, str]] = []
        self._roots = set(described)
        for row in relationships:
            self._add(row)
        self._direct = {target for source, target in self._asked if source in self._roots}

    def _add(self, row: Relationship) -> None:
        kind, source, target = row.relationship_type.upper(), row.spdx_element_id, row.related_spdx_element
        if kind == "DESCRIBES":
            self._roots.add(target)
        elif kind == "DESCRIBED_BY":
            self._roots.add(source)
        if kind in _BACKWARDS:
            source, target = target, source
        elif kind not in _FORWARDS:
            return
        if _is_package(source) and _is_package(target):
            self._targets.setdefault(source, {})[target] = None
            if kind in _SCOPES:
                self._scopes.setdefault(target, _SCOPES[kind])
            if kind not in _CONTAINMENT:
                self._asked.append((source, target))

    def scope(self, ref: str) -> str:
        """Return the scope in which a package is needed."""
        return self._scopes.get(ref, "")

    def direct(self, ref: str) -> bool | None:
        """Tell whether what the document describes asks for a package itself; None where it draws no dependencies."""
        return ref in self._direct if self._direct else None

    def __iter__(self) -> Iterator[DependsOn]:
        """Yield the edges."""
        for source, targets in self._targets.items():
            yield DependsOn(source, tuple(targets))


def _is_package(ref: str) -> bool:
    """Tell packages from files and from the document; tools name them so, though the format does not ask for it."""
    return (
        bool(ref)
        and not ref.startswith(("SPDXRef-File", "SPDXRef-Snippet", "SPDXRef-DOCUMENT"))
        and ref not in _NOTHING
    )


def run(name: str, info: CreationInfo, *, has_findings: bool) -> Run:
    """Return the run. A document without advisories is an inventory: no rule ran, and it closes nothing."""
    creators = [_creator(one) for one in info.creators or ()]
    tools = [text.partition(":")[2].strip() for text in creators if text.lower().startswith("tool:")]
    tool, version = _tool(tools[0]) if tools else ("SPDX", "")
    return Run(
        tool=tool_title(tool),
        version=version,
        configuration=stable_name(name),
        ruleset=None if has_findings else frozenset(),
        finished=moment(info.created),
    )


def _creator(given: str | dict[str, str]) -> str:
    """Return `Tool: syft-1.0`; some documents have it as an object, which the format does not allow."""
    return given if isinstance(given, str) else ", ".join(f"{kind}: {name}" for kind, name in given.items())


def _tool(text: str) -> tuple[str, str]:
    """Return name and version of `syft-1.50.0` or `trivy 0.50`."""
    name, dash, version = text.rpartition("-")
    if dash and version.lstrip("v")[:1].isdigit():
        return name, version
    name, _, version = text.rpartition(" ")
    return (name, version) if name and version.lstrip("v")[:1].isdigit() else (text, "")


def component_of(package: Package, edges: Edges) -> Component:
    """Return the component of a package."""
    refs = package.external_refs or ()
    purl = next((one.reference_locator for one in refs if one.reference_type.rpartition("/")[2] == "purl"), "")
    licences = dict.fromkeys(
        text for text in (package.license_concluded, package.license_declared) if text and text not in _NOTHING
    )
    supplier = next((text for text in (package.supplier, package.originator) if text and text not in _NOTHING), "")
    return Component(
        name=package.name,
        version=package.version_info or "",
        purl=canonical_purl(purl),
        licences=tuple(licences),
        ref=package.ref,
        direct=edges.direct(package.ref),
        scope=edges.scope(package.ref),
        hashes=tuple((one.algorithm, one.checksum_value) for one in package.checksums or ()),
        supplier=supplier.partition(":")[2].strip() if supplier.startswith(("Organization:", "Person:")) else supplier,
    )


def advisories_of(package: Package, component: Component) -> Iterator[Finding]:
    """Yield a finding for each vulnerability that a package's security references name."""
    found: dict[str, list[str]] = {}
    fixes: dict[str, str] = {}
    for one in package.external_refs or ():
        kind = one.reference_type.rpartition("/")[2].lower()
        if one.reference_category.upper() != "SECURITY":
            continue
        for name in vulnerability_ids(one.reference_locator):
            if kind in _ADVISORIES:
                found.setdefault(name, []).append(one.reference_locator)
            elif kind == "fix":
                fixes[name] = f"{one.comment}: {one.reference_locator}" if one.comment else one.reference_locator
    for name, links in found.items():
        yield Finding(
            rule=name,
            title=f"{name} in {component.name}",
            severity=Severity.MEDIUM,
            kind=Kind.CONTAINER if of_system(purl_kind(component.purl)) else Kind.DEPENDENCY,
            component=component,
            about=Rule(id=name, references=references(links)),
            remedy=fixes.get(name, ""),
            vulnerabilities=(name,),
        )


def has_advisories(package: Package) -> bool:
    """Tell whether a package has security references that name vulnerabilities."""
    return any(
        one.reference_category.upper() == "SECURITY"
        and one.reference_type.rpartition("/")[2].lower() in _ADVISORIES
        and vulnerability_ids(one.reference_locator)
        for one in package.external_refs or ()
    )


def items(name: str, info: CreationInfo, packages: list[Package], edges: Edges) -> Iterator[Item]:
    """Yield everything that a document of SPDX 2 says."""
    concerned = {id(package) for package in packages if has_advisories(package)}
    yield run(name, info, has_findings=bool(concerned))
    findings: list[tuple[Package, Component]] = []
    for package in packages:
        component = component_of(package, edges)
        yield component
        if id(package) in concerned:
            findings.append((package, component))
    yield from edges
    for package, component in findings:
        yield from advisories_of(package, component)
