"""At which nodes of the graph an issue stands: the asset that owns it, and what of the asset its place lies in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final

from seamark.core.assets import AssetKind
from seamark.store.models import Asset, Issue

_PARTS: Final = (AssetKind.SERVICE.value, AssetKind.MANIFEST.value)


class Parts:
    """The services and manifests of some repositories, by the folders they are in."""

    def __init__(self, repositories: Iterable[Asset]) -> None:
        self._folders: dict[int, list[tuple[str, int]]] = defaultdict(list)
        self._manifests: dict[int, dict[str, int]] = defaultdict(dict)
        for repository in repositories:
            prefix = f"{repository.key}//"
            parts = Asset.objects.filter(kind__in=_PARTS, key__startswith=prefix, gone_at=None)
            for number, kind, key in parts.values_list("id", "kind", "key"):
                inside = key[len(prefix) :]
                if kind == AssetKind.MANIFEST.value:
                    self._manifests[repository.pk][inside] = number
                else:
                    self._folders[repository.pk].append(("" if inside == "." else f"{inside}/", number))
            # The innermost folder that holds a path is the longest one.
            self._folders[repository.pk].sort(key=lambda part: -len(part[0]))

    def of(self, asset: int, place: str) -> list[int]:
        """Return the parts of a repository in which a place (`path:line`) lies: the manifest itself, or the innermost service."""
        path = _path(place)
        if (manifest := self._manifests.get(asset, {}).get(path)) is not None:
            return [manifest]
        inner = next((number for folder, number in self._folders.get(asset, ()) if path.startswith(folder)), None)
        return [inner] if inner is not None else []

    def around(self, asset: int, place: str) -> list[int]:
        """Return the manifest and the innermost service in which a place lies, as far as there are."""
        path = _path(place)
        manifest = self._manifests.get(asset, {}).get(path)
        inner = next((number for folder, number in self._folders.get(asset, ()) if path.startswith(folder)), None)
        return [number for number in (manifest, inner) if number is not None]


def _path(place: str) -> str:
    path, _, line = place.rpartition(":")
    return path if line.isdecimal() else place


def starts_of(issues: Iterable[Issue]) -> Mapping[int, list[int]]:
    """Return the nodes at which issues stand, by the issue's number: parts of a repository where known, else the asset."""
    listed = list(issues)
    repositories = Asset.objects.filter(pk__in={issue.asset_id for issue in listed}, kind=AssetKind.REPOSITORY.value)
    parts = Parts(repositories)
    return {issue.pk: parts.of(issue.asset_id, issue.place) or [issue.asset_id] for issue in listed}
