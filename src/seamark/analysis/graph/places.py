"""At which nodes of the graph an issue stands: the asset that owns it, and what of the asset its place lies in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final

from django.db.models import F, Value
from django.db.models.functions import Left, StrIndex

from seamark.core.assets import AssetKind
from seamark.store.models import Asset, Issue

_PARTS: Final = (AssetKind.SERVICE.value, AssetKind.MANIFEST.value)


class Parts:
    """The services and manifests of some repositories, by the folders they are in."""

    def __init__(self, repositories: Iterable[Asset]) -> None:
        self._folders: dict[int, list[tuple[str, int]]] = defaultdict(list)
        self._manifests: dict[int, dict[str, int]] = defaultdict(dict)
        self.add(repositories)

    def add(self, repositories: Iterable[Asset]) -> None:
        """Add the parts of more repositories: one query for a thousand of them."""
        numbers = {repository.key: repository.pk for repository in repositories}
        keys = sorted(numbers)
        parts = Asset.objects.filter(kind__in=_PARTS, gone_at=None).annotate(cut=StrIndex("key", Value("//")))
        for at in range(0, len(keys), 1000):
            own = parts.filter(cut__gt=0).annotate(home=Left("key", F("cut") - 1))
            rows = own.filter(home__in=keys[at : at + 1000]).order_by("id").values_list("id", "kind", "key", "home")
            for number, kind, key, home in rows:
                repository, inside = numbers[home], key[len(home) + 2 :]
                if kind == AssetKind.MANIFEST.value:
                    self._manifests[repository][inside] = number
                else:
                    self._folders[repository].append(("" if inside == "." else f"{inside}/", number))
        for repository in numbers.values():
            # The innermost folder that holds a path is the longest one.
            self._folders[repository].sort(key=lambda part: -len(part[0]))

    def all(self, asset: int) -> list[int]:
        """Return all parts of a repository."""
        return [*(number for _, number in self._folders.get(asset, ())), *self._manifests.get(asset, {}).values()]

    def of(self, asset: int, place: str) -> list[int]:
        """Return the parts of a repository in which a place (`path:line`) lies: the manifest itself, or the innermost service."""
        path = path_of(place)
        if (manifest := self._manifests.get(asset, {}).get(path)) is not None:
            return [manifest]
        inner = next((number for folder, number in self._folders.get(asset, ()) if path.startswith(folder)), None)
        return [inner] if inner is not None else []

    def around(self, asset: int, place: str) -> list[int]:
        """Return the manifest and the innermost service in which a place lies, as far as there are."""
        path = path_of(place)
        manifest = self._manifests.get(asset, {}).get(path)
        inner = next((number for folder, number in self._folders.get(asset, ()) if path.startswith(folder)), None)
        return [number for number in (manifest, inner) if number is not None]


def path_of(place: str) -> str:
    """Return a place without its line."""
    path, _, line = place.rpartition(":")
    return path if line.isdecimal() else place


def starts_of(issues: Iterable[Issue]) -> Mapping[int, list[int]]:
    """Return the nodes at which issues stand, by the issue's number: parts of a repository where known, else the asset."""
    listed = list(issues)
    repositories = Asset.objects.filter(pk__in={issue.asset_id for issue in listed}, kind=AssetKind.REPOSITORY.value)
    parts = Parts(repositories)
    return {issue.pk: parts.of(issue.asset_id, issue.place) or [issue.asset_id] for issue in listed}
