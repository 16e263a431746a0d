"""A graph as arrays in memory: for questions about all of it, and for graphs that no database holds."""

from __future__ import annotations

from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seamark.analysis.graph.lens import STEPS, Lens
from seamark.analysis.graph.walk import Numbers
from seamark.core.assets import RelationKind

KINDS: Final = {kind: at for at, kind in enumerate(RelationKind)}
"""The number by which an array names a kind of relation."""


class Arrays:
    """Edges as three arrays of one length: source, target, and kind by its number in `KINDS`."""

    def __init__(self, source: ArrayLike, target: ArrayLike, kind: ArrayLike, size: int = 0) -> None:
        self.source: Numbers = np.asarray(source, np.int64)
        self.target: Numbers = np.asarray(target, np.int64)
        self.kind: NDArray[np.int8] = np.asarray(kind, np.int8)
        highest = max(int(self.source.max(initial=-1)), int(self.target.max(initial=-1)))
        self._size = max(size, highest + 1)
        self._tables: dict[Lens, tuple[Numbers, NDArray[np.int32]]] = {}

    @property
    def size(self) -> int:
        """One more than the highest number of a node."""
        return self._size

    def beyond(self, frontier: Numbers, lens: Lens) -> tuple[Numbers, Numbers]:
        """See `Neighbours.beyond`."""
        if lens not in self._tables:
            self._tables[lens] = self._table(lens)
        starts, ends = self._tables[lens]
        first, count = starts[frontier], starts[frontier + 1] - starts[frontier]
        total = int(count.sum())
        # The places of all edges at once: each node's first, and from there on one by one.
        offsets = np.repeat(first - np.concatenate(([0], np.cumsum(count)[:-1])), count)
        return np.repeat(frontier, count), ends[offsets + np.arange(total)].astype(np.int64)

    def _table(self, lens: Lens) -> tuple[Numbers, NDArray[np.int32]]:
        """Return a lens' edges by the node that they lead from: where each node's begin, and their ends."""
        ahead, back = (
            np.isin(self.kind, [KINDS[kind] for kind, forward in STEPS[lens] if forward is way])
            for way in (True, False)
        )
        source = np.concatenate((self.source[ahead], self.target[back]))
        target = np.concatenate((self.target[ahead], self.source[back]))
        starts = np.concatenate(([0], np.cumsum(np.bincount(source, minlength=self._size))))
        return starts, target[np.argsort(source, kind="stable")].astype(np.int32)

    @cached_property
    def degrees(self) -> Numbers:
        """How many edges touch each node."""
        return np.bincount(self.source, minlength=self._size) + np.bincount(self.target, minlength=self._size)
