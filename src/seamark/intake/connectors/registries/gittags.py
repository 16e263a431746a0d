"""Tags of git repositories over git's own HTTP protocol: versions of actions, and of modules that come from git."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote, urlsplit

from seamark.core.errors import RemoteFailure
from seamark.intake.connectors.registries.doors import Doors
from seamark.intake.connectors.registries.release import Need, Release

_LINE: Final = re.compile(r"([0-9a-f]{40}|[0-9a-f]{64}) refs/tags/([\w./+-]{1,200})(\^\{\})?")
_VERSION: Final = re.compile(r"v?\d+(?:\.\d+){0,3}(?:-[0-9A-Za-z.-]+)?")
_NAME: Final = re.compile(r"[\w.-]+/[\w.-]+")


class GitTags:
    """A name is `owner/name` at the configured forge, or an address of its own."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors
        self._read: dict[str, dict[str, str] | None] = {}

    def releases(self, name: str) -> tuple[Release, ...] | None:
        """Return the tags that are versions; None where the repository is not there. Raises `RemoteFailure`."""
        found = self.tags(name)
        return tuple(Release(version=one) for one in found if _VERSION.fullmatch(one)) if found is not None else None

    def needs(self, name: str, version: str) -> tuple[Need, ...] | None:  # noqa: ARG002 - asked like all registries
        """Return None: a tag says nothing of that."""
        return None

    def hashes(self, name: str, version: str) -> tuple[tuple[str, str], ...]:
        """Return the commit of a tag as (`commit`, …)."""
        commit = (self.tags(name) or {}).get(version, "")
        return (("commit", commit), ("tag", version)) if commit else ()

    def tags(self, name: str) -> dict[str, str] | None:
        """Return the commits of all tags; those of annotated tags, not of the notes themselves."""
        if name not in self._read:
            self._read[name] = self._tags(name)
        return self._read[name]

    def _tags(self, name: str) -> dict[str, str] | None:
        if _NAME.fullmatch(name):
            door, path = self._doors.own(), name
        else:
            parts = urlsplit(address_of(name))
            door, path = self._doors.at(f"https://{parts.netloc}"), parts.path.strip("/")
        text = door.text(f"{quote(path.removesuffix('.git'))}.git/info/refs?service=git-upload-pack", "*/*")
        if text is None:
            return None
        if not text.startswith("001e# service=git-upload-pack"):
            raise ValueError("no list of git's references")
        found: dict[str, str] = {}
        for one in _LINE.finditer(text):
            if one[3] or one[2] not in found:
                found[one[2]] = one[1]
        return found


def address_of(name: str) -> str:
    """Return the address of a module's repository as Terraform writes it. Raises `RemoteFailure` for one that is not reached by https."""
    plain = name.strip().removeprefix("git::")
    if plain.startswith("https://"):
        head, _, rest = plain.removeprefix("https://").partition("//")
        return f"https://{head}" if rest or head else ""
    if re.match(r"[\w.-]+\.[a-z]{2,}/", plain):
        return f"https://{plain.partition('//')[0]}"
    raise RemoteFailure(f"{name[:100]} is not reached by https", permanent=True)
