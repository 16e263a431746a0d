"""How a person arranges the list of issues: views with a name, columns; and what a change would do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from seamark.core.errors import InvalidQuery, NotAllowed
from seamark.governance.triage.lifecycle import RESOLUTIONS
from seamark.interfaces.web.frame import go_back, person, visible
from seamark.pipeline import bulk, desk
from seamark.store.models import Preference, SavedView, User
from seamark.store.models.issues import State
from seamark.store.query import Query, parse

COLUMNS: Final = {"where": "Where", "owner": "Owner", "fix": "Fix", "tools": "Tools", "when": "Age and due date"}
"""Columns that may be left out, in their order."""
USUAL: Final = ("where", "tools", "when")
ALWAYS: Final = "title"
MOVES: Final = {
    "confirmed": ("Confirm", State.CONFIRMED),
    "in_progress": ("Start work", State.IN_PROGRESS),
    "open": ("Reopen", State.OPEN),
    "dismissed": ("Dismiss", State.DISMISSED),
}
UNDO_FOR: Final = 600
"""Seconds for which the list offers to take the latest change back."""


@dataclass(frozen=True)
class View:
    """A saved view as the list shows it."""

    row: SavedView
    own: bool
    on: bool


def views(who: User, query: Query | None) -> list[View]:
    """Return the saved views that somebody sees, with the one that is on marked."""
    current = None if query is None else str(query)
    return [View(one, one.owner_id == who.pk, _normal(one.query) == current) for one in desk.views_of(who)]


def _normal(text: str) -> str | None:
    try:
        return str(parse(text))
    except InvalidQuery:
        return None


def columns(kept: Preference) -> list[str]:
    """Return the names of the columns that a person sees: never none, the title is always there."""
    chosen = USUAL if kept.columns is None else kept.columns
    return [ALWAYS, *(name for name in COLUMNS if name in chosen)]


def save(request: HttpRequest) -> HttpResponse:
    """Keep the query of the list under a name."""
    try:
        shared = bool(request.POST.get("shared"))
        kept = desk.save_view(person(request), request.POST.get("name", ""), _query(request), shared=shared)
        said = _("The view %(name)s is saved and shared.") if shared else _("The view %(name)s is saved.")
        messages.success(request, said % {"name": kept.name})
    except (NotAllowed, InvalidQuery) as error:
        messages.error(request, str(error))
    return go_back(request, "issues")


def remove(request: HttpRequest, number: int) -> HttpResponse:
    """Remove a view of one's own."""
    try:
        name = desk.forget_view(person(request), number)
        messages.info(request, _("The view %(name)s is removed.") % {"name": name})
    except NotAllowed as error:
        messages.error(request, str(error))
    return redirect("issues")


def choose(request: HttpRequest) -> HttpResponse:
    """Keep which columns are shown."""
    desk.choose_columns(person(request), [name for name in COLUMNS if name in request.POST.getlist("column")])
    return go_back(request, "issues")


def outlook(request: HttpRequest) -> HttpResponse:
    """Say what each move would do with the chosen issues, as a part of the list; nothing is changed."""
    context: dict[str, object] = {}
    try:
        wanted = _chosen(request)
        context["moves"] = [
            (label, bulk.preview(visible(request), bulk.Wanted(**wanted, **_move(request, name))))
            for name, (label, _state) in MOVES.items()
        ]
    except (NotAllowed, InvalidQuery) as error:
        context["error"] = str(error)
    return render(request, "web/issues/_outlook.html", context)


def _chosen(request: HttpRequest) -> dict[str, Any]:
    if request.POST.get("all"):
        return {"query": _query(request)}
    numbers = [int(one) for one in request.POST.getlist("issue") if one.isascii() and one.isdigit() and len(one) < 19]
    if not numbers:
        raise NotAllowed(_("Choose at least one issue"))
    return {"issues": tuple(numbers)}


def _move(request: HttpRequest, name: str) -> dict[str, Any]:
    state = MOVES[name][1]
    if state != State.DISMISSED:
        return {"state": int(state)}
    chosen = request.POST.get("resolution", "")
    resolution = chosen if chosen in RESOLUTIONS else next(iter(RESOLUTIONS))
    # What it would do does not hang on the words, which may come later.
    return {"state": int(state), "resolution": resolution, "comment": request.POST.get("comment", "").strip() or "…"}


def _query(request: HttpRequest) -> str:
    return request.POST.get("q", "").replace("\0", "")


def latest(request: HttpRequest) -> dict[str, Any] | None:
    """Return the person's latest change of this session with its `change` and `words`, while it is offered to undo it."""
    kept: dict[str, Any] = request.session.get("undo") or {}
    at = parse_datetime(kept["at"]) if kept else None
    if at is None or (timezone.now() - at).total_seconds() > UNDO_FOR:
        return None
    return {**kept, "at": at}


def remember(request: HttpRequest, change: str, words: str) -> None:
    """Keep a change, so that the list can offer to undo it for a while."""
    request.session["undo"] = {"change": change, "words": words, "at": timezone.now().isoformat()}
