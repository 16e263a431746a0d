"""Pages by key, never by offset; counts up to a bound, never to the end."""

from __future__ import annotations

import base64
import binascii
import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

import msgspec
from django.db.models import DateTimeField, Model, Q, QuerySet

from seamark.core.errors import InvalidQuery

Row = TypeVar("Row", bound=Model)
COUNT_BOUND = 10_000


@dataclass(frozen=True)
class Page(Generic[Row]):
    """Some rows in order, and the cursors of the pages after and before it (empty where there is none)."""

    rows: list[Row]
    after: str
    before: str


@dataclass(frozen=True)
class Count:
    """A number of rows, exact up to a bound."""

    number: int
    more: bool = False

    def __str__(self) -> str:
        """Write it for people: `1,284` or `10,000+`."""
        return f"{self.number:,}{'+' if self.more else ''}"


def bounded_count(rows: QuerySet[Any], bound: int = COUNT_BOUND) -> Count:
    """Return how many rows there are, counting no further than `bound`."""
    number = rows.order_by()[: bound + 1].count()
    return Count(min(number, bound), number > bound)


def page(
    rows: QuerySet[Row], column: str, *, descending: bool, size: int = 50, after: str = "", before: str = "",
    parts: Sequence[Q] = (),
) -> Page[Row]:  # fmt: skip
    """Return the page of `rows` behind the cursor `after`, or in front of `before`, sorted by a column and the id.

    `parts` are conditions that share the rows among them: each part is asked for by itself, where its order has an index and that of
    the whole has none. Raises `InvalidQuery` for a cursor that is none of ours.
    """
    backwards = bool(before)
    cursor = _decode(before or after)
    falling = descending != backwards
    if cursor is not None:
        value, number = cursor
        if isinstance(value, datetime) != isinstance(rows.model._meta.get_field(column), DateTimeField):  # noqa: SLF001 - Django's documented way to a field
            raise InvalidQuery("The page's cursor belongs to another order")
        beyond = "lt" if falling else "gt"
        if column == "id":
            rows = rows.filter(**{f"id__{beyond}": number})
        else:
            rows = rows.filter(**{f"{column}__{beyond}e": value}).exclude(
                Q(**{column: value}) & Q(**{f"id__{'gt' if falling else 'lt'}e": number})
            )
    sign = "-" if falling else ""
    order = [f"{sign}id"] if column == "id" else [f"{sign}{column}", f"{sign}id"]
    pieces = [list(rows.filter(part).order_by(*order)[: size + 1]) for part in parts or (Q(),)]
    found = list(heapq.merge(*pieces, key=_key(column), reverse=falling))[: size + 1] if len(pieces) > 1 else pieces[0]
    more = len(found) > size
    found = found[:size]
    if backwards:
        found.reverse()
    has_after = bool(found) and (backwards or more)
    has_before = bool(found) and ((backwards and more) or (not backwards and cursor is not None))
    return Page(
        found,
        _encode(found[-1], column) if has_after else "",
        _encode(found[0], column) if has_before else "",
    )


def _key(column: str) -> Callable[[Model], tuple[Any, Any]]:
    return lambda row: (getattr(row, column), row.pk)


def _encode(row: Model, column: str) -> str:
    value = getattr(row, column)
    text = value.isoformat() if isinstance(value, datetime) else value
    return base64.urlsafe_b64encode(msgspec.json.encode([text, row.pk])).decode().rstrip("=")


def _decode(cursor: str) -> tuple[Any, int] | None:
    if not cursor:
        return None
    try:
        value, number = msgspec.json.decode(
            base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)), type=tuple[int | str, int]
        )
        return (_moment(value) if isinstance(value, str) else value), number
    except (ValueError, OverflowError, binascii.Error, msgspec.MsgspecError):
        raise InvalidQuery("The page's cursor is damaged") from None


def _moment(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError("a moment without its time zone")
    return found.astimezone(UTC)
