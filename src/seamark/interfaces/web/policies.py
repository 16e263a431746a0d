"""Policies: the list with what violates each, one policy with all that is to be known of it, and the violations."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from msgspec.structs import asdict

from seamark.core.errors import InvalidQuery, SeamarkError
from seamark.governance.policy import words
from seamark.governance.policy.examples import run_policy
from seamark.governance.policy.kept import edit, texts
from seamark.governance.policy.kept.sync import Kept, bundles, names, versions
from seamark.governance.policy.model import Effect
from seamark.insight.analytics import violations as told
from seamark.insight.analytics.policies import Line, line, lines
from seamark.insight.analytics.violations import Wanted
from seamark.interfaces.web.frame import person, visible
from seamark.pipeline.bundles import cache, refresh
from seamark.pipeline.watching import standing
from seamark.store.access import READS, Visible
from seamark.store.models.violations import Standing
from seamark.store.permissions import Permission
from seamark.store.query import bounded_count, page

PAGE: Final = 50
MOST_VERSIONS: Final = 20
WIDTH, HEIGHT = 120, 24
"""Of a trend, in its own units."""
EFFECTS: Final = [one.value for one in reversed(Effect) if one is not Effect.OFF]
SEVERITIES: Final = ("critical", "high", "medium", "low", "info")


@dataclass(frozen=True)
class Trend:
    """A number over the last days, as a line and in words."""

    points: str
    words: str


@dataclass(frozen=True)
class Row:
    """A policy as the list shows it."""

    line: Line
    trend: Trend | None


@dataclass(frozen=True)
class Version:
    """A version of a policy, and how it differs from the one before."""

    kept: Kept
    changes: list[tuple[str, str]]
    """Lines of the difference, each with its sort: `add`, `del`, `at` or nothing."""


def listed(request: HttpRequest) -> HttpResponse:
    """Show the policies that are in force, and the bundles that they come from."""
    seen = _reader(request)
    now = timezone.now()
    context = {
        "rows": [Row(one, trend(one.trend)) for one in lines(seen, now)],
        "bundles": bundles(),
        "edits": edit.may_edit(person(request)),
        "watch": standing(),
    }
    return render(request, "web/policies/list.html", context)


def show(request: HttpRequest, name: str) -> HttpResponse:
    """Show one policy: in words, as YAML, whom it hits, what its examples say, its versions and verdicts."""
    seen = _reader(request)
    now = timezone.now()
    history = versions(name)
    if not history:
        raise Http404
    one = line(seen, name, now)
    if one is None:
        return render(request, "web/policies/gone.html", {"name": name, "versions": _versions(history)})
    context = {
        "one": one,
        "spec": one.policy.spec,
        "trend": trend(one.trend),
        "sentences": words.sentences(one.policy, now.date()),
        "facts": words.used(one.policy),
        "examples": run_policy(one.policy),
        "yaml": texts.text_of(one.kept, cache()),
        "where": told.by_application(seen, name),
        "verdicts": told.verdicts(seen, name),
        "versions": _versions(history),
        "edits": edit.may_edit(person(request)),
        "here": edit.changed_here(one.kept.kind),
        "comment_limit": edit.COMMENT_LIMIT,
    }
    return render(request, "web/policies/page.html", context)


def violations(request: HttpRequest) -> HttpResponse:
    """Show what violates policies, newest first."""
    seen = _reader(request)
    given = {
        name: request.GET.get(name, "").replace("\0", "").strip()[:200]
        for name in ("policy", "application", "subject", "effect", "severity")
    }
    chosen = request.GET.get("standing", "")
    standings = {*Standing.values, "any"}
    asked = Wanted(
        **given, standing=chosen if chosen in standings else Standing.VIOLATES.value, ended=request.GET.get("ended") == "1"
    )  # fmt: skip
    rows = told.rows(seen, asked)
    try:
        found = page(
            rows.select_related("application"), "since", descending=True, size=PAGE, after=request.GET.get("after", ""),
            before=request.GET.get("before", ""),
        )  # fmt: skip
    except InvalidQuery as error:
        raise Http404 from error
    context = {
        "found": found,
        "total": bounded_count(rows),
        "asked": asked,
        "standings": [*Standing.choices, ("any", gettext("any of these"))],
        "applications": told.choices(seen),
        "policies": sorted({name for _, name, _ in names()} | ({asked.policy} - {""})),
        "effects": EFFECTS,
        "severities": SEVERITIES,
        "asks": seen.may_anywhere(Permission.WAIVER_REQUEST),
        "next": address(asked, after=found.after) if found.after else "",
        "previous": address(asked, before=found.before) if found.before else "",
    }
    return render(request, "web/policies/violations.html", context)


def address(asked: Wanted, **more: str) -> str:
    """Return the address of the list of violations for a filter."""
    values = {**asdict(asked), "ended": "1" if asked.ended else "", **more}
    kept = {
        name: value
        for name, value in values.items()
        if value and (name, value) != ("standing", Standing.VIOLATES.value)
    }
    return reverse("violations") + (f"?{urlencode(kept)}" if kept else "")


def withdraw(request: HttpRequest, name: str) -> HttpResponse:
    """Take a policy that was written here out of force."""
    try:
        edit.withdraw(name, actor=person(request), comment=request.POST.get("comment", ""), now=timezone.now())
    except SeamarkError as error:
        messages.error(request, str(error))
        return redirect("policy", name=name)
    messages.success(request, gettext("%(name)s is no longer in force as it was written here.") % {"name": name})
    return redirect("policies")


def synchronise(request: HttpRequest, number: int) -> HttpResponse:
    """Bring a bundle up to date now."""
    if not edit.may_edit(person(request)):
        raise PermissionDenied
    row = next((one for one in bundles() if one.pk == number), None)
    if row is None:
        raise Http404
    found = refresh(row)
    if found.mistakes:
        messages.error(
            request,
            gettext("%(name)s was not taken over: %(mistake)s") % {"name": row.name, "mistake": found.mistakes[0]},
        )
    else:
        words = (
            (gettext("%(number)s added"), found.added), (gettext("%(number)s changed"), found.changed),
            (gettext("%(number)s removed"), found.removed),
        )  # fmt: skip
        changes = ", ".join(word % {"number": len(several)} for word, several in words if several)
        told_so = {"name": row.name, "changes": changes or gettext("nothing has changed")}
        messages.success(request, gettext("%(name)s is up to date: %(changes)s.") % told_so)
    return redirect("policies")


def trend(numbers: list[int | None]) -> Trend | None:
    """Return a number over days as a line; None where there are not two days to join."""
    known = [(day, number) for day, number in enumerate(numbers) if number is not None]
    if len(known) < 2:
        return None
    most = max((number for _, number in known), default=0) or 1
    last = len(numbers) - 1
    points = " ".join(f"{WIDTH * day / last:.1f},{1 + (HEIGHT - 2) * (1 - number / most):.1f}" for day, number in known)
    days = known[-1][0] - known[0][0]
    words = ngettext("from %(first)s to %(last)s in %(days)s day", "from %(first)s to %(last)s in %(days)s days", days)
    return Trend(points, words % {"first": f"{known[0][1]:,}", "last": f"{known[-1][1]:,}", "days": days})


def _versions(history: list[Kept]) -> list[Version]:
    """Return versions, newest first, with how each differs from the next older one."""
    shown = sorted(history, key=lambda one: one.since, reverse=True)[: MOST_VERSIONS + 1]
    made = [Version(newer, differing(_yaml(older), _yaml(newer))) for newer, older in pairwise(shown)]
    return [*made, *(Version(one, []) for one in shown[-1:])][:MOST_VERSIONS]


def _yaml(kept: Kept) -> str:
    return kept.text or texts.dump(kept.content)


def differing(before: str, after: str) -> list[tuple[str, str]]:
    """Return the lines of a difference with the sort of each."""
    sorts = {"+": "add", "-": "del", "@": "at"}
    found = texts.difference(before, after, "before", "after").splitlines()[2:]
    return [(text, sorts.get(text[:1], "")) for text in found]


def _reader(request: HttpRequest) -> Visible:
    seen = visible(request)
    if not seen.may_anywhere(READS):
        raise PermissionDenied
    return seen
