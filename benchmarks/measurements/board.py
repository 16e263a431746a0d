"""The executive dashboard and the quarterly pack on an estate with years of history: each step in a process of its own."""

from __future__ import annotations

import os
import random
import statistics
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

APPLICATIONS = 40
YEARS = 3
_BATCH = 20_000
_PERIODS = ("90", "30", "365", "2026-Q3")


def fill(count: int) -> dict[str, Any]:
    """Write issues with their events, over three years, and somebody who sees everything."""
    from django.contrib.auth import get_user_model
    from django.db import connection, transaction
    from django.utils import timezone
    from tests.metrics.estate import Maker, homes

    from seamark.store.models import Event, Grant
    from seamark.store.models.people import Role

    begin = time.perf_counter()
    with transaction.atomic():
        places = homes(APPLICATIONS, random.Random(1))  # noqa: S311 - repeatable, not unpredictable
        made = Maker(places, timezone.now() - timedelta(minutes=5), seed=1, days=365 * YEARS)
        for at in range(0, count, _BATCH):
            made.write(min(_BATCH, count - at))
        Grant.objects.create(user=get_user_model().objects.create(username="board"), role=Role.ADMIN)
    _vacuum(connection)
    return {"seconds": time.perf_counter() - begin, "events": Event.objects.count()}


def record() -> dict[str, Any]:
    """Write all facts, then look a second time, when nothing has changed."""
    from django.db import connection

    from seamark.pipeline.metrics import recording

    begin = time.perf_counter()
    told = recording.record()
    middle = time.perf_counter()
    recording.record()
    end = time.perf_counter()
    _vacuum(connection)
    return {"first": middle - begin, "again": end - middle, "facts": told.facts}


def look(runs: int) -> dict[str, Any]:
    """Ask for the dashboard: the first time that this process does, and then again with other filters between."""
    from django.contrib.auth import get_user_model
    from django.test import Client

    client = Client(SERVER_NAME="localhost")
    person = get_user_model().objects.get(username="board")
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    client.get("/analytics/definitions/")
    cold = _timed(lambda: client.get("/analytics/?period=90"))
    begin = time.process_time()
    warm = {
        period: [_timed(lambda: client.get("/analytics/", {"period": period})) for _ in range(runs)]  # noqa: B023 - called at once
        for period in _PERIODS
    }
    cpu = (time.process_time() - begin) / (runs * len(_PERIODS))
    lists = [_timed(lambda: client.get("/analytics/lists/open/?period=90")) for _ in range(runs)]
    return {
        "cold": cold, "warm": {period: statistics.median(times) for period, times in warm.items()}, "cpu": cpu,
        "worst": max(map(max, warm.values())), "list": statistics.median(lists), "load": os.getloadavg()[0],
    }  # fmt: skip


def pack() -> dict[str, Any]:
    """Make a quarterly pack in both forms, each without anything read before."""
    from django.utils import timezone

    from seamark.insight.metrics import columns
    from seamark.insight.metrics.scope import scope
    from seamark.pipeline.metrics.packs import last_quarter, make_pack
    from seamark.store.access import everything

    found = {}
    for form in ("pdf", "pptx"):
        columns.forget()
        asked = scope(everything(), timezone.now(), span=last_quarter(timezone.now()))
        found[form] = _timed(lambda: make_pack(asked, form))  # noqa: B023 - called at once
    return found


def _timed(function: Callable[[], Any]) -> float:
    begin = time.perf_counter()
    answer = function()
    took = time.perf_counter() - begin
    if getattr(answer, "status_code", 200) != 200:
        raise RuntimeError(f"the page answered {answer.status_code}")
    return took


def _vacuum(connection: Any) -> None:
    if connection.vendor == "postgresql":
        # What autovacuum does within a minute of so much writing.
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
