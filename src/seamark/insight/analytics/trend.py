"""How an application's issues and risk went, as far as the record tells.

An issue counts from the day on which it was opened to the day on which it was resolved, with the score that its events say it had.
What no event tells is not made up: an issue that was resolved and came back counts as open in between, and scores from before their
first recorded move count as that move's `before`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

from django.db.models import Max, Q
from msgspec import Struct

from seamark.store.access import Visible
from seamark.store.models import Application, Event, Issue
from seamark.store.models.issues import State

DAYS: Final = 90
STEPS: Final = 30
"""Points of a curve behind the first one."""
MOST_ISSUES: Final = 20_000
MOST_MOVES: Final = 100_000
"""Events that are looked at, the newest ones: their table has no index by application, so that a range of their numbers is read."""


class Point(NamedTuple):
    """How it stood at a moment."""

    at: datetime
    issues: int
    urgent: int
    """Of priority P0 and P1 by today's bands. Bands of then are not recorded."""
    risk: int
    """The sum of the scores, in tenths."""


class Trend(Struct, frozen=True, kw_only=True):
    """A curve with its bounds. Empty where nothing was recorded."""

    points: list[Point]
    since: datetime
    """From when on there is a record: the first issue, or the start of the time looked at."""
    opened: int
    resolved: int
    partial: bool
    """There were too many issues or moves: the riskiest issues, and the newest moves, were looked at."""


class _Life(NamedTuple):
    risk: int
    priority: int
    opened: datetime
    ended: datetime | None


def trend_of(seen: Visible, application: Application, now: datetime, days: int = DAYS) -> Trend:
    """Return how the issues of an application went in the last days."""
    start = now - timedelta(days=days)
    rows = seen.issues().filter(application=application, branch_only=False, merged_into=None).order_by("-risk", "-id")
    rows = rows.filter(Q(resolved_at=None) | Q(resolved_at__gt=start)).exclude(
        resolved_at=None, state__in=(State.RESOLVED, State.DISMISSED)
    )
    lives = {
        one.pk: _life(one) for one in rows.only("id", "risk", "priority", "opened_at", "resolved_at")[: MOST_ISSUES + 1]
    }
    partial = len(lives) > MOST_ISSUES
    moves, cut = _moves(seen, application, start, lives)
    if not lives:
        return Trend(points=[], since=start, opened=0, resolved=0, partial=False)
    first = max(start, min(life.opened for life in lives.values()))
    return Trend(
        points=[_point(at, lives, moves) for at in _moments(first, now)], since=first,
        opened=sum(life.opened > start for life in lives.values()), resolved=sum(life.ended is not None for life in lives.values()),
        partial=partial or cut,
    )  # fmt: skip


def _life(one: Issue) -> _Life:
    return _Life(one.risk, one.priority, one.opened_at, one.resolved_at)


def _moves(
    seen: Visible, application: Application, start: datetime, lives: dict[int, _Life]
) -> tuple[dict[int, list[tuple[datetime, int]]], bool]:
    """Return for each issue when its score moved since, and what it was before, the oldest move first."""
    newest = Event.objects.aggregate(newest=Max("id"))["newest"] or 0
    looked_at = Event.objects.filter(pk__gt=newest - MOST_MOVES)
    oldest = looked_at.order_by("id").values_list("at", flat=True).first() if newest > MOST_MOVES else None
    events = seen.events().filter(pk__gt=newest - MOST_MOVES, application=application, kind="risk", at__gt=start)
    found: dict[int, list[tuple[datetime, int]]] = defaultdict(list)
    for issue, at, details in events.order_by().values_list("issue", "at", "details").iterator(chunk_size=2000):
        before = _before(details)
        if issue in lives and before is not None:
            found[issue].append((at, before))
    return {issue: sorted(told) for issue, told in found.items()}, oldest is not None and oldest > start


def _before(details: Any) -> int | None:
    before = details.get("before") if isinstance(details, dict) else None
    return before if isinstance(before, int) else None


def _moments(first: datetime, now: datetime) -> Iterable[datetime]:
    step = (now - first) / STEPS
    return (first + step * at if at < STEPS else now for at in range(STEPS + 1))


def _point(at: datetime, lives: dict[int, _Life], moves: dict[int, list[tuple[datetime, int]]]) -> Point:
    issues = urgent = risk = 0
    for number, life in lives.items():
        if life.opened <= at and (life.ended is None or life.ended > at):
            issues += 1
            urgent += life.priority <= 1
            risk += next((before for moved, before in moves.get(number, ()) if moved > at), life.risk)
    return Point(at.astimezone(UTC), issues, urgent, risk)
