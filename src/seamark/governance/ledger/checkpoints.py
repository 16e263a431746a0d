"""Signing the ledger's root, and keeping what was signed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from seamark.core.errors import InvalidSetting, NotFound
from seamark.governance.ledger import nodes, proofs
from seamark.governance.ledger.anchored import Kept
from seamark.governance.ledger.checkpoint import Head, sign_head
from seamark.governance.ledger.entry import moment
from seamark.governance.ledger.folder import Proof
from seamark.governance.ledger.note import InvalidNote, Signer, read_signer
from seamark.governance.ledger.record import size_now
from seamark.store.models import Anchor, Checkpoint, LedgerEntry

EVERY = timedelta(hours=24)
_LOCK = 8320


def signer() -> Signer | None:
    """Return the key of `SEAMARK_LEDGER_KEY`, None where none is set. Raises `InvalidSetting`."""
    text = settings.SEAMARK_LEDGER_KEY
    if not text:
        return None
    try:
        return read_signer(text)
    except InvalidNote as error:
        raise InvalidSetting(f"SEAMARK_LEDGER_KEY is not a key: {error}") from None


def needed_signer() -> Signer:
    """Return the key. Raises `InvalidSetting` where none is set."""
    found = signer()
    if found is None:
        raise InvalidSetting(
            "SEAMARK_LEDGER_KEY is not set: make a key with `seamark ledger key`, and name its file in SEAMARK_LEDGER_KEY_FILE"
        )
    return found


def latest() -> Checkpoint | None:
    """Return the newest checkpoint, None where nothing was signed yet."""
    return Checkpoint.objects.order_by("-size").first()


@transaction.atomic
def sign_now() -> Checkpoint:
    """Sign the ledger as it is and return the checkpoint; the one before where nothing was added since.

    Raises `InvalidSetting` where there is no key.
    """
    key = needed_signer()
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    size = size_now()
    known = Checkpoint.objects.filter(size=size).first()
    if known is not None:
        return known
    now = timezone.now()
    head = Head(key.name, size, proofs.root(nodes.Remembering(size), size), moment(now))
    return Checkpoint.objects.create(size=size, root=head.root, at=now, note=sign_head(head, key))


def sign_when_due() -> Checkpoint | None:
    """Sign the ledger where a key is set, something was added since the last checkpoint and that is a day old; else return None.

    For what runs again and again: a worker's daily pass.
    """
    if signer() is None:
        return None
    last = latest()
    if last is not None and (timezone.now() - last.at < EVERY or last.size == size_now()):
        return None
    return sign_now()


def anchors() -> Iterator[Kept]:
    """Yield what others vouch for, in the order in which it was kept."""
    for row in Anchor.objects.order_by("pk").iterator(chunk_size=1000):
        yield Kept(row.checkpoint_id, row.kind, row.name, bytes(row.answer))


def entries() -> QuerySet[LedgerEntry]:
    """Return all entries: whoever asks has to hold the right `reading.READS_LEDGER`, or the database."""
    # Pages are cut by a column of that name.
    return LedgerEntry.objects.annotate(id=F("number"))


def proof_of(number: int) -> Proof:
    """Return the proof that an entry is in the ledger that the newest checkpoint signs.

    Raises `NotFound` where there is no such entry, or no checkpoint that covers it yet.
    """
    row = LedgerEntry.objects.filter(pk=number).first()
    if row is None:
        raise NotFound(f"The ledger has no entry {number}")
    last = latest()
    if last is None or last.size <= number:
        raise NotFound(f"No checkpoint covers entry {number} yet", hint="`seamark ledger checkpoint` signs one")
    path = proofs.inclusion(nodes.Remembering(last.size), number, last.size)
    return Proof(row.content, number, last.size, tuple(path), last.note)
