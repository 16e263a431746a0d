"""How often a token may ask: so many requests a minute, counted by each server process for itself."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from hashlib import sha256
from typing import Final

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from ninja.throttling import BaseThrottle

WINDOW: Final = 60
"""Seconds."""
_MOST: Final = 10_000
"""Tokens that are remembered at once; the counts of windows that are over are dropped first."""


class PerToken(BaseThrottle):
    """Refuses a token that has asked too often. Sessions of the web interface are not counted."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._counts: dict[bytes, tuple[float, int]] = {}

    def allow_request(self, request: HttpRequest) -> bool:
        """Count a request whose token is known to be good, and tell whether it may go on."""
        header, limit = request.headers.get("Authorization"), int(settings.SEAMARK_RATE_LIMIT)
        if header is None or not limit:
            return True
        began, count = self._counted(sha256(header.encode("utf-8", "surrogateescape")).digest())
        left = max(began + WINDOW - self._clock(), 0)
        request.seamark_rate = (limit, max(limit - count, 0), int(left) + 1)  # type: ignore[attr-defined] # read by `told`
        return count <= limit

    def wait(self) -> float:
        """Return the most seconds until a window is over; the answer's headers have the exact number."""
        return float(WINDOW)

    def _counted(self, token: bytes) -> tuple[float, int]:
        now = self._clock()
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
