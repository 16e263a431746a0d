"""What an act leaves behind: in the log, at its ticket, and where somebody has to know."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Q

from seamark.pipeline.outbox.breaker import alarm
from seamark.pipeline.outbox.lease import settle
from seamark.response.actions.contract import Done, Verb
from seamark.store.models import Event, News, OutboxAct, Ticket
from seamark.store.models.outbox import ActState
from seamark.store.models.tickets import TicketState


@transaction.atomic
def arrived(row: OutboxAct, done: Done, now: datetime) -> None:
    """Keep that an act was done, unless another worker has said so already."""
    url = done.url[:2000] if done.url.startswith(("https://", "http://")) else ""
    kept = settle(
        row, state=ActState.DONE, due_at=None, finished_at=now, told="", reference=done.reference[:1000], url=url, found=done.found
    )  # fmt: skip
    if kept and row.ticket_id is not None and row.verb == Verb.OPEN:
        mine = Ticket.objects.filter(Q(pk=row.ticket_id) | Q(lead=row.ticket_id))
        mine.update(reference=done.reference[:1000], url=url)
        mine.filter(state=TicketState.OPENING).update(state=TicketState.OPEN)


@transaction.atomic
def given_up(row: OutboxAct, words: str, now: datetime) -> None:
    """Keep that an act is given up; it can be sent again by hand."""
    if settle(row, state=ActState.FAILED, due_at=None, finished_at=now, told=words[:1000]):
        what = row.about or row.verb
        alarm(
            row.connection,
            f"given-up:{row.connection_id}:{now:%Y%m%d}",
            f"{row.connection.name} did not take an act ({what}): {words}",
            now,
        )


@transaction.atomic
def vanished(row: OutboxAct, words: str, now: datetime) -> None:
    """Keep that what an act was about is gone at the far side."""
    settle(row, state=ActState.FAILED, due_at=None, finished_at=now, told=words[:1000])
    if row.ticket is not None:
        deleted(row.ticket, now)


@transaction.atomic
def deleted(ticket: Ticket, now: datetime) -> None:
    """Take note that a ticket was deleted at the far side. It is told once; no new one is opened for it unless somebody asks."""
    if not Ticket.objects.filter(pk=ticket.pk).exclude(state=TicketState.DELETED).update(state=TicketState.DELETED):
        return
    OutboxAct.objects.filter(ticket=ticket, state=ActState.QUEUED).update(
        state=ActState.DROPPED, due_at=None, lease_until=None, finished_at=now, told="The ticket was deleted"
    )
    parts = list(ticket.parts.all())
    ticket.parts.update(state=TicketState.DELETED)
    for one in (ticket, *parts):
        details = {"ticket": one.pk, "reference": ticket.reference, "title": ticket.title, "change": "deleted"}
        Event.objects.create(kind="ticket", application_id=one.application_id, details=details, at=now)
        News.objects.get_or_create(
            key=f"ticket-deleted:{one.pk}",
            defaults={"kind": "ticket", "application_id": one.application_id, "details": details, "at": now},
        )
