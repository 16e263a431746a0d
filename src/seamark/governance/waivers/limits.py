"""How long a waiver may last: the one place that says it."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from django.conf import settings

from seamark.core.errors import NotAllowed
from seamark.store.models import WaiverLimits


def most_days() -> tuple[int, ...]:
    """Return the most days for P0 to P4: those of the settings, or less where a bundle of policies in force says so."""
    days: tuple[int, ...] = settings.SEAMARK_WAIVER_DAYS
    for row in WaiverLimits.objects.filter(bundle__active=True):
        days = tuple(min(one, int(tighter)) for one, tighter in zip(days, row.days, strict=True))
    return days


def latest_end(priority: int, now: datetime) -> datetime:
    """Return when a waiver that covers issues of this priority, and of none that is more urgent, ends at the latest."""
    return now + timedelta(days=most_days()[priority])


def last_moment(day: date) -> datetime:
    """Return the end of a day (UTC), which still counts. Raises `NotAllowed` for a day that no calendar has an end of."""
    if day.year >= 9999:
        raise NotAllowed("Choose an earlier day")
    return datetime.combine(day, time(), UTC) + timedelta(days=1)


def last_day(end: datetime) -> date:
    """Return the last day on which a waiver with this end counts (UTC)."""
    return (end.astimezone(UTC) - timedelta(microseconds=1)).date()


def latest_day(priority: int, now: datetime) -> date:
    """Return the last day that may be chosen."""
    return now.astimezone(UTC).date() + timedelta(days=most_days()[priority])
