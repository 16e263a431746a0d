"""What changes while a page is open, told as server-sent events: the numbers beside the navigation, and imports that end.

Few listen at once, none for long, and the database is asked by one of them for all: each listener reads its own numbers, by its
person's rights of that moment, only when something has happened. Whoever gets no place keeps the page as it is.
"""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from typing import Any, Final

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext, override

from seamark.insight.analytics.pulse import Beat, Pulse
from seamark.interfaces.web.counts import Counts
from seamark.interfaces.web.frame import person
from seamark.interfaces.web.progress import stream
from seamark.store.access import visible_to
from seamark.store.models import Import, User
from seamark.store.models.work import ImportState

AT_ONCE: Final = 2
"""Listeners of one process: each holds a thread of the server."""
LASTS: Final = 50.0
"""Seconds after which a stream ends; the page asks for another after a while."""
PAUSE: Final = 1.0
QUIET: Final = 2.0
"""Seconds after which something is sent though nothing happened, so that a page that was closed is noticed."""
EVERY: Final = 2.0
"""Seconds between two looks at the database, for all listeners together."""
END: Final = b"event: end\ndata: {}\n\n"
_ENDED: Final = (ImportState.DONE, ImportState.FAILED)
_free = threading.BoundedSemaphore(AT_ONCE)
_pulse = Pulse(EVERY)


def show(request: HttpRequest) -> HttpResponseBase:
    """Tell what changes, until the time is up; 204 to whoever does not listen, and where too many listen already.

    Nothing is wrong then: the page stays as it is. A browser asks no more, and does not complain as it would of a failure.
    """
    if "text/event-stream" not in request.headers.get("Accept", ""):
        return HttpResponse(status=204)
    language = getattr(request, "LANGUAGE_CODE", "en")
    answer = stream(_free, lambda: _told(person(request), str(language)))
    return HttpResponse(status=204) if answer.status_code == 503 else answer


def _told(who: User, language: str) -> Iterator[bytes]:
    """Yield events; a database that fails ends them, as time does."""
    with contextlib.suppress(DatabaseError, User.DoesNotExist):
        yield from _events(who, language)
    yield END


def _events(who: User, language: str) -> Iterator[bytes]:
    started = spoke = time.monotonic()
    before: Beat | None = None
    numbers: dict[str, str] = {}
    while time.monotonic() - started < LASTS:
        now = _pulse.now()
        if now != before:
            who.refresh_from_db(fields=["is_active"])
            if not who.is_active:
                return
            seen = Counts(visible_to(who))
            told = {
                reverse("issues"): str(seen.issues), reverse("fixes"): str(seen.fixes), reverse("suggestions"): str(seen.suggestions),
            }  # fmt: skip
            if told != numbers:
                numbers, spoke = told, time.monotonic()
                yield _event("counts", told)
            for one in _ended(seen, before, now):
                spoke = time.monotonic()
                yield _event("import", _words(one, language))
            before = now
        if time.monotonic() - spoke > QUIET:
            spoke = time.monotonic()
            yield b": still here\n\n"
        time.sleep(PAUSE)


def _ended(seen: Counts, before: Beat | None, now: Beat) -> list[Import]:
    """Return the imports that ended between two beats, of those that the person may see."""
    if before is None:
        return []
    stood = dict(before.imports)
    numbers = [number for number, state in now.imports if state in _ENDED and stood.get(number) != state]
    rows = seen.visible.imports().filter(pk__in=numbers).select_related("report") if numbers else []
    return list(rows)


def _words(one: Import, language: str) -> dict[str, Any]:
    done = one.state == ImportState.DONE
    with override(language):
        words = gettext("%(name)s is imported.") if done else gettext("%(name)s was not imported.")
        look = gettext("Look")
    name, address = one.report.name[:120], reverse("import", args=[one.pk])
    return {"id": one.pk, "state": one.state, "words": words % {"name": name}, "address": address, "look": look}


def _event(kind: str, data: dict[str, Any]) -> bytes:
    return f"event: {kind}\ndata: {json.dumps(data)}\n\n".encode()
