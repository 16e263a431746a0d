"""How imports go, told while they go: server-sent events, few at once and none for long."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Final

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.template.loader import render_to_string

from seamark.interfaces.web.frame import visible
from seamark.pipeline.imports import progress_of
from seamark.store.access import Visible
from seamark.store.models import Import
from seamark.store.models.work import ImportState

AT_ONCE: Final = 2
"""Streams of one process at once: each holds a thread of the server, and whoever gets none asks again and again instead."""
LASTS: Final = 55.0
"""Seconds after which a stream ends; the page asks for another."""
PAUSE: Final = 0.5
QUIET: Final = 5.0
"""Seconds after which something is sent though nothing happened, so that a page that was closed is noticed."""
MOST: Final = 50
RUNNING: Final = (ImportState.QUEUED, ImportState.RUNNING)
_free = threading.BoundedSemaphore(AT_ONCE)


def show(request: HttpRequest) -> HttpResponseBase:
    """Tell how the imports named by `id` go, each event a row of the history.

    204 where there are none of them, 503 where too many listen already.
    """
    numbers = [
        int(one) for one in request.GET.getlist("id")[:MOST] if one.isascii() and one.isdigit() and len(one) < 19
    ]
    if not visible(request).imports().filter(pk__in=numbers).exists():
        return HttpResponse(status=204)
    return stream(_free, lambda: _events(visible(request), numbers))


def stream(free: threading.BoundedSemaphore, events: Callable[[], Iterator[bytes]]) -> HttpResponseBase:
    """Answer with events as they come while one of the `free` places can be had, and with 503 otherwise."""
    if not free.acquire(blocking=False):
        return HttpResponse(status=503, headers={"Retry-After": "5"})
    response = StreamingHttpResponse(_Told(events(), free), content_type="text/event-stream")
    # A proxy in front must not hold events back.
    response["X-Accel-Buffering"] = "no"
    return response


class _Told:
    """Events that are told. Their place is free again when it is closed, whether or not they were read."""

    def __init__(self, events: Iterator[bytes], free: threading.BoundedSemaphore) -> None:
        self._events, self._free = events, free
        self._open = True

    def __iter__(self) -> Iterator[bytes]:
        return self._events

    def close(self) -> None:
        """Give the place back. Django calls this once the answer is sent, or the reader is gone."""
        if self._open:
            self._open = False
            self._free.release()


def _events(seen: Visible, numbers: list[int]) -> Iterator[bytes]:
    told: dict[int, tuple[str, int]] = {}
    started = spoke = time.monotonic()
    while time.monotonic() - started < LASTS:
        rows = list(seen.imports().filter(pk__in=numbers).select_related("report", "author"))
        for one in rows:
            stands = (one.state, progress_of(one))
            if told.get(one.pk) != stands:
                told[one.pk] = stands
                spoke = time.monotonic()
                yield _event(one)
        if not any(one.state in RUNNING for one in rows):
            break
        if time.monotonic() - spoke > QUIET:
            spoke = time.monotonic()
            yield b": still here\n\n"
        time.sleep(PAUSE)
    yield b"event: end\ndata: {}\n\n"


def _event(one: Import) -> bytes:
    row = render_to_string("web/imports/_row.html", {"one": one, "live": True})
    return b"event: import\ndata: %b\n\n" % json.dumps({"id": one.pk, "state": one.state, "row": row}).encode()
