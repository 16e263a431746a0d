"""What others did to tickets: asked for now and then, or told by call-backs, taken once, by the fields' owners and the authors' rights.

What somebody does to a ticket never dismisses an issue and never lets anything pass a gate. Only a person who is known by a confirmed
address, and who holds the right, changes something here.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Q
from django.utils.dateparse import parse_datetime

from seamark.core.errors import NotAllowed, RemoteFailure, SeamarkError
from seamark.governance.triage import comments, service
from seamark.pipeline.outbox import breaker
from seamark.pipeline.outbox.connections import caller_of, owner_of
from seamark.pipeline.outbox.settled import deleted
from seamark.pipeline.signon.addresses import holders
from seamark.pipeline.tickets import commands
from seamark.pipeline.tickets.facts import issues_of
from seamark.pipeline.tickets.saying import say
from seamark.response.actions.contract import MARKER, Change, Role, Verb
from seamark.store.access import visible_to
from seamark.store.models import ChannelConnection, Ticket, TicketChange, User
from seamark.store.models.issues import State
from seamark.store.models.tickets import TicketState

EVERY: Final = timedelta(minutes=5)
OVERLAP: Final = timedelta(minutes=10)
"""Clocks differ, and lists lag: what is told twice is taken once."""
PIECE: Final = 100
_CLOSED_FOR: Final = timedelta(days=90)
"""Closed tickets are looked after for as long."""


def hear(now: datetime) -> int:
    """Ask the connections that are due for changes, and return how many were taken."""
    rows = ChannelConnection.objects.filter(
        Q(hear_at=None) | Q(hear_at__lte=now), Q(paused_until=None) | Q(paused_until__lte=now), role=Role.TICKET.value, active=True
    )  # fmt: skip
    taken = 0
    for connection in rows.order_by("pk"):
        try:
            taken += _heard(connection, now)
        except SeamarkError as error:
            failure = error if isinstance(error, RemoteFailure) else RemoteFailure(str(error), permanent=True)
            breaker.counted(connection, failure, now)
            ChannelConnection.objects.filter(pk=connection.pk).update(hear_at=now + EVERY)
    return taken


def _heard(connection: ChannelConnection, now: datetime) -> int:
    live = Q(state=TicketState.OPEN) | Q(state=TicketState.CLOSED, closed_at__gt=now - _CLOSED_FOR)
    rows = Ticket.objects.filter(live, connection=connection, lead=None).exclude(reference="").order_by("pk")
    references = list(rows.values_list("reference", flat=True))
    since = (connection.heard_until or connection.created_at) - OVERLAP
    taken = 0
    if references:
        kind, told, caller = caller_of(connection)
        with caller:
            for at in range(0, len(references), PIECE):
                found = kind.changes(told, caller, tuple(references[at : at + PIECE]), since.isoformat())
                taken += take(connection, found, now)
    ChannelConnection.objects.filter(pk=connection.pk).update(heard_until=now, hear_at=now + EVERY)
    return taken


def take(connection: ChannelConnection, changes: Iterable[Change], now: datetime) -> int:
    """Take changes that are new, and return how many were."""
    return sum(_taken(connection, one, now) for one in changes)


@transaction.atomic
def _taken(connection: ChannelConnection, change: Change, now: datetime) -> bool:
    row = (
        Ticket.objects.select_for_update(of=("self",))
        .select_related("connection", "fix", "issue")
        .filter(connection=connection, reference=change.reference, lead=None)
        .exclude(state=TicketState.DELETED)
        .first()
    )
    if row is None or not change.reference:
        return False
    kept, fresh = TicketChange.objects.get_or_create(
        connection=connection, far_id=change.id[:200],
        defaults={
            "ticket": row, "kind": change.kind[:20], "value": change.value[:20_000].replace("\0", ""),
            "author": (change.author_email or change.author)[:300], "at": parse_datetime(change.at) or now,
        },
    )  # fmt: skip
    if not fresh:
        return False
    kept.outcome = ("" if _is_ours(row, change) else _carried_out(row, change, kept, now))[:300]
    kept.save(update_fields=["outcome"])
    return True


def _is_ours(row: Ticket, change: Change) -> bool:
    """Tell whether a change is what we did ourselves, so that it starts nothing: by its author, by our mark in a comment, by its value."""
    if change.own:
        return True
    match change.kind:
        case "comment":
            return MARKER in change.value
        case "assignee":
            return change.value == row.far_assignee
        case "priority":
            return change.value == row.far_priority
    return False


def _carried_out(row: Ticket, change: Change, kept: TicketChange, now: datetime) -> str:
    """Do what a change means here, and return that in words."""
    match change.kind:
        case "deleted":
            deleted(row, now)
            return "The ticket is gone; nobody opens it again by itself"
        case "status":
            return _status(row, change, now)
        case "assignee":
            row.far_assignee = change.value[:300]
            row.save(update_fields=["far_assignee"])
            return _assigned(row, change, now)
        case "priority":
            row.far_priority = change.value[:40]
            row.save(update_fields=["far_priority"])
            if owner_of(row.connection, "priority") == "seamark" and change.value != str(row.says.get("priority")):
                return _put_right(row, now)
            return "Noted: a priority here comes from the risk"
        case "comment":
            return _comment(row, change, kept)
    return "Not known here"


def _status(row: Ticket, change: Change, now: datetime) -> str:
    row.far_status = change.value[:100]
    row.save(update_fields=["far_status"])
    row.parts.update(far_status=row.far_status)
    word = change.value.partition(":")[0]
    owner = owner_of(row.connection, "status")
    if word == "closed" and row.state == TicketState.OPEN and owner == "seamark":
        if row.corrected_on == now.date():
            return "Noted: it was opened again once today already"
        row.corrected_on = now.date()
        row.save(update_fields=["corrected_on"])
        say(
            row,
            "The scanners still see it, so it is open again: it closes by itself once it is fixed.",
            "opens it again",
            Verb.REOPEN,
        )
        return "Opened again: the issues are still there"
    if word == "in_progress" and owner != "seamark":
        return _moved(row, change)
    return "Noted: the status of a ticket decides nothing here"


def _moved(row: Ticket, change: Change) -> str:
    person = person_of(change)
    if person is None:
        return "Noted: nobody here has the author's address"
    issues = issues_of(row, visible_to(person)).filter(state__in=[State.OPEN, State.CONFIRMED])
    try:
        with transaction.atomic():
            service.change_state(person, issues, State.IN_PROGRESS)
    except NotAllowed as error:
        return f"Noted only: {error}"
    return f"In progress, by {person.get_username()}"


def _assigned(row: Ticket, change: Change, now: datetime) -> str:
    owner = owner_of(row.connection, "assignee")
    if owner == "seamark":
        return _put_right(row, now)
    person = person_of(change)
    found = holders(change.value) if change.value else []
    if person is None or (change.value and len(found) != 1):
        return "Noted: nobody here has the author's or the assignee's address"
    try:
        with transaction.atomic():
            service.assign(person, issues_of(row, visible_to(person)), found[0] if found else None)
    except NotAllowed as error:
        return f"Noted only: {error}"
    # What was taken from there is not told there again.
    row.says = {**row.says, "assignee": found[0].email if found else "", "signature": ""}
    row.save(update_fields=["says"])
    return f"Assigned to {found[0].get_username()}" if found else "Assigned to nobody"


def _put_right(row: Ticket, now: datetime) -> str:
    """Set a field again that is ours, once a day at most: two machines must not play ball."""
    if row.corrected_on == now.date():
        return "Noted: it was put right once today already"
    row.corrected_on = now.date()
    row.says = {**row.says, "signature": "", "priority": 5}
    row.save(update_fields=["corrected_on", "says"])
    return "Put right: this field is kept here"


def _comment(row: Ticket, change: Change, kept: TicketChange) -> str:
    asked = commands.parse(change.value)
    person = person_of(change)
    if asked is not None:
        answer = commands.carry_out(row, asked, person)
        say(row, answer, "answers a command", actor=person)
        return answer
    if owner_of(row.connection, "comments") == "seamark" or person is None:
        return "Kept with the ticket"
    issue = issues_of(row, visible_to(person)).order_by("-risk").first()
    if issue is None:
        return "Kept with the ticket"
    try:
        with transaction.atomic():
            comments.add(person, issue, f"{kept.value[:9_000]}\n\n({row.reference})")
    except NotAllowed as error:
        return f"Kept with the ticket: {error}"
    return f"Copied to {issue.reference}"


def person_of(change: Change) -> User | None:
    """Return the one active person who has the author's address, confirmed."""
    found = holders(change.author_email) if change.author_email else []
    if len(found) != 1 or not found[0].is_active or found[0].is_service:
        return None
    return found[0]
