"""Tickets at other services: the list of them, and opening one from the page of a fix or an issue."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from seamark.core.errors import InvalidQuery
from seamark.interfaces.web.admin.frame import listing, number, refusing
from seamark.interfaces.web.frame import go_back, person, visible
from seamark.pipeline.outbox.connections import manages
from seamark.pipeline.tickets import opening, reading
from seamark.store.models.tickets import TicketState


def listed(request: HttpRequest) -> HttpResponse:
    """List the tickets of applications that the person may see."""
    state = request.GET.get("state", "")
    rows = reading.tickets(visible(request))
    rows = rows.filter(state=state) if state in TicketState.values else rows
    try:
        found = listing(request, rows, reverse("tickets"), {"state": state})
    except InvalidQuery as error:
        raise Http404 from error
    context = {**found, "state": state, "states": TicketState.choices, "manages": manages(visible(request))}
    return render(request, "web/connections/tickets.html", context)


def open_one(request: HttpRequest) -> HttpResponse:
    """Open the ticket of a fix or an issue, or say which it has."""
    seen = visible(request)
    fix = seen.fixes().filter(pk=number(request.POST.get("fix", ""))).first()
    issue = seen.issues().filter(pk=number(request.POST.get("issue", ""))).first() if fix is None else None
    if fix is None and issue is None:
        raise Http404
    with refusing(request):
        row = opening.open_by_hand(person(request), fix=fix, issue=issue)
        messages.success(
            request,
            _("The ticket is %(reference)s.") % {"reference": row.reference}
            if row.reference
            else _("The ticket is on its way."),
        )
    return go_back(request, "tickets")
