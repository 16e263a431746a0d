"""The riskiest issues of a list, with what lists count them by: read once, in one statement, and never beyond a bound.

A list of a million issues costs no more than one of ten thousand: a number that may be larger is written with a plus.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from datetime import timedelta
from functools import cached_property
from itertools import islice
from operator import itemgetter
from typing import Any, Final

from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet
from django.utils import timezone

from seamark.store.models import Issue
from seamark.store.query.language import Query
from seamark.store.query.paging import COUNT_BOUND, Count
from seamark.store.query.run import parts, select

_ORDER: Final = ("risk", "id")
COLUMNS: Final = (
    "application_id", "kind", "severity", "priority", "kev", "fixable", "regression", "ai_written", "tools", "assignee_id", "fix_id",
    "fresh",
)  # fmt: skip
"""What is known of each hit. The index of the lists has all of it (`LISTED`); `fresh` is what was opened in the last seven days."""
WEEK: Final = timedelta(days=7)
_READ: Final = frozenset({"", "path", "rule", "component"})
"""Fields, and words without one, that are compared with texts. No index of the lists has these: each issue on the way is read as a whole."""
_READ_BOUND: Final = COUNT_BOUND // 2
"""How far is counted then."""


class Hits:
    """Issues of a list, the riskiest first: at most one more than its `bound`."""

    def __init__(self, rows: Sequence[tuple[Any, ...]], columns: Sequence[str], bound: int) -> None:
        self._rows, self._at = rows, {name: at for at, name in enumerate((*_ORDER, *columns))}
        self.bound: Final = bound

    @cached_property
    def numbers(self) -> list[int]:
        """Return the numbers of the issues."""
        return self.column("id")

    def column(self, name: str) -> list[Any]:
        """Return what each has in one of the columns that were asked for."""
        return list(map(itemgetter(self._at[name]), self._rows))

    @property
    def more(self) -> bool:
        """Tell whether there are more than were looked at."""
        return len(self._rows) > self.bound

    @property
    def total(self) -> Count:
        """Return how many there are."""
        return self.counted(len(self._rows))

    def counted(self, number: int) -> Count:
        """Return a number of some of them, as it stands for the whole list."""
        return Count(min(number, self.bound), self.more)


def hits(rows: QuerySet[Issue], query: Query, columns: Sequence[str] = COLUMNS) -> Hits:
    """Return the riskiest of the `rows` that a query asks for, whatever its order. Raises `InvalidQuery`."""
    chosen = select(rows, query)
    bound = _READ_BOUND if any(term.field in _READ for term in query.terms) else COUNT_BOUND
    found = [_riskiest(chosen.filter(part), columns, bound) for part in parts(query)]
    if len(found) == 1:
        return Hits(found[0], columns, bound)
    merged = heapq.merge(*found, key=lambda row: row[: len(_ORDER)], reverse=True)
    return Hits(list(islice(merged, bound + 1)), columns, bound)


def _riskiest(rows: QuerySet[Issue], columns: Sequence[str], bound: int) -> list[tuple[Any, ...]]:
    if "fresh" in columns:
        # A moment costs more to read than all the rest of a row.
        fresh = ExpressionWrapper(Q(opened_at__gt=timezone.now() - WEEK), output_field=BooleanField())
        rows = rows.annotate(fresh=fresh)
    return list(rows.order_by("-risk", "-id").values_list(*_ORDER, *columns)[: bound + 1])
