"""Saying where issues stand, one or many at once, and taking it back."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from seamark.core.errors import InvalidQuery, NotAllowed
from seamark.governance.triage import people, service
from seamark.governance.triage.lifecycle import ACCEPTED, NOT_AFFECTED, VERIFIED
from seamark.interfaces.web.frame import go_back, person, visible
from seamark.interfaces.web.views import remember
from seamark.store.models import Issue
from seamark.store.models.issues import State
from seamark.store.query import parse, select

STATES = {
    "open": State.OPEN,
    "confirmed": State.CONFIRMED,
    "in_progress": State.IN_PROGRESS,
    "dismissed": State.DISMISSED,
}
REOPENED = gettext_noop("reopened")
UNDO = "undo"
"""First word of the tags of a message that can be undone; the change's id follows."""


def change(request: HttpRequest) -> HttpResponse:
    """Move the chosen issues, or all that a query finds, to a state. To accept a risk leads to the form for a waiver."""
    if request.POST.get("state") == "waive" or request.POST.get("resolution") == ACCEPTED:
        return _ask_waiver(request)
    state = STATES.get(request.POST.get("state", ""))
    try:
        if request.POST.get("state") == VERIFIED:
            return _verify(request)
        if state is None:
            raise NotAllowed(_("Choose what should become of the issues"))
        resolution = request.POST.get("resolution", "") if state == State.DISMISSED else ""
        justification = request.POST.get("justification", "") if resolution == NOT_AFFECTED else ""
        made = service.change_state(
            person(request), _chosen(request), state, resolution, request.POST.get("comment", ""), justification
        )
    except (NotAllowed, InvalidQuery) as error:
        messages.error(request, str(error))
        return go_back(request, "issues")
    number = service.size_of(made)
    if number:
        said = f"{_issues(number)} {_(REOPENED if state == State.OPEN else state.label)}."
        messages.success(request, said, extra_tags=f"{UNDO} {made}")
        remember(request, made, said)
    else:
        messages.info(request, _("Nothing to change: already %(state)s.") % {"state": _(state.label)})
    return go_back(request, "issues")


def _verify(request: HttpRequest) -> HttpResponse:
    number = service.verify(person(request), _chosen(request), request.POST.get("comment", ""))
    messages.success(request, _("%(issues)s verified as fixed.") % {"issues": _issues(number)})
    return go_back(request, "issues")


def _ask_waiver(request: HttpRequest) -> HttpResponse:
    wanted = (
        {"query": request.POST.get("q", "")} if request.POST.get("all") else {"issue": request.POST.getlist("issue")}
    )
    return redirect(f"{reverse('waiver-new')}?{urlencode(wanted, doseq=True)}")


def _chosen(request: HttpRequest) -> QuerySet[Issue]:
    seen = visible(request).issues()
    if request.POST.get("all"):
        return select(seen, parse(request.POST.get("q", "").replace("\0", "")))
    numbers = [int(one) for one in request.POST.getlist("issue") if one.isascii() and one.isdigit() and len(one) < 19]
    if not numbers:
        raise NotAllowed(_("Choose at least one issue"))
    return seen.filter(pk__in=numbers)


def _issues(number: int) -> str:
    return ngettext("%(number)s issue", "%(number)s issues", number) % {"number": f"{number:,}"}


def take_back(request: HttpRequest) -> HttpResponse:
    """Undo a change."""
    try:
        number = service.undo(person(request), request.POST.get("change", ""))
        messages.info(request, _("Undone: %(issues)s put back.") % {"issues": _issues(number)})
        request.session.pop("undo", None)
    except NotAllowed as error:
        messages.error(request, str(error))
    return go_back(request, "issues")


def hand_over(request: HttpRequest, number: int) -> HttpResponse:
    """Assign an issue to somebody, or to nobody."""
    issue = get_object_or_404(visible(request).issues(), pk=number)
    name = request.POST.get("assignee", "")
    chosen = next((one for one in people.assignable(issue.application_id) if one.username == name), None)
    if name and chosen is None:
        raise Http404("There is nobody of that name here")
    try:
        service.assign(person(request), visible(request).issues().filter(pk=number), chosen)
    except NotAllowed as error:
        messages.error(request, str(error))
    return redirect("issue", number=number)
