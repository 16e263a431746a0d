"""Saying something at a ticket."""

from __future__ import annotations

from seamark.pipeline.outbox.queue import put_ticket
from seamark.response.actions.contract import Act, Verb
from seamark.store.models import Ticket, User


def say(row: Ticket, comment: str, why: str, verb: Verb = Verb.COMMENT, actor: User | None = None) -> None:
    """Write a comment at a ticket, or close it or open it again with one. The caller holds the row in its transaction."""
    row.acts_made += 1
    row.save(update_fields=["acts_made"])
    put_ticket(row, Act(verb=verb, key=f"{row.key}-{row.acts_made}", comment=comment), about=why, actor=actor)
