"""Composer's repositories, by their files for one package (`p2`)."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

import msgspec

from seamark.intake.connectors.registries.door import Door
from seamark.intake.connectors.registries.release import Need, Release

_PLATFORM = re.compile(r"^(?:php(?:-.*)?|hhvm|ext-.*|lib-.*|composer(?:-.*)?)$")


class Packagist:
    """Each entry of a file says only how it differs from the one before."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._read: dict[str, dict[str, dict[str, Any]] | None] = {}

    def releases(self, name: str) -> tuple[Release, ...] | None:
        """Return all tagged versions; None where the package is not there. Raises `RemoteFailure`, `MsgspecError`."""
        found = self._versions(name)
        if found is None:
            return None
        return tuple(
            Release(version=version, deprecated=_abandoned(entry.get("abandoned")), runtime=_php(entry)) for version, entry in found.items()
        )  # fmt: skip

    def needs(self, name: str, version: str) -> tuple[Need, ...] | None:
        """Return what a version requires of other packages."""
        entry = (self._versions(name) or {}).get(version)
        if entry is None:
            return None
        required = entry.get("require")
        return tuple(Need(one, str(wanted)) for one, wanted in required.items() if not _PLATFORM.match(one)) if isinstance(required, dict) else ()  # fmt: skip

    def _versions(self, name: str) -> dict[str, dict[str, Any]] | None:
        name = name.lower()
        if name not in self._read:
            text = self._door.text(f"p2/{quote(name, safe='/')}.json")
            self._read[name] = None if text is None else expanded(msgspec.json.decode(text), name)
        return self._read[name]


def expanded(document: Any, name: str) -> dict[str, dict[str, Any]]:
    """Return the entries of a file in full, by their versions without a leading `v`."""
    packages = document.get("packages") if isinstance(document, dict) else None
    entries = packages.get(name) if isinstance(packages, dict) else None
    minified = isinstance(document, dict) and document.get("minified") == "composer/2.0"
    found: dict[str, dict[str, Any]] = {}
    current: dict[str, Any] = {}
    for entry in entries if isinstance(entries, list) else ():
        if not isinstance(entry, dict):
            continue
        current = {**current, **entry} if minified else dict(entry)
        current = {key: value for key, value in current.items() if value != "__unset"}
        if isinstance(version := current.get("version"), str):
            found[version.removeprefix("v")] = current
    return found


def _abandoned(told: object) -> str:
    return f"abandoned, {told[:200]} takes its place" if isinstance(told, str) and told else "abandoned" if told else ""


def _php(entry: dict[str, Any]) -> str:
    required = entry.get("require")
    told = required.get("php") if isinstance(required, dict) else None
    return f"PHP {told}"[:100] if isinstance(told, str) else ""
