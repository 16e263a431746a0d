"""MSBuild's project files as far as packages go: properties, references, and centrally managed versions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from lxml import etree
from msgspec import Struct, field

from seamark.intake.discovery.extractors.packages.read import children, inner, local, xml_at
from seamark.intake.discovery.tree import Tree

_PROPERTY = re.compile(r"\$\(([A-Za-z_][\w.]*)\)")
_LONGEST: Final = 500


class Reference(Struct, frozen=True):
    """A package that a project refers to, or whose version is managed."""

    name: str
    version: str = ""
    update: bool = False
    private: bool = False


class Project(Struct):
    """A project or properties file."""

    sdk: str = ""
    properties: dict[str, str] = field(default_factory=dict)
    references: list[Reference] = field(default_factory=list)
    versions: list[Reference] = field(default_factory=list)
    everywhere: list[Reference] = field(default_factory=list)
    managed: dict[str, str] = field(default_factory=dict)
    """Versions by names in lower case."""


def read(tree: Tree, path: str) -> Project | None:
    """Return what a project file says of packages, None where it is none or broken."""
    root = xml_at(tree, path)
    if root is None or local(root) != "Project":
        return None
    found = Project(str(root.get("Sdk") or "").lower())
    for group in children(root, "PropertyGroup"):
        found.properties |= {local(each).lower(): (each.text or "").strip()[:_LONGEST] for each in group if local(each)}
    into = {
        "PackageReference": found.references,
        "PackageVersion": found.versions,
        "GlobalPackageReference": found.everywhere,
    }
    groups = children(root, "ItemGroup") + children(root, "Choose", "When", "ItemGroup") + children(root, "Choose", "Otherwise", "ItemGroup")  # fmt: skip
    for group in groups:
        for each in group:
            if (kept := into.get(local(each))) is not None:
                kept.extend(_references(each))
    found.managed = {one.name.lower(): one.version for one in found.versions}
    return found


def _references(node: etree._Element) -> list[Reference]:
    said = {str(key).lower(): str(value).strip() for key, value in node.attrib.items()}
    names = said.get("include") or said.get("update") or ""
    version = (
        said.get("versionoverride") or inner(node, "VersionOverride") or said.get("version") or inner(node, "Version")
    )
    private = (said.get("privateassets") or inner(node, "PrivateAssets")).lower() == "all"
    return [
        Reference(name.strip(), version, "include" not in said, private) for name in names.split(";") if name.strip()
    ]


def filled(text: str, known: Mapping[str, str]) -> str:
    """Return a text with its properties replaced; what is not known stays as it is written."""
    text = text[:_LONGEST]
    for _ in range(10):
        if "$(" not in text:
            break
        text = _PROPERTY.sub(lambda name: known.get(name[1].lower(), name[0]), text)[:_LONGEST]
    return text
