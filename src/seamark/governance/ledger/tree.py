"""The Merkle tree of RFC 9162 (the same as RFC 6962's), grown entry by entry, with one stored hash for 256 of the level below.

Levels count in tiles of eight: level 0 are the entries' hashes, a hash of level 1 is the root of 256 of them, one of level 2 of 256
of those. All other nodes are computed from these, so that growing writes nothing twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import NamedTuple

WIDTH = 256
"""Hashes in a whole tile."""
EMPTY = sha256(b"").digest()
"""Root of a tree without entries."""


class Node(NamedTuple):
    """A hash of level 1 or above, at its place in the level."""

    level: int
    place: int
    hash: bytes


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of an entry."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of two subtrees."""
    return sha256(b"\x01" + left + right).digest()


def root_of(hashes: Sequence[bytes]) -> bytes:
    """Return the root over hashes of one level; the last may stand for a smaller subtree."""
    if not hashes:
        return EMPTY
    level = list(hashes)
    while len(level) > 1:
        odd = [level.pop()] if len(level) % 2 else []
        pairs = iter(level)
        level = [sha256(b"\x01" + left + right).digest() for left, right in zip(pairs, pairs, strict=True)] + odd
    return level[0]


class Growing:
    """A tree that grows at its right edge, of which only the tiles that are not whole yet are kept."""

    def __init__(self, size: int = 0, edge: Iterable[Sequence[bytes]] = ()) -> None:
        """Go on from a tree of `size` entries, whose unfinished tiles are `edge`, level by level: see `edge_of`."""
        self.size = size
        self._edge: list[list[bytes]] = [list(level) for level in edge]

    def add(self, leaves: Iterable[bytes]) -> list[Node]:
        """Add hashes of entries and return the nodes above that are complete now."""
        made: list[Node] = []
        before = self.size
        fresh = list(leaves)
        self.size += len(fresh)
        level = 0
        while fresh:
            if len(self._edge) == level:
                self._edge.append([])
            waiting = self._edge[level] + fresh
            whole = len(waiting) // WIDTH
            self._edge[level] = waiting[whole * WIDTH :]
            first = before >> (8 * (level + 1))
            fresh = [root_of(waiting[at * WIDTH : (at + 1) * WIDTH]) for at in range(whole)]
            made += [Node(level + 1, first + at, hash) for at, hash in enumerate(fresh)]
            level += 1
        return made

    def root(self) -> bytes:
        """Return the root over all entries."""
        found: list[bytes] = []
        for level in self._edge:
            together = level + found
            found = [root_of(together)] if together else []
        return found[0] if found else EMPTY


def edge_of(size: int) -> list[tuple[int, int, int]]:
    """Return which hashes a tree of this size has in its unfinished tiles: level, first place and number, level by level."""
    found = []
    level = 0
    while size >> (8 * level):
        there = size >> (8 * level)
        found.append((level, there - there % WIDTH, there % WIDTH))
        level += 1
    return found
