"""People of some roles must have a second factor: without one they get no further than to setting it up."""

from __future__ import annotations

import time
from collections.abc import Callable

from allauth.account.internal.flows.login import get_authentication_records
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.shortcuts import redirect

from seamark.pipeline.signon import providers
from seamark.pipeline.signon.own import has_factor, roles_of
from seamark.store.models import User

AGAIN = 60
"""Seconds for which an answer is kept in the session."""
_KEY = "second_factor"
_FREE = ("/account/security/", "/login/", "/logout/", "/static/")


class SecondFactorMiddleware:
    """Sends people who lack a required second factor to their security page."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer, or redirect; the API answers 403."""
        person = request.user
        if settings.SEAMARK_SECOND_FACTOR and isinstance(person, User) and not request.path.startswith(_FREE):
            known = request.session.get(_KEY)
            if known is None or not 0 <= time.time() - known < AGAIN:
                if lacks_factor(request, person):
                    return _sent_to_set_up(request)
                request.session[_KEY] = int(time.time())
        return self.get_response(request)


def lacks_factor(request: HttpRequest, person: User) -> bool:
    """Tell whether a person has a role that needs a second factor, and neither one nor a provider that asked for it."""
    if not settings.SEAMARK_SECOND_FACTOR:
        return False
    if not roles_of(person) & settings.SEAMARK_SECOND_FACTOR or has_factor(person):
        return False
    by = {one.get("provider") for one in get_authentication_records(request, person) if "provider" in one}
    return not any(found.trusts_second_factor for slug in by if (found := providers.named(str(slug))) is not None)


def forget(request: HttpRequest) -> None:
    """Look anew at the next request, because factors changed."""
    request.session.pop(_KEY, None)


def _sent_to_set_up(request: HttpRequest) -> HttpResponseBase:
    sentence = "Your role needs a second factor: set one up first."
    if request.path.startswith("/api/"):
        body = {"type": "urn:seamark:problem:second-factor", "title": "Forbidden", "status": 403, "detail": sentence}
        return JsonResponse(body, status=403, content_type="application/problem+json")
    return redirect("account-security")
