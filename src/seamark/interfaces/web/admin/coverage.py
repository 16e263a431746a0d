"""Scanners and their streams: when each last reported, and which have gone silent."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from seamark.core.errors import InvalidQuery
from seamark.insight.analytics import reporting
from seamark.interfaces.web.admin.frame import asked, listing, number, shown
from seamark.interfaces.web.frame import visible
from seamark.pipeline.runtime import sync
from seamark.store.permissions import Permission

LONGEST = 365


def listed(request: HttpRequest) -> HttpResponse:
    """List the scanners that somebody sees, those first that have been silent longest, and their streams."""
    seen = visible(request)
    if not seen.may_anywhere(Permission.ISSUE_READ):
        raise PermissionDenied
    now = timezone.now()
    days = min(number(asked(request, "days")), LONGEST) or reporting.SILENT_DAYS
    tool, silent = asked(request, "tool"), asked(request, "silent") == "1"
    rows = reporting.streams(seen, now, tool=tool, silent=silent, days=days).select_related("asset", "application")
    kept = {"tool": tool, "silent": "1" if silent else "", "days": str(days)}
    try:
        found = listing(request, rows, reverse("coverage"), kept, column="id", descending=False)
    except InvalidQuery:
        return redirect("coverage")
    tools = reporting.tools(seen, now, days)
    context = {
        **found, "rows": reporting.spoke(found["rows"], now, days), "tools": tools, "days": days, "tool": tool, "silent": silent,
        "quiet": [(one, (now - one.last).days if one.last else None) for one in tools if one.silent],
        "live": sync.standing(now) if seen.everything else [],
    }  # fmt: skip
    return shown(request, "web/admin/coverage.html", context)
