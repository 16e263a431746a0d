"""Feeds of intelligence: how each stands, and having them fetched."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from seamark.interfaces.web.admin.frame import refusing, shown, watcher
from seamark.interfaces.web.frame import person
from seamark.pipeline import feed_updates, operations


def listed(request: HttpRequest) -> HttpResponse:
    """List the feeds, or let a worker fetch some: nothing is fetched while somebody waits for the page."""
    seen = watcher(request)
    if request.method == "POST":
        with refusing(request):
            job = operations.update_feeds(person(request), [one[:60] for one in request.POST.getlist("feed") if one])
            messages.success(request, _("A worker fetches the feeds: job-%(number)s.") % {"number": job.pk})
        return redirect("feeds")
    context = {
        "rows": feed_updates.overview(timezone.now()), "going": operations.under_way(),
        "operates": operations.may_operate(seen),
    }  # fmt: skip
    return shown(request, "web/admin/feeds.html", context)
