"""Everything that was done, for auditors: events and decisions of the ledger, by who, what, where and when."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any, Final, NamedTuple

from django.db.models import CharField, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat
from django.utils import timezone

from seamark.core.errors import NotAllowed
from seamark.governance.access import reading
from seamark.governance.ledger import reading as ledger
from seamark.store.access import Visible
from seamark.store.models import Application, Event, LedgerEntry
from seamark.store.permissions import Permission, needed

_LONGEST: Final = 300


class Filter(NamedTuple):
    """What is asked for; empty for all. Days are whole days of the time zone in use, both inclusive."""

    actor: str = ""
    """The user name of whoever did it; of events around logging in also of whom they happened to."""
    kind: str = ""
    application: Application | None = None
    since: date | None = None
    until: date | None = None


class Told(NamedTuple):
    """A row of either list."""

    number: int
    at: datetime
    kind: str
    about: str
    before: str
    after: str
    actor: str
    place: str
    """The network address that it was done from, where that is known."""


def may_audit(seen: Visible) -> bool:
    """Tell whether somebody may read what was done: auditors, and of people and rights those who manage them."""
    return reading.may_audit(seen)


def events(seen: Visible, asked: Filter = Filter()) -> QuerySet[Event]:  # noqa: B008 - a tuple never changes
    """Return events. Who may not read the ledger, but manages people, gets those about people and rights. Raises `NotAllowed`."""
    if not may_audit(seen):
        raise NotAllowed(needed(Permission.LEDGER_READ))
    rows = Event.objects.select_related("actor", "application") if ledger.may_read(seen) else reading.changes(seen)
    if asked.actor:
        rows = rows.filter(Q(actor__username=asked.actor) | Q(issue=None, details__person=asked.actor))
    if asked.application is not None:
        rows = rows.filter(application=asked.application)
    return _within(rows, asked)


def decisions(seen: Visible, asked: Filter = Filter()) -> QuerySet[LedgerEntry]:  # noqa: B008 - a tuple never changes
    """Return entries of the ledger. Of an application: those about itself, and about its issues and waivers. Raises `NotAllowed`."""
    rows = ledger.readable(seen)
    if asked.actor:
        rows = rows.filter(actor=asked.actor)
    if asked.application is not None:
        own = asked.application
        issues, waivers = (
            rows_.annotate(said=Concat(Value(sign), Cast("pk", CharField()))).values("said")
            for rows_, sign in (
                (seen.issues().filter(application=own), "SM-"), (seen.waivers().filter(application=own), "W-"),
            )
        )  # fmt: skip
        rows = rows.filter(Q(subject=f"application {own.slug}") | Q(subject__in=issues) | Q(subject__in=waivers))
    return _within(rows, asked)


def _within(rows: QuerySet[Any], asked: Filter) -> QuerySet[Any]:
    if asked.kind:
        rows = rows.filter(kind=asked.kind)
    if asked.since is not None:
        rows = rows.filter(at__gte=_begin(asked.since))
    if asked.until is not None:
        rows = rows.filter(at__lt=_begin(asked.until + timedelta(days=1)))
    return rows


def _begin(day: date) -> datetime:
    return datetime.combine(day, time.min, timezone.get_current_timezone())


def told(row: Event) -> Told:
    """Return an event in words."""
    details: dict[str, Any] = row.details if isinstance(row.details, dict) else {}
    about = str(details.get("about") or details.get("person") or "")
    if not about:
        about = f"SM-{row.issue_id}" if row.issue_id else str(row.application or "")
    before, after = words(details.get("before")), words(details.get("after"))
    if not before and not after:
        rest = {key: value for key, value in details.items() if key not in {"about", "person", "address", "device"}}
        after = words(rest)
    actor = row.actor.username if row.actor is not None else ""
    return Told(row.pk, row.at, row.kind, about, before, after, actor, str(details.get("address") or ""))


def words(state: Any) -> str:
    """Return a state in a line: `role: analyst, on: everything`."""
    if isinstance(state, dict):
        said = [f"{name}: {words(value)}" for name, value in state.items() if value not in (None, "", [], {})]
        return ", ".join(said)[:_LONGEST]
    if isinstance(state, list):
        return ", ".join(map(words, state))[:_LONGEST]
    return "" if state is None else str(state)[:_LONGEST]


def kinds_of_decisions(seen: Visible) -> list[str]:
    """Return the kinds of which the ledger has entries, none for those who may not read it."""
    return ledger.kinds(seen) if ledger.may_read(seen) else []


def exported_events(rows: QuerySet[Event], most: int) -> Iterator[dict[str, Any]]:
    """Yield the newest `most` events for a file, in that order: the whole details, not only their words."""
    for row in rows.order_by("-id")[:most].iterator(chunk_size=1_000):
        said = told(row)
        yield {
            "id": said.number, "at": said.at.isoformat(), "kind": said.kind, "about": said.about, "before": said.before, "after": said.after,
            "actor": said.actor, "address": said.place, "application": row.application.slug if row.application else "",
        }  # fmt: skip


def exported_decisions(rows: QuerySet[LedgerEntry], most: int) -> Iterator[dict[str, Any]]:
    """Yield the newest `most` entries of the ledger for a file, in that order, with the bytes that were hashed and their hash."""
    for row in rows.order_by("-number")[:most].iterator(chunk_size=1_000):
        yield {
            "number": row.number, "at": row.at.isoformat(), "kind": row.kind, "subject": row.subject, "actor": row.actor,
            "content": row.content, "leaf_hash": bytes(row.leaf_hash).hex(),
        }  # fmt: skip
