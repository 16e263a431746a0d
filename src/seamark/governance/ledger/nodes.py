"""The tree's hashes as the database keeps them."""

from __future__ import annotations

from collections.abc import Sequence

from seamark.governance.ledger.tree import WIDTH, Growing, Node, edge_of
from seamark.store.models import LedgerEntry, LedgerNode


def read(level: int, place: int, count: int) -> Sequence[bytes]:
    """Return stored hashes of a level from a place on (a `proofs.Read`). Raises `ValueError` where some are missing."""
    part = range(place, place + count)
    if level == 0:
        rows = LedgerEntry.objects.filter(number__gte=part.start, number__lt=part.stop).order_by("number")
        found = list(rows.values_list("leaf_hash", flat=True))
    else:
        nodes = LedgerNode.objects.filter(level=level, place__gte=part.start, place__lt=part.stop).order_by("place")
        found = list(nodes.values_list("hash", flat=True))
    if len(found) != count:
        raise ValueError(
            f"Hashes {part.start} to {part.stop - 1} of level {level} are not whole; run `seamark ledger verify`"
        )
    return [bytes(one) for one in found]


class Remembering:
    """Reads whole tiles once, for proofs that need several ranges of one."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._tiles: dict[tuple[int, int], Sequence[bytes]] = {}

    def __call__(self, level: int, place: int, count: int) -> Sequence[bytes]:
        """Return hashes, as `read` does."""
        if count == 0:
            return []
        tile = place // WIDTH
        first = tile * WIDTH
        if (level, tile) not in self._tiles:
            there = min(WIDTH, (self._size >> (8 * level)) - first)
            self._tiles[level, tile] = read(level, first, there)
        return self._tiles[level, tile][place - first : place - first + count]


def grown(size: int, leaves: Sequence[bytes]) -> list[Node]:
    """Return the nodes that are complete once these entries follow `size` others."""
    if size % WIDTH + len(leaves) < WIDTH:
        return []
    return resumed(size).add(leaves)


def resumed(size: int) -> Growing:
    """Return the tree of the first `size` entries, ready to grow."""
    return Growing(size, [read(*part) if part[2] else [] for part in edge_of(size)])
