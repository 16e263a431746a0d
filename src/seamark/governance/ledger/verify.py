"""The verifier: entries against the signed roots over them. It knows neither the server nor its database."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
from msgspec import Struct

from seamark.governance.ledger.anchored import Anchored
from seamark.governance.ledger.checkpoint import Head
from seamark.governance.ledger.entry import Numbered
from seamark.governance.ledger.faults import Fault, Found, called, spans
from seamark.governance.ledger.tree import Growing, Node, leaf_hash

_HASH = 32
_BLOCK = 65_536
_decode = msgspec.json.Decoder(Numbered).decode


class Verified(Struct, frozen=True):
    """What a verification came to."""

    ok: bool
    size: int
    """Entries that the newest checkpoint covers."""
    unsigned: int
    """Entries after it, which nothing vouches for yet."""
    checkpoints: int
    """Checkpoints whose root fits."""
    rows: int | None
    """Live rows that were compared; None where there is no database at hand."""
    faults: tuple[Fault, ...]
    more: int
    """Faults beyond those that are listed."""
    anchors: tuple[Anchored, ...] = ()
    """What others vouch for; anchors that do not hold are faults."""


class Leaves:
    """The hashes of entries, by number, as they are read one after the other."""

    def __init__(self, found: Found) -> None:
        self._hashes = bytearray()
        self._seen = bytearray()
        self._found = found
        self._last = -1
        self._lines = 0

    def add(self, entry: bytes) -> int | None:
        """Take an entry in and return its number, None where it cannot be read."""
        self._lines += 1
        try:
            number = _decode(entry).number
        except msgspec.MsgspecError:
            number = -1
        # Numbers far beyond the end would only cost memory.
        if not 0 <= number < self._lines + _BLOCK:
            self._found.add(Fault("unreadable", None, f"What stands at place {self._lines - 1} is no entry"))
            return None
        if number < self._last:
            self._found.add(Fault("order", number, f"Entry {number} stands behind entry {self._last}"))
        self._last = number
        if number >= len(self._seen):
            more = number + 1 - len(self._seen)
            self._seen.extend(bytes(more))
            self._hashes.extend(bytes(more * _HASH))
        if self._seen[number]:
            self._found.add(Fault("twice", number, f"Entry {number} is there twice"))
            return number
        self._seen[number] = 1
        self._hashes[number * _HASH : (number + 1) * _HASH] = leaf_hash(entry)
        return number

    def __len__(self) -> int:
        return len(self._seen)

    def __getitem__(self, number: int) -> bytes:
        return bytes(self._hashes[number * _HASH : (number + 1) * _HASH])

    def there(self, number: int) -> bool:
        """Tell whether an entry of that number was read."""
        return number < len(self._seen) and bool(self._seen[number])

    def part(self, start: int, stop: int) -> list[bytes]:
        """Return the hashes of entries; those that are missing are zeros."""
        return [self[number] for number in range(start, min(stop, len(self)))]

    def missing(self, size: int) -> list[tuple[int, int]]:
        """Return the runs of entries below `size` that were not read."""
        if not self._seen.count(0) and size <= len(self):
            return []
        return spans(number for number in range(size) if not self.there(number))


def check_tree(
    leaves: Leaves,
    heads: Iterable[Head],
    found: Found,
    *,
    told: bytes | None = None,
    nodes: Sequence[Node] | None = None,
) -> int:
    """Compare entries with the roots of checkpoints, and with the hashes that were kept beside them; return how many fit.

    `told` are the entries' hashes as they were kept, one after the other, and `nodes` those of higher levels; with them a changed
    entry is named, without them the part of the ledger that it is in.
    """
    wanted = sorted({(head.size, head.root): head for head in heads}.values(), key=lambda head: (head.size, head.root))
    size = max((head.size for head in wanted), default=0)
    missing = leaves.missing(max(size, len(leaves)))
    for first, last in missing:
        cut = " at the end" if last + 1 >= size > first else ""
        found.add(Fault("missing", first, f"{called(first, last).capitalize()}{cut} {_is(first, last)} missing"))
    named = _against_told(leaves, told, found) if told is not None else 0
    made: list[Node] = []
    fit = _roots(leaves, wanted, found, made)
    if nodes is not None:
        _against_nodes(made, nodes, found)
    if fit < len(wanted) and not named and not missing and told is not None:
        found.add(Fault("node", None, "The hashes that were kept beside the entries were changed with them"))
    return fit


def _is(first: int, last: int) -> str:
    return "is" if first == last else "are"


def _against_told(leaves: Leaves, told: bytes, found: Found) -> int:
    """Name the entries whose hash is another than the kept one; return how many there are."""
    count = 0
    for number in range(min(len(leaves), len(told) // _HASH)):
        if leaves.there(number) and leaves[number] != told[number * _HASH : (number + 1) * _HASH]:
            count += 1
            found.add(
                Fault("changed", number, f"Entry {number} was changed: it does not fit the hash that was kept of it")
            )
    return count


def _roots(leaves: Leaves, wanted: Sequence[Head], found: Found, made: list[Node]) -> int:
    """Compute the root at each checkpoint's size; what does not fit lies behind the last that does."""
    tree = Growing()
    fit = good = 0
    told_once = False
    for head in wanted:
        for start in range(tree.size, head.size, _BLOCK):
            made += tree.add(leaves.part(start, min(start + _BLOCK, head.size)))
        if tree.size == head.size and tree.root() == head.root:
            fit += 1
            good = head.size
        elif not told_once:
            told_once = True
            where = (
                f"something in {called(good, head.size - 1)} is not as it was signed"
                if head.size > good
                else "it names another root"
            )
            found.add(
                Fault(
                    "root",
                    good if head.size > good else None,
                    f"The checkpoint of {head.size} entries does not fit: {where}",
                )
            )
    made += tree.add(leaves.part(tree.size, len(leaves)))
    return fit


def _against_nodes(made: Sequence[Node], kept: Sequence[Node], found: Found) -> None:
    right = {(node.level, node.place): node.hash for node in made}
    there = {(node.level, node.place): node.hash for node in kept}
    for level, place in sorted(right.keys() | there.keys()):
        if right.get((level, place)) != there.get((level, place)):
            first, width = place << (8 * level), 1 << (8 * level)
            what = "is missing" if (level, place) not in there else "is not what its entries come to"
            found.add(Fault("node", first, f"The hash over {called(first, first + width - 1)} (level {level}) {what}"))


def check_older(newest: Head | None, older: Sequence[Head], found: Found) -> None:
    """Tell of checkpoints from elsewhere that this ledger does not reach any more, or that are of another log."""
    for head in older:
        if newest is None or head.size > newest.size:
            size = newest.size if newest else 0
            found.add(
                Fault(
                    "shrunk",
                    size,
                    f"An older checkpoint has {head.size} entries, this ledger only {size}: {called(size, head.size - 1)} cut off",
                )
            )
        if newest is not None and head.size == newest.size and head.root != newest.root:
            found.add(
                Fault(
                    "root",
                    None,
                    f"Two checkpoints of {head.size} entries name different roots: the ledger has two faces",
                )
            )
