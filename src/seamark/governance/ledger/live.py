"""Verifying the ledger in the database: its entries, its tree, its checkpoints, and the live rows that entries speak of."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from seamark.governance.ledger.anchored import NOBODY, Trusted, check_all
from seamark.governance.ledger.attested import Expected, derived
from seamark.governance.ledger.checkpoint import Head
from seamark.governance.ledger.checkpoints import anchors
from seamark.governance.ledger.entry import moment, read_entry
from seamark.governance.ledger.faults import Fault, Found
from seamark.governance.ledger.folder import opened, result, verify_export
from seamark.governance.ledger.note import Verifier
from seamark.governance.ledger.tree import Node
from seamark.governance.ledger.verify import Leaves, Verified, check_older, check_tree
from seamark.store.models import Checkpoint, LedgerEntry, LedgerNode

_CHUNK = 5000


def verify_database(key: Verifier, against: tuple[str, ...] = (), *, trusted: Trusted = NOBODY) -> Verified:
    """Verify the ledger of this database against what was signed, and the live rows against the ledger."""
    found, expected = Found(), Expected()
    leaves = Leaves(found)
    told = bytearray()
    for row in _rows():
        raw = row.content.encode()
        leaves.add(raw)
        told += bytes(row.leaf_hash)[:32].ljust(32, b"\0")
        _check_columns(row, expected, found)
    heads = _heads(key, found)
    newest = heads[-1] if heads else None
    elsewhere = [head for note in against if (head := opened(note, key, found)) is not None]
    check_older(newest, elsewhere, found)
    size = newest.size if newest else 0
    within = [head for head in elsewhere if head.size <= size]
    nodes = [Node(row.level, row.place, bytes(row.hash)) for row in LedgerNode.objects.iterator(chunk_size=_CHUNK)]
    kept = bytes(told) if len(told) == 32 * len(leaves) else None
    fit = check_tree(leaves, [*heads, *within], found, told=kept, nodes=nodes)
    rows = _compare(expected, found)
    notes = dict(Checkpoint.objects.values_list("size", "note"))
    witnessed = check_all(anchors(), notes, key, trusted, found)
    return result(found, size, max(0, len(leaves) - size), fit, rows, witnessed)


def verify_beside(path: Path, key: Verifier, against: tuple[str, ...] = (), *, trusted: Trusted = NOBODY) -> Verified:
    """Verify an export, and the live rows of this database against its entries."""
    expected = Expected()

    def heed(line: bytes) -> None:
        try:
            expected.learn(read_entry(line))
        except ValueError:
            return  # the verifier of the tree tells of it

    told = verify_export(path, key, against, heed, trusted=trusted)
    found = Found()
    rows = _compare(expected, found)
    faults = (*told.faults, *found.faults)
    return Verified(
        not faults,
        told.size,
        told.unsigned,
        told.checkpoints,
        rows,
        faults,
        told.more + found.count - len(found.faults),
        told.anchors,
    )


def _compare(expected: Expected, found: Found) -> int:
    for fault in expected.compare():
        found.add(fault)
    for fault in derived(expected):
        found.add(fault)
    return len(expected)


def _rows() -> Iterator[LedgerEntry]:
    return LedgerEntry.objects.order_by("number").iterator(chunk_size=_CHUNK)


def _check_columns(row: LedgerEntry, expected: Expected, found: Found) -> None:
    """Compare the columns that lists use with the entry that they repeat."""
    try:
        entry = read_entry(row.content)
    except ValueError:
        found.add(Fault("unreadable", row.number, f"What stands at entry {row.number} is no entry"))
        return
    expected.learn(entry)
    repeated = {
        "number": row.number,
        "at": moment(row.at),
        "kind": row.kind,
        "subject": row.subject,
        "actor": row.actor,
    }
    for name, value in repeated.items():
        if value != getattr(entry, name):
            found.add(Fault("column", row.number, f"Entry {row.number}: the column {name} was changed"))


def _heads(key: Verifier, found: Found) -> list[Head]:
    heads = []
    for row in Checkpoint.objects.order_by("size"):
        head = opened(row.note, key, found)
        if head is None:
            continue
        heads.append(head)
        said = {"size": head.size, "root": head.root, "at": head.at}
        stored = {"size": row.size, "root": bytes(row.root), "at": moment(row.at)}
        for name, value in said.items():
            if stored[name] != value:
                found.add(
                    Fault("column", None, f"The checkpoint of {head.size} entries: the column {name} was changed")
                )
    return sorted(heads, key=lambda head: head.size)
