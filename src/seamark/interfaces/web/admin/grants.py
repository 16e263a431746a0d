"""All grants on the places where somebody manages people."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext

from seamark.core.errors import InvalidQuery
from seamark.governance.access import grants, reading
from seamark.governance.access.places import place_of
from seamark.interfaces.web.admin.frame import listing, manager, number, refusing, shown
from seamark.interfaces.web.frame import person


def listed(request: HttpRequest) -> HttpResponse:
    """List who holds which role where, or take one away."""
    seen = manager(request)
    if request.method == "POST":
        row = get_object_or_404(reading.grants(seen), pk=number(request.POST.get("grant", "")))
        with refusing(request):
            grants.withdraw(person(request), row)
            messages.success(request, gettext("The role is taken away."))
        return redirect("grants")
    try:
        found = listing(
            request, reading.grants(seen), reverse("grants"), {},
            shown=lambda row: (row, grants.holder_of(row), grants.role_of(row), str(place_of(row))),
        )  # fmt: skip
    except InvalidQuery:
        return redirect("grants")
    return shown(request, "web/admin/grants.html", found)
