"""What is known of the releases of packages, as values, and who may be asked for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from msgspec import Struct


class Need(Struct, frozen=True):
    """What a release asks for."""

    name: str
    """As the ecosystem writes it, with its namespace (`@babel/core`, `org.slf4j/slf4j-api`)."""
    wanted: str = ""
    """The range as written; empty means any version."""


class Release(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One version of a package."""

    version: str
    yanked: str = ""
    """Why it was taken back, or `yes`; empty where it was not."""
    deprecated: str = ""
    """What its publisher says to those who use it; empty where it is not deprecated."""
    runtime: str = ""
    """What it asks of the language or program that runs it (`>=3.10`)."""


class Catalogue(Protocol):
    """Who knows the releases of packages. Names are the ecosystem's own, with the namespace in front."""

    def releases(self, ecosystem: str, name: str) -> tuple[Release, ...] | None:
        """Return all versions that were published, in any order; None where nobody can say."""

    def needs(self, ecosystem: str, name: str, version: str) -> tuple[Need, ...] | None:
        """Return what a version needs to run; None where nobody can say."""


class Offline:
    """Knows nothing: what a plan without a registry asks."""

    def releases(self, ecosystem: str, name: str) -> tuple[Release, ...] | None:  # noqa: ARG002 - the protocol's
        """Return None."""
        return None

    def needs(self, ecosystem: str, name: str, version: str) -> tuple[Need, ...] | None:  # noqa: ARG002 - the protocol's
        """Return None."""
        return None


class Known:
    """A catalogue of given values, by (ecosystem, name) and version."""

    def __init__(self, packages: Mapping[tuple[str, str], Mapping[str, tuple[Need, ...]]], told: Mapping[tuple[str, str, str], Release] | None = None) -> None:  # fmt: skip
        self._packages, self._told = packages, told or {}

    def releases(self, ecosystem: str, name: str) -> tuple[Release, ...] | None:
        """Return the versions of a package that is known."""
        found = self._packages.get((ecosystem, name))
        if found is None:
            return None
        return tuple(self._told.get((ecosystem, name, one), Release(version=one)) for one in found)

    def needs(self, ecosystem: str, name: str, version: str) -> tuple[Need, ...] | None:
        """Return what a version that is known needs."""
        return self._packages.get((ecosystem, name), {}).get(version)
