"""How agreements on service levels are kept: what was in time, what was late, and what is late and still open."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from django.db.models import Count, Q, QuerySet
from msgspec import Struct

from seamark.store.access import Visible
from seamark.store.models import IssueClock

AXES: Final = {"priority": "priority", "application": "application", "policy": "policy"}
"""What attainment may be told by."""


class Attainment(Struct, frozen=True, kw_only=True):
    """How agreements are kept within something. Who is late and still open has not kept it: closing nothing makes no better number."""

    name: str
    kept: int
    """Fixed in time."""
    missed: int
    """Fixed too late."""
    overdue: int
    """Late, and still open."""
    at_risk: int
    """Open, and nearly late."""
    running: int
    """Open and in time, those at risk among them. They count for neither."""
    stopped: int
    """Open, and the clock stands still."""

    @property
    def share(self) -> float | None:
        """Return what share was kept of all whose time is over, 0.0 to 1.0; None where none's is."""
        over = self.kept + self.missed + self.overdue
        return self.kept / over if over else None


def clocks_of(seen: Visible) -> QuerySet[IssueClock]:
    """Return the clocks of issues that a person may see."""
    rows = IssueClock.objects.all()
    return (
        rows if seen.everything else rows.filter(application__in=list(seen.applications().values_list("pk", flat=True)))
    )


def attainment(
    seen: Visible, now: datetime, *, by: str = "priority", since: datetime | None = None
) -> list[Attainment]:
    """Return how agreements are kept, by one of `AXES`; of what is fixed only that fixed since a moment. One statement."""
    rows = clocks_of(seen)
    if since is not None:
        rows = rows.filter(Q(ended_at=None) | Q(ended_at__gte=since))
    open_ones = Q(ended_at=None)
    runs = open_ones & Q(stopped_since=None)
    column = AXES[by]
    told = rows.order_by(column).values_list(column).annotate(
        in_time=Count("pk", filter=Q(kept=True)), missed=Count("pk", filter=Q(kept=False)),
        overdue=Count("pk", filter=runs & Q(due_at__lt=now)), at_risk=Count("pk", filter=runs & Q(due_at__gte=now, risk_at__lte=now)),
        running=Count("pk", filter=runs & Q(due_at__gte=now)), stopped=Count("pk", filter=open_ones & Q(stopped_since__isnull=False)),
    )  # fmt: skip
    return [_attainment(by, *row) for row in told]


def _attainment(by: str, name: object, *numbers: int) -> Attainment:
    kept, missed, overdue, at_risk, running, stopped = numbers
    text = f"P{name}" if by == "priority" else str(name)
    return Attainment(
        name=text, kept=kept, missed=missed, overdue=overdue, at_risk=at_risk, running=running, stopped=stopped
    )  # fmt: skip


def total(parts: Sequence[Attainment], name: str = "all") -> Attainment:
    """Return the sum of some parts."""
    names = ("kept", "missed", "overdue", "at_risk", "running", "stopped")
    return Attainment(name=name, **{each: sum(getattr(one, each) for one in parts) for each in names})


def explained(clock: IssueClock, now: datetime) -> str:
    """Return a sentence that says when an issue is due, and why then."""
    why = clock.why
    parts = []
    if "days" in why:
        kind = "working days" if why.get("calendar") else "days"
        parts.append(f"{why['days']} {kind} from when it {'came back' if why.get('from') == 'returned' else 'was opened'} on {clock.started_at:%Y-%m-%d}")  # fmt: skip
    if "kev" in why:
        parts.append(f"the catalogue of exploited vulnerabilities says {why['kev']}")
    if why.get("zone"):
        parts.append(f"by the calendar of {why['zone']}")
    for word, begin, end in why.get("stops", ()):
        parts.append(f"stood still from {begin[:10]} {f'to {end[:10]}' if end else 'on'}: {word}")
    return f"{_stands(clock, now)} by {clock.policy}: {'; '.join(parts)}"


def _stands(clock: IssueClock, now: datetime) -> str:
    day = f"{clock.due_at:%Y-%m-%d}"
    if clock.ended_at is not None:
        return f"Fixed in time (due {day})" if clock.kept else f"Fixed late (due {day})"
    if clock.stopped_since is not None:
        return f"Stands still since {clock.stopped_since:%Y-%m-%d}"
    if clock.due_at < now:
        return f"Overdue since {day}"
    return f"At risk, due {day}" if clock.risk_at <= now else f"Due {day}"
