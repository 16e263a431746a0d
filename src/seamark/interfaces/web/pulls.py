"""Pull requests of fixes: the list of them, asking for one, and the repositories that take them."""

from __future__ import annotations

from typing import Any

import msgspec
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from seamark.core.errors import InvalidQuery, NotAllowed
from seamark.interfaces.web.admin.frame import MOST, listing, number, refusing, text
from seamark.interfaces.web.frame import go_back, person, visible
from seamark.pipeline.pulls import asking, repositories
from seamark.response.forges.pulls.forge import TITLES
from seamark.store.access import Visible
from seamark.store.models.pulls import PullState
from seamark.store.permissions import Permission


def listed(request: HttpRequest) -> HttpResponse:
    """List the pull requests of applications that the person may see."""
    state = request.GET.get("state", "")
    rows = asking.pulls(visible(request))
    rows = rows.filter(state=state) if state in PullState.values else rows
    try:
        found = listing(request, rows, reverse("pulls"), {"state": state})
    except InvalidQuery as error:
        raise Http404 from error
    return render(request, "web/pulls/list.html", {**found, "state": state, "states": PullState.choices})


def open_one(request: HttpRequest) -> HttpResponse:
    """Ask for the pull request of a fix."""
    seen = visible(request)
    rows = seen.fixes().select_related("application", "asset")
    fix = get_object_or_404(rows, pk=number(request.POST.get("fix", "")))
    with refusing(request):
        row = asking.ask(person(request), fix)
        messages.success(request, _("The pull request is %(number)s.") % {"number": row.number} if row.number else _("The pull request is on its way."))  # fmt: skip
    return go_back(request, "pulls")


def places(request: HttpRequest) -> HttpResponse:
    """Show the repositories that take pull requests, and do what a form on that page asks."""
    seen = visible(request)
    if request.method == "POST":
        with refusing(request):
            messages.success(request, _act(request, seen))
        return redirect("pull-repositories")
    rows = repositories.all_of(seen)
    known = set(rows.values_list("asset_id", flat=True))
    manages = repositories.manages(seen)
    free = [one for one in seen.assets().filter(kind="repository", gone_at=None, application__isnull=False).order_by("key")[:MOST] if one.pk not in known] if manages else []  # fmt: skip
    context = {
        "rows": [(row, _words(row.details)) for row in rows[:MOST]], "manages": manages, "free": free, "forges": TITLES.items(),
        "stopped": repositories.is_stopped(), "stops": seen.may_anywhere(Permission.POLICY_EDIT),
    }  # fmt: skip
    return render(request, "web/pulls/repositories.html", context)


def _words(terms: dict[str, Any]) -> str:
    return "\n".join(f"{name}: {msgspec.json.encode(value).decode()}" for name, value in terms.items())


def _act(request: HttpRequest, seen: Visible) -> str:
    """Do what a form asks, and return the sentence for it."""
    actor, rows = person(request), repositories.all_of(seen)
    match request.POST.get("action", ""):
        case "put":
            asset = get_object_or_404(
                seen.assets().select_related("application"), pk=number(request.POST.get("asset", ""))
            )
            made = repositories.put(
                actor, asset, forge=text(request, "forge"), api=text(request, "api", 1_000), remote=text(request, "remote", 1_000), name=text(request, "name"),
                base=text(request, "base"), terms=_terms(text(request, "terms", 20_000)),
                secrets={name: text(request, name, 20_000) for name in repositories.SECRETS},
            )  # fmt: skip
            return _("Pull requests can be opened in %(name)s now.") % {"name": made.name}
        case "merging":
            row = get_object_or_404(rows, pk=number(request.POST.get("repository", "")))
            repositories.switch_merging(actor, row, on=not row.merging)
            return (
                _("Safe pull requests are merged by themselves now.")
                if not row.merging
                else _("None is merged by itself any more.")
            )
        case "remove":
            repositories.remove(actor, get_object_or_404(rows, pk=number(request.POST.get("repository", ""))))
            return _("The repository is removed.")
        case "stop":
            stopped = not repositories.is_stopped()
            repositories.switch_all(actor, stopped=stopped, why=text(request, "why"))
            return _("Nothing is merged by itself any more.") if stopped else _("Merging by itself is allowed again.")
    raise NotAllowed(_("Choose what to do"))


def _terms(words: str) -> dict[str, Any]:
    """Return settings that are written one a line, each value as JSON."""
    told: dict[str, Any] = {}
    for line in filter(str.strip, words.splitlines()):
        name, _sign, value = line.partition(":")
        try:
            told[name.strip()] = msgspec.json.decode(value.strip().encode())
        except msgspec.DecodeError:
            told[name.strip()] = value.strip()
    return told
