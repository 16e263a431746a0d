"""Rows that workers take one by one: a row is taken under a lease and by number of attempt, so that a lost worker loses nothing."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from django.db import connection, transaction
from django.db.models import F, Model, Q, QuerySet

Row = TypeVar("Row", bound=Model)
FIRST: Final = timedelta(seconds=5)
LONGEST: Final = timedelta(hours=6)


def free(now: datetime) -> Q:
    """Return what is held by nobody."""
    return Q(lease_until=None) | Q(lease_until__lt=now)


def claim(rows: QuerySet[Row], now: datetime, lease: timedelta) -> Row | None:
    """Take the first of some free rows and count its attempt; None where there is none. Workers beside each other get different ones."""
    with transaction.atomic():
        if connection.vendor == "postgresql":
            rows = rows.select_for_update(skip_locked=True, of=("self",))
        found = rows.first()
        if found is not None:
            rows.model._default_manager.filter(pk=found.pk).update(attempt=F("attempt") + 1, lease_until=now + lease)  # noqa: SLF001 - Django's documented name
    return found


def settle(row: Any, **result: Any) -> bool:
    """Write what came of an attempt and give the row back; False where another worker has taken it since."""
    mine = type(row)._default_manager.filter(pk=row.pk, attempt=row.attempt)  # noqa: SLF001 - Django's documented name
    return bool(mine.update(lease_until=None, **result))


def pause(attempt: int) -> timedelta:
    """Return how long to wait after an attempt, the first being 1: twice as long each time, spread by up to a half."""
    whole: timedelta = min(FIRST * 2 ** min(attempt - 1, 20), LONGEST)
    return whole * random.uniform(0.5, 1.0)  # noqa: S311 - spreads attempts out, guards nothing
