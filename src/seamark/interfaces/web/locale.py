"""The language and the time zone in which a person is answered.

Both are the person's choice. Without one the language is what the browser asks for, and the zone is the browser's own, which a
script leaves in a cookie; before that it is UTC. Programs are always answered in English and UTC.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, tzinfo
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _

from seamark.interfaces.web.frame import person
from seamark.store.models import User

COOKIE: Final = "zone"
PROGRAMS: Final = ("/api/", "/scim/", "/admission/")
"""Where programs ask."""


@lru_cache(maxsize=1)
def zones() -> tuple[str, ...]:
    """Return the names of the time zones that people may choose, by region."""
    return ("UTC", *sorted(name for name in available_timezones() if "/" in name and not name.startswith(("Etc/", "posix/", "right/", "SystemV/"))))  # fmt: skip


@lru_cache(maxsize=1)
def _known() -> frozenset[str]:
    return frozenset(zones())


def language_of(request: HttpRequest) -> str:
    """Return the language of an answer: one of `settings.LANGUAGES`."""
    chosen = getattr(request.user, "language", "")
    return chosen if chosen in dict(settings.LANGUAGES) else translation.get_language_from_request(request)


def zone_of(request: HttpRequest) -> str:
    """Return the name of the time zone of an answer."""
    names = (getattr(request.user, "time_zone", ""), request.COOKIES.get(COOKIE, ""))
    return next((name for name in names if name in _known()), "UTC")


def _clock(name: str) -> tzinfo:
    # A machine without the data of zones has this one all the same.
    return UTC if name == "UTC" else ZoneInfo(name)


class LocaleMiddleware:
    """Answers people in their language and zone. It stands behind the authentication, since both hang on the person."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer; what is streamed is written in the same language and zone."""
        if request.path.startswith(PROGRAMS):
            return self.get_response(request)
        language, zone = language_of(request), _clock(zone_of(request))
        request.LANGUAGE_CODE = language
        with _answering(language, zone):
            response = self.get_response(request)
        if isinstance(response, StreamingHttpResponse) and not response.is_async:
            response.streaming_content = _streamed(iter(response), language, zone)
        patch_vary_headers(response, ["Accept-Language"])
        response.headers.setdefault("Content-Language", language)
        return response


@contextmanager
def _answering(language: str, zone: tzinfo) -> Iterator[None]:
    with translation.override(language), timezone.override(zone):
        yield


def _streamed(parts: Iterator[Any], language: str, zone: tzinfo) -> Iterator[Any]:
    end = object()
    while True:
        with _answering(language, zone):
            part = next(parts, end)
        if part is end:
            return
        yield part


def choices(who: User) -> dict[str, Any]:
    """Return what the form for language and zone shows."""
    return {
        "languages": [(code, name, code == who.language) for code, name in settings.LANGUAGES],
        "zones": [(name, name == who.time_zone) for name in zones()],
        "zone_now": timezone.get_current_timezone_name(),
    }


def choose(request: HttpRequest) -> HttpResponse:
    """Keep the language and the zone that a person chose; nothing for both follows the browser."""
    who, language, zone = person(request), request.POST.get("language", ""), request.POST.get("time_zone", "")
    if (language and language not in dict(settings.LANGUAGES)) or (zone and zone not in _known()):
        messages.error(request, _("Choose a language and a time zone of the list."))
        return redirect("account")
    who.language, who.time_zone = language, zone
    who.save(update_fields=["language", "time_zone"])
    with translation.override(language_of(request)):
        messages.success(request, _("Language and time zone are kept."))
    return redirect("account")
