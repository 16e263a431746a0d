"""Numbers that stand on every page, counted once a request and never beyond a bound.

Only the riskiest open issues up to the bound are looked at, all numbers in one statement: a list of a million costs no more than
one of ten thousand, and a number that may be larger is written with a plus.
"""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property

from django.db.models import Count as Counted
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone

from seamark.governance.access.reading import manages, may_audit
from seamark.governance.ledger.reading import may_read
from seamark.pipeline.inbox import pending
from seamark.store.access import IMPORTS, Visible, visible_to
from seamark.store.query import NEEDS_WORK, Count, Term, bounded_count
from seamark.store.query.paging import COUNT_BOUND


class Counts:
    """What a person's list is made of: findings of tools, issues, fixes, and the preset views."""

    def __init__(self, visible: Visible) -> None:
        self.visible = visible

    @classmethod
    def of(cls, request: HttpRequest) -> Counts:
        """Return the counts of a request's person, made once."""
        kept: Counts | None = getattr(request, "seamark_counts", None)
        if kept is None:
            kept = cls(visible_to(request.user))
            request.seamark_counts = kept  # type: ignore[attr-defined]
        return kept

    @cached_property
    def presets(self) -> tuple[tuple[str, str, Q], ...]:
        """Return the preset views: label, query, and what the query means."""
        mine = str(Term("assignee", (self.visible.actor.get_username(),)))
        return (
            ("To do first", "priority:P0,P1", Q(priority__lte=1)),
            ("Mine", mine, Q(assignee=self.visible.actor.pk)),
            ("Known exploited", "kev:true", Q(kev=True)),
            ("New this week", "age:<7d", Q(opened_at__gt=timezone.now() - timedelta(days=7))),
            ("Fixable", "fixable:true", Q(fixable=True)),
            ("All open", "", Q()),
        )

    @cached_property
    def _open(self) -> dict[str, int]:
        riskiest = self.visible.issues().filter(NEEDS_WORK).order_by("-risk", "-id").values("pk")[: COUNT_BOUND + 1]
        sums = {
            f"view{number}": Counted("pk", filter=means) for number, (_, _, means) in enumerate(self.presets) if means
        }
        rows = self.visible.issues().filter(pk__in=riskiest)
        found: dict[str, int] = rows.aggregate(all=Counted("pk"), fixes=Counted("fix", distinct=True), **sums)
        return found

    def _count(self, name: str) -> Count:
        return Count(min(self._open[name], COUNT_BOUND), self._open["all"] > COUNT_BOUND)

    @property
    def issues(self) -> Count:
        """Return how many issues need work."""
        return self._count("all")

    @property
    def fixes(self) -> Count:
        """Return how many fixes clear an open issue."""
        return self._count("fixes")

    @property
    def views(self) -> list[tuple[str, str, Count]]:
        """Return label, query and number of each preset view."""
        return [
            (label, query, self._count(f"view{number}" if means else "all"))
            for number, (label, query, means) in enumerate(self.presets)
        ]

    @cached_property
    def findings(self) -> Count:
        """Return how many findings tools report now."""
        return bounded_count(self.visible.findings().filter(closed_in=None))

    @cached_property
    def suggestions(self) -> Count:
        """Return how many pairs of findings wait for somebody to say whether they are one issue."""
        return bounded_count(pending(self.visible), 999)

    @cached_property
    def tools(self) -> int:
        """Return how many tools have reported."""
        return self.visible.streams().order_by().values("tool").distinct().count()

    @cached_property
    def administers(self) -> bool:
        """Tell whether the person has any business in the administration."""
        return manages(self.visible) or may_audit(self.visible)

    @cached_property
    def reads_ledger(self) -> bool:
        """Tell whether the person may read the ledger."""
        return may_read(self.visible)

    @cached_property
    def may_import(self) -> bool:
        """Tell whether the person may send in reports."""
        return self.visible.may_anywhere(IMPORTS)
