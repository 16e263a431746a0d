"""How the installation does, in figures: queues, workers, disk, feeds, the ledger's signature. For the screen and for monitoring."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, NamedTuple

from django.conf import settings
from django.db import connection
from django.db.models import Q, QuerySet

from seamark import __version__
from seamark.governance.ledger import checkpoints
from seamark.governance.ledger.record import size_now
from seamark.pipeline import feeds, heartbeat
from seamark.store.models import Import, Job, OutboxAct, ProfileUse, WebhookMessage
from seamark.store.query import bounded_count

LATELY: Final = timedelta(days=7)
"""How far back failures count."""
LONG: Final = timedelta(hours=1)
"""A queue whose oldest piece has waited longer is not worked off."""
LEAST_FREE: Final = 500 * 1024**2
"""Bytes of the disk that have to be free."""


class Queue(NamedTuple):
    """What waits for a worker. `since` is the column that says from when a piece waits; `rows` leave out what is not due yet."""

    name: str
    rows: Callable[[datetime], QuerySet[Any]]
    since: str


QUEUES: Final = (
    Queue("import", lambda _: Import.objects.all(), "created_at"),
    Queue("re-scoring", lambda _: ProfileUse.objects.all(), "at"),
    Queue("job", lambda _: Job.objects.all(), "created_at"),
    Queue(
        "webhook",
        lambda now: WebhookMessage.objects.exclude(Q(state="queued") & Q(due_at__gt=now)),
        "created_at",
    ),
    Queue("outbox", lambda now: OutboxAct.objects.exclude(Q(state="queued") & Q(due_at__gt=now)), "created_at"),
)
"""All have `state` with `queued`, `running` and `failed`, `lease_until` and `finished_at`; add a line for a new one."""


def queues(now: datetime) -> list[dict[str, Any]]:
    """Return how each queue stands: `waiting`, `running`, `failed` within a week, `oldest` waiting piece in seconds or None."""
    return [_queue(one, now) for one in QUEUES]


def _queue(queue: Queue, now: datetime) -> dict[str, Any]:
    rows = queue.rows(now)
    waiting = rows.filter(state="queued")
    oldest = waiting.order_by("id").values_list(queue.since, flat=True).first()
    return {
        "name": queue.name, "waiting": bounded_count(waiting), "running": bounded_count(rows.filter(state="running", lease_until__gt=now)),
        "failed": bounded_count(rows.filter(state="failed", finished_at__gt=now - LATELY)),
        "oldest": None if oldest is None else max(0, round((now - oldest).total_seconds())),
    }  # fmt: skip


def database() -> dict[str, Any]:
    """Return which database it is, and in how many milliseconds it answers. Raises `DatabaseError`."""
    began = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        cursor.fetchone()
    return {"kind": connection.vendor, "milliseconds": round((time.perf_counter() - began) * 1000, 1)}


def disk() -> dict[str, Any]:
    """Return bytes of the disk that holds `SEAMARK_HOME`: `free` and `total`, None where it cannot be asked."""
    home: Path = settings.SEAMARK_HOME
    place = next((one for one in (home, *home.parents) if one.exists()), None)
    if place is None:
        return {"free": None, "total": None}
    found = shutil.disk_usage(place)
    return {"free": found.free, "total": found.total}


def ledger() -> dict[str, Any]:
    """Return the ledger's `entries`, how many of them are `signed`, and `at` when."""
    last = checkpoints.latest()
    return {
        "entries": size_now(), "signed": last.size if last is not None else 0, "at": last.at if last is not None else None,
    }  # fmt: skip


def all_of(now: datetime) -> dict[str, Any]:
    """Return everything: `version`, `database`, `workers`, `queues`, `disk`, `feeds`, `ledger`. Raises `DatabaseError`."""
    return {
        "version": __version__, "database": database(), "workers": heartbeat.standing(now), "queues": queues(now), "disk": disk(),
        "feeds": feeds.standing(now), "ledger": ledger(),
    }  # fmt: skip
