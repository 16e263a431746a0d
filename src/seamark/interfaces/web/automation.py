"""Triage rules, dismissals that wait for a second person, what verdicts suggest, and how service levels are kept."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from seamark.core.errors import InvalidQuery, NotAllowed, NotFound
from seamark.governance.automation import attainment, rules
from seamark.governance.policy.kept.edit import may_edit
from seamark.governance.triage import confirming, service
from seamark.interfaces.web.frame import go_back, person, visible
from seamark.pipeline.automation import reading
from seamark.pipeline.automation.learned import draft, learned
from seamark.store.access import APPROVES_WAIVERS
from seamark.store.models import Application
from seamark.store.models.issues import State
from seamark.store.query import bounded_count, page

PAGE: Final = 50
DAYS: Final = (30, 90, 365)


def listed(request: HttpRequest) -> HttpResponse:
    """Show the triage rules in force, and those that come with the product."""
    seen, who = visible(request), person(request)
    context = {
        "rules": reading.rule_lines(seen), "starters": reading.starter_lines(), "edits": may_edit(who), "me": who.get_username(),
        "approves": may_edit(who) or seen.may_anywhere(APPROVES_WAIVERS), "waiting": bounded_count(reading.dismissals(seen)),
    }  # fmt: skip
    return render(request, "web/automation/rules.html", context)


def stand(request: HttpRequest, name: str) -> HttpResponse:
    """Take a rule over, approve it, or put a starter rule in force."""
    who, what = person(request), request.POST.get("what", "")
    try:
        if what == "adopt":
            reading.adopt(who, name)
            messages.success(request, _("%(rule)s is in force, with your rights.") % {"rule": name})
        elif what == "take-over":
            rules.take_over(who, name)
            messages.success(request, _("%(rule)s acts with your rights from now on.") % {"rule": name})
        elif what == "approve":
            rules.approve(who, name)
            messages.success(request, _("%(rule)s is approved.") % {"rule": name})
        else:
            messages.error(request, _("Choose what should become of the rule"))
    except (NotAllowed, NotFound) as error:
        messages.error(request, str(error))
    return redirect("rules")


def dismissals(request: HttpRequest) -> HttpResponse:
    """Show the dismissals that wait for this person."""
    seen = visible(request)
    if not seen.may_anywhere(APPROVES_WAIVERS):
        raise PermissionDenied
    rows = reading.dismissals(seen)
    try:
        found = page(
            rows, "risk", descending=True, size=PAGE, after=request.GET.get("after", ""), before=request.GET.get("before", "")
        )  # fmt: skip
    except InvalidQuery as error:
        messages.error(request, str(error))
        found = page(rows, "risk", descending=True, size=PAGE)
    context = {
        "lines": list(zip(found.rows, reading.dismissal_lines(found.rows), strict=True)), "total": bounded_count(rows),
        "next": f"?{urlencode({'after': found.after})}" if found.after else "",
        "previous": f"?{urlencode({'before': found.before})}" if found.before else "",
    }  # fmt: skip
    return render(request, "web/automation/dismissals.html", context)


def confirm(request: HttpRequest) -> HttpResponse:
    """Agree to the chosen dismissals, or bring the issues back."""
    numbers = [int(one) for one in request.POST.getlist("issue") if one.isascii() and one.isdigit() and len(one) < 19]
    rows = visible(request).issues().filter(pk__in=numbers)
    comment = request.POST.get("comment", "")
    try:
        if not numbers:
            raise NotAllowed(_("Choose at least one issue"))
        if request.POST.get("what") == "reopen":
            made = service.change_state(
                person(request), rows.filter(dismissal_unconfirmed=True), State.OPEN, "", comment
            )
            number = service.size_of(made)
            words = ngettext("%(number)s issue is open again.", "%(number)s issues are open again.", number)
        else:
            number = confirming.confirm(person(request), rows, comment)
            words = ngettext("%(number)s dismissal confirmed.", "%(number)s dismissals confirmed.", number)
        messages.success(request, words % {"number": f"{number:,}"})
    except NotAllowed as error:
        messages.error(request, str(error))
    return go_back(request, "dismissals")


def suggested(request: HttpRequest) -> HttpResponse:
    """Show what verdicts suggest, with the evidence and how good such suggestions are."""
    found = learned(visible(request))
    context = {
        "learned": found, "edits": may_edit(person(request)),
        "suggestions": [
            (one, draft(one), [(ref, _address(ref)) for ref in one.evidence], [(ref, _address(ref)) for ref in one.against], [(ref, _address(ref)) for ref in one.issues])
            for one in found.suggestions
        ],
    }  # fmt: skip
    return render(request, "web/automation/learned.html", context)


def _address(reference: str) -> str:
    return reverse("issue", args=[int(reference.removeprefix("SM-"))])


def levels(request: HttpRequest) -> HttpResponse:
    """Show how agreements on service levels are kept."""
    seen, now = visible(request), timezone.now()
    by = request.GET.get("by", "priority")
    by = by if by in attainment.AXES else "priority"
    chosen = request.GET.get("days", "90")
    days = int(chosen) if chosen in {str(one) for one in DAYS} else 90
    parts = attainment.attainment(seen, now, by=by, since=now - timedelta(days=days))
    names = {str(row.pk): row for row in seen.applications()} if by == "application" else {}
    lines = [(one, _within(by, one.name, names)) for one in parts]
    context = {
        "lines": [(one, label, _lists(query)) for one, (label, query) in lines], "total": attainment.total(parts), "all": _lists(""),
        "by": by, "axes": list(attainment.AXES), "days": days, "spans": DAYS,
    }  # fmt: skip
    return render(request, "web/automation/levels.html", context)


def _within(by: str, name: str, names: Mapping[str, Application]) -> tuple[str, str]:
    """Return what a line is called, and the query that finds its issues; none for a policy."""
    if by == "priority":
        return name, f"priority:{name}"
    row = names.get(name)
    if by == "application" and row is not None:
        return row.name, f"app:{row.slug}"
    return name, ""


def _lists(query: str) -> dict[str, str]:
    base = reverse("issues")
    return {
        state: f"{base}?{urlencode({'q': f'sla:{state} state:any {query}'.strip()})}"
        for state in ("overdue", "at_risk", "running", "stopped")
    }
