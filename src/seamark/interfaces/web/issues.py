"""The prioritised list: one query, its rows with the reason for their place, and the ways to narrow it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext

from seamark.core.errors import InvalidQuery
from seamark.governance.triage.lifecycle import DISMISSES, RESOLUTIONS, WORKS
from seamark.interfaces.web import views
from seamark.interfaces.web.counts import Counts
from seamark.interfaces.web.facets import Facet, facets
from seamark.interfaces.web.frame import person, visible, wants_part
from seamark.interfaces.web.groups import BY, grouped
from seamark.pipeline import desk
from seamark.pipeline.scoring import reason_of
from seamark.store.access import Visible
from seamark.store.models import Issue, Preference
from seamark.store.query import Count, Hits, Page, Query, among, hits, ordered, page, parse, parts, select

PAGE = 50


@dataclass(frozen=True)
class Row:
    """One issue as the list shows it."""

    issue: Issue
    reason: str
    tools: list[str]
    ref: str


@dataclass(frozen=True)
class Tab:
    """A preset view."""

    label: str
    query: str
    count: Count
    on: bool

    @property
    def address(self) -> str:
        """Return where the view is."""
        return address(self.query)


def address(query: Query | str, **more: str) -> str:
    """Return the address of the list for a query."""
    text = str(query)
    values = {**({"q": text} if text else {}), **{key: value for key, value in more.items() if value}}
    return reverse("issues") + (f"?{urlencode(values)}" if values else "")


def show(request: HttpRequest) -> HttpResponse:
    """Show the list that a query asks for, or the changed part of it."""
    seen = visible(request)
    text = request.GET.get("q", "").replace("\0", "")
    kept = desk.preference(person(request))
    group = request.GET.get("group", "")
    context: dict[str, object] = {"q": text, "here": request.get_full_path(), "undo": views.latest(request)}
    try:
        query = parse(text)
        if group in BY:
            context |= _in_groups(request, seen, query, group)
        else:
            context |= _results(request, seen, query, kept)
        context |= _arranged(query, kept, group)
    except InvalidQuery as error:
        query = Query()
        context |= {
            "error": str(error),
            "position": error.position,
            "sample": text[error.position : error.position + 40],
        }
    sound = query if "error" not in context else None
    context["tabs"] = _tabs(request, sound)
    context["saved"] = [
        {"view": one, "row": one.row, "own": one.own, "on": one.on, "address": address(one.row.query)}
        for one in views.views(person(request), sound)
    ]
    part = wants_part(request, "list")
    return render(request, "web/issues/_results.html" if part else "web/issues/list.html", context)


def _hits(request: HttpRequest, seen: Visible, query: Query) -> Hits:
    return hits(seen.issues(), query) if query.terms else Counts.of(request).open


def _page(request: HttpRequest, seen: Visible, query: Query, listed: Hits, kept: Preference) -> Page[Issue]:
    column, descending = ordered(query)
    more = {"owner": "assignee", "fix": "fix"}
    shown = [more[name] for name in views.columns(kept) if name in more]
    rows, separate = select(seen.issues(), query), parts(query)
    after, before = request.GET.get("after", ""), request.GET.get("before", "")
    # What is known by its number is not looked for again.
    if not after and not before and (column, descending) == ("risk", True):
        rows, separate = seen.issues().filter(pk__in=listed.numbers[: PAGE + 1]), ()
    elif not listed.more:
        rows, separate = seen.issues().filter(among(listed.numbers)), ()
    return page(
        rows.prefetch_related("application", "asset", *shown), column, descending=descending, size=PAGE, after=after, before=before,
        parts=separate,
    )  # fmt: skip


def _results(request: HttpRequest, seen: Visible, query: Query, kept: Preference) -> dict[str, object]:
    ordered(query)
    listed = _hits(request, seen, query)
    found = _page(request, seen, query, listed, kept)
    return {
        "query": query,
        "rows": rows_of(seen, found.rows),
        "total": listed.total,
        "facets": _addressed(facets(seen, query, listed, Counts.of(request).open)),
        "next": address(query, after=found.after) if found.after else "",
        "previous": address(query, before=found.before) if found.before else "",
        "sorts": _sorts(query),
        "works": seen.may_anywhere(WORKS),
        "triages": seen.may_anywhere(DISMISSES),
        "resolutions": RESOLUTIONS,
        "counts": Counts.of(request),
    }


def _in_groups(request: HttpRequest, seen: Visible, query: Query, name: str) -> dict[str, object]:
    """Return a list by groups: everything but its rows."""
    listed = _hits(request, seen, query)
    narrowed = facets(seen, query, listed, Counts.of(request).open)
    found = grouped(seen, query, name, listed)
    return {
        "query": query,
        "total": listed.total,
        "groups": found,
        "group_rows": [{"group": one, "address": address(one.query)} for one in found.groups],
        "ungrouped": address(query),
        "facets": _addressed(narrowed, group=name),
        "counts": Counts.of(request),
    }


def _arranged(query: Query, kept: Preference, group: str) -> dict[str, object]:
    """Return how the list is arranged, and how else it may be."""
    shown = views.columns(kept)
    choices = [{"label": "Nothing", "address": address(query), "on": group not in BY}]
    choices += [
        {"label": by.title, "address": address(query, group=name), "on": name == group} for name, by in BY.items()
    ]
    return {
        "columns": shown,
        "column_choices": [
            {"name": name, "label": label, "on": name in shown} for name, label in views.COLUMNS.items()
        ],
        "group_choices": choices,
        "exports": ("csv", "xlsx", "json", "sarif"),
    }


def rows_of(seen: Visible, issues: list[Issue]) -> list[Row]:
    """Return the rows with the tools that report them now: one statement for all."""
    tools: dict[int, set[str]] = defaultdict(set)
    refs: dict[int, set[str]] = defaultdict(set)
    reported = seen.findings().filter(issue__in=[issue.pk for issue in issues], closed_in=None)
    for number, tool, ref in reported.order_by().values_list("issue_id", "stream__tool", "stream__ref").distinct():
        tools[number].add(tool)
        refs[number].add(ref)
    return [Row(one, reason_of(one), sorted(tools[one.pk]), _one_of(refs[one.pk])) for one in issues]


def _one_of(refs: set[str]) -> str:
    named = sorted(ref for ref in refs if ref)
    if len(named) > 1:
        return gettext("%(number)s branches") % {"number": len(named)}
    return named[0] if named else ""


def _tabs(request: HttpRequest, query: Query | None) -> list[Tab]:
    """Return the preset views, with the one that is on marked."""
    current = None if query is None else str(query.sorted_by(""))
    return [Tab(label, text, count, text == current) for label, text, count in Counts.of(request).views]


def _addressed(found: list[Facet], **more: str) -> list[dict[str, object]]:
    return [
        {
            "title": facet.title,
            "choices": [{"choice": choice, "address": address(choice.query, **more)} for choice in facet.choices],
        }
        for facet in found
        if facet.choices
    ]


def _sorts(query: Query) -> dict[str, dict[str, str]]:
    """Return for each sorted column the address that sorts by it, or turns its order, and the mark of its order."""
    name = (query.sort or "-risk").removeprefix("-")
    falling = (query.sort or "-risk").startswith("-")
    sorts = {}
    for column in ("risk", "age"):
        turned = f"{'' if column == name and falling else '-'}{column}"
        mark = ("↓" if falling else "↑") if column == name else ""
        sorts[column] = {"address": address(query.sorted_by(turned)), "mark": mark}
    return sorts
