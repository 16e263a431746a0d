"""From a query to rows."""

from __future__ import annotations

from typing import Final

from django.db.models import Q, QuerySet

from seamark.core.errors import InvalidQuery
from seamark.store.models import Issue
from seamark.store.query.fields import NEEDS_WORK, SORTS, condition_of
from seamark.store.query.language import Query

_OPEN: Final = (NEEDS_WORK,)
_NOT_OPEN: Final = (Q(open=False),)


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
    if _of_every_state(query):
        return rows
    return rows.filter(state__lte=3) if _of_branches(query) else rows.filter(NEEDS_WORK)


def parts(query: Query) -> tuple[Q, ...]:
    """Return the conditions that part the rows of a query: each part has indexes in the orders of the lists, the whole has none."""
    if not _of_every_state(query) and not _of_branches(query):
        return _OPEN
    states = {value.lower() for value in query.values("state")}
    if states and states <= {"open"}:
        return _OPEN
    branches = {value.lower() for value in query.values("branch")}
    if (states and states <= {"closed", "resolved", "dismissed"}) or (branches and branches <= {"true", "yes", "1"}):
        return _NOT_OPEN
    return _OPEN + _NOT_OPEN


def _of_every_state(query: Query) -> bool:
    return any(term.field in {"state", "id", "dismissal"} for term in query.terms)


def _of_branches(query: Query) -> bool:
    return any(term.field == "branch" for term in query.terms)


def ordered(query: Query) -> tuple[str, bool]:
    """Return the column of a query's order and whether it descends. The riskiest come first by default."""
    text = query.sort or "-risk"
    name = text.removeprefix("-")
    if name not in SORTS:
        raise InvalidQuery(f"Issues are sorted by {', '.join(SORTS)}, not {name!r}")
    column, descending = SORTS[name][0], text.startswith("-")
    # An old issue has an early date.
    return column, not descending if name == "age" else descending
