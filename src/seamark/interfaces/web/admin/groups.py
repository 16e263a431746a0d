"""Groups: who is in them, and what they hold."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext

from seamark.core.errors import InvalidQuery, NotAllowed, NotFound
from seamark.governance.access import grants, groups, reading, roles
from seamark.governance.access.places import place_of
from seamark.interfaces.web.admin.frame import listing, manager, number, places, refusing, shown, text
from seamark.interfaces.web.frame import person
from seamark.store.access import Visible
from seamark.store.models import Group, User
from seamark.store.models.people import Role
from seamark.store.permissions import Permission


def listed(request: HttpRequest) -> HttpResponse:
    """List groups, or make one."""
    seen = manager(request)
    if request.method == "POST":
        made: Group | None = None
        with refusing(request):
            made = groups.create(person(request), text(request, "name"))
        return redirect("group", made.pk) if made is not None else redirect("groups")
    try:
        found = listing(request, reading.groups(seen).annotate(size=Count("members")), reverse("groups"), {})
    except InvalidQuery:
        return redirect("groups")
    return shown(request, "web/admin/groups.html", {**found, "whole": seen.may(Permission.USER_MANAGE)})


def show(request: HttpRequest, number: int) -> HttpResponse:
    """Show a group, or change it."""
    seen = manager(request)
    row = get_object_or_404(reading.groups(seen), pk=number)
    if request.method == "POST":
        with refusing(request):
            _act(request, seen, row)
        return redirect("groups") if request.POST.get("action") == "remove" else redirect("group", row.pk)
    held = [(one, grants.role_of(one), str(place_of(one))) for one in reading.grants(seen).filter(group=row)]
    context = {
        "group": row, "members": list(row.members.order_by("username")), "held": held, "whole": seen.may(Permission.USER_MANAGE),
        "roles": [*Role.values, *(one.name for one in reading.roles(seen))], **places(seen),
    }  # fmt: skip
    return shown(request, "web/admin/group.html", context)


def _act(request: HttpRequest, seen: Visible, row: Group) -> None:
    actor = person(request)
    match request.POST.get("action", ""):
        case "add":
            groups.change_members(actor, row, add=[_account(seen, text(request, "username"))])
        case "let_out":
            gone = get_object_or_404(row.members.all(), pk=number(request.POST.get("member", "")))
            groups.change_members(actor, row, remove=[gone])
        case "rename":
            groups.rename(actor, row, text(request, "name"))
        case "remove":
            groups.remove(actor, row)
        case "give":
            place = reading.place(seen, text(request, "unit"), text(request, "application"))
            grants.give(actor, row, roles.named(text(request, "role")), place)
        case "withdraw":
            grant = get_object_or_404(reading.grants(seen), pk=number(request.POST.get("grant", "")), group=row)
            grants.withdraw(actor, grant)
        case _:
            raise NotAllowed(gettext("Choose what to do with the group"))
    messages.success(request, gettext("Done."))


def _account(seen: Visible, name: str) -> User:
    found = reading.accounts(seen).filter(username__iexact=name).first()
    if found is None:
        raise NotFound(gettext("There is no account %(name)s") % {"name": repr(name)})
    return found
