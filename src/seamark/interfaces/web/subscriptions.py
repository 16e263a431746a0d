"""What a person and the person's teams hear of, where and when: a page below the account."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from seamark.core.errors import NotAllowed
from seamark.interfaces.web.admin.frame import MOST, number, refusing, text
from seamark.interfaces.web.frame import person, visible
from seamark.pipeline.notices import subscriptions
from seamark.pipeline.notices.kinds import KINDS, PERSONAL
from seamark.pipeline.outbox.connections import choosable, manages
from seamark.response.actions.contract import Role
from seamark.store.models import Application, Subscription

HOURS = tuple(range(24))


def show(request: HttpRequest) -> HttpResponse:
    """Show what somebody hears of, or change it."""
    if request.method == "POST":
        with refusing(request):
            messages.success(request, _act(request))
        return redirect("subscriptions")
    who = person(request)
    rows = list(subscriptions.of(who).order_by("group__name", "pk")[:MOST])
    applications = list(visible(request).applications().order_by("name")[:MOST])
    context = {
        "lines": [_line(row) for row in rows], "connections": choosable(Role.MESSAGE), "teams": list(subscriptions.teams_of(who)[:MOST]),
        "fresh": [(name, words, True) for name, words in KINDS.items()], "applications": applications, "hours": HOURS, "me": who,
        "manages": manages(visible(request)),
    }  # fmt: skip
    return render(request, "web/connections/subscriptions.html", context)


def _line(row: Subscription) -> dict[str, Any]:
    kinds = [
        (name, words, name in row.kinds)
        for name, words in KINDS.items()
        if row.group_id is None or name not in PERSONAL
    ]
    return {"row": row, "kinds": kinds, "chosen": set(row.applications), "whose": row.group.name if row.group else ""}


def _act(request: HttpRequest) -> str:
    """Do what a form asks, and return the sentence for it."""
    who, action = person(request), request.POST.get("action", "")
    if action == "add":
        connection = get_object_or_404(choosable(Role.MESSAGE), pk=number(text(request, "connection")))
        team = text(request, "team")
        group = get_object_or_404(subscriptions.teams_of(who), pk=number(team)) if team else None
        subscriptions.add(who, connection, group=group, to=text(request, "to", 300), **_wishes(request))
        return _("You hear of it from now on.") if group is None else _("The team hears of it from now on.")
    row = get_object_or_404(subscriptions.of(who), pk=number(text(request, "subscription")))
    if action == "change":
        subscriptions.change(who, row, **_wishes(request))
        return _("Your choice is kept.")
    if action == "switch":
        subscriptions.change(who, row, active=not row.active)
        return _("Messages come again.") if row.active else _("No message comes any more.")
    if action == "remove":
        subscriptions.remove(who, row)
        return _("The subscription has ended.")
    raise NotAllowed(_("Choose what to do"))


def _wishes(request: HttpRequest) -> dict[str, Any]:
    """Return what a form says of kinds, applications, digest and times."""
    wanted = [number(one) for one in request.POST.getlist("applications")]
    quiet = (_hour(request, "quiet_from"), _hour(request, "quiet_to"))
    if (quiet[0] is None) != (quiet[1] is None):
        raise NotAllowed(_("Quiet hours have a beginning and an end"))
    return {
        "kinds": request.POST.getlist("kinds"), "applications": _applications(request, wanted), "digest": "digest" in request.POST, "weekly": "weekly" in request.POST,
        "quarterly": "quarterly" in request.POST, "daily_delta": "daily_delta" in request.POST,
        "hour": _hour(request, "hour") or 0, "zone": text(request, "zone", 60), "quiet": None if quiet[0] is None else quiet,
    }  # fmt: skip


def _applications(request: HttpRequest, wanted: list[int]) -> list[Application]:
    found = list(visible(request).applications().filter(pk__in=wanted))
    if len(found) < len(set(wanted)):
        raise NotAllowed(_("Choose applications that you may see"))
    return found


def _hour(request: HttpRequest, name: str) -> int | None:
    given = text(request, name, 4)
    return number(given) if given else None
