"""The conversation about an issue: what people say, whom they name, who watches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from seamark.core.errors import InvalidQuery, NotAllowed, NotFound
from seamark.governance.triage import comments
from seamark.governance.triage.comments import Comment
from seamark.governance.triage.commonmark import render as as_html
from seamark.governance.triage.lifecycle import WORKS
from seamark.governance.triage.service import COMMENT_LIMIT
from seamark.interfaces.web.frame import person, visible, wants_part
from seamark.store.models import Issue
from seamark.store.query import page

PAGE: Final = 30
MENTIONS: Final = 30
MOST_TODAY: Final = 5
EXCERPT: Final = 280


@dataclass(frozen=True)
class Shown:
    """A comment with its words as HTML, and what the person may do with it."""

    comment: Comment
    words: SafeString
    editable: bool
    deletable: bool
    names_you: bool


def show(request: HttpRequest, number: int) -> HttpResponse:
    """Show the newest comments of an issue, oldest first: a part of its page that is fetched after it, or a page of its own."""
    seen, who = visible(request), person(request)
    issue = _issue(request, number)
    try:
        found = page(comments.said(seen, issue), "id", descending=True, size=PAGE, after=request.GET.get("after", ""))
    except InvalidQuery as error:
        raise Http404 from error
    works, now = seen.may(WORKS, issue.application), timezone.now()
    watches, watchers = comments.watch_of(who, issue)
    rows = [
        Shown(
            one, as_html(one.text, one.names), works and one.editable_by(who, now), works and one.deletable_by(who),
            who.username in one.names,
        )
        for one in reversed(comments.standing(found.rows))
    ]  # fmt: skip
    context = {
        "issue": issue, "rows": rows, "works": works, "watches": watches, "watchers": watchers, "limit": COMMENT_LIMIT,
        "earlier": found.after, "newest": not request.GET.get("after"),
    }  # fmt: skip
    part = wants_part(request, "conversation")
    return render(request, f"web/issue/{'_conversation' if part else 'conversation'}.html", context)


def add(request: HttpRequest, number: int) -> HttpResponse:
    """Say something about an issue."""
    issue = _issue(request, number)
    try:
        comments.add(person(request), issue, request.POST.get("comment", ""))
    except NotAllowed as error:
        messages.error(request, str(error))
    return _back(number)


def change(request: HttpRequest, number: int, comment: int) -> HttpResponse:
    """Change what one said, or delete it."""
    issue = _issue(request, number)
    try:
        if request.POST.get("delete"):
            comments.delete(person(request), issue, comment)
            messages.info(request, gettext("The comment is off the page. The record keeps what was said."))
        else:
            comments.edit(person(request), issue, comment, request.POST.get("comment", ""))
    except NotFound as error:
        raise Http404 from error
    except NotAllowed as error:
        messages.error(request, str(error))
    return _back(number)


def names(request: HttpRequest, number: int) -> HttpResponse:
    """Return the people whose names begin with `q` and who may see the issue, as JSON; nobody for those who may not comment."""
    issue = _issue(request, number)
    words = request.GET.get("q", "").replace("\0", "")[:150]
    found = comments.offered(visible(request), issue, words)
    return JsonResponse({"people": [{"name": one.username, "called": one.get_full_name()} for one in found]})


def watch(request: HttpRequest, number: int) -> HttpResponse:
    """Follow an issue, or no longer follow it."""
    issue = _issue(request, number)
    on = request.POST.get("watch") == "1"
    try:
        comments.watch(person(request), issue, on=on)
        messages.info(
            request, gettext("You watch this issue now.") if on else gettext("You no longer watch this issue.")
        )
    except NotAllowed as error:
        messages.error(request, str(error))
    return redirect("issue", number=number)


def mentions(request: HttpRequest) -> HttpResponse:
    """Show where a person is named, the newest first: a page, and on Today the newest few of it as a part."""
    seen, who = visible(request), person(request)
    part = wants_part(request, "mentions")
    try:
        rows = comments.mentions_of(seen, who).select_related("issue__application")
        found = page(
            rows, "id", descending=True, size=MOST_TODAY if part else MENTIONS,
            after=request.GET.get("after", ""), before=request.GET.get("before", ""),
        )  # fmt: skip
    except InvalidQuery as error:
        raise Http404 from error
    context: dict[str, Any] = {
        "rows": list(zip(found.rows, comments.told(found.rows), strict=True)), "excerpt": EXCERPT,
        "next": f"?after={found.after}" if found.after else "", "previous": f"?before={found.before}" if found.before else "",
    }  # fmt: skip
    return render(request, f"web/issue/{'_mentions' if part else 'mentions'}.html", context)


def _issue(request: HttpRequest, number: int) -> Issue:
    return get_object_or_404(visible(request).issues().select_related("application"), pk=number)


def _back(number: int) -> HttpResponse:
    return redirect(f"{reverse('issue', args=[number])}#conversation")
