"""When a session was last used, to within some minutes."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

from seamark.pipeline.signon.own import note_session

EVERY = 300
"""Seconds between two notes of one session: a page costs no query for it otherwise."""
_KEY = "seen"


class SessionMiddleware:
    """Notes who uses a session, from where and with what."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer, and note the session's use first where it was not noted lately."""
        seen = request.session.get(_KEY)
        # Only sessions that logged in through our pages have the mark; the log-in sets it.
        if seen is not None and time.time() - seen >= EVERY and request.user.is_authenticated:
            request.session[_KEY] = int(time.time())
            note_session(request)
        return self.get_response(request)


def start(request: HttpRequest) -> None:
    """Begin to note a session's use."""
    request.session[_KEY] = int(time.time())
