"""What somebody wants to know first: what changed, what to fix first, what is late, what waits for them.

Every number is the length of a list that has an address. As in all lists, up to 10,000 rows count: of open issues the riskiest,
of events the newest. What is newly exploited is counted whole.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from django.db.models import Count as Counted
from django.db.models import Q, QuerySet

from seamark.insight.analytics.fixes import Worth, ranking, worths
from seamark.store.access import Visible
from seamark.store.models import Exploitation, Issue, User, VulnerabilityName
from seamark.store.query import NEEDS_WORK, Count, Query, Term, among, hits, parse
from seamark.store.query.fields import condition_of
from seamark.store.query.paging import COUNT_BOUND

FIRST: Final = timedelta(days=7)
"""How far back is looked for somebody who comes for the first time."""
CHANGES: Final = {"resolved": ("fixed",), "returned": ("reopened",)}
"""What may have become of an issue, and the kinds of events that say so."""
FIXES: Final = 5
EXPLOITED: Final = 8
ENTRIES: Final = 1_000
"""Entries of catalogues that are looked for among the issues, the newest."""


@dataclass(frozen=True)
class Number:
    """How many open issues a query finds."""

    label: str
    query: str
    count: Count
    urgent: bool = False


class Exploited(NamedTuple):
    """A flaw that a catalogue lists as exploited since a day, with the query of its open issues."""

    name: str
    added: str
    """The day, as `2026-11-20`."""
    ransomware: bool
    query: str
    issues: int


class First(NamedTuple):
    """The fixes to begin with; `own` where they are of issues that the person or one of their teams answers for."""

    worths: list[Worth]
    own: bool


def numbers(seen: Visible, person: User, since: datetime, now: datetime) -> list[Number]:
    """Return what is open, late and new, all in one statement."""
    asked = (
        ("New issues", f"age:<{hours(since, now)}h", False),
        ("New and urgent", f"priority:P0,P1 age:<{hours(since, now)}h", True),
        ("Overdue", "due:overdue", True),
        ("Due within a week", "due:<7d", False),
        ("Known exploited", "kev:true", True),
        ("Assigned to you", str(Term("assignee", (person.get_username(),))), False),
    )
    sums = {f"n{at}": Counted("pk", filter=_meaning(query)) for at, (_, query, _) in enumerate(asked)}
    found: dict[str, int] = _riskiest(seen).aggregate(all=Counted("pk"), **sums)
    more = found["all"] > COUNT_BOUND
    return [
        Number(label, query, Count(min(found[f"n{at}"], COUNT_BOUND), more), urgent)
        for at, (label, query, urgent) in enumerate(asked)
    ]


def hours(since: datetime, now: datetime) -> int:
    """Return the whole hours since a moment, at least one: what a query takes for a span."""
    return min(99_999, max(1, math.ceil((now - since).total_seconds() / 3600)))


def _meaning(query: str) -> Q:
    meaning = Q()
    for term in parse(query).terms:
        meaning &= condition_of(term)
    return meaning


def _riskiest(seen: Visible) -> QuerySet[Issue]:
    riskiest = seen.issues().filter(NEEDS_WORK).order_by("-risk", "-id").values("pk")[: COUNT_BOUND + 1]
    return seen.issues().filter(pk__in=riskiest)


def changed(seen: Visible, what: str, since: datetime) -> QuerySet[Issue]:
    """Return the issues that were resolved, or returned, since a moment (`what` is one of `CHANGES`) and stand so still."""
    newest = seen.events().order_by("-id").values("pk")[: COUNT_BOUND + 1]
    events = seen.events().filter(pk__in=newest, at__gt=since, kind__in=CHANGES[what]).order_by()
    return seen.issues().filter(pk__in=events.values("issue"), open=what == "returned")


def first_fixes(seen: Visible, person: User) -> First:
    """Return the fixes to begin with: of what the person or their teams answer for, or else of everything."""
    listed = hits(seen.issues(), Query(), ("assignee_id", "owner"))
    names = {person.get_username(), person.email, *person.teams.values_list("name", flat=True)} - {""}
    known = zip(listed.numbers, listed.column("assignee_id"), listed.column("owner"), strict=True)
    own = [number for number, assignee, owner in known if assignee == person.pk or owner in names]
    part = ranking(seen.issues().filter(among(own))).page(FIXES) if own else None
    if part is not None and part.places:
        return First(worths(seen.fixes(), part), own=True)
    return First(worths(seen.fixes(), ranking(_riskiest(seen)).page(FIXES)), own=False)


def newly_exploited(seen: Visible, since: datetime) -> list[Exploited]:
    """Return the flaws of open issues that a catalogue lists since a day, the newest first."""
    rows = Exploitation.objects.filter(kev_added__gte=since.date()).order_by("-kev_added", "name")
    listed = list(rows.only("name", "kev_added", "ransomware")[:ENTRIES])
    groups_of = dict(
        VulnerabilityName.objects.filter(name__in=[row.name for row in listed]).values_list("name", "group")
    )
    groups = dict(
        seen.issues().filter(NEEDS_WORK, kev=True, vulnerability__in=set(groups_of.values())).order_by()
        .values_list("vulnerability").annotate(number=Counted("pk"))
    )  # fmt: skip
    found: dict[int, Exploited] = {}
    for row in listed:
        group = groups_of.get(row.name)
        if group is not None and group in groups:
            query = f"{Term('vuln', (row.name,))} kev:true"
            found.setdefault(
                group, Exploited(row.name, f"{row.kev_added:%Y-%m-%d}", row.ransomware, query, groups[group])
            )
    return list(found.values())[:EXPLOITED]


def failed_feeds(standing: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return of the feeds, as `pipeline.feeds.standing` has them, those whose last try failed or that are old."""
    return [one for one in standing if one["failure"] or one["old"]]
