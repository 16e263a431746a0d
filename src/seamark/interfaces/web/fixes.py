"""The changes that clear most: fixes ranked by the risk that they remove, and each with its issues."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from seamark.analysis.correlation.fixes import KINDS
from seamark.core.errors import InvalidQuery
from seamark.insight.analytics.fixes import Ranking, cleared_by, findings_of, ranking, worth_of, worths
from seamark.interfaces.web.counts import Counts
from seamark.interfaces.web.frame import visible
from seamark.interfaces.web.issues import Row, address
from seamark.pipeline.scoring import reason_of
from seamark.store.access import Visible
from seamark.store.models import Issue
from seamark.store.query import Count, Query, Term, page

PAGE = 50


def show(request: HttpRequest) -> HttpResponse:
    """Show the fixes that remove the most risk."""
    seen = visible(request)
    kind = request.GET.get("kind", "")
    every = ranking(seen.issues())
    order = every.of_kind(kind) if kind else every
    try:
        part = order.page(PAGE, request.GET.get("after", ""), request.GET.get("before", ""))
    except InvalidQuery as error:
        raise Http404 from error
    found = worths(seen.fixes(), part)
    context = {
        "rows": [{"worth": one, "address": _issues_of(one.fix.pk), "kind": _words(one.fix.kind)} for one in found],
        "most": max((one.removed for one in found), default=1),
        "total": Count(len(order.places), more=not order.whole),
        "kind": kind,
        "choices": _choices(every, kind),
        "whole": order.whole,
        "next": _address(kind, after=part.after) if part.after else "",
        "previous": _address(kind, before=part.before) if part.before else "",
        "counts": Counts.of(request),
    }
    return render(request, "web/fixes.html", context)


def detail(request: HttpRequest, number: int) -> HttpResponse:
    """Show one fix with the issues that it clears."""
    seen = visible(request)
    fix = get_object_or_404(seen.fixes().select_related("application", "asset"), pk=number)
    issues = seen.issues()
    cleared = cleared_by(fix, issues).prefetch_related("application", "asset")
    try:
        found = page(
            cleared,
            "risk",
            descending=True,
            size=PAGE,
            after=request.GET.get("after", ""),
            before=request.GET.get("before", ""),
        )
    except InvalidQuery as error:
        raise Http404 from error
    context = {
        "fix": fix,
        "kind": _words(fix.kind),
        "worth": worth_of(fix, issues),
        "findings": findings_of(fix, issues, seen.findings()),
        "rows": _rows(seen, found.rows),
        "address": _issues_of(fix.pk),
        "next": f"?{urlencode({'after': found.after})}" if found.after else "",
        "previous": f"?{urlencode({'before': found.before})}" if found.before else "",
    }
    return render(request, "web/fix.html", context)


def _issues_of(number: int) -> str:
    """Return the list of the issues that a fix clears."""
    return address(Query((Term("fix", (str(number),)),)))


def _words(kind: str) -> str:
    return KINDS.get(kind, kind.replace("_", " ").capitalize())


def _address(kind: str, **more: str) -> str:
    values = {**({"kind": kind} if kind else {}), **more}
    return reverse("fixes") + (f"?{urlencode(values)}" if values else "")


def _choices(every: Ranking, kind: str) -> list[dict[str, object]]:
    """Return the kinds that occur, or are asked for, each with the address that narrows to it or takes that back."""
    numbers = every.kinds()
    return [
        {
            "label": label,
            "count": Count(numbers[name], more=not every.whole),
            "on": name == kind,
            "address": _address("" if name == kind else name),
        }
        for name, label in KINDS.items()
        if numbers[name] or name == kind
    ]


def _rows(seen: Visible, issues: Sequence[Issue]) -> list[Row]:
    """Return issues as the list shows them, with the tools that report them now."""
    tools: dict[int, set[str]] = defaultdict(set)
    reported = seen.findings().filter(issue__in=[issue.pk for issue in issues], closed_in=None)
    for number, tool in reported.order_by().values_list("issue_id", "stream__tool").distinct():
        tools[number].add(tool)
    return [Row(one, reason_of(one), sorted(tools[one.pk]), "") for one in issues]
