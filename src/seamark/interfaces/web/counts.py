"""Numbers that stand on every page, counted once a request and never beyond a bound.

Only the riskiest open issues up to the bound are looked at (`store.query.hits`), all numbers in one statement.
"""

from __future__ import annotations

from functools import cached_property

from django.http import HttpRequest

from seamark.governance.access.reading import manages, may_audit
from seamark.governance.ledger.reading import may_read
from seamark.pipeline.inbox import pending
from seamark.store.access import IMPORTS, Visible, visible_to
from seamark.store.query import Count, Hits, Query, Term, bounded_count, hits


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
    def open(self) -> Hits:
        """Return the riskiest open issues."""
        return hits(self.visible.issues(), Query())

    @property
    def issues(self) -> Count:
        """Return how many issues need work."""
        return self.open.total

    @cached_property
    def fixes(self) -> Count:
        """Return how many fixes clear an open issue."""
        return self.open.counted(len(set(self.open.column("fix_id")) - {None}))

    @cached_property
    def views(self) -> list[tuple[str, str, Count]]:
        """Return label, query and number of each preset view."""
        found = self.open
        mine = str(Term("assignee", (self.visible.actor.get_username(),)))
        presets = (
            ("To do first", "priority:P0,P1", sum(one <= 1 for one in found.column("priority"))),
            ("Mine", mine, found.column("assignee_id").count(self.visible.actor.pk)),
            ("Known exploited", "kev:true", sum(found.column("kev"))),
            ("New this week", "age:<7d", sum(found.column("fresh"))),
            ("Fixable", "fixable:true", sum(found.column("fixable"))),
        )
        counted = [(label, query, found.counted(number)) for label, query, number in presets]
        return [*counted, ("All open", "", self.issues)]

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
