"""What happens to waivers by itself: they end, and before that they remind. Whether one counts never depends on this."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.utils import timezone
from msgspec import Struct

from seamark.governance.waivers.scope import reach_of
from seamark.governance.waivers.steps import remind, take
from seamark.store.models import Waiver, WaiverStep
from seamark.store.models.waivers import WaiverState

REMINDERS: Final = (14, 3, 0)
"""Days before the end at which a waiver reminds; 0 is its last day."""
_MOST: Final = 500
_NEVER: Final = 10_000


class Passed(Struct, frozen=True, kw_only=True):
    """What a pass came to."""

    expired: int
    reminded: int


def run(now: datetime | None = None) -> Passed:
    """Mark waivers that have ended, and write down the reminders that are due. Cheap where there is nothing to do; any number of workers may."""
    at = now or timezone.now()
    return Passed(expired=_expire(at), reminded=_remind(at))


def work_once() -> bool:
    """Make a pass and tell whether there was something to do: what a worker does between other work."""
    passed = run()
    return bool(passed.expired or passed.reminded)


def _expire(at: datetime) -> int:
    due = Waiver.objects.filter(state=WaiverState.APPROVED, expires_at__lte=at).order_by("expires_at", "pk")
    number = 0
    for pk in list(due.values_list("pk", flat=True)[:_MOST]):
        with transaction.atomic():
            row = Waiver.objects.select_for_update(of=("self",)).filter(pk=pk, state=WaiverState.APPROVED).first()
            if row is None:
                continue
            reach = reach_of(row)
            row.state, row.ended_at = WaiverState.EXPIRED, row.expires_at
            row.save(update_fields=["state", "ended_at"])
            take(row, "expired", None, at, "", reach)
            number += 1
    return number


def _remind(at: datetime) -> int:
    soon = at + timedelta(days=max(REMINDERS))
    live = Waiver.objects.filter(state=WaiverState.APPROVED, expires_at__gt=at, expires_at__lte=soon)
    rows = list(live.order_by("expires_at", "pk")[:_MOST])
    told = _told(row.pk for row in rows)
    number = 0
    for row in rows:
        days = _due(row, at)
        if days is None or told.get(row.pk, _NEVER) <= days:
            continue
        with transaction.atomic():
            locked = (
                Waiver.objects.select_for_update(of=("self",)).filter(pk=row.pk, state=WaiverState.APPROVED).first()
            )
            if locked is not None and _told([row.pk]).get(row.pk, _NEVER) > days:
                remind(locked, days, at)
                number += 1
    return number


def _due(row: Waiver, at: datetime) -> int | None:
    """Return which reminder is due; None where the waiver was never to last longer than that."""
    days = min(one for one in REMINDERS if row.expires_at <= at + timedelta(days=max(one, 1)))
    lasts = row.expires_at - row.decided_at if row.decided_at is not None else timedelta()
    return days if lasts > timedelta(days=days) else None


def _told(waivers: Iterable[int]) -> dict[int, int]:
    """Return the last reminder of each waiver, in days before its end."""
    found: dict[int, int] = {}
    rows = WaiverStep.objects.filter(waiver__in=list(waivers), kind="reminded")
    for waiver, details in rows.values_list("waiver", "details"):
        found[waiver] = min(found.get(waiver, _NEVER), int(details.get("days", _NEVER)))
    return found
