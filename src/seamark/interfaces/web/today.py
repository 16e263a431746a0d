"""The first page of a day: what changed, what to fix first, what is late, what waits."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_noop

from seamark.analysis.graph.question import Question
from seamark.core.errors import InvalidQuery
from seamark.governance.waivers import reading
from seamark.insight.analytics import today
from seamark.insight.analytics.questions import ask
from seamark.interfaces.web.frame import go_back, person, visible
from seamark.interfaces.web.issues import address, rows_of
from seamark.pipeline import desk, feeds
from seamark.pipeline.inbox import pending
from seamark.store.access import APPROVES_WAIVERS, Visible
from seamark.store.models.work import ImportState
from seamark.store.query import bounded_count, page

PAGE = 50
GAPS = 6
WORDS = {"resolved": gettext_noop("Resolved"), "returned": gettext_noop("Came back")}


def show(request: HttpRequest) -> HttpResponse:
    """Show what a person wants to know first."""
    seen, who, now = visible(request), person(request), timezone.now()
    kept = desk.look(who, now)
    since = kept.looked_before or now - today.FIRST
    context = {
        "since": kept.looked_before,
        "numbers": [(one, address(one.query)) for one in today.numbers(seen, who, since, now)],
        "changes": _changes(seen, since),
        "first": today.first_fixes(seen, who),
        "exploited": [(one, address(one.query)) for one in today.newly_exploited(seen, min(since, now - today.FIRST))],
        "waiting": _waiting(seen),
        "broken": _broken(seen),
        "feeds": today.failed_feeds(feeds.standing(now)) if seen.everything else [],
        "tour": not kept.toured,
    }
    return render(request, "web/today/page.html", context)


def _changes(seen: Visible, since: datetime) -> list[dict[str, object]]:
    moment = {"since": since.isoformat(timespec="seconds")}
    return [
        {
            "label": label,
            "count": bounded_count(today.changed(seen, what, _whole(since))),
            "address": f"{reverse('today-changes', args=[what])}?{urlencode(moment)}",
        }
        for what, label in WORDS.items()
    ]


def _whole(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)


def _waiting(seen: Visible) -> list[dict[str, object]]:
    """Return what waits for this person, without what they cannot do anything about."""
    found: list[dict[str, object]] = []
    if seen.may_anywhere(APPROVES_WAIVERS):
        count = bounded_count(reading.waiting(seen))
        found.append({"label": "Waivers to decide", "count": count, "address": reverse("waivers")})
    expiring = bounded_count(reading.listed(seen, reading.Filter(state="expiring")))
    found.append(
        {"label": "Waivers that end soon", "count": expiring, "address": f"{reverse('waivers')}?state=expiring"}
    )
    pairs = bounded_count(pending(seen), 999)
    found.append({"label": "Suggested merges to review", "count": pairs, "address": reverse("suggestions")})
    return [one for one in found if str(one["count"]) != "0"]


def _broken(seen: Visible) -> dict[str, object]:
    failed = seen.imports().filter(state=ImportState.FAILED)
    return {
        "count": bounded_count(failed, 999),
        "rows": list(failed.select_related("report").order_by("-id")[:3]),
        "address": f"{reverse('imports')}?state=failed",
    }


def coverage(request: HttpRequest) -> HttpResponse:
    """Show what nobody looks at, as a part of the page: it is asked for after the page is there."""
    reply = ask(visible(request), Question(name="coverage", limit=GAPS))
    context = {"gaps": reply.gaps, "more": not reply.complete, "all": f"{reverse('graph')}?question=coverage"}
    return render(request, "web/today/_coverage.html", context)


def changes(request: HttpRequest, what: str) -> HttpResponse:
    """Show the issues that were resolved, or came back, since a moment."""
    seen = visible(request)
    since = _moment(request.GET.get("since", ""))
    if what not in WORDS or since is None:
        raise Http404
    rows = today.changed(seen, what, since).prefetch_related("application", "asset")
    try:
        found = page(
            rows, "risk", descending=True, size=PAGE, after=request.GET.get("after", ""), before=request.GET.get("before", "")
        )  # fmt: skip
    except InvalidQuery as error:
        raise Http404 from error
    kept = {"since": since.isoformat()}
    context = {
        "label": WORDS[what], "since": since, "rows": rows_of(seen, found.rows), "total": bounded_count(rows),
        "next": f"?{urlencode({**kept, 'after': found.after})}" if found.after else "",
        "previous": f"?{urlencode({**kept, 'before': found.before})}" if found.before else "",
    }  # fmt: skip
    return render(request, "web/today/changes.html", context)


def _moment(text: str) -> datetime | None:
    try:
        found = parse_datetime(text)
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None


def end_tour(request: HttpRequest) -> HttpResponse:
    """Put the tour away, or bring it back."""
    again = request.POST.get("again") == "1"
    desk.put_tour_away(person(request), toured=not again)
    return redirect("home") if again else go_back(request, "home")
