"""Issues like one: of the same flaw, rule, package or weakness, in all that somebody may see.

Every number is the length of the list that its query finds, counted as far as lists are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final

from seamark.store.access import Visible
from seamark.store.models import Issue, VulnerabilityName
from seamark.store.query import Count, Query, Term, hits

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
    others = Term("id", (issue.reference,), negated=True)
    queries = [Query((term, Term("state", ("open",)), others)) for term in asked]
    lists = [hits(seen.issues(), query, ()) for query in queries]
    shown: list[list[int]] = []
    for listed in lists:
        known = set(chain(*shown))
        shown.append([number for number in listed.numbers if number not in known][:MOST])
    rows = seen.issues().select_related("application").in_bulk(list(chain(*shown)))
    return [
        Alike(
            term.field, term.values[0], str(query), listed.total, [rows[number] for number in numbers if number in rows]
        )
        for term, query, listed, numbers in zip(asked, queries, lists, shown, strict=True)
        if listed.numbers
    ]


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
