"""People and service accounts: who there is, what each holds, and switching them off."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext

from seamark.core.errors import InvalidQuery, NotAllowed
from seamark.governance.access import accounts, grants, reading, roles
from seamark.governance.access.places import grants_of, place_of
from seamark.interfaces.web.admin.frame import listing, manager, number, places, refusing, shown, text
from seamark.interfaces.web.frame import person
from seamark.store.access import Visible
from seamark.store.models import User
from seamark.store.models.people import Role
from seamark.store.permissions import Permission


def listed(request: HttpRequest) -> HttpResponse:
    """List accounts, or make one."""
    seen = manager(request)
    if request.method == "POST":
        return _make(request)
    name = request.GET.get("name", "").replace("\0", "").strip()[:150]
    rows = reading.accounts(seen).select_related("responsible").filter(username__icontains=name)
    try:
        found = listing(request, rows, reverse("people"), {"name": name})
    except InvalidQuery:
        return redirect("people")
    return shown(request, "web/admin/people.html", {**found, "name": name, "whole": seen.may(Permission.USER_MANAGE)})


def _make(request: HttpRequest) -> HttpResponse:
    made: User | None = None
    with refusing(request):
        name = text(request, "username", 200)
        if request.POST.get("kind") == "service":
            made = accounts.create_service(person(request), name)
        else:
            mail, first, last = (text(request, field) for field in ("email", "first_name", "last_name"))
            made = accounts.create(person(request), name, email=mail, first_name=first, last_name=last)
        messages.success(request, gettext("%(name)s is there, and holds nothing yet.") % {"name": made.get_username()})
    return redirect("person", made.pk) if made is not None else redirect("people")


def show(request: HttpRequest, number: int) -> HttpResponse:
    """Show an account with all that it holds, or change it."""
    seen = manager(request)
    row = get_object_or_404(reading.accounts(seen), pk=number)
    if request.method == "POST":
        with refusing(request):
            _act(request, seen, row)
        return redirect("people" if request.POST.get("action") == "remove" else "person", *_of(request, row))
    whole = seen.may(Permission.USER_MANAGE) or seen.actor.pk == row.pk
    held = grants_of(row) if whole else list(reading.grants(seen).filter(user=row))
    context: dict[str, Any] = {
        "account": row, "held": [(one, grants.role_of(one), str(place_of(one))) for one in held],
        "groups": list(row.teams.order_by("name")), "roles": [*Role.values, *(one.name for one in reading.roles(seen))],
        "whole": seen.may(Permission.USER_MANAGE), **places(seen),
    }  # fmt: skip
    return shown(request, "web/admin/person.html", context)


def _of(request: HttpRequest, row: User) -> list[int]:
    return [] if request.POST.get("action") == "remove" else [row.pk]


def _act(request: HttpRequest, seen: Visible, row: User) -> None:
    actor = person(request)
    match request.POST.get("action", ""):
        case "give":
            place = reading.place(seen, text(request, "unit"), text(request, "application"))
            made = grants.give(actor, row, roles.named(text(request, "role")), place)
            messages.success(
                request,
                gettext("%(name)s is %(role)s on %(place)s.")
                % {"name": row.get_username(), "role": grants.role_of(made), "place": place},
            )
        case "withdraw":
            grant = get_object_or_404(reading.grants(seen), pk=number(request.POST.get("grant", "")), user=row)
            grants.withdraw(actor, grant)
            messages.success(request, gettext("The role is taken away."))
        case "change":
            given = {field: text(request, field) for field in ("email", "first_name", "last_name")}
            accounts.change(actor, row, **given)
            messages.success(request, gettext("The account is changed."))
        case "on" | "off" as action:
            accounts.switch(actor, row, on=action == "on")
            done = gettext("%(name)s is switched on.") if action == "on" else gettext("%(name)s is switched off.")
            messages.success(request, done % {"name": row.get_username()})
        case "remove":
            accounts.remove(actor, row)
            messages.success(request, gettext("%(name)s has left.") % {"name": row.get_username()})
        case _:
            raise NotAllowed(gettext("Choose what to do with the account"))
