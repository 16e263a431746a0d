"""Virtual patches: the part of an issue's page that suggests them, and the list of those that are in force."""

from __future__ import annotations

from datetime import date

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from seamark.core.errors import InvalidQuery, NotAllowed
from seamark.interfaces.web.admin.frame import listing, refusing, text
from seamark.interfaces.web.frame import go_back, person, visible
from seamark.interfaces.web.issue import part
from seamark.pipeline import shielding
from seamark.store.access import APPROVES_WAIVERS, Visible
from seamark.store.models import Issue


def listed(request: HttpRequest) -> HttpResponse:
    """List the virtual patches of applications that the person may see."""
    seen = visible(request)
    try:
        found = listing(request, shielding.all_of(seen), reverse("shields"), {})
    except InvalidQuery as error:
        raise Http404 from error
    rows = [(row, shielding.issue_number(row), shielding.counts(row), seen.may(APPROVES_WAIVERS, row.application_id)) for row in found["rows"]]  # fmt: skip
    return render(request, "web/shields/list.html", {**found, "rows": rows})


def show(request: HttpRequest, number: int) -> HttpResponse:
    """Show what may stand in for the fix of an issue: a part of its page that is fetched after it, or a page of its own."""
    seen = visible(request)
    issue = _issue(seen, number)
    today = timezone.now().date()
    context = {
        "issue": issue, "suggested": shielding.suggested(issue), "kept": [(row, shielding.counts(row)) for row in shielding.of_issue(issue)],
        "keeps": shielding.may_keep(seen, issue), "today": today, "latest": today + shielding.LONGEST,
    }  # fmt: skip
    return part(request, "shields", _("Virtual patches"), context)


def keep(request: HttpRequest, number: int) -> HttpResponse:
    """Keep that a suggested virtual patch is in force."""
    issue = _issue(visible(request), number)
    with refusing(request):
        shielding.put_in_place(person(request), issue, text(request, "kind"), text(request, "proof", 4_000), _day(text(request, "until")))  # fmt: skip
        messages.success(request, _("Kept: it lowers the risk until its last day."))
    return redirect("issue", number=number)


def withdraw(request: HttpRequest, number: int) -> HttpResponse:
    """Take back that a virtual patch is in force."""
    row = get_object_or_404(shielding.all_of(visible(request)), pk=number)
    with refusing(request):
        shielding.withdraw(person(request), row)
        messages.success(request, _("Withdrawn: the issue is scored without it."))
    return go_back(request, "shields")


def _issue(seen: Visible, number: int) -> Issue:
    return get_object_or_404(seen.issues().select_related("application", "asset"), pk=number)


def _day(given: str) -> date:
    try:
        return date.fromisoformat(given)
    except ValueError:
        raise NotAllowed(_("That is no day")) from None
