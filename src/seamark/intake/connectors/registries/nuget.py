"""NuGet's registries, version 3: the service index names where registrations are."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from seamark.core.errors import RemoteFailure
from seamark.intake.connectors.registries.door import Door
from seamark.intake.connectors.registries.release import Need, Release

_KINDS: Final = ("RegistrationsBaseUrl/3.6.0", "RegistrationsBaseUrl/3.4.0", "RegistrationsBaseUrl")
_MOST_PAGES: Final = 100


class Nuget:
    """The base address is that of the service index, without `index.json`."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._place = ""
        self._read: dict[str, dict[str, dict[str, Any]] | None] = {}

    def releases(self, name: str) -> tuple[Release, ...] | None:
        """Return all versions; None where the package is not there. Raises `RemoteFailure`, `MsgspecError`."""
        found = self._entries(name)
        if found is None:
            return None
        return tuple(
            Release(version=version, yanked="yes" if entry.get("listed") is False else "", deprecated=_deprecated(entry.get("deprecation")))
            for version, entry in found.items()
        )  # fmt: skip

    def needs(self, name: str, version: str) -> tuple[Need, ...] | None:
        """Return what a version needs, by the last group of its target frameworks, which is the newest one's."""
        entry = (self._entries(name) or {}).get(version)
        if entry is None:
            return None
        groups = _rows(entry.get("dependencyGroups"))
        told = _rows(groups[-1].get("dependencies")) if groups else []
        return tuple(
            Need(str(one.get("id", "")), str(one.get("range") or "")) for one in told if one.get("id")
        )  # fmt: skip

    def _entries(self, name: str) -> dict[str, dict[str, Any]] | None:
        low = name.lower()
        if low not in self._read:
            text = self._door.follow(f"{self._registrations()}{low}/index.json")
            self._read[low] = None if text is None else self._listed(_decoded(text))
        return self._read[low]

    def _registrations(self) -> str:
        if not self._place:
            text = self._door.text("index.json")
            resources = _rows(_decoded(text or "{}").get("resources"))
            places = {str(one.get("@type")): str(one.get("@id")) for one in resources}
            self._place = next((places[kind] for kind in _KINDS if kind in places), "")
            if not self._place:
                raise RemoteFailure("NuGet's service index names no registrations", permanent=True)
            self._place = self._place.rstrip("/") + "/"
        return self._place

    def _listed(self, index: dict[str, Any]) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        for page in _rows(index.get("items"))[:_MOST_PAGES]:
            items = page.get("items")
            if items is None and isinstance(page.get("@id"), str):
                items = _decoded(self._door.follow(page["@id"]) or "{}").get("items")
            for item in _rows(items):
                entry = item.get("catalogEntry")
                if isinstance(entry, dict) and isinstance(entry.get("version"), str):
                    found[entry["version"].partition("+")[0]] = entry
        return found


def _decoded(text: str) -> dict[str, Any]:
    return msgspec.json.decode(text, type=dict[str, Any])


def _rows(told: object) -> list[dict[str, Any]]:
    return [one for one in told if isinstance(one, dict)] if isinstance(told, list) else []


def _deprecated(told: object) -> str:
    if not isinstance(told, dict):
        return ""
    reasons = told.get("reasons")
    return str(told.get("message") or ", ".join(map(str, reasons if isinstance(reasons, list) else ())) or "yes")[:500]
