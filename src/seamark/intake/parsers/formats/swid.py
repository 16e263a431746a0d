"""SWID tags (ISO/IEC 19770-2): one installed product each, with the patches and parts it names."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct, field

from seamark.intake.parsers.kit import Component, DependsOn, Item, Kind, Run, UnreadableReport, Xml, parser, xml_root

_SUPPLIERS = ("softwareCreator", "aggregator", "distributor", "tagCreator")


class Entity(Struct):
    name: str = field(name="@name", default="")
    role: str = field(name="@role", default="")


class Link(Struct):
    href: str = field(name="@href", default="")
    rel: str = field(name="@rel", default="")


class Tag(Struct):
    name: str = field(name="@name")
    id: str = field(name="@tagId", default="")
    version: str = field(name="@version", default="")
    entities: list[Entity] | Entity | None = field(name="Entity", default=None)
    links: list[Link] | Link | None = field(name="Link", default=None)


@parser(
    "swid",
    title="SWID tag",
    kind=Kind.DEPENDENCY,
    looks=xml_root("SoftwareIdentity", namespace="iso/19770/-2"),
    made_with="the product's own tag (*.swidtag), or a generator of ISO/IEC 19770-2:2015 tags",
    url="https://csrc.nist.gov/projects/software-identification-swid",
    versions="ISO/IEC 19770-2:2015",
)
def read(document: Xml) -> Iterator[Item]:
    tags = list(document.each("SoftwareIdentity", row=Tag))
    if not tags:
        raise UnreadableReport("The SWID tag is empty")
    yield Run(tool="SWID tag")
    for tag in tags:
        yield Component(name=tag.name, version=tag.version, ref=tag.id, supplier=_supplier(tag))
        targets = tuple(
            link.href.removeprefix("swid:")
            for link in _listed(tag.links)
            if link.rel in {"requires", "component"} and link.href
        )
        if targets and tag.id:
            yield DependsOn(tag.id, targets)


def _listed(value: list[Link] | Link | None) -> list[Link]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _supplier(tag: Tag) -> str:
    """Return who made the product; the maker of the tag where nobody else is named."""
    entities = tag.entities if isinstance(tag.entities, list) else [tag.entities] if tag.entities else []
    for role in _SUPPLIERS:
        for entity in entities:
            if role.lower() in entity.role.lower().split():
                return entity.name
    return ""
