"""Doing what waits in the outbox: one act at a time, in order per target, within each connection's rate, away from what is broken.

An act whose worker died between doing it and saying so is done again under the same key: the far side has it already, and the channel
finds it there by that key.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, Value
from django.db.models.functions import Coalesce, Greatest
from django.utils import timezone
from msgspec.structs import replace

from seamark.core.errors import Gone, NotAllowed, RemoteFailure
from seamark.pipeline.outbox import breaker
from seamark.pipeline.outbox.connections import caller_of
from seamark.pipeline.outbox.lease import claim, free, pause, settle
from seamark.pipeline.outbox.queue import act_of
from seamark.pipeline.outbox.settled import arrived, given_up, vanished
from seamark.response.actions.contract import Act, Done, Verb
from seamark.store.models import ChannelConnection, OutboxAct
from seamark.store.models.outbox import ActState

LEASE: Final = timedelta(minutes=10)
"""Longer than a channel takes with all its attempts."""
ATTEMPTS: Final = 24
"""Some three days, by the pauses between them."""
BURST: Final = 10
"""Acts that may be done at once before the rate counts."""
log = logging.getLogger(__name__)


def work_once(now: datetime | None = None) -> bool:
    """Do one act that is due. Returns False where none is. `now` stands for the clock."""
    row = _taken(now or timezone.now())
    if row is None:
        return False
    deliver(row, now)
    return True


def _taken(now: datetime) -> OutboxAct | None:
    earlier = OutboxAct.objects.filter(lane=OuterRef("lane"), state=ActState.QUEUED, pk__lt=OuterRef("pk"))
    with transaction.atomic():
        due = OutboxAct.objects.filter(
            free(now), ~Exists(earlier), state=ActState.QUEUED, due_at__lte=now, connection__in=_open(now)
        ).order_by("due_at", "id")
        row = claim(due, now, LEASE)
        if row is None:
            return None
        found = OutboxAct.objects.select_related("connection", "ticket").get(pk=row.pk)
        if not _in_turn(found.connection, now):
            # Somebody else took the last turn meanwhile.
            transaction.set_rollback(True)
            return None
        return found


def _open(now: datetime) -> list[int]:
    """Return the connections that take an act now: few, so that they are named."""
    rows = ChannelConnection.objects.filter(Q(paused_until=None) | Q(paused_until__lte=now), active=True)
    return [
        pk for pk, rate, slot in rows.values_list("pk", "rate", "slot_at") if slot is None or slot <= now + _ahead(rate)
    ]


def _ahead(rate: int) -> timedelta:
    return timedelta(minutes=(BURST - 1) / rate)


def _in_turn(connection: ChannelConnection, now: datetime) -> bool:
    """Take a connection's turn by its rate; False where there is none yet."""
    turn = Q(slot_at=None) | Q(slot_at__lte=now + _ahead(connection.rate))
    mine = ChannelConnection.objects.filter(turn, pk=connection.pk)
    start = Greatest(Coalesce(F("slot_at"), Value(now)), Value(now))
    return bool(mine.update(slot_at=start + timedelta(minutes=1 / connection.rate)))


def deliver(row: OutboxAct, now: datetime | None = None) -> None:
    """Do an act that was claimed, and keep what came of it."""
    try:
        done = _performed(row)
    except Gone as error:
        vanished(row, str(error), now or timezone.now())
    except (RemoteFailure, NotAllowed) as error:
        failure = error if isinstance(error, RemoteFailure) else RemoteFailure(str(error), permanent=True)
        _failed(row, failure, now or timezone.now())
    except Exception as error:  # a channel is a plug-in: its mistakes stop its own act only
        log.exception("The channel %s failed on act %d", row.connection.channel, row.pk)
        words = f"The channel {row.connection.channel} made a mistake ({type(error).__name__})"
        _failed(row, RemoteFailure(words, permanent=False), now or timezone.now())
    else:
        moment = now or timezone.now()
        arrived(row, done, moment)
        breaker.well(row.connection, moment)


def _performed(row: OutboxAct) -> Done:
    act = _addressed(row)
    kind, told, caller = caller_of(row.connection)
    with caller:
        return kind.perform(act, told, caller)


def _addressed(row: OutboxAct) -> Act:
    """Return an act with the far side's id of what it is about, as far as that is known by now. Raises `RemoteFailure`."""
    act = act_of(row)
    if row.ticket is not None:
        if act.verb is not Verb.OPEN and not row.ticket.reference:
            raise _Unopened
        return replace(act, reference=row.ticket.reference)
    if row.thread:
        # Connection and thread are what the index is by.
        told = OutboxAct.objects.filter(
            connection=row.connection_id, thread=row.thread, lane=row.lane, state=ActState.DONE
        )
        first = told.exclude(thread="").exclude(reference="").order_by("id").first()
        return replace(act, reference=first.reference if first is not None else "")
    return act


class _NeverOpened(RemoteFailure):
    """An act at a ticket that is not there: the far side was not even asked."""


_Unopened = _NeverOpened("The ticket was never opened: send that act again first", permanent=True)


def _failed(row: OutboxAct, error: RemoteFailure, now: datetime) -> None:
    if isinstance(error, _NeverOpened):
        given_up(row, str(error), now)
        return
    if error.permanent and not breaker.at_fault(row.connection):
        breaker.counted(row.connection, error, now)
        given_up(row, str(error), now)
        return
    if error.permanent:
        breaker.trip(row.connection, str(error), now)
    else:
        breaker.counted(row.connection, error, now)
        if row.attempt >= ATTEMPTS:
            given_up(row, str(error), now)
            return
    later = now + max(pause(row.attempt), timedelta(seconds=max(error.retry_after, 0.0)))
    if settle(row, due_at=later, told=str(error)[:1000]):
        # Those behind it wait with it: nobody looks at them in vain until then.
        OutboxAct.objects.filter(lane=row.lane, state=ActState.QUEUED, pk__gt=row.pk, due_at__lt=later).update(
            due_at=later
        )
