"""The log of all acts: who may read it, and sending again what was given up."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.db.models import Count, Exists, Min, OuterRef, Q, QuerySet
from django.utils import timezone
from msgspec import Struct

from seamark.core.errors import NotAllowed
from seamark.governance.access.changes import tell
from seamark.pipeline.imports import wake
from seamark.pipeline.outbox.connections import manages
from seamark.response.actions.contract import Verb
from seamark.store.access import Visible, visible_to
from seamark.store.models import ChannelConnection, OutboxAct, Ticket, User
from seamark.store.models.outbox import ActState
from seamark.store.permissions import Permission, needed

REPLAYS = Permission.ISSUE_TRIAGE
"""The right to send the acts of an application's tickets again; all others need the right to manage connections."""
MOST = 1_000


class Standing(Struct, frozen=True, kw_only=True):
    """How the outbox stands, for whoever watches the installation."""

    waiting: int
    oldest_seconds: int
    """How long the oldest act has waited that may be done."""
    failed: int
    paused: tuple[str, ...]
    """Connections that are paused because they fail, each with why."""


def acts(seen: Visible) -> QuerySet[OutboxAct]:
    """Return the acts that somebody may see: all for those who manage connections, else those of tickets of their applications.

    What is written at a ticket that several applications share names them all: it is for those who see each of them.
    """
    rows = OutboxAct.objects.select_related("connection", "ticket")
    if manages(seen):
        return rows
    mine = seen.applications().values("id")
    hidden = Ticket.objects.filter(lead=OuterRef("ticket")).exclude(application__in=mine)
    return rows.filter(~Exists(hidden), ticket__isnull=False, ticket__application__in=mine)


def replay(actor: User | None, rows: Iterable[OutboxAct]) -> int:
    """Queue acts again that were given up, in their old order and under their old keys; return how many. Raises `NotAllowed`."""
    wanted = sorted({row.pk for row in rows})
    if len(wanted) > MOST:
        raise NotAllowed(f"At most {MOST:,} acts are sent again at once")
    with transaction.atomic():
        found = list(
            OutboxAct.objects.select_for_update(of=("self",))
            .select_related("ticket", "connection")
            .filter(pk__in=wanted)
        )
        for row in found:
            _check(actor, row)
        numbers = [row.pk for row in found]
        OutboxAct.objects.filter(pk__in=numbers).update(
            state=ActState.QUEUED, attempt=0, due_at=timezone.now(), lease_until=None, finished_at=None
        )
        if numbers:
            tell("delivery", f"{len(numbers)} acts", actor=actor, before=None, after={"sent_again": numbers[:100]})
        transaction.on_commit(wake.set)
    return len(found)


def _check(actor: User | None, row: OutboxAct) -> None:
    if actor is not None:
        seen = visible_to(actor)
        if not manages(seen) and (row.ticket is None or not seen.may(REPLAYS, row.ticket.application_id)):
            raise NotAllowed(
                needed(REPLAYS if row.ticket is not None else Permission.TOKEN_MANAGE, row.about or f"act {row.pk}")
            )
    if row.state != ActState.FAILED:
        raise NotAllowed(f"Act {row.pk} was not given up: it is {row.get_state_display()}")
    later = OutboxAct.objects.filter(lane=row.lane, pk__gt=row.pk, state=ActState.DONE).exclude(verb=Verb.COMMENT.value)
    if row.verb != Verb.COMMENT and later.exists():
        raise NotAllowed(f"Act {row.pk} is out of date: a later one was done")


def standing() -> Standing:
    """Return how the outbox stands."""
    now = timezone.now()
    told = OutboxAct.objects.aggregate(
        waiting=Count("pk", filter=Q(state=ActState.QUEUED)),
        failed=Count("pk", filter=Q(state=ActState.FAILED)),
        oldest=Min("created_at", filter=Q(state=ActState.QUEUED, due_at__lte=now)),
    )
    paused = ChannelConnection.objects.filter(paused_until__gt=now, pauses__gt=0, active=True).order_by("name")
    return Standing(
        waiting=told["waiting"], failed=told["failed"], oldest_seconds=int((now - told["oldest"]).total_seconds()) if told["oldest"] else 0,
        paused=tuple(f"{one.name}: {one.why_paused}" for one in paused),
    )  # fmt: skip
