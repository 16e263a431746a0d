"""The riskiest issues of a list, with what lists count them by: read once, and never beyond a bound.

A list of a million issues costs no more than one of ten thousand: a number that may be larger is written with a plus.
"""

from __future__ import annotations

import heapq
import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import cached_property
from itertools import islice
from operator import itemgetter
from typing import Any, Final

from django.db import connection
from django.db.models import BooleanField, ExpressionWrapper, F, Q, QuerySet
from django.db.models.expressions import OrderBy
from django.utils import timezone

from seamark.store.models import Issue
from seamark.store.models.issues import LISTED
from seamark.store.query.among import among
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
_COMMON: Final = 10
"""As many times as what is counted: so many issues have a text that is soon met with in the order of risk."""
_INDEXED: Final = frozenset({*(one.attname for one in Issue._meta.concrete_fields if one.name in LISTED), "fresh"})  # noqa: SLF001 - Django's documented way to fields
"""What can be read of each hit without reading the issue."""


class Hits:
    """Issues of a list, the riskiest first: at most one more than its `bound`."""

    def __init__(self, rows: Sequence[tuple[Any, ...]], columns: Sequence[str], bound: int) -> None:
        self._rows, self._at = rows, {name: at for at, name in enumerate((*_ORDER, *columns))}
        self.bound: Final = bound

    @cached_property
    def numbers(self) -> list[int]:
        """Return the numbers of the issues."""
        return self.column("id")

    def joined(self, told: Mapping[int, Sequence[Any]], columns: Sequence[str]) -> Hits:
        """Return the hits of which something is `told`, with that in further columns."""
        at = self._at["id"]
        rows = [(*row, *told[row[at]]) for row in self._rows if row[at] in told]
        return Hits(rows, [*(name for name in self._at if name not in _ORDER), *columns], self.bound)

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
    reads = any(term.field in _READ for term in query.terms)
    bound = _READ_BOUND if reads else COUNT_BOUND
    known = [one for one in columns if reads or one in _INDEXED]
    found = [_riskiest(chosen.filter(part), known, bound, reads=reads) for part in parts(query)]
    if len(found) > 1:
        merged = heapq.merge(*found, key=lambda row: row[: len(_ORDER)], reverse=True)
        found = [list(islice(merged, bound + 1))]
    listed = Hits(found[0], known, bound)
    return listed if len(known) == len(columns) else _with(listed, rows, [one for one in columns if one not in known])


def _riskiest(rows: QuerySet[Issue], columns: Sequence[str], bound: int, *, reads: bool) -> list[tuple[Any, ...]]:
    if "fresh" in columns:
        # A moment costs more to read than all the rest of a row.
        fresh = ExpressionWrapper(Q(opened_at__gt=timezone.now() - WEEK), output_field=BooleanField())
        rows = rows.annotate(fresh=fresh)
    rare = reads and connection.vendor == "postgresql" and _expected(rows) < _COMMON * bound
    # Going down the index for something rare would end nobody knows when: all there is is read once, and what is found is sorted.
    first = OrderBy(F("risk") + 0, descending=True) if rare else "-risk"
    return list(rows.order_by(first, "-id").values_list(*_ORDER, *columns)[: bound + 1])


def _expected(rows: QuerySet[Issue]) -> float:
    """Return about how many rows PostgreSQL thinks there are."""
    told = rows.order_by().explain(format="json")
    # It is not asked about what is sure to be empty.
    return float(json.loads(told)[0]["Plan"]["Plan Rows"]) if told else 0.0


def _with(listed: Hits, rows: QuerySet[Issue], columns: Sequence[str]) -> Hits:
    """Return hits with columns that no index of the lists has: read for the hits alone, not for all that was passed over."""
    told = {number: rest for number, *rest in rows.filter(among(listed.numbers)).values_list("pk", *columns)}
    return listed.joined(told, columns)
