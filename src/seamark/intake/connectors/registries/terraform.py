"""Registries of Terraform and OpenTofu: modules and providers; modules from git by its tags."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urljoin, urlsplit

import msgspec
from msgspec import Struct, field

from seamark.intake.connectors.registries.door import Door
from seamark.intake.connectors.registries.doors import Doors
from seamark.intake.connectors.registries.gittags import GitTags
from seamark.intake.connectors.registries.release import Need, Release

_REGISTRY: Final = re.compile(
    r"(?:(?P<host>[\w-]+(?:\.[\w-]+)+(?::\d+)?)/)?(?P<path>[\w-]+/[\w-]+(?:/[\w-]+)?)(?://[\w./-]*)?"
)
_SUM: Final = re.compile(r"^([0-9a-f]{64})\s+\S+\.zip$", re.MULTILINE)
_SERVICES: Final = {2: ("providers.v1", "/v1/providers/"), 3: ("modules.v1", "/v1/modules/")}
"""By the words of a name: what discovery calls the service, and where it usually is."""


class _Version(Struct):
    version: str = ""
    platforms: list[dict[str, str]] = field(default_factory=list)


class _Listed(Struct):
    versions: list[_Version] = field(default_factory=list)


class _Modules(Struct):
    modules: list[_Listed] = field(default_factory=list)


class _Download(Struct):
    shasums_url: str = ""


class Terraform:
    """A provider is `namespace/name`, a module `namespace/name/system`, either behind a host; anything else comes from git."""

    def __init__(self, doors: Doors) -> None:
        self._doors, self._git = doors, GitTags(doors)
        self._services: dict[str, dict[str, object]] = {}

    def releases(self, name: str) -> tuple[Release, ...] | None:
        """Return all versions; None where it is not there. Raises `RemoteFailure`, `MsgspecError`."""
        found = _REGISTRY.fullmatch(name)
        if found is None:
            return self._git.releases(name)
        text = self._text(found, "versions")
        if text is None:
            return None
        if found["path"].count("/") == 1:
            listed = msgspec.json.decode(text, type=_Listed).versions
        else:
            listed = [one for each in msgspec.json.decode(text, type=_Modules).modules for one in each.versions]
        return tuple(Release(version=one.version) for one in listed if one.version)

    def needs(self, name: str, version: str) -> tuple[Need, ...] | None:  # noqa: ARG002 - asked like all registries
        """Return None: what a module stands on is not looked at."""
        return None

    def hashes(self, name: str, version: str) -> tuple[tuple[str, str], ...]:
        """Return the sums of a provider's archives as (`zh`, …) for all platforms, or the commit of a module from git."""
        found = _REGISTRY.fullmatch(name)
        if found is None:
            return self._git.hashes(name, version)
        if found["path"].count("/") != 1:
            return ()
        listed = msgspec.json.decode(self._text(found, "versions") or "{}", type=_Listed).versions
        platforms = next((one.platforms for one in listed if one.version == version), [])
        if not platforms:
            return ()
        first = platforms[0]
        told = self._text(found, f"{version}/download/{first.get('os', '')}/{first.get('arch', '')}")
        url = msgspec.json.decode(told or "{}", type=_Download).shasums_url
        sums = self._door(found).follow(url) if url else None
        return tuple(("zh", one[1]) for one in _SUM.finditer(sums or ""))

    def _door(self, found: re.Match[str]) -> Door:
        return self._doors.at(f"https://{found['host']}") if found["host"] else self._doors.own()

    def _text(self, found: re.Match[str], rest: str) -> str | None:
        door = self._door(found)
        if door.base not in self._services:
            told = door.text(".well-known/terraform.json", "application/json")
            self._services[door.base] = msgspec.json.decode(told, type=dict[str, object]) if told else {}
        word, usual = _SERVICES[found["path"].count("/") + 1]
        place = self._services[door.base].get(word)
        address = urljoin(f"{door.base}/", f"{str(place or usual).rstrip('/')}/{found['path']}/{rest}")
        mine, theirs = urlsplit(door.base), urlsplit(address)
        if (mine.scheme, mine.netloc) != (theirs.scheme, theirs.netloc):
            return door.follow(address, "application/json")
        return door.text(theirs.path.removeprefix(mine.path).lstrip("/"), "application/json")
