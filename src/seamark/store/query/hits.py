"""The riskiest issues of a list, with what lists count them by: read once, in one statement, and never beyond a bound.

A list of a million issues costs no more than one of ten thousand: a number that may be larger is written with a plus.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from datetime import timedelta
from functools import cached_property
from operator import itemgetter
from typing import Any, Final

from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet
from django.utils import timezone

from seamark.store.models import Issue
from seamark.store.query.language import Query
from seamark.store.query.paging import COUNT_BOUND, Count
from seamark.store.query.run import parts, select

COLUMNS: Final = (
    "risk", "id", "application_id", "kind", "severity", "priority", "kev", "fixable", "regression", "ai_written", "tools", "assignee_id",
    "fix_id", "fresh",
)  # fmt: skip
"""What is known of each hit. The index of the lists has all of it (`LISTED`); `fresh` is what was opened in the last seven days."""
WEEK: Final = timedelta(days=7)


class Hits:
    """Issues of a list, the riskiest first: at most one more than the bound."""

    def __init__(self, rows: Sequence[tuple[Any, ...]]) -> None:
        self._rows = rows

    @cached_property
    def numbers(self) -> list[int]:
        """Return the numbers of the issues."""
        return self.column("id")

    def column(self, name: str) -> list[Any]:
        """Return what each has in one of `COLUMNS`."""
        return list(map(itemgetter(COLUMNS.index(name)), self._rows))

    @property
    def more(self) -> bool:
        """Tell whether there are more than were looked at."""
        return len(self._rows) > COUNT_BOUND

    @property
    def total(self) -> Count:
        """Return how many there are."""
        return self.counted(len(self._rows))

    def counted(self, number: int) -> Count:
        """Return a number of some of them, as it stands for the whole list."""
        return Count(min(number, COUNT_BOUND), self.more)


def hits(rows: QuerySet[Issue], query: Query) -> Hits:
    """Return the riskiest of the `rows` that a query asks for, whatever its order. Raises `InvalidQuery`."""
    chosen = select(rows, query)
    found = [_riskiest(chosen.filter(part)) for part in parts(query)]
    if len(found) == 1:
        return Hits(found[0])
    return Hits(list(heapq.merge(*found, key=lambda row: row[:2], reverse=True))[: COUNT_BOUND + 1])


def _riskiest(rows: QuerySet[Issue]) -> list[tuple[Any, ...]]:
    # A moment costs more to read than all the rest of a row.
    fresh = ExpressionWrapper(Q(opened_at__gt=timezone.now() - WEEK), output_field=BooleanField())
    return list(rows.order_by("-risk", "-id").annotate(fresh=fresh).values_list(*COLUMNS)[: COUNT_BOUND + 1])
