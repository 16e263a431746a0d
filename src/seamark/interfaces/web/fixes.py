"""The changes that clear most: fixes ranked by the risk that they remove for their effort, each with its issues, options and plan."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import Final, NamedTuple
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from seamark.analysis.correlation.fixes import BASE_IMAGE, CODE, CONFIGURATION, KINDS, UPGRADE
from seamark.core.errors import InvalidQuery, NotAllowed
from seamark.governance.triage import people
from seamark.insight.analytics.effort import Curve, curve_of
from seamark.insight.analytics.fix_options import options_of
from seamark.insight.analytics.fixes import Ranking, Worth, cleared_by, findings_of, ranking, worth_of, worths
from seamark.insight.analytics.riskiest import riskiest
from seamark.interfaces.web.counts import Counts
from seamark.interfaces.web.frame import person, visible
from seamark.interfaces.web.issues import Row, address
from seamark.pipeline import fix_plans
from seamark.pipeline.scoring import reason_of
from seamark.store.access import Visible
from seamark.store.models import Fix, FixPlan, Issue, Ticket
from seamark.store.query import Count, Query, Term, page

PAGE = 50
ORDERS: Final = {"": "Risk removed for the effort", "risk": "Risk removed"}
"""Orders of the list, by what the address says."""
WIDTH: Final = 600
HEIGHT: Final = 120
"""Of the drawing of the curve, in its own units."""
MOST_FIRST: Final = 100_000
MOVES: Final = frozenset({BASE_IMAGE, CODE, CONFIGURATION, UPGRADE})
"""Kinds of fixes that may be about an image, an action, a module or a chart."""


class Asked(NamedTuple):
    """What the list is asked for: one kind, an order, and only so many of the first."""

    kind: str = ""
    by: str = ""
    first: int = 0

    @classmethod
    def of(cls, request: HttpRequest) -> Asked:
        """Read the address."""
        by, first = request.GET.get("by", ""), request.GET.get("first", "")
        number = int(first) if first.isascii() and first.isdigit() and len(first) < 7 else 0
        return cls(
            request.GET.get("kind", "").replace("\0", "?")[:30], by if by in ORDERS else "", min(number, MOST_FIRST)
        )

    def address(self, **more: str) -> str:
        """Return the address of the list for it."""
        values = {"kind": self.kind, "by": self.by, "first": str(self.first or ""), **more}
        kept = {name: value for name, value in values.items() if value}
        return reverse("fixes") + (f"?{urlencode(kept)}" if kept else "")


def show(request: HttpRequest) -> HttpResponse:
    """Show the fixes that are worth most."""
    seen, asked = visible(request), Asked.of(request)
    every = ranking(seen.issues(), per_effort=asked.by != "risk")
    order = every.of_kind(asked.kind) if asked.kind else every
    whole_order = order
    order = order.first(asked.first) if asked.first else order
    try:
        part = order.page(PAGE, request.GET.get("after", ""), request.GET.get("before", ""))
    except InvalidQuery as error:
        raise Http404 from error
    found = worths(seen.fixes(), part)
    numbers = [one.fix.pk for one in found]
    plans, tickets = fix_plans.plans_of(numbers), fix_plans.tickets_of(numbers)
    tops = riskiest(seen.issues(), seen.fixes().filter(pk__in=numbers), "fix")
    context = {
        "rows": [_row(one, plans, tickets) | _top(tops.get(one.fix.pk)) for one in found],
        "most": max((one.removed for one in found), default=1),
        "total": Count(len(order.places), more=not order.whole),
        "asked": asked,
        "kind": asked.kind,
        "all_of_them": asked._replace(first=0).address(),
        "choices": _choices(every, asked),
        "orders": [(words, name == asked.by, asked._replace(by=name).address()) for name, words in ORDERS.items()],
        "curve": drawn(curve_of(whole_order.removed()), asked),
        "whole": order.whole,
        "next": asked.address(after=part.after) if part.after else "",
        "previous": asked.address(before=part.before) if part.before else "",
        "counts": Counts.of(request),
        "today": timezone.localdate(),
    }
    return render(request, "web/fixes/list.html", context)


def _row(one: Worth, plans: dict[int, FixPlan], tickets: dict[int, Ticket]) -> dict[str, object]:
    kev = Query((Term("fix", (str(one.fix.pk),)), Term("kev", ("true",))))
    return {
        "worth": one, "address": _issues_of(one.fix.pk), "exploited": address(kev), "kind": _words(one.fix.kind),
        "plan": plans.get(one.fix.pk), "ticket": tickets.get(one.fix.pk), "size": _size(one.effort),
    }  # fmt: skip


def _top(issue: Issue | None) -> dict[str, object]:
    return {"top": issue, "reason": reason_of(issue) if issue is not None else ""}


def _size(effort: int) -> str:
    """Return an effort in a word; `insight.analytics.effort` says how many steps each kind takes."""
    return "small" if effort <= 1 else "medium" if effort <= 3 else "large"


def drawn(curve: Curve | None, asked: Asked) -> dict[str, object] | None:
    """Return the curve of what the first fixes remove, as a drawing and as the numbers behind it; None for fewer than two."""
    if curve is None or curve.fixes < 2:
        return None
    marks = [
        {"percent": one.percent, "fixes": one.fixes, "x": _x(curve, one.fixes), "y": round(HEIGHT * (1 - one.percent / 100)),
         "address": asked._replace(first=one.fixes).address()}
        for one in curve.marks
    ]  # fmt: skip
    line = " ".join(f"{_x(curve, at)},{round(HEIGHT * (1 - share))}" for at, share in curve.points)
    return {
        "line": line, "area": f"0,{HEIGHT} {line} {WIDTH},{HEIGHT}", "marks": marks, "width": WIDTH, "height": HEIGHT,
        "lead": marks[1], "fixes": curve.fixes,
    }  # fmt: skip


def _x(curve: Curve, number: int) -> int:
    return round(WIDTH * number / curve.fixes)


def detail(request: HttpRequest, number: int) -> HttpResponse:
    """Show one fix: the issues that it clears, to which version it may move, and who makes it until when."""
    seen = visible(request)
    fix = _fix(seen, number)
    issues = seen.issues()
    cleared = cleared_by(fix, issues)
    try:
        found = page(
            cleared.prefetch_related("application", "asset"),
            "risk",
            descending=True,
            size=PAGE,
            after=request.GET.get("after", ""),
            before=request.GET.get("before", ""),
        )
    except InvalidQuery as error:
        raise Http404 from error
    worth, own = worth_of(fix, issues), Term("fix", (str(fix.pk),))
    plans = fix_plans.may_plan(seen, fix)
    context = {
        "fix": fix,
        "kind": _words(fix.kind),
        "worth": worth,
        "size": _size(worth.effort),
        "findings": findings_of(fix, issues, seen.findings()),
        "options": options_of(fix, cleared, seen.findings()) if worth.issues and fix.kind != BASE_IMAGE else None,
        "plan": fix_plans.plans_of([fix.pk]).get(fix.pk),
        "ticket": fix_plans.tickets_of([fix.pk]).get(fix.pk),
        "moves": _moves(request, fix),
        "plans": plans,
        "people": people.assignable(fix.application_id) if plans else [],
        "today": timezone.localdate(),
        "rows": _rows(seen, found.rows),
        "address": address(Query((own,))),
        "exploited": address(Query((own, Term("kev", ("true",))))),
        "worst": address(Query((own, Term("severity", (worth.severity.word,))))) if worth.severity else "",
        "next": f"?{urlencode({'after': found.after})}" if found.after else "",
        "previous": f"?{urlencode({'before': found.before})}" if found.before else "",
        "here": request.get_full_path(),
    }
    return render(request, "web/fixes/page.html", context)


def _moves(request: HttpRequest, fix: Fix) -> str:
    """Return the address of what a fix moves that is pinned; empty for a fix that moves nothing."""
    place = reverse("fix-pins", args=[fix.pk]) if fix.kind in MOVES else ""
    return f"{place}?online=1" if place and request.GET.get("online") == "1" else place


def plan(request: HttpRequest, number: int) -> HttpResponse:
    """Keep who makes a fix, and until when."""
    seen = visible(request)
    fix, given = _fix(seen, number), request.POST
    try:
        kept = fix_plans.plan(
            person(request), seen, fix, assignee=given.get("assignee", ""), due=_day(given.get("due", "")), note=given.get("note", ""),
            issues=bool(given.get("issues")),
        )  # fmt: skip
        messages.success(request, _("The plan is kept.") if kept else _("This fix is not planned any more."))
    except NotAllowed as error:
        messages.error(request, str(error))
    return redirect("fix", number=number)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise NotAllowed(_("That is no day")) from None


def _fix(seen: Visible, number: int) -> Fix:
    return get_object_or_404(seen.fixes().select_related("application", "asset"), pk=number)


def _issues_of(number: int) -> str:
    """Return the list of the issues that a fix clears."""
    return address(Query((Term("fix", (str(number),)),)))


def _words(kind: str) -> str:
    return KINDS.get(kind, kind.replace("_", " ").capitalize())


def _choices(every: Ranking, asked: Asked) -> list[dict[str, object]]:
    """Return the kinds that occur, or are asked for, each with the address that narrows to it or takes that back."""
    numbers = every.kinds()
    return [
        {
            "label": label,
            "count": Count(numbers[name], more=not every.whole),
            "on": name == asked.kind,
            "address": asked._replace(kind="" if name == asked.kind else name, first=0).address(),
        }
        for name, label in KINDS.items()
        if numbers[name] or name == asked.kind
    ]


def _rows(seen: Visible, issues: Sequence[Issue]) -> list[Row]:
    """Return issues as the list shows them, with the tools that report them now."""
    tools: dict[int, set[str]] = defaultdict(set)
    reported = seen.findings().filter(issue__in=[issue.pk for issue in issues], closed_in=None)
    for number, tool in reported.order_by().values_list("issue_id", "stream__tool").distinct():
        tools[number].add(tool)
    return [Row(one, reason_of(one), sorted(tools[one.pk]), "") for one in issues]
