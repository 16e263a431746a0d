"""The graph that the store keeps, for walks: edges are read a step at a time, or all at once."""

from __future__ import annotations

from typing import Final

import numpy as np

from seamark.analysis.graph.lens import STEPS, Lens
from seamark.analysis.graph.memory import KINDS, Arrays
from seamark.analysis.graph.walk import Numbers
from seamark.core.assets import RelationKind
from seamark.store.graph import Edges, Ways

_WAYS: Final[dict[Lens, Ways]] = {
    lens: {way: frozenset(kind for kind, forward in steps if forward is way) for way in (True, False)}
    for lens, steps in STEPS.items()
}


class Stored:
    """See `seamark.analysis.graph.walk.Neighbours`: one query a step and direction, nothing kept."""

    def __init__(self, edges: Edges) -> None:
        self._edges = edges
        self.size = edges.size

    def beyond(self, frontier: Numbers, lens: Lens) -> tuple[Numbers, Numbers]:
        """See `Neighbours.beyond`."""
        return self._edges.beyond(frontier, _WAYS[lens])


def whole(edges: Edges) -> Arrays:
    """Return all edges as arrays, for questions about every node at once."""
    source, target, kinds = edges.everything()
    number = {kind.value: KINDS[kind] for kind in RelationKind}
    known = np.fromiter((number.get(kind, -1) for kind in kinds), np.int8, len(kinds))
    return Arrays(source, target, known, edges.size)
