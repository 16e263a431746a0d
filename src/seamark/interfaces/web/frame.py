"""What every view needs of a request: its person, whether htmx asks, where to go back to."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import cast

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.cache import add_never_cache_headers, patch_vary_headers
from django.utils.http import url_has_allowed_host_and_scheme

from seamark.interfaces.web.counts import Counts
from seamark.store.access import Visible
from seamark.store.models import User


def person(request: HttpRequest) -> User:
    """Return who is logged in; `LoginRequiredMiddleware` has seen to it that somebody is."""
    return cast("User", request.user)


def visible(request: HttpRequest) -> Visible:
    """Return what the person may see, with the grants read once a request."""
    return Counts.of(request).visible


def wants_part(request: HttpRequest, target: str) -> bool:
    """Tell whether htmx asks for one part of the page only."""
    return request.headers.get("HX-Request") == "true" and request.headers.get("HX-Target") == target


def go_back(request: HttpRequest, fallback: str) -> HttpResponse:
    """Redirect to the page that a form names in `next`, if it is one of ours."""
    place = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(
        place, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    ):
        place = reverse(fallback)
    return redirect(place)


def screen(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Mark a page's answer: kept by no cache, and different for htmx."""

    @wraps(view)
    def answer(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        add_never_cache_headers(response)
        patch_vary_headers(response, ["HX-Request", "HX-Target"])
        return response

    return answer
