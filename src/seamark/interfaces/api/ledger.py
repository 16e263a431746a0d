"""The ledger of decisions: entries, checkpoints and proofs, for auditors."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Path, Query, Router
from pydantic import Field

from seamark.core.errors import NotFound
from seamark.governance.ledger.checkpoints import proof_of
from seamark.governance.ledger.entry import read_entry
from seamark.governance.ledger.reading import Filter, newest_checkpoint, readable
from seamark.interfaces.api.answers import Answer, Line, Number, Turn, answer, tagged, turned_page
from seamark.interfaces.api.authentication import actor_of
from seamark.interfaces.api.problems import Refusal, declared
from seamark.store.models import LedgerEntry

router = Router()
EntryNumber = Annotated[int, Path(ge=0, lt=2**62)]


class EntryRow(Answer):
    """An entry as lists show it."""

    number: int = Field(description="Its place in the Merkle tree, from 0, without gaps.")
    at: str
    kind: str = Field(description="`triage`, `merge`, `closure`, `context`, `alias`, `grant`, `token`, `verdict` …")
    subject: str = Field(description="What was decided about, such as SM-12.")
    actor: str = Field(description="A user name, or `system:…`.")


class EntryPage(Answer):
    """A page of entries, the newest first."""

    items: list[EntryRow]
    next: str | None
    previous: str | None
    count: Number


class EntryAccount(EntryRow):
    """An entry in full."""

    body: dict[str, Any] = Field(description="What was decided.")
    inputs: dict[str, Any] = Field(description="From what.")
    content: str = Field(description="The entry as canonical JSON (RFC 8785): the very bytes that are hashed.")
    leaf_hash: str = Field(description="SHA-256 of a zero byte and the content, hexadecimal.")


class CheckpointShape(Answer):
    """The ledger as it was signed last."""

    size: int
    root: str
    at: str
    note: str = Field(description="The signed note (C2SP tlog-checkpoint).")


class ProofShape(Answer):
    """That an entry is in the ledger that the newest checkpoint signs; `seamark ledger verify` checks it anywhere."""

    entry: str
    index: int
    size: int
    hashes: list[str] = Field(description="Audit path (RFC 9162), Base64.")
    checkpoint: str


class Asked(Turn):
    """Which entries are asked for."""

    kind: Line = Field("", max_length=40)
    actor: Line = Field("", max_length=200)
    subject: Line = Field("", max_length=300)


@router.get("/ledger/entries", response={200: EntryPage, **declared(403)}, summary="List ledger entries")
def list_entries(request: HttpRequest, asked: Query[Asked]) -> HttpResponse:
    """List decisions, the newest first. It takes the role auditor or admin on everything."""
    rows = readable(actor_of(request).seen, Filter(asked.kind, asked.actor, asked.subject))
    return answer(turned_page(rows, asked, lambda found: [_row(row) for row in found], column="number"))


@router.get(
    "/ledger/entries/{int:number}",
    response={200: EntryAccount, 304: None, **declared(403, 404)},
    summary="Show a ledger entry",
)
def show_entry(request: HttpRequest, number: EntryNumber) -> HttpResponse:
    """Show one decision with its inputs, and what is hashed of it."""
    row = get_object_or_404(readable(actor_of(request).seen), pk=number)
    entry = read_entry(row.content)
    more = {"body": entry.body, "inputs": entry.inputs, "content": row.content, "leaf_hash": bytes(row.leaf_hash).hex()}
    return tagged(request, {**_row(row), **more})


@router.get(
    "/ledger/entries/{int:number}/proof",
    response={200: ProofShape, **declared(403, 404)},
    summary="Prove a ledger entry",
)
def prove_entry(request: HttpRequest, number: EntryNumber) -> HttpResponse:
    """Return the proof that an entry is in the ledger that the newest checkpoint signs."""
    readable(actor_of(request).seen)
    try:
        proof = proof_of(number)
    except NotFound as error:
        raise Refusal(404, str(error)) from None
    return answer(msgspec.to_builtins(proof))


@router.get(
    "/ledger/checkpoint", response={200: CheckpointShape, **declared(403, 404)}, summary="Show the newest checkpoint"
)
def show_checkpoint(request: HttpRequest) -> HttpResponse:
    """Return what was signed last."""
    row = newest_checkpoint(actor_of(request).seen)
    if row is None:
        raise Refusal(
            404, "Nothing was signed yet; `seamark ledger checkpoint` does it, once SEAMARK_LEDGER_KEY is set"
        )
    return answer({"size": row.size, "root": bytes(row.root).hex(), "at": row.at.isoformat(), "note": row.note})


def _row(row: LedgerEntry) -> dict[str, object]:
    return {
        "number": row.number,
        "at": row.at.isoformat(),
        "kind": row.kind,
        "subject": row.subject,
        "actor": row.actor,
    }
