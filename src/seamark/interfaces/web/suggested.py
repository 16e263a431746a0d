"""The part of an issue's page with the changes that a language model wrote: asked for, shown, opened as pull requests."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _

from seamark.interfaces.web.admin.frame import refusing
from seamark.interfaces.web.frame import person, visible
from seamark.interfaces.web.issue import part
from seamark.pipeline.model_patches import asking, configured, opening
from seamark.store.access import Visible
from seamark.store.models import Issue

SHOWN = 5


def show(request: HttpRequest, number: int) -> HttpResponse:
    """Show what a model answered about an issue: a part of its page that is fetched after it, or a page of its own."""
    seen = visible(request)
    issue = _issue(seen, number)
    rows = list(asking.of_issue(seen, issue)[:SHOWN])
    context = {
        "issue": issue, "rows": [(row, opening.may_open(seen, row)) for row in rows], "asks": asking.may_ask(seen, issue),
        "waits": any(row.state == "queued" for row in rows), "model": configured.name(),
    }  # fmt: skip
    return part(request, "suggested", _("Suggestions by a model"), context)


def ask(request: HttpRequest, number: int) -> HttpResponse:
    """Ask the model for a change."""
    with refusing(request):
        asking.ask(person(request), _issue(visible(request), number))
        messages.success(request, _("The model is asked; what it answers is checked and shown below."))
    return redirect("issue", number=number)


def open_pull(request: HttpRequest, number: int, patch: int) -> HttpResponse:
    """Ask for the pull request of a change."""
    seen = visible(request)
    row = get_object_or_404(asking.of_issue(seen, _issue(seen, number)), pk=patch)
    with refusing(request):
        opening.open_pull(person(request), row, unverified=request.POST.get("unverified") == "yes")
        messages.success(request, _("The pull request is on its way. It is never merged by itself."))
    return redirect("issue", number=number)


def _issue(seen: Visible, number: int) -> Issue:
    return get_object_or_404(seen.issues().select_related("application", "asset", "fix"), pk=number)
