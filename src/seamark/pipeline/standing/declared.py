"""What the files of a repository declare, by file and line: workloads, resources of a cloud, stores of data."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final

from seamark.core.assets import AssetKind
from seamark.store.models import Statement

_KINDS: Final = (AssetKind.WORKLOAD.value, AssetKind.CLOUD_RESOURCE.value, AssetKind.DATA_STORE.value)
MOST: Final = 5
"""Assets that one place may stand for: a line that declares more says nothing of a single one."""


class Declared:
    """The declarations of repositories that were surveyed."""

    def __init__(self) -> None:
        self._lines: dict[tuple[int, str], list[int]] = {}
        self._assets: dict[tuple[int, str, int], set[int]] = defaultdict(set)

    def load(self, repositories: Mapping[str, int]) -> set[int]:
        """Load what repositories (number by key) declare, and return those assets."""
        sources = {f"discovery {key}"[:300]: number for key, number in repositories.items()}
        names, found = sorted(sources), set[int]()
        lines: dict[tuple[int, str], set[int]] = defaultdict(set)
        for at in range(0, len(names), 5000):
            rows = Statement.objects.filter(source__in=names[at : at + 5000], until=None, asset__kind__in=_KINDS)
            for source, place, asset in rows.values_list("source", "at", "asset_id"):
                path, _, line = place.rpartition(":")
                if path and line.isdecimal():
                    key = sources[source], path
                    lines[key].add(int(line))
                    self._assets[(*key, int(line))].add(asset)
                    found.add(asset)
        self._lines |= {key: sorted(several) for key, several in lines.items()}
        return found

    def holds(self, repository: int, path: str) -> bool:
        """Tell whether a file declares anything."""
        return (repository, path) in self._lines

    def at(self, repository: int, place: str) -> Iterable[int]:
        """Return the assets that the declaration around a place (`path:line`) declares; without a line the file's only one."""
        path, _, line = place.rpartition(":")
        if not line.isdecimal():
            path = place
        lines = self._lines.get((repository, path))
        if not lines:
            return ()
        at = bisect_right(lines, int(line)) - 1 if path != place else (0 if len(lines) == 1 else -1)
        found = sorted(self._assets[repository, path, lines[at]]) if at >= 0 else []
        return found if len(found) <= MOST else ()
