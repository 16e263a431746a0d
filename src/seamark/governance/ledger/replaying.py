"""Deciding again: the same inputs have to give the same decision, bit for bit."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec import Struct

from seamark.core.errors import NotFound
from seamark.governance.ledger.canonical import canonical
from seamark.governance.ledger.entry import Entry, plain, read_entry
from seamark.store.models import LedgerEntry

Replayer = Callable[[Entry], Mapping[str, object]]
_replayers: dict[str, Replayer] = {}


class Replayed(Struct, frozen=True):
    """What deciding again came to."""

    number: int
    kind: str
    same: bool
    recorded: str
    recomputed: str


def replayer(kind: str) -> Callable[[Replayer], Replayer]:
    """Register a function that takes an entry of a kind and returns the body that its inputs come to."""

    def register(function: Replayer) -> Replayer:
        _replayers[kind] = function
        return function

    return register


def replay(number: int) -> Replayed:
    """Decide anew what an entry records, from its inputs. Raises `NotFound` for an unknown entry, or a kind that nobody recomputes."""
    row = LedgerEntry.objects.filter(pk=number).first()
    if row is None:
        raise NotFound(f"The ledger has no entry {number}")
    entry = read_entry(row.content)
    if (function := _replayers.get(entry.kind)) is None:
        known = ", ".join(sorted(_replayers)) or "none yet"
        raise NotFound(f"Nothing recomputes a decision of the kind {entry.kind}", hint=f"kinds that can be: {known}")
    recorded, recomputed = canonical(entry.body), canonical(plain(function(entry)))
    return Replayed(number, entry.kind, recorded == recomputed, recorded, recomputed)
