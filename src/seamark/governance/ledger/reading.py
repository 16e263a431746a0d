"""Who may read the ledger."""

from __future__ import annotations

from typing import NamedTuple

from django.db.models import QuerySet

from seamark.core.errors import NotAllowed
from seamark.governance.ledger.checkpoints import entries, latest
from seamark.store.access import Visible
from seamark.store.models import Anchor, Checkpoint, LedgerEntry
from seamark.store.permissions import Permission, needed

READS_LEDGER = Permission.LEDGER_READ
"""The right to read the ledger, held on everything: entries speak of all applications."""


class Filter(NamedTuple):
    """Which entries are asked for; empty for all."""

    kind: str = ""
    actor: str = ""
    subject: str = ""


def may_read(seen: Visible) -> bool:
    """Tell whether somebody may read the ledger."""
    return seen.may(READS_LEDGER)


def readable(seen: Visible, asked: Filter = Filter()) -> QuerySet[LedgerEntry]:  # noqa: B008 - a tuple never changes
    """Return the entries that are asked for. Raises `NotAllowed` for those who may not read the ledger."""
    if not may_read(seen):
        raise NotAllowed(needed(READS_LEDGER))
    wanted = {name: value for name, value in asked._asdict().items() if value}
    return entries().filter(**wanted)


def newest_checkpoint(seen: Visible) -> Checkpoint | None:
    """Return the newest checkpoint. Raises `NotAllowed`."""
    readable(seen)
    return latest()


def newest_anchors(seen: Visible, most: int = 20) -> list[Anchor]:
    """Return what others vouched for last, each with its checkpoint, without its answer. Raises `NotAllowed`."""
    readable(seen)
    return list(Anchor.objects.defer("answer").select_related("checkpoint").order_by("-pk")[:most])


def kinds(seen: Visible) -> list[str]:
    """Return the kinds of which there are entries, each found by the index alone."""
    rows = readable(seen)
    found: list[str] = []
    while (
        after := rows.filter(kind__gt=found[-1] if found else "")
        .order_by("kind")
        .values_list("kind", flat=True)
        .first()
    ) is not None:
        found.append(after)
    return found
