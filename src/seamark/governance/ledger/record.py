"""Adding entries: inside the transaction of the decision, in order, without gaps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone

from seamark.core.errors import NotAllowed
from seamark.governance.ledger.entry import SYSTEM, Attested, Decision, content_of
from seamark.governance.ledger.nodes import grown
from seamark.governance.ledger.tree import leaf_hash
from seamark.store import writer
from seamark.store.models import LedgerEntry, LedgerNode, User

_LOCK = 8319
LARGEST = 4_000_000
"""Bytes that one entry may have."""
_LONGEST = 300
_COLUMNS = ("number", "at", "kind", "subject", "actor", "content", "leaf_hash")


def record(
    kind: str,
    subject: str,
    body: Mapping[str, object],
    *,
    actor: User | str | None = None,
    inputs: Mapping[str, object] | None = None,
    rows: Sequence[Attested] = (),
) -> int:
    """Add a decision to the ledger and return its number.

    `body` is what was decided and `inputs` from what, as values that `entry.plain` takes; `rows` are the live rows that the
    decision left, see `attested.row_of`. Call it in the decision's transaction and as late as can be: on PostgreSQL others who
    decide something wait until it ends. `actor` is a person, the name of a part of the system, or None for whoever holds the
    database.
    """
    return record_all([Decision(kind, subject, body, name_of(actor), inputs or {}, rows)])[0]


def name_of(actor: User | str | None) -> str:
    """Return an actor as entries name them."""
    if isinstance(actor, User):
        return actor.get_username()
    name = actor or "command-line"
    return name if name.startswith(SYSTEM) else SYSTEM + name


@transaction.atomic(savepoint=False)
def record_all(decisions: Iterable[Decision]) -> range:
    """Add decisions and return their numbers. Raises `NotAllowed` for an entry of more than 4 MB; nothing is then added."""
    wanted = [one._replace(subject=one.subject[:_LONGEST]) for one in decisions]
    if not wanted:
        return range(0)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    size = size_now()
    now = timezone.now()
    contents = [content_of(number, now, one) for number, one in enumerate(wanted, start=size)]
    leaves = []
    for content in contents:
        raw = content.encode()
        if len(raw) > LARGEST:
            raise NotAllowed(f"A decision may take {LARGEST:,} bytes in the ledger at most")
        leaves.append(leaf_hash(raw))
    writer.insert(
        LedgerEntry,
        _COLUMNS,
        [
            (number, now, one.kind, one.subject, one.actor, content, leaf)
            for number, (one, content, leaf) in enumerate(zip(wanted, contents, leaves, strict=True), start=size)
        ],
    )
    writer.insert(LedgerNode, ("level", "place", "hash"), grown(size, leaves))
    return range(size, size + len(wanted))


def size_now() -> int:
    """Return how many entries the ledger has."""
    last = LedgerEntry.objects.aggregate(last=Max("number"))["last"]
    return 0 if last is None else last + 1
