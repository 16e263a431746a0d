"""What is planned for: the packages that one manifest with its lock installs, and the moves that may change them."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from seamark.core.advisory import advisory_key
from seamark.core.component import parse_purl
from seamark.response.remediation.change import ChangeKind

NESTED: Final = frozenset({"npm", "cargo"})
"""Ecosystems in which a project may install several versions of one package."""
FORCES: Final = frozenset({"npm", "maven", "nuget", "golang"})
"""Ecosystems in which a project can force a version on packages that ask for another one."""
SYSTEMS: Final = frozenset({"alpm", "apk", "deb", "rpm"})
"""Packages of operating systems: no manifest of a repository names them."""


class Part(Struct, frozen=True, kw_only=True):
    """A package version that is installed."""

    package: str
    """Its `advisory_key`: `npm/@babel/core`."""
    name: str
    """As the ecosystem writes it."""
    version: str
    purl: str = ""
    direct: bool = False
    scope: str = ""

    @property
    def node(self) -> Node:
        """Package and version, which name it within its project."""
        return self.package, self.version


Node = tuple[str, str]


class Project(Struct, frozen=True, kw_only=True):
    """What one manifest with its lock installs."""

    place: str
    """Which one it is, over all repositories: `github.com/acme/shop//web/package-lock.json`."""
    ecosystem: str
    manager: str = ""
    manifests: tuple[str, ...] = ()
    """Paths of manifest and lock, relative to the root of the repository."""
    lock: str = ""
    """The one of `manifests` that is a lock; empty where there is none."""
    parts: tuple[Part, ...] = ()
    edges: dict[Node, tuple[Node, ...]] = {}
    """What each installed version depends on, as it is installed."""
    wanted: dict[str, str] = {}
    """The ranges that the manifest itself writes, by package."""
    publishes: str = ""
    """The package that the repository itself publishes from here, where it says so."""
    forces: bool | None = None
    """Whether versions can be forced on others; None stands for what is usual in the ecosystem."""

    @property
    def may_force(self) -> bool:
        """Tell whether a version can be forced against what other packages ask for."""
        return self.ecosystem in FORCES if self.forces is None else self.forces


class Move(Struct, frozen=True, order=True):
    """One change to a project: another version of one installed package."""

    package: str
    from_version: str
    version: str
    forced: bool = False
    """Whether it is written down as an override; else the manifest or lock that names the package gets another version."""

    @property
    def node(self) -> Node:
        """What is moved."""
        return self.package, self.from_version

    @property
    def kind(self) -> ChangeKind:
        """Which sort of change it is."""
        return ChangeKind.OVERRIDE if self.forced else ChangeKind.BUMP


def package_of(ecosystem: str, name: str) -> str:
    """Return the key of a package by its name with the namespace in front (`@babel/core`, `org.slf4j/slf4j-api`, `org.slf4j:slf4j-api`)."""
    namespace, _, last = (name.replace(":", "/") if ecosystem == "maven" else name).rpartition("/")
    return advisory_key(ecosystem, namespace, last)


def package_of_purl(purl: str) -> str:
    """Return the key of the package of a package URL, empty where that is none."""
    parsed = parse_purl(purl) if purl else None
    return advisory_key(parsed.type, parsed.namespace or "", parsed.name) if parsed else ""
