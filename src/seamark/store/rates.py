"""How often each token asked, counted by all servers together: one statement a request."""

from __future__ import annotations

import time
from typing import Final

from django.db import connection

from seamark.store.connection import waiting_little
from seamark.store.models import RateCount

# What is lost with a server that dies is a minute's count: no request waits for the disk because of it.
_NO_DISK: Final = " FROM (SELECT set_config('synchronous_commit', 'off', true)) AS said"
_COUNT: Final = (
    "INSERT INTO store_ratecount AS kept (token, began, count) SELECT %s, %s, 1{said} WHERE true "
    "ON CONFLICT (token) DO UPDATE SET "
    "count = CASE WHEN excluded.began - kept.began >= %s THEN 1 ELSE kept.count + 1 END, "
    "began = CASE WHEN excluded.began - kept.began >= %s THEN excluded.began ELSE kept.began END "
    "RETURNING began, count"
)
_SWEPT: Final = 500
"""Rows that one sweep deletes at most."""


def count(token: str, window: float, now: float | None = None) -> tuple[float, int]:
    """Count a request of a token, named by its digest, in seconds of the window that its first request opened.

    Returns when the window began, in seconds since 1970, and how many requests it has with this one. Hosts whose clocks differ count
    in one window all the same. Raises `DatabaseError`, soon, where SQLite is locked by somebody who writes.
    """
    at = round((time.time() if now is None else now) * 1000)
    long = round(window * 1000)
    # Inside a transaction the setting would be that of work which somebody relies on.
    relaxed = connection.vendor == "postgresql" and not connection.in_atomic_block
    with waiting_little(), connection.cursor() as cursor:
        cursor.execute(_COUNT.format(said=_NO_DISK if relaxed else ""), [token, at, long, long])
        began, number = cursor.fetchone()
    return began / 1000, int(number)


def sweep(before: float) -> int:
    """Forget windows that began before a moment, in seconds since 1970; return how many, of a bounded number."""
    old = RateCount.objects.filter(began__lt=round(before * 1000))
    tokens = list(old.order_by("began").values_list("pk", flat=True)[:_SWEPT])
    return old.filter(pk__in=tokens).delete()[0] if tokens else 0
