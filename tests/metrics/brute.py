"""The same numbers the long way: from issues and their events, one by one, with none of the product's code for measures."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import NamedTuple

from seamark.store.models import Event, Issue

LIVE = {"open", "confirmed", "in progress"}


class Life(NamedTuple):
    """A time of being open."""

    issue: int
    application: int
    opened: datetime
    closed: datetime | None
    how: str
    again: bool
    due: datetime | None
    kind: int


def second(at: datetime) -> datetime:
    """Return the second in which a time is."""
    return at.replace(microsecond=0)


def lives() -> list[Life]:
    """Return every time that any issue was open."""
    found = []
    for issue in Issue.objects.order_by("pk"):
        due = datetime.combine(issue.due + timedelta(days=1), time(), UTC) if issue.due else None
        opened: datetime | None = second(issue.opened_at)
        again = False
        for event in Event.objects.filter(issue=issue).order_by("at", "pk"):
            at, how = second(event.at), ""
            if event.kind == "fixed":
                how = "fixed"
            elif event.kind == "merged_into":
                how = "merged"
            elif event.kind == "state" and event.details["after"] not in LIVE:
                how = event.details["reason"]
            back = event.kind == "reopened" or (event.kind == "state" and event.details["after"] in LIVE)
            if how and opened is not None:
                found.append(Life(issue.pk, issue.application_id, opened, at, how, again, due, issue.kind))
                opened = None
            elif back and opened is None:
                opened, again = at, True
        if opened is not None:
            found.append(Life(issue.pk, issue.application_id, opened, None, "", again, due, issue.kind))
    return found


def open_at(told: list[Life], at: datetime) -> list[Life]:
    """Return what was open just before a time."""
    return [one for one in told if one.opened < at and (one.closed is None or one.closed >= at)]


def risk_at(at: datetime) -> int:
    """Return the open risk just before a time, in tenths, from the moves of scores that events tell."""
    total = 0
    stood = {one.issue for one in open_at(lives(), at)}
    for issue in Issue.objects.filter(pk__in=stood):
        later = Event.objects.filter(issue=issue, kind="risk", at__gte=at).order_by("at", "pk").first()
        total += issue.risk if later is None else later.details["before"]
    return total
