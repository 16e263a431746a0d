"""npm's registry, and those that speak as it does."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

import msgspec
from msgspec import Struct, field

from seamark.intake.connectors.registries.door import Door
from seamark.intake.connectors.registries.release import Need, Release

_SHORT: Final = "application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8"


class _Dist(Struct):
    integrity: str = ""
    tarball: str = ""


class _Version(Struct):
    dependencies: dict[str, object] | list[object] | None = None
    """Old packages have a list, which is empty."""
    deprecated: str | bool | None = None
    dist: _Dist = field(default_factory=_Dist)
    engines: dict[str, object] | list[object] | str | None = None


class _Packument(Struct):
    versions: dict[str, _Version] = field(default_factory=dict)


_decode = msgspec.json.Decoder(_Packument, strict=False).decode


class Npm:
    """Peer dependencies are left out: whether they fit is for npm itself to say."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._read: dict[str, _Packument | None] = {}

    def releases(self, name: str) -> tuple[Release, ...] | None:
        """Return all versions; None where the package is not there. Raises `RemoteFailure`, `MsgspecError`."""
        found = self._packument(name)
        if found is None:
            return None
        return tuple(
            Release(version=version, deprecated=_words(told.deprecated), runtime=_node(told.engines)) for version, told in found.versions.items()
        )  # fmt: skip

    def needs(self, name: str, version: str) -> tuple[Need, ...] | None:
        """Return what a version depends on."""
        found = self._packument(name)
        if found is None or version not in found.versions:
            return None
        told = found.versions[version].dependencies
        return tuple(_need(one, str(wanted)) for one, wanted in told.items()) if isinstance(told, dict) else ()

    def hashes(self, name: str, version: str) -> tuple[tuple[str, str], ...]:
        """Return what a lock keeps of a version."""
        found = self._packument(name)
        dist = found.versions[version].dist if found is not None and version in found.versions else _Dist()
        return tuple(
            (key, value) for key, value in (("integrity", dist.integrity), ("resolved", dist.tarball)) if value
        )

    def _packument(self, name: str) -> _Packument | None:
        if name not in self._read:
            text = self._door.text(quote(name, safe="@"), _SHORT)
            self._read[name] = _decode(text.encode()) if text is not None else None
        return self._read[name]


def _need(name: str, wanted: str) -> Need:
    if wanted.startswith("npm:"):
        real, at, range_ = wanted[4:].rpartition("@")
        return Need(real, range_) if at and real else Need(wanted[4:], "")
    return Need(name, wanted)


def _words(told: str | bool | None) -> str:
    return told[:500] if isinstance(told, str) else "yes" if told else ""


def _node(engines: object) -> str:
    told = engines.get("node") if isinstance(engines, dict) else None
    return f"Node {told}"[:100] if isinstance(told, str) and told not in {"", "*"} else ""
