"""Keeping tickets in step with what is found: they close when nothing is left, open again with what returns, and tell when they grow or shrink.

A ticket is told of growth, shrinking and new words once a day at most, and never where nothing changed; what is more urgent than it
was is told at once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from typing import Final

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q
from django.utils import timezone

from seamark.pipeline.outbox.connections import owner_of
from seamark.pipeline.outbox.passes import claim_pass, finish_pass
from seamark.pipeline.outbox.queue import put_ticket
from seamark.pipeline.tickets.facts import About, Sign, about_ticket, signatures, unsure
from seamark.pipeline.tickets.hearing import hear
from seamark.pipeline.tickets.opening import open_wished, says, words
from seamark.pipeline.tickets.saying import say
from seamark.pipeline.tickets.texts import counted, plain
from seamark.response.actions.contract import Act, Verb
from seamark.store.models import Event, Issue, OutboxAct, RuleWish, StandingViolation, Ticket, TicketChange
from seamark.store.models.automation import WishKind
from seamark.store.models.issues import State
from seamark.store.models.outbox import ActState
from seamark.store.models.tickets import TicketState
from seamark.store.models.violations import Standing

EVERY: Final = timedelta(seconds=30)
PIECE: Final = 500
_NAMED: Final = 10


def work_once(now: datetime | None = None) -> bool:
    """Make a pass over all tickets where it is time; False where it is not. Any number of workers may ask."""
    moment = now or timezone.now()
    if not claim_pass("tickets", EVERY, moment):
        return False
    try:
        open_wished(moment)
        follow(moment)
        hear(moment)
    finally:
        finish_pass("tickets")
    return True


def follow(now: datetime) -> int:
    """Bring all tickets in step and return how many acts that took."""
    _adopt()
    _led()
    acts = _withdrawn(now)
    leads = Ticket.objects.filter(lead=None)
    for piece in _pieces(leads.filter(state__in=[TicketState.OPEN, TicketState.OPENING]).order_by("pk")):
        signs = signatures(piece)
        acts += sum(_brought(one.pk, signs[one.pk], now) for one in piece if _differs(one, signs[one.pk], now))
    of_fix = Issue.objects.filter(open=True, fix=OuterRef("fix"))
    of_part = Issue.objects.filter(open=True, fix__tickets__lead=OuterRef("pk"))
    of_issue = Issue.objects.filter(open=True, pk=OuterRef("issue"))
    violated = StandingViolation.objects.filter(
        issue=None, until=None, standing=Standing.VIOLATES, key=OuterRef("subject")
    )
    closed = leads.filter(state=TicketState.CLOSED)
    back = closed.filter(_wished())
    for rows in (
        closed.filter(Exists(of_fix) | Exists(of_part)),
        closed.filter(Exists(of_issue), fix=None),
        closed.filter(Exists(violated)),
    ):
        for piece in _pieces(rows.order_by("pk")):
            gone = [one.pk for one in piece if one.says.get("withdrawn")]
            again = set(back.filter(pk__in=gone).values_list("pk", flat=True)) if gone else set()
            wanted = [one for one in piece if one.pk in again or not one.says.get("withdrawn")]
            acts += sum(_brought(number, sign, now) for number, sign in signatures(wanted).items())
    return acts


def _wished() -> Q:
    """Return the condition of tickets that a rule or a policy asks for now."""
    rules = RuleWish.objects.filter(kind=WishKind.TICKET, ended_at=None)
    policies = StandingViolation.objects.filter(until=None, effect="ticket", standing=Standing.VIOLATES)
    ways = ("issue__fix", "fix"), ("issue__fix__tickets__lead", "pk"), ("issue", "issue")
    wished = [Exists(rows.filter(**{there: OuterRef(here)})) for there, here in ways for rows in (rules, policies)]
    return reduce(or_, (Q(one) for one in wished))


def _withdrawn(now: datetime) -> int:
    """Close the tickets that only rules wanted and none wants any more. Where a person did something there, it stays."""
    touched = TicketChange.objects.filter(ticket=OuterRef("pk")).exclude(outcome="")
    asked = Ticket.objects.filter(lead=OuterRef("pk")).exclude(opened_by=None, because__startswith="rule ")
    rows = Ticket.objects.filter(
        ~_wished(), ~Exists(touched), ~Exists(asked), state__in=[TicketState.OPEN, TicketState.OPENING], lead=None, opened_by=None,
        because__startswith="rule ",
    )  # fmt: skip
    acts = 0
    for number in list(rows.order_by("pk").values_list("pk", flat=True)[:PIECE]):
        with transaction.atomic():
            row = Ticket.objects.select_for_update(of=("self",)).select_related("connection").get(pk=number)
            acts += _closed(
                row,
                now,
                f"The {plain(row.because)} does not ask for this ticket any more. Its issues stay as they are.",
            )
    return acts


def _pieces(rows: Iterable[Ticket]) -> Iterable[list[Ticket]]:
    piece: list[Ticket] = []
    for row in rows:
        piece.append(row)
        if len(piece) == PIECE:
            yield piece
            piece = []
    if piece:
        yield piece


def _differs(row: Ticket, sign: Sign, now: datetime) -> bool:
    """Tell whether there may be something to tell now; what can wait until tomorrow is not even read."""
    if sign.digest == row.says.get("signature"):
        return False
    told_today = row.state == TicketState.OPEN and row.commented_on == now.date()
    return not (told_today and sign.number and sign.urgent >= row.says.get("priority", 4))


def _adopt() -> None:
    """Let tickets of single issues become those of the fixes that clear them by now, as far as these have none."""
    own = Ticket.objects.filter(fix=OuterRef("issue__fix")).exclude(state=TicketState.DELETED)
    rows = Ticket.objects.filter(~Exists(own), fix=None, issue__fix__isnull=False).exclude(state=TicketState.DELETED)
    for row in rows.order_by("pk").select_related("issue")[:PIECE]:
        fix = row.issue.fix_id if row.issue is not None else None
        with transaction.atomic():
            if not Ticket.objects.filter(fix=fix).exclude(state=TicketState.DELETED).exists():
                Ticket.objects.filter(pk=row.pk).update(fix=fix, issue=None)


def _led() -> None:
    """Let one of those that shared a ticket go on for the others where the row that led them is gone with its application."""
    held: dict[tuple[int, str], int] = {}
    alone = Ticket.objects.filter(lead=None).exclude(reference="").exclude(state=TicketState.DELETED)
    several = alone.values("connection", "reference").order_by().annotate(number=Count("pk")).filter(number__gt=1)
    for one in several[:PIECE]:
        rows = alone.filter(connection=one["connection"], reference=one["reference"], fix__isnull=False)
        for row in rows.order_by("pk"):
            first = held.setdefault((row.connection_id, row.reference), row.pk)
            if first != row.pk:
                Ticket.objects.filter(pk=row.pk).update(lead=first)


def _brought(number: int, sign: Sign, now: datetime) -> int:
    """Bring one ticket in step, unless nothing about it changed; return how many acts that took."""
    with transaction.atomic():
        row = (
            Ticket.objects.select_for_update(of=("self",))
            .select_related(
                "connection", "mapping", "fix__application", "fix__asset", "issue__application", "issue__asset"
            )
            .get(pk=number)
        )
        told = about_ticket(row)
        if told is None or not told.members:
            # What nobody has confirmed counts at gates still: its ticket says so by staying open.
            return 0 if unsure(row) else _closed(row, now)
        if row.state == TicketState.CLOSED:
            return _reopened(row, told, sign.digest, now)
        return _retold(row, told, sign.digest, now)


def _closed(row: Ticket, now: datetime, withdrawn: str = "") -> int:
    if row.state == TicketState.CLOSED:
        return 0
    if row.state == TicketState.OPENING:
        waiting = OutboxAct.objects.filter(ticket=row, state=ActState.QUEUED, attempt=0, verb=Verb.OPEN.value)
        if waiting.update(state=ActState.DROPPED, due_at=None, finished_at=now, told="Nothing is left to open it for"):
            row.state, row.closed_at = TicketState.DELETED, now
            row.save(update_fields=["state", "closed_at"])
            _pass_on(row)
        return 0
    comment = withdrawn or _why_closed(row)
    row.state, row.closed_at = TicketState.CLOSED, now
    row.says = {**row.says, "members": [], "signature": "", **({"withdrawn": True} if withdrawn else {})}
    row.save()
    _pass_on(row)
    say(row, comment, "closes the ticket", Verb.CLOSE if owner_of(row.connection, "status") != "far" else Verb.COMMENT)
    _tell(row, "closed", comment, now)
    return 1


def _why_closed(row: Ticket) -> str:
    if row.subject is not None:
        return "Nothing is left to do: it violates no policy any more."
    before = [int(one) for one in row.says.get("members", ())]
    rows = Issue.objects.filter(pk__in=before).values_list("state", "resolution", "merged_into")
    ways = Counter(
        "merged into others" if merged else "fixed" if state == State.RESOLVED else f"dismissed ({resolution.replace('_', ' ')})"
        if state == State.DISMISSED else "no longer open"
        for state, resolution, merged in rows
    )  # fmt: skip
    gone = len(before) - sum(ways.values())
    told = [f"{counted(number, 'issue')} {way}" for way, number in ways.most_common()]
    return f"Nothing is left to do: {', '.join([*told, *([f'{gone} removed'] if gone else [])]) or 'no issue is open'}."


def _reopened(row: Ticket, told: About, signature: str, now: datetime) -> int:
    back = ", ".join(
        [plain(one) for one in told.notes[:_NAMED]] or [f"SM-{number}" for number in told.members[:_NAMED]]
    )
    again = any(one.regression for one in told.worst)
    more = f" and {len(told.members) - _NAMED:,} more" if len(told.members) > _NAMED else ""
    comment = f"{'It has come back' if again else 'There is something to do again'}: {back}{more}."
    row.state, row.closed_at = TicketState.OPEN, None
    row.says, row.commented_on = says(told, signature), now.date()
    _pass_on(row)
    far = owner_of(row.connection, "status") == "far"
    say(row, comment, "opens the ticket again", Verb.COMMENT if far else Verb.REOPEN)
    _updated(row, told)
    _tell(row, "reopened", comment, now)
    return 2


def _retold(row: Ticket, told: About, signature: str, now: datetime) -> int:
    if not row.reference:
        return 0
    before, after = set(row.says.get("members", ())), set(told.members)
    urgent = told.priority < row.says.get("priority", 4) and owner_of(row.connection, "priority") != "far"
    same_words = all(
        says(told, "")[name] == row.says.get(name) for name in ("title", "target", "due", "assignee", "priority")
    )
    if before == after and same_words:
        row.says = {**row.says, "signature": signature}
        row.save(update_fields=["says"])
        return 0
    if row.commented_on == now.date() and not urgent:
        return 0
    acts = 1
    if (
        before != after
        and not told.notes
        and row.commented_on != now.date()
        and owner_of(row.connection, "comments") != "far"
    ):
        say(row, _grown(sorted(after - before), sorted(before - after), len(after)), "tells what changed")
        acts += 1
    # What was left unsaid today stays to be told: only the urgent part goes out.
    kept = before if row.commented_on == now.date() else after
    row.says = {**says(told, signature if kept == after else ""), "members": sorted(kept)}
    row.commented_on = now.date()
    _updated(row, told)
    return acts


def _grown(came: list[int], went: list[int], number: int) -> str:
    def named(some: list[int]) -> str:
        more = f" and {len(some) - _NAMED:,} more" if len(some) > _NAMED else ""
        return ", ".join(f"SM-{one}" for one in some[:_NAMED]) + more

    parts = [f"{counted(len(came), 'issue')} came ({named(came)})"] if came else []
    parts += [f"{counted(len(went), 'issue')} went ({named(went)})"] if went else []
    return f"{'; '.join(parts)}. It clears {counted(number, 'issue')} now."


def _updated(row: Ticket, told: About) -> None:
    row.title = told.title
    row.acts_made += 1
    row.save()
    act = Act(verb=Verb.UPDATE, key=f"{row.key}-{row.acts_made}", ticket=words(row, told))
    put_ticket(row, act, about="brings the text up to date")


def _pass_on(row: Ticket) -> None:
    """Let the rows of the other applications that share a ticket stand as it does."""
    row.parts.update(state=row.state, closed_at=row.closed_at)


def _tell(row: Ticket, change: str, comment: str, now: datetime) -> None:
    """Write an event for each application that shares a ticket. What speaks of issues of several is said in none of them."""
    parts = list(row.parts.select_related("issue"))
    shared = "" if parts else comment
    for one in (row, *parts):
        details = {"ticket": one.pk, "reference": row.reference, "title": row.title, "change": change, "words": shared}
        Event.objects.create(kind="ticket", application_id=one.application_id, issue=one.issue, details=details, at=now)
