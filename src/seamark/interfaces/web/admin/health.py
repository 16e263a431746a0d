"""How the installation does, and where everything of the administration is."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from seamark.governance.access import reading
from seamark.interfaces.web.admin.frame import shown, watcher
from seamark.interfaces.web.frame import visible
from seamark.pipeline import health, operations
from seamark.store.permissions import Permission


def show(request: HttpRequest) -> HttpResponse:
    """Show database, workers, queues, disk, feeds and signature, with what is wrong first."""
    watcher(request)
    now = timezone.now()
    try:
        found = health.report(now)
    except DatabaseError as error:
        told = str(error).splitlines()[0]
        return shown(request, "web/admin/health.html", {"failure": told}, status=503)
    order = {"wrong": 0, "note": 1, "well": 2}
    checks = sorted(found["checks"], key=lambda one: order[one["state"]])
    queues = [{**one, "oldest": _span(one["oldest"])} for one in found["queues"]]
    return shown(request, "web/admin/health.html", {"found": {**found, "checks": checks, "queues": queues}, "now": now})


def _span(seconds: int | None) -> str:
    """Write how long something waits: `12 s`, `3 min`, `2 h`, `4 d`."""
    if seconds is None:
        return ""
    for long, word in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= long:
            return f"{seconds // long} {word}"
    return f"{seconds} s"


def overview(request: HttpRequest) -> HttpResponse:
    """Show what there is to administer, and where."""
    seen = visible(request)
    if not reading.manages(seen) and not operations.may_watch(seen):
        raise PermissionDenied
    whole = seen.may(Permission.USER_MANAGE)
    context = {
        "whole": whole, "manages": reading.manages(seen), "watches": operations.may_watch(seen),
        "tokens": seen.may(Permission.TOKEN_MANAGE), "ledger": seen.may(Permission.LEDGER_READ),
        "scim": request.build_absolute_uri(reverse("scim-users")).removesuffix("/Users") if whole else "",
    }  # fmt: skip
    return shown(request, "web/admin/overview.html", context)
