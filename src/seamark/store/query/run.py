"""From a query to rows."""

from __future__ import annotations

from django.db.models import QuerySet

from seamark.core.errors import InvalidQuery
from seamark.store.models import Issue
from seamark.store.query.fields import NEEDS_WORK, SORTS, condition_of
from seamark.store.query.language import Query


def select(rows: QuerySet[Issue], query: Query) -> QuerySet[Issue]:
    """Return the issues that a query asks for; open ones only, where it says nothing of the state or of one issue.

    Raises `InvalidQuery` for unknown fields and values, with the position of the term.
    """
    for term in query.terms:
        try:
            condition = condition_of(term)
        except InvalidQuery as error:
            raise InvalidQuery(str(error), position=term.position) from None
        rows = rows.exclude(condition) if term.negated else rows.filter(condition)
    if not any(term.field in {"state", "id", "dismissal"} for term in query.terms):
        asks_branch = any(term.field == "branch" for term in query.terms)
        rows = rows.filter(state__lte=3) if asks_branch else rows.filter(NEEDS_WORK)
    return rows


def ordered(query: Query) -> tuple[str, bool]:
    """Return the column of a query's order and whether it descends. The riskiest come first by default."""
    text = query.sort or "-risk"
    name = text.removeprefix("-")
    if name not in SORTS:
        raise InvalidQuery(f"Issues are sorted by {', '.join(SORTS)}, not {name!r}")
    column, descending = SORTS[name][0], text.startswith("-")
    # An old issue has an early date.
    return column, not descending if name == "age" else descending
