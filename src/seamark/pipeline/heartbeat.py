"""Workers say that they are there: a row a process, written now and then."""

from __future__ import annotations

import os
import socket
import time
from datetime import datetime, timedelta
from typing import Any, Final

from django.utils import timezone

from seamark import __version__
from seamark.store.models import Heartbeat

EVERY: Final = 15.0
"""Seconds between two words of one worker."""
SILENT: Final = timedelta(minutes=2)
"""After this long without a word a worker is taken for gone, unless it is at a long piece of work."""
_FORGOTTEN: Final = timedelta(days=1)


class Pulse:
    """What one worker process says of itself. Call `beat` as often as you like: it writes every 15 seconds."""

    def __init__(self) -> None:
        self._name = f"{socket.gethostname()}:{os.getpid()}"[:200]
        self._started = timezone.now()
        self._last: float | None = None

    def beat(self) -> bool:
        """Say that the worker is there, where it is time to; tell whether that was written."""
        if self._last is not None and time.monotonic() - self._last < EVERY:
            return False
        now = timezone.now()
        said = {"version": __version__, "started_at": self._started, "at": now}
        _, new = Heartbeat.objects.update_or_create(name=self._name, defaults=said)
        if new:
            Heartbeat.objects.filter(at__lt=now - _FORGOTTEN).delete()
        self._last = time.monotonic()
        return True

    def end(self) -> None:
        """Say that the worker stopped because it was told to."""
        Heartbeat.objects.filter(name=self._name).delete()


def standing(now: datetime) -> list[dict[str, Any]]:
    """Return the workers that said something within a day, the latest first: `name`, `version`, `started_at`, `at`, `silent`."""
    rows = Heartbeat.objects.filter(at__gte=now - _FORGOTTEN).order_by("-at")
    return [
        {
            "name": row.name, "version": row.version, "started_at": row.started_at, "at": row.at, "silent": now - row.at > SILENT,
        }
        for row in rows
    ]  # fmt: skip
