"""Whether anything has happened: a few numbers that change when something does, cheap enough to be asked for every other second."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final, NamedTuple

from django.db.models import Max

from seamark.store.models import Event, Import, Match, Scan

MOST_IMPORTS: Final = 20
"""Imports that are looked at, the newest ones."""


class Beat(NamedTuple):
    """The newest numbers, and where the newest imports stand. It tells nothing of what is in them, and so is everybody's."""

    event: int
    scan: int
    match: int
    imports: tuple[tuple[int, str], ...]
    """Pairs of an import's number and its state, the newest first."""


def beat() -> Beat:
    """Read the numbers, each off the end of an index."""
    event, scan, match = (
        int(model.objects.aggregate(newest=Max("id"))["newest"] or 0) for model in (Event, Scan, Match)
    )
    imports = Import.objects.order_by("-id").values_list("id", "state")[:MOST_IMPORTS]
    return Beat(event, scan, match, tuple((number, str(state)) for number, state in imports))


class Pulse:
    """The beat for everybody in this process: read again when it is older than `every` seconds, by whoever asks first."""

    def __init__(self, every: float, read: Callable[[], Beat] = beat) -> None:
        self._every, self._read = every, read
        self._lock = threading.Lock()
        self._kept: Beat | None = None
        self._at = 0.0

    def now(self) -> Beat:
        """Return the latest beat. A failure to read it is raised, and the next who asks tries again."""
        with self._lock:
            if self._kept is None or time.monotonic() - self._at >= self._every:
                self._kept = self._read()
                self._at = time.monotonic()
            return self._kept
