"""Breadth-first walks over a graph of numbered nodes, wherever its edges are kept. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from seamark.analysis.graph.lens import Lens

Numbers = NDArray[np.int64]

MOST: Final = 10_000
"""Nodes after which a walk ends, unless told otherwise."""
DEEPEST: Final = 24


class Neighbours(Protocol):
    """Where edges are kept: arrays in memory, or the database."""

    @property
    def size(self) -> int:
        """One more than the highest number of a node."""

    def beyond(self, frontier: Numbers, lens: Lens) -> tuple[Numbers, Numbers]:
        """Return the edges that lead from these nodes through a lens: where each starts, where it ends."""


class Reach(NamedTuple):
    """What a walk found, the starts first, nearest before farther ones."""

    nodes: Numbers
    depths: Numbers
    """Steps from the nearest start, one for each node."""
    before: Numbers
    """The node from which each was come to; -1 for starts."""
    complete: bool
    """False where the bound of nodes or steps ended the walk."""

    def path(self, node: int) -> list[int]:
        """Return the nodes of a shortest path from a start to a node, both included; empty where it was not found."""
        where = {int(number): at for at, number in enumerate(self.nodes)} if node >= 0 else {}
        found: list[int] = []
        while node in where:
            found.append(node)
            node = int(self.before[where[node]])
        return found[::-1]


def reach(graph: Neighbours, starts: Iterable[int], lens: Lens, *, most: int = MOST, deepest: int = DEEPEST) -> Reach:
    """Walk from the starts until nothing new is found, `most` nodes are known or `deepest` steps are gone.

    Of several ways to a node the one over the lowest number is kept, so that the same graph gives the same answer.
    """
    frontier = np.unique(np.fromiter((number for number in starts if 0 <= number < graph.size), np.int64))
    seen = np.zeros(graph.size, np.bool_)
    seen[frontier] = True
    layers, depths, before = [frontier], [np.zeros(len(frontier), np.int64)], [np.full(len(frontier), -1, np.int64)]
    total, complete = len(frontier), True
    for depth in range(1, deepest + 2):
        if not len(frontier):
            break
        if depth > deepest or total >= most:
            # Whether anything was left out is known only by looking.
            complete = not len(_fresh(graph, frontier, lens, seen)[0])
            break
        fresh, source = _fresh(graph, frontier, lens, seen)
        if total + len(fresh) > most:
            fresh, source, complete = fresh[: most - total], source[: most - total], False
        seen[fresh] = True
        total += len(fresh)
        layers.append(fresh)
        depths.append(np.full(len(fresh), depth, np.int64))
        before.append(source)
        if not complete:
            break
        frontier = fresh
    return Reach(np.concatenate(layers), np.concatenate(depths), np.concatenate(before), complete)


def _fresh(graph: Neighbours, frontier: Numbers, lens: Lens, seen: NDArray[np.bool_]) -> tuple[Numbers, Numbers]:
    """Return the nodes one step beyond that are not seen yet, rising, each with the lowest node that leads to it."""
    source, target = graph.beyond(frontier, lens)
    new = ~seen[target]
    source, target = source[new], target[new]
    if not len(target):
        return target, source
    best = np.full(graph.size, np.iinfo(np.int64).max, np.int64) if len(target) > graph.size // 8 else None
    if best is not None:
        np.minimum.at(best, target, source)
        found = np.flatnonzero(best != np.iinfo(np.int64).max)
        return found, best[found]
    order = np.lexsort((source, target))
    source, target = source[order], target[order]
    first = np.concatenate(([True], target[1:] != target[:-1]))
    return target[first], source[first]


def nearest(
    graph: Neighbours,
    starts: Iterable[int],
    wanted: Collection[int] | NDArray[np.bool_],
    lens: Lens,
    *,
    most: int = MOST,
) -> list[int]:
    """Return a shortest path from a start to the nearest of the wanted nodes, empty where none is reached.

    `wanted` names nodes, or is a mask over all of them. Of several that are equally near the lowest number wins.
    """
    mask = _mask(wanted, graph.size)
    found = reach(graph, starts, lens, most=most)
    hits = found.nodes[mask[found.nodes]]
    return found.path(int(hits[0])) if len(hits) else []


def _mask(wanted: Collection[int] | NDArray[np.bool_], size: int) -> NDArray[np.bool_]:
    if isinstance(wanted, np.ndarray):
        return wanted
    mask = np.zeros(size, np.bool_)
    mask[[number for number in wanted if 0 <= number < size]] = True
    return mask
