"""Fixes by what they are worth: the risk of the open issues that each clears.

Nothing here reads the whole table. As in all lists, up to 10,000 open issues count. Where there are more, the riskiest 10,000
decide on the order, and a fix that clears none of those is left out; what is said of a fix on a page is always exact.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from django.db.models import Count, Exists, Max, Min, OuterRef, Q, QuerySet, Sum

from seamark.core.errors import InvalidQuery
from seamark.core.severity import Severity
from seamark.insight.analytics.effort import USUAL, effort_of, worth_per_step
from seamark.store.models import Finding, Fix, Issue
from seamark.store.query import NEEDS_WORK
from seamark.store.query.paging import COUNT_BOUND

Told = dict[int, dict[str, Any]]
"""What fixes clear, by the number of the fix: the fields of `Worth`."""


COMMON = 5
"""A kind is common where one of so many fixes is of it."""


class Place(NamedTuple):
    """A fix in the order: its negated rank, its number, its kind.

    The rank is the sum of its issues' risk in tenths, or where effort counts, that sum for each step of effort.
    """

    rank: int
    fix: int
    kind: str

    @property
    def cursor(self) -> str:
        """Return the place as the cursor of a page."""
        return f"{-self.rank}.{self.fix}"


class Part(NamedTuple):
    """Some places in order, and the cursors of the pages after and before (empty: none)."""

    ranking: Ranking
    places: Sequence[Place]
    after: str = ""
    before: str = ""


@dataclass(frozen=True)
class Ranking:
    """All fixes that clear an open issue, the most worthwhile first; `whole` unless there were too many issues."""

    issues: QuerySet[Issue]
    places: list[Place]
    told: Told
    """What each clears of the issues that were looked at."""
    whole: bool
    per_effort: bool = False
    """Whether what a fix removes is set against what it costs."""

    def first(self, number: int) -> Ranking:
        """Return the ranking of the first so many fixes alone."""
        return replace(self, places=self.places[:number])

    def removed(self) -> list[int]:
        """Return what each fix removes of the issues that were looked at, in the order."""
        return [self.told[place.fix]["removed"] for place in self.places]

    def kinds(self) -> Counter[str]:
        """Return how many fixes there are of each kind."""
        return Counter(place.kind for place in self.places)

    def of_kind(self, kind: str) -> Ranking:
        """Return the ranking of the fixes of one kind."""
        if not self.whole:
            return ranking(self.issues, kind, per_effort=self.per_effort)
        return replace(self, places=[place for place in self.places if place.kind == kind])

    def page(self, size: int, after: str = "", before: str = "") -> Part:
        """Return the page behind the cursor `after`, or in front of `before`. Raises `InvalidQuery` for no cursor of ours."""
        start, end = 0, len(self.places)
        if before:
            end = bisect_left(self.places, _cursor(before))
            start = max(0, end - size)
        elif after:
            start = bisect_right(self.places, _cursor(after), key=lambda place: place[:2])
        found = self.places[start : min(end, start + size)]
        return Part(
            self,
            found,
            found[-1].cursor if found and start + len(found) < len(self.places) else "",
            found[0].cursor if found and start else "",
        )


@dataclass(frozen=True)
class Worth:
    """A fix with what it clears. Risk is in tenths; an empty one has no severity."""

    fix: Fix
    issues: int = 0
    removed: int = 0
    riskiest: int = 0
    priority: int = 4
    severity: Severity | None = None
    kev: int = 0
    assets: int = 0
    effort: int = USUAL

    @property
    def partial(self) -> bool:
        """Tell whether it is known to leave some of its issues open."""
        return bool(self.fix.details.get("partial"))


def ranking(issues: QuerySet[Issue], kind: str = "", *, per_effort: bool = False) -> Ranking:
    """Rank what clears the open ones of these issues by the risk it removes; fixes of one kind only, where it is named.

    With `per_effort` the risk is set against the steps that a fix takes.
    """
    fixable, whole = issues.filter(NEEDS_WORK, fix__isnull=False), False
    if kind:
        of_kind = Fix.objects.filter(kind=kind)
        whole = of_kind.count() * COMMON < Fix.objects.count()
        # Of a rare kind all issues are read, by the index on fixes; for a common one the riskiest issues are walked down.
        fixable = (
            fixable.filter(fix__in=of_kind.values("pk"))
            if whole
            else issues.filter(NEEDS_WORK).filter(Exists(of_kind.filter(pk=OuterRef("fix"))))
        )
    if not whole:
        fixable = issues.filter(pk__in=fixable.order_by("-risk", "-id").values("pk")[: COUNT_BOUND + 1])
    kinds, told = _measured(fixable)
    places = sorted(Place(-_rank(one, per_effort=per_effort), number, kinds[number]) for number, one in told.items())
    read = whole or sum(one["issues"] for one in told.values()) <= COUNT_BOUND
    return Ranking(issues, places, told, read, per_effort)


def _rank(one: dict[str, Any], *, per_effort: bool) -> int:
    removed: int = one["removed"]
    return worth_per_step(removed, one["effort"]) if per_effort else removed


def worths(fixes: QuerySet[Fix], part: Part) -> list[Worth]:
    """Return what the fixes of a page are worth, in its order. Only those of `fixes` are told."""
    numbers = [place.fix for place in part.places]
    rows = fixes.select_related("application", "asset").in_bulk(numbers)
    told = part.ranking.told if part.ranking.whole else _told(part.ranking.issues, numbers)
    return [Worth(rows[number], **told[number]) for number in numbers if number in rows and number in told]


def worth_of(fix: Fix, issues: QuerySet[Issue]) -> Worth:
    """Return what one fix is worth: nothing, where no open issue is left."""
    return Worth(fix, **_told(issues, [fix.pk]).get(fix.pk, {}))


def cleared_by(fix: Fix, issues: QuerySet[Issue]) -> QuerySet[Issue]:
    """Return those of the issues that are open and that a fix clears."""
    return _cleared(issues, [fix.pk])


def findings_of(fix: Fix, issues: QuerySet[Issue], findings: QuerySet[Finding]) -> int:
    """Return how many findings a fix clears: those that tools report now for its open issues."""
    return findings.filter(issue__in=cleared_by(fix, issues).values("pk"), closed_in=None).count()


def _cleared(issues: QuerySet[Issue], numbers: Sequence[int]) -> QuerySet[Issue]:
    return issues.filter(NEEDS_WORK, fix__in=numbers)


def _told(issues: QuerySet[Issue], numbers: Sequence[int]) -> Told:
    return _measured(_cleared(issues, numbers))[1]


def _measured(issues: QuerySet[Issue]) -> tuple[dict[int, str], Told]:
    """Return the kinds of the fixes that clear these issues, and what they clear of them, in one statement."""
    groups = (
        issues.order_by().values("fix", "fix__kind", "fix__target")
        .annotate(
            number=Count("pk"), removed=Sum("risk"), riskiest=Max("risk"), urgent=Min("priority"), worst=Max("severity"),
            exploited=Count("pk", filter=Q(kev=True)), places=Count("asset", distinct=True),
        )
    )  # fmt: skip
    kinds, told = {}, {}
    for one in groups:
        kinds[one["fix"]] = one["fix__kind"]
        told[one["fix"]] = {
            "issues": one["number"], "removed": one["removed"], "riskiest": one["riskiest"], "priority": one["urgent"],
            "severity": Severity(one["worst"]), "kev": one["exploited"], "assets": one["places"],
            "effort": effort_of(one["fix__kind"], one["fix__target"]),
        }  # fmt: skip
    return kinds, told


def ranked_fixes(fixes: QuerySet[Fix], limit: int, part: Part | None = None) -> list[dict[str, Any]]:
    """Return the fixes of a page, or else the first of all, as plain values; risk in points from 0 to 100 an issue."""
    if part is None:
        part = ranking(Issue.objects.filter(fix__in=fixes)).page(limit)
    return [as_json(one) for one in worths(fixes, part)]


def as_json(worth: Worth) -> dict[str, Any]:
    """Return a fix with what it clears as plain values."""
    fix = worth.fix
    return {
        "id": fix.pk, "title": fix.title, "kind": fix.kind, "target": fix.target or None, "partial": worth.partial,
        "application": fix.application.name, "asset": str(fix.asset), "issues": worth.issues, "assets": worth.assets,
        "risk_removed": worth.removed / 10, "worst": worth.riskiest / 10, "severity": worth.severity.word if worth.severity else None,
        "kev": worth.kev,
    }  # fmt: skip


_CURSOR = re.compile(r"([0-9]{1,12})\.([0-9]{1,18})")


def _cursor(text: str) -> tuple[int, int]:
    found = _CURSOR.fullmatch(text)
    if found is None:
        raise InvalidQuery("The page's cursor is damaged")
    return -int(found[1]), int(found[2])
