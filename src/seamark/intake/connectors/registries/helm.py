"""Repositories of Helm charts: the index of one, or the tags of a registry of images."""

from __future__ import annotations

from typing import Any, Final

import yaml

from seamark.intake.connectors.registries.doors import Doors
from seamark.intake.connectors.registries.oci import Oci
from seamark.intake.connectors.registries.release import Need, Release
from seamark.intake.discovery.bounded import Shallow

_LARGEST: Final = 20_000_000


class Helm:
    """A name is the address of a repository with the chart's name behind it."""

    def __init__(self, doors: Doors) -> None:
        self._doors, self._oci = doors, Oci(doors)
        self._read: dict[str, dict[str, Any] | None] = {}

    def releases(self, name: str) -> tuple[Release, ...] | None:
        """Return all versions; None where the chart is not there. Raises `RemoteFailure`, `ValueError`."""
        if name.startswith("oci://"):
            # A tag has no plus sign: Helm writes an underscore instead.
            found = self._oci.tags(name)
            return tuple(Release(version=one.replace("_", "+")) for one in found) if found is not None else None
        repository, _, chart = name.rpartition("/")
        index = self._index(repository)
        listed = index.get(chart) if index is not None else None
        if not isinstance(listed, list):
            return None
        return tuple(
            Release(version=str(one["version"]), deprecated="yes" if one.get("deprecated") else "")
            for one in listed if isinstance(one, dict) and one.get("version")
        )  # fmt: skip

    def needs(self, name: str, version: str) -> tuple[Need, ...] | None:  # noqa: ARG002 - asked like all registries
        """Return None: what a chart stands on is not looked at."""
        return None

    def _index(self, repository: str) -> dict[str, Any] | None:
        if repository not in self._read:
            text = self._doors.at(repository).text("index.yaml", "*/*")
            self._read[repository] = _entries(text) if text is not None else None
        return self._read[repository]


def _entries(text: str) -> dict[str, Any]:
    if len(text) > _LARGEST:
        raise ValueError("too large")
    try:
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, Loader=Shallow)):
            raise ValueError("an index that repeats parts of itself")
        found = yaml.load(text, Loader=Shallow)  # noqa: S506 - a safe loader
    except yaml.YAMLError as error:
        raise ValueError(str(error)[:200]) from None
    entries = found.get("entries") if isinstance(found, dict) else None
    return entries if isinstance(entries, dict) else {}
