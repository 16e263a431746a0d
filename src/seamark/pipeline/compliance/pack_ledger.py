"""What the ledger says of a pack: that it recorded each piece of evidence, and the list of the pack's files."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction

from seamark.core.errors import NotFound
from seamark.governance.ledger import nodes, proofs
from seamark.governance.ledger.checkpoints import needed_signer, sign_now
from seamark.governance.ledger.entry import read_entry
from seamark.governance.ledger.record import record
from seamark.store.models import Checkpoint, LedgerEntry, User

KIND = "compliance_pack"


def evidence_proofs(wanted: Iterable[tuple[str, str, str, int]]) -> dict[str, Any]:
    """Return the proofs of evidence, given as its id, file, SHA-256 and entry: what `ledger/proofs.json` holds.

    All stand against the first checkpoint that covers them, so that they stay the same while the ledger grows. The ledger is
    signed where no checkpoint covers them yet. Raises `InvalidSetting` where there is no key, and `NotFound` for entries that are none.
    """
    listed = sorted(wanted, key=lambda one: one[3])
    if not listed:
        return {"checkpoint": "", "entries": []}
    newest = _covering(listed[-1][3])
    read = nodes.Remembering(newest.size)
    entries = [
        {"evidence": id, "file": file, "sha256": digest, "proof": _proof(number, newest, read)}
        for id, file, digest, number in listed
    ]
    return {"checkpoint": newest.note, "entries": entries}


@transaction.atomic
def recorded(subject: str, manifest: str, about: Mapping[str, object], actor: User | str | None) -> int:
    """Return the entry of a pack's manifest, by its SHA-256. The same pack made again has the same entry."""
    needed_signer()
    body = {"manifest": manifest, **about}
    for row in LedgerEntry.objects.filter(kind=KIND, subject=subject).order_by("number"):
        if read_entry(row.content).body.get("manifest") == manifest:
            return row.number
    return record(KIND, subject, body, actor=actor)


def seal(number: int) -> dict[str, Any]:
    """Return the proof that an entry is in the ledger, with the first checkpoint that covers it. Signs the ledger where none does."""
    first = _covering(number)
    return {**_proof(number, first, nodes.Remembering(first.size)), "checkpoint": first.note}


def _covering(number: int) -> Checkpoint:
    found = Checkpoint.objects.filter(size__gt=number).order_by("size").first()
    if found is None:
        found = sign_now()
        if found.size <= number:
            raise NotFound(f"The ledger has no entry {number}")
    return found


def _proof(number: int, newest: Checkpoint, read: proofs.Read) -> dict[str, Any]:
    row = LedgerEntry.objects.filter(pk=number).first()
    if row is None:
        raise NotFound(f"The ledger has no entry {number}")
    path = proofs.inclusion(read, number, newest.size)
    return {
        "entry": row.content,
        "index": number,
        "size": newest.size,
        "hashes": [base64.b64encode(one).decode() for one in path],
    }
