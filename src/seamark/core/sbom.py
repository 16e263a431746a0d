"""An inventory of software (SBOM) as its document tells it, whatever its format."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from seamark.core.component import Component, DependsOn, package_key
from seamark.core.finding import Vex


class Entry(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One component of a document, with what tells of it beyond the package version itself."""

    component: Component
    type: str = ""
    """As CycloneDX has it: `library`, `application`, `container`, `operating-system`, `file` … or empty."""
    given_purl: str = ""
    """The package URL as it stands in the document, which need not be a valid one."""
    cpes: tuple[str, ...] = ()
    identifiers: tuple[str, ...] = ()
    """Other unique identifiers: SWID tags, software heritage ids, OmniBOR."""
    layer: str = ""
    """DiffID or digest of the image layer it lies in."""
    source: str = ""
    """The source package it was built from, as `name@version`, where the package URL does not say it."""

    @property
    def package(self) -> str:
        """What names the package over all its versions: by its package URL, else by its name."""
        return package_key(self.component.purl) or self.component.name


class Statement(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A VEX statement: what is known about a vulnerability in components of a document."""

    vulnerability: str
    aliases: tuple[str, ...] = ()
    vex: Vex
    refs: tuple[str, ...] = ()
    """`Component.ref`s or package URLs that it speaks of."""


class Sbom(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one document says."""

    format: str
    """`cyclonedx`, `spdx`, `syft` or `swid`."""
    encoding: str = "json"
    """`json`, `xml`, `tag-value`, `yaml` or `rdf`."""
    version: str = ""
    """Version of the format: `1.6`, `2.3`."""
    name: str = ""
    serial: str = ""
    """Serial number or namespace, which names the document in the world."""
    created: str = ""
    """As given; RFC 3339 where the document keeps to its format."""
    tools: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    """People and organisations that made the document."""
    subject: Entry | None = None
    """What the document is about; not among the entries."""
    roots: tuple[str, ...] = ()
    """References of what the document describes."""
    entries: tuple[Entry, ...] = ()
    edges: tuple[DependsOn, ...] = ()
    """Dependencies and containment."""
    statements: tuple[Statement, ...] = ()
    problems: tuple[str, ...] = ()
    """What is wrong with the document, a sentence each; at most 50."""


def with_problem(sbom: Sbom, sentence: str) -> Sbom:
    """Return the document with a problem more."""
    return replace(sbom, problems=(*sbom.problems, sentence)[:50])
