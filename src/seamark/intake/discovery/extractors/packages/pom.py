"""Maven's project files: what one says, and what it has from its parents and from managed versions in the same tree."""

from __future__ import annotations

import re
from collections import ChainMap
from collections.abc import Mapping
from typing import Final

from lxml import etree
from msgspec import Struct, field

from seamark.intake.discovery.extractors.packages.read import children, inner, local, xml_at
from seamark.intake.discovery.tree import Tree, folder_of, joined

_PROPERTY = re.compile(r"\$\{([^${}]{1,200})\}")
_DEEPEST: Final = 20
_LONGEST: Final = 500


class Need(Struct):
    """A dependency as it is written, with its properties still in it."""

    group: str
    artifact: str
    version: str = ""
    scope: str = ""
    optional: bool = False


class Pom(Struct):
    """One `pom.xml`."""

    path: str
    group: str
    artifact: str
    version: str
    parent: tuple[str, str, str] | None = None
    parent_path: str = ""
    properties: dict[str, str] = field(default_factory=dict)
    managed: dict[str, list[Need]] = field(default_factory=dict)
    """By artifact; under an empty one those whose artifact is a property."""
    imported: list[Need] = field(default_factory=list)
    needs: list[Need] = field(default_factory=list)
    modules: list[str] = field(default_factory=list)
    licences: list[str] = field(default_factory=list)


def read(tree: Tree, path: str) -> Pom | None:
    """Return what a `pom.xml` says, None where it is none or broken."""
    root = xml_at(tree, path)
    if root is None or local(root) != "project":
        return None
    above = next(iter(children(root, "parent")), None)
    parent = (
        (inner(above, "groupId"), inner(above, "artifactId"), inner(above, "version")) if above is not None else None
    )
    place = children(above, "relativePath")
    profiles = children(root, "profiles", "profile")
    pom = Pom(
        path,
        inner(root, "groupId") or (parent[0] if parent else ""),
        inner(root, "artifactId"),
        inner(root, "version") or (parent[2] if parent else ""),
        parent,
        (place[0].text or "").strip() if place else "../pom.xml",
        licences=[name for each in children(root, "licenses", "license") if (name := inner(each, "name"))],
    )
    for each in children(root, "properties"):
        pom.properties |= {local(child): (child.text or "").strip()[:_LONGEST] for child in each if local(child)}
    for need in (_need(each) for each in children(root, "dependencyManagement", "dependencies", "dependency")):
        if need.scope == "import":
            pom.imported.append(need)
        else:
            pom.managed.setdefault("" if "${" in need.artifact else need.artifact, []).append(need)
    pom.needs = [_need(each) for each in children(root, "dependencies", "dependency")]
    pom.modules = [(each.text or "").strip() for each in children(root, "modules", "module")]
    for profile in profiles:
        pom.needs += [_need(each, optional=True) for each in children(profile, "dependencies", "dependency")]
        pom.modules += [(each.text or "").strip() for each in children(profile, "modules", "module")]
    return pom


def _need(node: etree._Element, *, optional: bool = False) -> Need:
    said = {local(child): (child.text or "").strip() for child in node}
    return Need(
        said.get("groupId", ""),
        said.get("artifactId", ""),
        said.get("version", ""),
        said.get("scope", ""),
        optional or said.get("optional") == "true",
    )


class Poms:
    """The project files of a tree, with what they have from each other."""

    def __init__(self, poms: Mapping[str, Pom]) -> None:
        self.poms = poms
        self.by_name = {(pom.group, pom.artifact): pom for pom in poms.values()}
        self._lines: dict[str, list[Pom]] = {}

    def line(self, pom: Pom) -> list[Pom]:
        """Return a project with its parents in the tree, itself first."""
        if pom.path not in self._lines:
            found = [pom]
            while len(found) < _DEEPEST and (above := self._parent(found[-1])) is not None and above not in found:
                found.append(above)
            self._lines[pom.path] = found
        return self._lines[pom.path]

    def _parent(self, pom: Pom) -> Pom | None:
        if pom.parent is None:
            return None
        if pom.parent_path:
            place = joined(folder_of(pom.path), pom.parent_path)
            beside = self.poms.get(place) or self.poms.get(f"{place}/pom.xml".lstrip("/"))
            if beside is not None and beside.artifact == pom.parent[1]:
                return beside
        return self.by_name.get(pom.parent[:2])

    def properties(self, pom: Pom) -> Mapping[str, str]:
        """Return the properties that hold for a project: the nearest wins."""
        own: dict[str, str] = {}
        for prefix in ("project.", "pom.", ""):
            own |= {f"{prefix}version": pom.version, f"{prefix}groupId": pom.group, f"{prefix}artifactId": pom.artifact}
        if pom.parent:
            own |= {"project.parent.version": pom.parent[2], "project.parent.groupId": pom.parent[0]}
        return ChainMap(own, *(each.properties for each in self.line(pom)))

    def managed(self, pom: Pom, group: str, artifact: str, seen: set[str] | None = None) -> Need:
        """Return what parents, and lists that they import from the tree, say of a dependency; an empty need for nothing."""
        seen = {pom.path} if seen is None else seen
        known = self.properties(pom)
        for each in self.line(pom):
            for need in (*each.managed.get(artifact, ()), *each.managed.get("", ())):
                if filled(need.artifact, known) == artifact and filled(need.group, known) == group:
                    return Need(group, artifact, filled(need.version, known), need.scope, need.optional)
        for each in self.line(pom):
            for need in each.imported:
                listed = self.by_name.get((filled(need.group, known), filled(need.artifact, known)))
                if listed is not None and listed.path not in seen and len(seen) < _DEEPEST:
                    seen.add(listed.path)
                    found = self.managed(listed, group, artifact, seen)
                    if found.version:
                        return found
        return Need(group, artifact)


def filled(text: str, known: Mapping[str, str]) -> str:
    """Return a text with its properties replaced; what is not known stays as it is written."""
    text = text[:_LONGEST]
    for _ in range(_DEEPEST):
        if "${" not in text:
            break
        changed = _PROPERTY.sub(lambda name: known.get(name[1], name[0]), text)[:_LONGEST]
        if changed == text:
            break
        text = changed
    return text
