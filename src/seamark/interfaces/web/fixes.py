"""The changes that clear most: fixes ranked by the risk that they remove."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count as Counted
from django.db.models import Max, Min, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from seamark.interfaces.web.counts import Counts
from seamark.interfaces.web.frame import visible
from seamark.interfaces.web.issues import address
from seamark.store.models import Fix
from seamark.store.query import NEEDS_WORK, Query, Term
from seamark.store.query.paging import COUNT_BOUND

MOST = 100


@dataclass(frozen=True)
class Ranked:
    """A fix with what it clears."""

    fix: Fix
    issues: int
    removed: int
    riskiest: int
    priority: int

    @property
    def address(self) -> str:
        """Return the list of the issues that it clears."""
        return address(Query((Term("fix", (str(self.fix.pk),)),)))


def show(request: HttpRequest) -> HttpResponse:
    """Show the fixes that remove the most risk."""
    seen = visible(request)
    # As for facets: the riskiest issues up to the bound decide, so that the page costs the same however many there are.
    riskiest = seen.issues().filter(NEEDS_WORK).exclude(fix=None).order_by("-risk", "-id").values("pk")[:COUNT_BOUND]
    groups = (
        seen.issues().filter(pk__in=riskiest).order_by().values("fix")
        .annotate(number=Counted("pk"), removed=Sum("risk"), riskiest=Max("risk"), urgent=Min("priority"))
        .order_by("-removed", "fix")[:MOST]
    )  # fmt: skip
    ranked = list(groups)
    fixes = seen.fixes().select_related("application", "asset").in_bulk([group["fix"] for group in ranked])
    rows = [
        Ranked(fixes[group["fix"]], group["number"], group["removed"], group["riskiest"], group["urgent"])
        for group in ranked
        if group["fix"] in fixes
    ]
    context = {
        "rows": rows,
        "most": max((row.removed for row in rows), default=1),
        "counts": Counts.of(request),
        "limit": MOST,
    }
    return render(request, "web/fixes.html", context)
