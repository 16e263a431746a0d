"""The review inbox: pairs of findings that may be one issue, side by side, for a person to decide."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext

from seamark.core.errors import InvalidQuery, NotAllowed
from seamark.interfaces.web.evidence import Line, code_lines
from seamark.interfaces.web.frame import go_back, person, visible, wants_part
from seamark.interfaces.web.merging import say_joined, tell
from seamark.pipeline import inbox, merging
from seamark.store.access import Visible
from seamark.store.models import Match
from seamark.store.permissions import Permission
from seamark.store.query import Page, page

PAGE = 20
MOST_LINES = 12
"""Lines of code shown of each finding: around what the tool points at."""


@dataclass(frozen=True)
class Half:
    """One of the two findings, with its code."""

    side: inbox.Side
    code: list[Line]


@dataclass(frozen=True)
class Pair:
    """A suggestion as the page shows it."""

    suggestion: inbox.Suggestion
    halves: tuple[Half, Half]
    decides: bool


def show(request: HttpRequest) -> HttpResponse:
    """Show what waits for a decision, the surest first."""
    seen = visible(request)
    slug = request.GET.get("application", "").replace("\0", "")
    rows = inbox.pending(seen)
    application = seen.applications().filter(slug=slug).first() if slug else None
    if slug:
        rows = rows.filter(application__slug=slug)
    rows = rows.select_related("application")
    try:
        found = page(
            rows, "confidence", descending=True, size=PAGE, after=request.GET.get("after", ""), before=request.GET.get("before", "")
        )  # fmt: skip
    except InvalidQuery as error:
        messages.error(request, str(error))
        found = page(rows, "confidence", descending=True, size=PAGE)
    return render(
        request,
        "web/suggestions/page.html",
        {
            "pairs": _pairs(seen, found),
            "application": application,
            "here": request.get_full_path(),
            "next": _address(slug, "after", found.after),
            "previous": _address(slug, "before", found.before),
        },
    )


def decide(request: HttpRequest, number: int) -> HttpResponse:
    """Follow a suggestion or turn it down; htmx is answered with what takes its place."""
    seen = visible(request)
    rows = seen.matches().filter(merged=False).select_related("left__issue", "right__issue")
    match = get_object_or_404(rows, pk=number)
    try:
        _decide(request, seen, match)
    except NotAllowed as error:
        messages.error(request, str(error))
    if wants_part(request, f"suggestion-{number}"):
        return render(request, "web/suggestions/_decided.html", {"number": number, "here": reverse("suggestions")})
    return go_back(request, "suggestions")


def _decide(request: HttpRequest, seen: Visible, match: Match) -> None:
    if not match.pending:
        raise NotAllowed(gettext("This suggestion is decided already"))
    left, right = match.left.issue, match.right.issue
    match request.POST.get("verdict"):
        case "same":
            kept = merging.accept(person(request), match, request.POST.get("reason", ""))
            say_joined(request, seen, kept, [one for one in (left, right) if one.pk != kept.pk])
        case "different":
            decision = merging.reject(person(request), match, request.POST.get("reason", ""))
            tell(
                request,
                gettext("%(one)s and %(other)s stay two.") % {"one": left.reference, "other": right.reference},
                decision.pk,
            )
        case _:
            raise NotAllowed(gettext("Choose whether they are the same issue"))


def _pairs(seen: Visible, found: Page[Match]) -> list[Pair]:
    decides = {one.application_id: seen.may(Permission.ISSUE_MERGE, one.application) for one in found.rows}
    return [
        Pair(one, (_half(one.left), _half(one.right)), decides[one.match.application_id])
        for one in inbox.suggestions(found.rows)
    ]


def _half(side: inbox.Side) -> Half:
    lines = list(code_lines(side.code)) if side.code else []
    hit = next((at for at, line in enumerate(lines) if line.hit), 0)
    start = max(0, min(hit - MOST_LINES // 3, len(lines) - MOST_LINES))
    return Half(side, lines[start : start + MOST_LINES])


def _address(application: str, name: str, cursor: str) -> str:
    if not cursor:
        return ""
    return (
        f"{reverse('suggestions')}?{urlencode({**({'application': application} if application else {}), name: cursor})}"
    )
