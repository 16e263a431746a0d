"""Decisions that are wanted: what waits for somebody with the right to decide, each with the list that it stands in."""

from __future__ import annotations

from django.utils.translation import gettext as _
from msgspec import Struct

from seamark.governance.triage import confirming
from seamark.governance.waivers import reading
from seamark.insight.metrics.scope import Scope
from seamark.store.query import Count, bounded_count, parse, select


class Wanted(Struct, frozen=True, kw_only=True):
    """Something to decide."""

    words: str
    count: Count
    page: str
    """Name of the list's address."""
    query: dict[str, str]


def wanted(asked: Scope) -> list[Wanted]:
    """Return what waits: waivers to approve, dismissals to confirm, and P0 that are overdue.

    These are of all that the person sees, or of the application that is asked about; they stand as they are now.
    """
    seen, slug = asked.seen, asked.application
    requested = reading.listed(seen, reading.Filter("requested", slug, ""))
    doubted = confirming.waiting(seen)
    terms = "priority:P0 due:overdue" + (f" app:{slug}" if slug else "")
    late = select(seen.issues(), parse(terms))
    waivers = {"state": "requested"} | ({"application": slug} if slug else {})
    return [
        Wanted(words=_("Waivers to approve"), count=bounded_count(requested), page="waivers", query=waivers),
        Wanted(words=_("Dismissals to confirm"), count=bounded_count(doubted), page="dismissals", query={}),
        Wanted(words=_("Overdue P0"), count=bounded_count(late), page="issues", query={"q": terms}),
    ]
