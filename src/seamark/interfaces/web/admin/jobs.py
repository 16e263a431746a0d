"""Work in the background: what waits, runs and failed, to be repeated or cancelled."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from seamark.core.errors import InvalidQuery, NotAllowed
from seamark.interfaces.web.admin.frame import asked, listing, refusing, shown, text, watcher
from seamark.interfaces.web.frame import person
from seamark.pipeline import operations
from seamark.pipeline.imports import progress_of
from seamark.store.models import Import, Job, ProfileUse

STATES: Final = ("queued", "running", "failed", "done")


def listed(request: HttpRequest) -> HttpResponse:
    """List work of a kind, the newest first, or repeat or cancel a piece."""
    seen = watcher(request)
    kind, state = asked(request, "kind") or "jobs", asked(request, "state")
    kind = kind if kind in operations.KINDS else "jobs"
    state = state if state in STATES else ""
    if request.method == "POST":
        with refusing(request):
            messages.success(request, _act(request))
        return redirect(f"{reverse('jobs')}?{urlencode({'kind': kind, 'state': state})}")
    try:
        found = listing(
            request, operations.rows(seen, kind, state), reverse("jobs"), {"kind": kind, "state": state}, shown=_row
        )
    except InvalidQuery:
        return redirect("jobs")
    context = {
        **found, "kind": kind, "state": state, "kinds": operations.KINDS, "states": STATES, "operates": operations.may_operate(seen),
    }  # fmt: skip
    return shown(request, "web/admin/jobs.html", context)


def _act(request: HttpRequest) -> str:
    reference = text(request, "reference", 40)
    match request.POST.get("action", ""):
        case "retry":
            operations.retry(person(request), reference)
            return _("%(reference)s waits for a worker again.") % {"reference": reference}
        case "cancel":
            operations.cancel(person(request), reference)
            return _("%(reference)s is cancelled.") % {"reference": reference}
        case _:
            raise NotAllowed(_("Choose what to do with the work"))


def _row(row: Import | Job | ProfileUse) -> dict[str, Any]:
    """Return a piece of work as the page shows it."""
    base = {"row": row, "state": row.state, "error": row.error, "attempt": row.attempt, "finished_at": row.finished_at}
    if isinstance(row, ProfileUse):
        what = f"{row.profile or '-'} → {row.unit or _('everything')}"
        who = row.actor.username if row.actor else ""
        return {**base, "name": what, "who": who, "at": row.at, "done": row.progress, "total": 100, "unit": "%"}
    acts = {"retry": operations.may_retry(row), "cancel": operations.may_cancel(row)}
    if isinstance(row, Import):
        who = row.author.username if row.author else ""
        about = {"name": row.report.name, "reference": f"import-{row.pk}", "into": row.target.get("application", "")}
        return {**base, **acts, **about, "who": who, "at": row.created_at, "done": progress_of(row), "total": 0}
    about = {"name": row.kind, "reference": f"job-{row.pk}"}
    return {
        **base, **acts, **about, "who": row.owner.username, "at": row.created_at, "done": row.done, "total": row.total,
    }  # fmt: skip
