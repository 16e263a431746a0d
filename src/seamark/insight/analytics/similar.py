"""Issues like one: of the same flaw, rule, package or weakness, in all that somebody may see.

As in all lists, the riskiest 10,000 open issues count. Every number is the length of the list that its query finds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.db.models import Count as Counted
from django.db.models import Q, QuerySet

from seamark.store.access import Visible
from seamark.store.models import Issue, VulnerabilityName
from seamark.store.query import NEEDS_WORK, Count, Query, Term
from seamark.store.query.fields import condition_of
from seamark.store.query.paging import COUNT_BOUND

MOST: Final = 5
"""Issues that are shown of each sort."""
LONGEST: Final = 400
"""Characters of a value that a query is made of."""


@dataclass(frozen=True)
class Alike:
    """Other open issues that share something with one."""

    what: str
    """`vuln`, `rule`, `component` or `cwe`: a field of the query language."""
    value: str
    query: str
    count: Count
    rows: list[Issue]


def similar(seen: Visible, issue: Issue) -> list[Alike]:
    """Return what is like an issue, the closest sort first; an issue is shown under the first sort that it is of."""
    asked = list(_asked(issue))
    if not asked:
        return []
    riskiest = seen.issues().filter(NEEDS_WORK).order_by("-risk", "-id").values("pk")[: COUNT_BOUND + 1]
    others = seen.issues().filter(pk__in=riskiest).exclude(pk=issue.pk)
    meanings = [condition_of(term) for term in asked]
    sums = {f"n{at}": Counted("pk", filter=means) for at, means in enumerate(meanings)}
    found = others.aggregate(all=Counted("pk"), **sums)
    more = found["all"] >= COUNT_BOUND
    shown: set[int] = set()
    alike = []
    for at, (term, means) in enumerate(zip(asked, meanings, strict=True)):
        number = int(found[f"n{at}"])
        if number:
            rows = _riskiest(others, means, shown)
            shown |= {one.pk for one in rows}
            query = str(Query((term, Term("state", ("open",)), Term("id", (issue.reference,), negated=True))))
            alike.append(Alike(term.field, term.values[0], query, Count(number, more), rows))
    return alike


def _riskiest(others: QuerySet[Issue], means: Q, shown: set[int]) -> list[Issue]:
    rows = others.filter(means).exclude(pk__in=shown).select_related("application")
    return list(rows.order_by("-risk", "-id")[:MOST])


def _asked(issue: Issue) -> Sequence[Term]:
    terms = []
    if issue.vulnerability_id is not None:
        name = (
            VulnerabilityName.objects.filter(group=issue.vulnerability_id)
            .order_by("name")
            .values_list("name", flat=True)
            .first()
        )
        terms += [Term("vuln", (name,))] if name else []
    elif issue.rule:
        terms.append(Term("rule", (issue.rule,)))
    if package := issue.component.rpartition(" ")[0]:
        # The field compares beginnings: the blank keeps packages out whose names go on.
        terms.append(Term("component", (f"{package} ",)))
    elif issue.cwe:
        terms.append(Term("cwe", (str(issue.cwe),)))
    return [term for term in terms if len(term.values[0]) <= LONGEST]
