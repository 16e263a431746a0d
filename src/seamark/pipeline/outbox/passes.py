"""Passes over what happened: each is made now and then, by one worker at a time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Q

from seamark.store.models import Heed

_LEASE: Final = timedelta(minutes=10)


def claim_pass(name: str, every: timedelta, now: datetime) -> bool:
    """Begin a pass where the latest one is long enough ago and nobody is at it."""
    due = (Q(asked_at=None) | Q(asked_at__lte=now - every)) & (Q(lease_until=None) | Q(lease_until__lt=now))
    if not Heed.objects.filter(name=name).exists():
        Heed.objects.get_or_create(name=name)
    return bool(Heed.objects.filter(due, name=name).update(asked_at=now, lease_until=now + _LEASE))


def finish_pass(name: str, seen: dict[str, Any] | None = None) -> None:
    """End a pass, keeping how far it came where that is given."""
    more = {"seen": seen} if seen is not None else {}
    Heed.objects.filter(name=name).update(lease_until=None, **more)


def seen_by(name: str) -> dict[str, Any]:
    """Return how far the passes of a name have come."""
    found = Heed.objects.filter(name=name).values_list("seen", flat=True).first()
    return dict(found or {})
