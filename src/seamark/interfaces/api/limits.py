"""How often a token may ask: so many requests a minute, counted by all servers together.

The count is kept in the database (`store.rates`). Where that cannot be done at once, because SQLite is locked by an import or the
database is away, a server goes on by what it has counted itself: a limit that is met a little late is better than a request that waits.
Requests of nobody are counted by each server for itself, so that strangers fill no table.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from hashlib import sha256
from typing import Final

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from ninja.throttling import BaseThrottle

from seamark.interfaces.api.authentication import Actor
from seamark.store import rates

WINDOW: Final = 60
"""Seconds."""
_MOST: Final = 10_000
"""Tokens that a server remembers by itself; the counts of windows that are over are dropped first."""
_KEPT: Final = 10 * WINDOW
"""Seconds until the database forgets a window."""


class PerToken(BaseThrottle):
    """Refuses a token that has asked too often. Sessions of the web interface are not counted."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._counts: dict[str, tuple[float, int]] = {}
        self._swept = 0.0

    def allow_request(self, request: HttpRequest) -> bool:
        """Count a request and tell whether it may go on. A token is known by its text, however the header is written."""
        header, limit = request.headers.get("Authorization"), int(settings.SEAMARK_RATE_LIMIT)
        if header is None or not limit:
            return True
        token = sha256(header.partition(" ")[2].strip().encode("utf-8", "surrogateescape")).hexdigest()
        now = self._clock()
        began, count = self._counted(token, now)
        if isinstance(getattr(request, "auth", None), Actor):
            began, count = self._together(token, now, began, count)
        left = max(began + WINDOW - now, 0)
        request.seamark_rate = (limit, max(limit - count, 0), int(left) + 1)  # type: ignore[attr-defined] # read by `told`
        return count <= limit

    def wait(self) -> float:
        """Return the most seconds until a window is over; the answer's headers have the exact number."""
        return float(WINDOW)

    def _together(self, token: str, now: float, began: float, count: int) -> tuple[float, int]:
        """Return the window of all servers; this one's own where the database does not say."""
        try:
            found = rates.count(token, WINDOW, now)
            if now - self._swept >= _KEPT:
                self._swept = now
                rates.sweep(now - _KEPT)
        except DatabaseError:
            return began, count
        return found

    def _counted(self, token: str, now: float) -> tuple[float, int]:
        with self._lock:
            began, count = self._counts.get(token, (now, 0))
            if now - began >= WINDOW:
                began, count = now, 0
            if token not in self._counts and len(self._counts) >= _MOST:
                self._counts = {one: held for one, held in self._counts.items() if now - held[0] < WINDOW}
                if len(self._counts) >= _MOST:
                    self._counts.clear()
            self._counts[token] = (began, count + 1)
        return began, count + 1


def told(request: HttpRequest, response: HttpResponseBase) -> None:
    """Say in an answer's headers how many requests are left, and for how many seconds."""
    rate = getattr(request, "seamark_rate", None)
    if rate is None:
        return
    limit, left, seconds = rate
    response["RateLimit-Limit"], response["RateLimit-Remaining"] = str(limit), str(left)
    response["RateLimit-Reset"] = str(seconds)
    if response.status_code == 429:
        response["Retry-After"] = str(seconds)
