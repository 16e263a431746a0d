"""Maven repositories: `maven-metadata.xml` for the versions, POMs with their parents for what each needs."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote

from lxml import etree

from seamark.intake.connectors.registries.door import Door
from seamark.intake.connectors.registries.release import Need, Release

_PROPERTY = re.compile(r"\$\{([^}]+)\}")
_DEEPEST: Final = 8
_NEEDED: Final = frozenset({"", "compile", "runtime"})


class _Pom:
    """What one POM says by itself."""

    def __init__(self, root: etree._Element) -> None:
        self.root = root
        self.parent = root.find("{*}parent")

    def text(self, path: str, under: etree._Element | None = None) -> str:
        found = (self.root if under is None else under).find("/".join(f"{{*}}{step}" for step in path.split("/")))
        return (found.text or "").strip() if found is not None else ""

    def rows(self, path: str) -> list[etree._Element]:
        return list(self.root.findall("/".join(f"{{*}}{step}" for step in path.split("/"))))


class Maven:
    """Names are `group/artifact`."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._poms: dict[tuple[str, str, str], _Pom | None] = {}

    def releases(self, name: str) -> tuple[Release, ...] | None:
        """Return all versions; None where the artefact is not there. Raises `RemoteFailure`, `XMLSyntaxError`."""
        group, artifact = _split(name)
        text = self._door.text(f"{_folder(group, artifact)}/maven-metadata.xml")
        if text is None:
            return None
        found = _parsed(text).findall("{*}versioning/{*}versions/{*}version")
        return tuple(Release(version=one.text.strip()) for one in found if one.text and one.text.strip())

    def needs(self, name: str, version: str) -> tuple[Need, ...] | None:
        """Return what a version needs to run; None where that cannot be told, as where an imported BOM says the versions."""
        group, artifact = _split(name)
        chain = self._chain(group, artifact, version)
        if not chain:
            return None
        properties = _properties(chain, group, version)
        managed = {}
        for pom in reversed(chain):
            for row in pom.rows("dependencyManagement/dependencies/dependency"):
                key = _filled(pom.text("groupId", row), properties), _filled(pom.text("artifactId", row), properties)
                managed[key] = (_filled(pom.text("version", row), properties), pom.text("scope", row))
        found = {}
        for pom in reversed(chain):
            for row in pom.rows("dependencies/dependency"):
                key = _filled(pom.text("groupId", row), properties), _filled(pom.text("artifactId", row), properties)
                ruled = managed.get(key, ("", ""))
                wanted = _filled(pom.text("version", row), properties) or ruled[0]
                needed = (pom.text("scope", row) or ruled[1]) in _NEEDED and pom.text("optional", row) != "true"
                if needed and (not wanted or "${" in wanted or "${" in "".join(key)):
                    return None
                found[key] = wanted if needed else ""
        return tuple(Need(f"{key[0]}/{key[1]}", wanted) for key, wanted in found.items() if wanted)

    def _chain(self, group: str, artifact: str, version: str) -> list[_Pom]:
        """Return a POM and its parents, nearest first; empty where one of them is missing."""
        chain: list[_Pom] = []
        for _ in range(_DEEPEST):
            pom = self._pom(group, artifact, version)
            if pom is None:
                return []
            chain.append(pom)
            if pom.parent is None:
                return chain
            group, artifact, version = (pom.text(part, pom.parent) for part in ("groupId", "artifactId", "version"))
        return []

    def _pom(self, group: str, artifact: str, version: str) -> _Pom | None:
        key = group, artifact, version
        if key not in self._poms:
            text = self._door.text(f"{_folder(group, artifact)}/{quote(version)}/{quote(f'{artifact}-{version}')}.pom") if all(key) and "${" not in "".join(key) else None  # fmt: skip
            self._poms[key] = _Pom(_parsed(text)) if text is not None else None
        return self._poms[key]


def _parsed(text: str) -> etree._Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    return etree.fromstring(text.encode(), parser)


def _split(name: str) -> tuple[str, str]:
    group, _, artifact = name.replace(":", "/").rpartition("/")
    return group, artifact


def _folder(group: str, artifact: str) -> str:
    return quote(f"{group.replace('.', '/')}/{artifact}", safe="/")


def _properties(chain: list[_Pom], group: str, version: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for pom in reversed(chain):
        block = pom.root.find("{*}properties")
        found |= {etree.QName(one).localname: (one.text or "").strip() for one in (block if block is not None else ()) if isinstance(one.tag, str)}  # fmt: skip
    return found | {f"{prefix}.{part}": value for prefix in ("project", "pom") for part, value in (("version", version), ("groupId", group))}  # fmt: skip


def _filled(text: str, properties: dict[str, str]) -> str:
    for _ in range(_DEEPEST):
        fresh = _PROPERTY.sub(lambda found: properties.get(found[1], found[0]), text)
        if fresh == text:
            break
        text = fresh
    return text
