"""Roles and their rights."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext

from seamark.core.errors import NotAllowed
from seamark.governance.access import reading, roles
from seamark.interfaces.web.admin.frame import manager, number, refusing, shown, text
from seamark.interfaces.web.frame import person
from seamark.store.access import Visible
from seamark.store.permissions import ROLES, WORDS, Permission


def listed(request: HttpRequest) -> HttpResponse:
    """List the roles, or make, change or remove one of the installation's own."""
    seen = manager(request)
    if request.method == "POST":
        with refusing(request):
            _act(request, seen)
        return redirect("roles")
    context = {
        "fixed": [(str(role), [str(one) for one in Permission if one in rights]) for role, rights in ROLES.items()],
        "own": list(reading.roles(seen)), "rights": [(str(right), words) for right, words in WORDS.items()],
        "whole": seen.may(Permission.USER_MANAGE),
    }  # fmt: skip
    return shown(request, "web/admin/roles.html", context)


def _act(request: HttpRequest, seen: Visible) -> None:
    actor, rights = person(request), request.POST.getlist("rights")
    match request.POST.get("action", ""):
        case "create":
            row = roles.create(actor, text(request, "name"), rights, text(request, "description"))
        case "edit" | "remove" as action:
            row = get_object_or_404(reading.roles(seen), pk=number(request.POST.get("role", "")))
            if action == "edit":
                roles.edit(actor, row, rights)
            else:
                roles.remove(actor, row)
        case _:
            raise NotAllowed(gettext("Choose what to do with the role"))
    messages.success(request, gettext("The role %(name)s is as you said.") % {"name": row.name})
