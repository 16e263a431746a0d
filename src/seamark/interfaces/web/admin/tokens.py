"""Tokens of everybody, those of service accounts to be made, and whose pipelines get theirs by themselves."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from seamark.core.errors import InvalidQuery, NotAllowed
from seamark.governance.access import federation, reading, tokens
from seamark.interfaces.web.admin.frame import MOST, listing, number, refusing, shown, text
from seamark.interfaces.web.frame import person, visible
from seamark.store.access import Visible
from seamark.store.models import Application, User
from seamark.store.permissions import SCOPES, Permission

SPANS: Final = (7, 30, 90, 365)
"""Days after which a token may expire."""


def listed(request: HttpRequest) -> HttpResponse:
    """List tokens and federations, or make and end some."""
    seen = visible(request)
    if not seen.may(Permission.TOKEN_MANAGE):
        raise PermissionDenied
    made = ""
    if request.method == "POST":
        with refusing(request):
            made = _act(request, seen)
        if not made:
            return redirect("tokens")
    try:
        found = listing(request, reading.tokens(seen), reverse("tokens"), {})
    except InvalidQuery:
        return redirect("tokens")
    context: dict[str, Any] = {
        **found, "made": made, "now": timezone.now(), "spans": SPANS, "scopes": list(SCOPES), "federations": list(reading.federations(seen)),
        "services": list(reading.accounts(seen).filter(is_service=True, is_active=True).order_by("username")[:MOST])
        if reading.manages(seen)
        else [],
        "applications": list(seen.applications().order_by("name")[:MOST]),
    }  # fmt: skip
    return shown(request, "web/admin/tokens.html", context)


def _act(request: HttpRequest, seen: Visible) -> str:
    """Do what a form asks; return the text of a token that was made."""
    actor, done = person(request), gettext("Done.")
    match request.POST.get("action", ""):
        case "make":
            days = text(request, "days")
            if days not in map(str, SPANS):
                raise NotAllowed(gettext("Choose when the token expires"))
            return tokens.make(
                _service(request, seen), text(request, "name"), scopes=request.POST.getlist("scopes"), actor=actor,
                applications=_applications(request, seen), expires_at=timezone.now() + timedelta(days=int(days)),
            ).text  # fmt: skip
        case "revoke":
            row = get_object_or_404(reading.tokens(seen), pk=number(request.POST.get("token", "")))
            tokens.revoke(row, actor)
            done = gettext("The token %(name)s is revoked.") % {"name": row.name}
        case "federate":
            federation.create(
                actor, text(request, "name"), issuer=text(request, "issuer", 500), audience=text(request, "audience"),
                claims=_claims(request.POST.get("claims", "")), account=_service(request, seen), applications=_applications(request, seen),
            )  # fmt: skip
        case "end":
            federation.remove(
                actor, get_object_or_404(reading.federations(seen), pk=number(request.POST.get("federation", "")))
            )
        case _:
            raise NotAllowed(gettext("Choose what to do"))
    messages.success(request, done)
    return ""


def _service(request: HttpRequest, seen: Visible) -> User:
    return get_object_or_404(reading.accounts(seen).filter(is_service=True), pk=number(request.POST.get("account", "")))


def _applications(request: HttpRequest, seen: Visible) -> list[Application]:
    wanted = [number(one) for one in request.POST.getlist("applications") if one]
    found = list(seen.applications().filter(pk__in=wanted))
    if len(found) != len(set(wanted)):
        raise NotAllowed(gettext("Choose applications from the list"))
    return found


def _claims(given: str) -> dict[str, str]:
    """Return claims, a line each: `repository = acme/shop`."""
    lines = [line.partition("=") for line in given.replace("\0", "").splitlines() if line.strip()]
    if any(not sign for _, sign, _ in lines):
        raise NotAllowed(gettext("Write a claim a line: repository = acme/shop"))
    return {name.strip(): pattern.strip() for name, _, pattern in lines}
