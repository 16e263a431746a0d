"""A map from 64-bit keys to row ids that costs 16 bytes an entry, where a dictionary costs 120."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]


class KeyMap:
    """Grows by batches. Kept as a few sorted runs, each at least twice as long as the next, so that adding stays cheap."""

    def __init__(self) -> None:
        self._runs: list[tuple[Numbers, Numbers]] = []

    def add(self, keys: Sequence[int], ids: Sequence[int]) -> None:
        """Add keys that are not in the map yet."""
        if not keys:
            return
        self._push(np.array(keys, dtype=np.int64), np.array(ids, dtype=np.int64))

    def _push(self, keys: Numbers, ids: Numbers) -> None:
        while self._runs and len(self._runs[-1][0]) < 2 * len(keys):
            older, theirs = self._runs.pop()
            keys, ids = np.concatenate([older, keys]), np.concatenate([theirs, ids])
        order = np.argsort(keys, kind="stable")
        self._runs.append((keys[order], ids[order]))

    def find(self, keys: Sequence[int]) -> dict[int, int]:
        """Return the ids of those keys that are in the map."""
        wanted = np.array(keys, dtype=np.int64)
        found: dict[int, int] = {}
        for held, ids in self._runs:
            places = np.minimum(np.searchsorted(held, wanted), len(held) - 1)
            hits = held[places] == wanted
            found.update(zip(wanted[hits].tolist(), ids[places[hits]].tolist(), strict=True))
        return found

    def clear(self) -> None:
        """Forget everything."""
        self._runs.clear()
