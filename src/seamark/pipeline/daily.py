"""What changes by itself from one day to the next: issues grow older, controls expire, a look at what runs grows stale."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Final

from django.db import transaction
from django.utils import timezone
from msgspec import Struct

from seamark.pipeline.ingest.told import AGES
from seamark.pipeline.restanding import restand
from seamark.pipeline.scoring import rescore
from seamark.pipeline.standing import expired_since
from seamark.pipeline.standing.running import inventoried, looked
from seamark.store.models import Issue, Upkeep

NAME: Final = "risk"
"""The pass's row in `Upkeep`."""


class Passed(Struct, frozen=True, kw_only=True):
    """What a daily pass looked at anew."""

    day: date
    aged: int
    """Issues that came to the next step of age."""
    expired: int
    """Issues whose standing changed because a control expired."""
    stale: int
    """Issues whose standing changed because what runs was not looked at for too long, or was looked at again."""


def run_if_due(now: datetime | None = None) -> Passed | None:
    """Make the day's pass where nobody has; None where somebody did. Any number of workers may ask."""
    at = now or timezone.now()
    today = at.date()
    with transaction.atomic():
        before = Upkeep.objects.filter(name=NAME).first()
        if before is None:
            _, made = Upkeep.objects.get_or_create(name=NAME, defaults={"day": today, "at": at})
            return _pass(None, None, at) if made else None
        # The row's lock lets one in; a failure gives the day back.
        taken = Upkeep.objects.filter(pk=before.pk, day__lt=today).update(day=today, at=at)
        return _pass(before.day, before.at, at) if taken else None


def run(now: datetime | None = None) -> Passed:
    """Make the pass now, whoever made one today."""
    at = now or timezone.now()
    with transaction.atomic():
        before = Upkeep.objects.filter(name=NAME).first()
        Upkeep.objects.update_or_create(name=NAME, defaults={"day": at.date(), "at": at})
        return _pass(before.day, before.at, at) if before is not None else _pass(None, None, at)


def refresh_all() -> int:
    """Score every open issue anew with all that is known today; return how many there are."""
    numbers = list(Issue.objects.filter(open=True).order_by("id").values_list("id", flat=True))
    rescore(numbers)
    return len(numbers)


def _pass(day: date | None, last: datetime | None, now: datetime) -> Passed:
    """Look at what changed since the pass of `day`, at the time `last`; at everything that may have where there was none."""
    today = now.date()
    aged = _aged(day, today)
    rescore(aged)
    gone = expired_since(day or date.min, today)
    seen = looked()
    turned = last is None or seen.proves(last) != seen.proves(now)
    stale = inventoried(seen.sources) if turned and seen.sources else set()
    return Passed(day=today, aged=len(aged), expired=restand(gone), stale=restand(stale))


def _aged(day: date | None, today: date) -> list[int]:
    """Return the open issues that came to a step of age after a day, and until today."""
    rows = Issue.objects.filter(open=True)
    if day is None:
        return sorted(rows.filter(opened_at__lt=_end(today - timedelta(days=AGES[-1]))).values_list("id", flat=True))
    found: set[int] = set()
    for step in map(timedelta, AGES):
        found.update(
            rows.filter(opened_at__gte=_end(day - step), opened_at__lt=_end(today - step)).values_list("id", flat=True)
        )
    return sorted(found)


def _end(day: date) -> datetime:
    """Return the first moment after a day."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)
