"""Every change of who may do what: an event for people to read, and an entry in the ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.utils import timezone

from seamark.governance.ledger.entry import Attested
from seamark.governance.ledger.record import record
from seamark.store.models import Application, Event, User

KINDS: Final = ("grant", "group", "user", "token", "role", "federation")
"""Kinds of events, and of entries in the ledger."""


def tell(
    kind: str, subject: str, *, actor: User | None, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None,
    body: Mapping[str, object] | None = None, rows: Sequence[Attested] = (), application: Application | None = None,
) -> None:  # fmt: skip
    """Write down a change, in the transaction that makes it: `before` is None for what is new, `after` for what is gone."""
    details = {"about": subject, "before": before, "after": after}
    Event.objects.create(kind=kind, application=application, details=details, actor=actor, at=timezone.now())
    told = body if body is not None else {"before": before, "after": after}
    record(kind, subject, told, actor=actor, rows=rows)
