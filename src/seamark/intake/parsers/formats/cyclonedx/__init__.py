"""CycloneDX: bills of materials, vulnerability reports and VEX documents.

A document without a list of vulnerabilities is an inventory: no check ran, so its ruleset is empty and it closes
nothing. One that only states what it knows about a product (VEX) is not complete.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from seamark.intake.parsers.formats.cyclonedx import model, xml
from seamark.intake.parsers.formats.cyclonedx.findings import Findings
from seamark.intake.parsers.formats.cyclonedx.inventory import Inventory
from seamark.intake.parsers.kit import (
    DependsOn,
    Item,
    Kind,
    Reading,
    Run,
    UnreadableReport,
    Xml,
    json_object,
    moment,
    parser,
    variant,
    xml_root,
)
from seamark.intake.parsers.kit.images import origins, revision
from seamark.intake.parsers.kit.packages import stable_name, tool_title

_LIBRARIES = ("cyclonedx-python-lib", "cyclonedx-library", "cyclonedx-core-java", "cyclonedx-javascript-library")


@parser(
    "cyclonedx",
    title="CycloneDX",
    kind=Kind.DEPENDENCY,
    looks=json_object("bomFormat", "specVersion", where=lambda probe: probe.get("bomFormat") == "CycloneDX"),
    made_with="cdxgen -o bom.json",
    url="https://cyclonedx.org/specification/overview/",
    versions="1.0 to 1.7, JSON and XML",
    lift=("components", "vulnerabilities"),
)
def read(bom: model.Bom, reading: Reading) -> Iterator[Item]:
    yield from _items(
        bom,
        reading.rows(bom.components, model.Component, where="$.components"),
        reading.rows(bom.vulnerabilities, model.Vulnerability, where="$.vulnerabilities"),
        listed=len(bom.vulnerabilities) > 0 and bytes(bom.vulnerabilities) != b"null",
        has_components=len(bom.components) > 2,
    )


@variant("cyclonedx", looks=xml_root("bom", namespace="cyclonedx.org/schema/bom"))
def read_xml(document: Xml) -> Iterator[Item]:
    root = document.root
    try:
        components = [xml.component(row) for row in xml.listed(root, "components", "component")]
        services = [xml.service(row) for row in xml.listed(root, "services", "service")]
    except RecursionError:
        raise UnreadableReport("Components are nested too deeply") from None
    rows = list(xml.vulnerabilities(root))
    bom = model.Bom(
        spec_version=str(root.tag).partition("}")[0].rpartition("/")[2],
        serial_number=root.get("serialNumber", ""),
        metadata=xml.metadata(root),
        services=services,
        dependencies=xml.dependencies(root),
    )
    listed = bool(rows) or xml.child(root, "vulnerabilities") is not None
    yield from _items(bom, components, rows, listed=listed, has_components=bool(components))


def _items(
    bom: model.Bom,
    components: Iterable[model.Component],
    vulnerabilities: Iterable[model.Vulnerability],
    *,
    listed: bool,
    has_components: bool,
) -> Iterator[Item]:
    inventory = Inventory(bom)
    yield _run(bom, inventory, listed=listed, has_components=has_components)
    yield from origins(inventory.image, inventory.labels())
    for row in components:
        yield from inventory.add(row)
    for edge in bom.dependencies or ():
        if edge.depends_on:
            yield DependsOn(edge.ref, tuple(edge.depends_on))
    findings = Findings(inventory)
    for vulnerability in vulnerabilities:
        yield from findings.of(vulnerability)


def _run(bom: model.Bom, inventory: Inventory, *, listed: bool, has_components: bool) -> Run:
    metadata = bom.metadata or model.Metadata()
    tool = _tool(metadata)
    subject = metadata.component
    name = "/".join(text for text in (subject.group, subject.name) if text) if subject else ""
    return Run(
        tool=tool_title(tool.name or "") or "CycloneDX",
        version=tool.version or "",
        configuration=stable_name(name),
        complete=None if has_components or not listed else False,
        ruleset=None if listed else frozenset(),
        image=inventory.image,
        commit=revision(inventory.labels()),
        image_digest=inventory.digest,
        layers=inventory.layers(),
        finished=moment(metadata.timestamp),
    )


def _tool(metadata: model.Metadata) -> model.Tool:
    """Return the tool that made the document: the first that is not merely the library that wrote it."""
    given = metadata.tools
    rows = given if isinstance(given, list) else [*(given.components or ()), *(given.services or ())] if given else []
    named = [tool for tool in rows if tool.name]
    return next((tool for tool in named if tool.name not in _LIBRARIES), named[0] if named else model.Tool())
