"""What was changed of people and rights, and how people got in."""

from __future__ import annotations

from typing import Any, Final

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from seamark.core.errors import InvalidQuery
from seamark.governance.access import reading
from seamark.governance.access.changes import KINDS
from seamark.interfaces.web.admin.frame import listing
from seamark.interfaces.web.frame import visible
from seamark.store.models import Event

_LONGEST: Final = 300


def listed(request: HttpRequest) -> HttpResponse:
    """List the changes, the newest first."""
    seen = visible(request)
    if not reading.may_audit(seen):
        raise PermissionDenied
    kind = request.GET.get("kind", "").replace("\0", "")[:40]
    rows = reading.changes(seen)
    try:
        found = listing(
            request, rows.filter(kind=kind) if kind else rows, reverse("audit"), {"kind": kind}, shown=_told
        )
    except InvalidQuery:
        return redirect("audit")
    return render(request, "web/admin/audit.html", {**found, "kind": kind, "kinds": KINDS})


def _told(row: Event) -> tuple[Event, str, str, str]:
    details = row.details
    about = str(details.get("about") or details.get("person") or "")
    return row, about, _words(details.get("before")), _words(details.get("after"))


def _words(state: Any) -> str:
    """Return a state in a line: `role: analyst, on: everything`."""
    if isinstance(state, dict):
        said = [f"{name}: {_words(value)}" for name, value in state.items() if value not in (None, "", [])]
        return ", ".join(said)[:_LONGEST]
    if isinstance(state, list):
        return ", ".join(map(str, state))[:_LONGEST]
    return "" if state is None else str(state)[:_LONGEST]
