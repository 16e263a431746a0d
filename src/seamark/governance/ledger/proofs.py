"""Proofs of RFC 9162: that an entry is in a tree, and that a tree has only grown since an earlier checkpoint."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from seamark.governance.ledger.tree import EMPTY, node_hash, root_of

Read = Callable[[int, int, int], Sequence[bytes]]
"""Returns stored hashes: of a level (see `tree`), from a place, so many. They all stand in one tile."""


def root(read: Read, size: int) -> bytes:
    """Return the root over the first `size` entries."""
    return _range(read, 0, size) if size else EMPTY


def inclusion(read: Read, index: int, size: int) -> list[bytes]:
    """Return the proof that the entry `index` is in the tree of `size` entries. Raises `ValueError` where it cannot be."""
    if not 0 <= index < size:
        raise ValueError(f"A tree of {size} entries has no entry {index}")
    begin, end = 0, size
    path: list[tuple[int, int]] = []
    while end - begin > 1:
        middle = begin + _below(end - begin)
        if index < middle:
            path.append((middle, end))
            end = middle
        else:
            path.append((begin, middle))
            begin = middle
    return [_range(read, *part) for part in reversed(path)]


def consistency(read: Read, first: int, second: int) -> list[bytes]:
    """Return the proof that the tree of `second` entries begins with that of `first`. Raises `ValueError` where it cannot."""
    if not 0 <= first <= second:
        raise ValueError(f"A tree of {second} entries has not grown from one of {first}")
    if first in {0, second}:
        return []
    begin, end, known = 0, second, True
    path: list[tuple[int, int]] = []
    while first != end:
        middle = begin + _below(end - begin)
        if first <= middle:
            path.append((middle, end))
            end = middle
        else:
            path.append((begin, middle))
            begin, known = middle, False
    if not known:
        path.append((begin, end))
    return [_range(read, *part) for part in reversed(path)]


def check_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Tell whether a proof shows that an entry's hash is in the tree with this root."""
    if not 0 <= index < size:
        return False
    at, last, found = index, size - 1, leaf
    for part in path:
        if last == 0:
            return False
        if at % 2 or at == last:
            found = node_hash(part, found)
            while not at % 2 and at:
                at, last = at >> 1, last >> 1
        else:
            found = node_hash(found, part)
        at, last = at >> 1, last >> 1
    return last == 0 and found == root


def check_consistency(first: int, second: int, first_root: bytes, second_root: bytes, path: Sequence[bytes]) -> bool:
    """Tell whether a proof shows that a tree has grown from an earlier one, both given by size and root."""
    if not 0 <= first <= second:
        return False
    if first == second:
        return not path and first_root == second_root
    if first == 0:
        return not path and first_root == EMPTY
    # Where the first tree is a whole subtree of the second, its root is not repeated in the proof.
    parts = [first_root, *path] if first & (first - 1) == 0 else list(path)
    if not parts:
        return False
    at, last = first - 1, second - 1
    while at % 2:
        at, last = at >> 1, last >> 1
    old = new = parts[0]
    for part in parts[1:]:
        if last == 0:
            return False
        if at % 2 or at == last:
            old, new = node_hash(part, old), node_hash(part, new)
            while not at % 2 and at:
                at, last = at >> 1, last >> 1
        else:
            new = node_hash(new, part)
        at, last = at >> 1, last >> 1
    return last == 0 and old == first_root and new == second_root


def _below(size: int) -> int:
    """Return the largest power of two below a size of at least 2."""
    return 1 << ((size - 1).bit_length() - 1)


def _range(read: Read, begin: int, end: int) -> bytes:
    """Return the root over entries, `begin` being a multiple of a power of two that is no less than their number."""
    level = 0
    while 1 << (8 * (level + 1)) <= end - begin:
        level += 1
    shift = 8 * level
    whole = list(read(level, begin >> shift, (end >> shift) - (begin >> shift)))
    rest = (end >> shift) << shift
    if rest < end:
        whole.append(_range(read, rest, end))
    return root_of(whole)
