"""Periods as people name them."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from seamark.core.errors import SeamarkError
from seamark.insight.exports.pack.shapes import Period

_YEAR: Final = re.compile(r"(\d{4})(?:-(?:Q([1-4])|(0[1-9]|1[0-2])))?", re.ASCII | re.IGNORECASE)
_DAYS: Final = re.compile(r"(\d{4}-\d\d-\d\d)\.\.(\d{4}-\d\d-\d\d)", re.ASCII)


class InvalidPeriod(SeamarkError):
    """A text that names no period."""


def read_period(text: str) -> Period:
    """Return what `2026`, `2026-Q3`, `2026-08` or `2026-07-01..2026-09-15` mean. Raises `InvalidPeriod`."""
    try:
        first, last = _days(text.strip())
    except ValueError:
        raise InvalidPeriod(
            f"{text[:60]!r} names no period: write 2026, 2026-Q3, 2026-08 or 2026-07-01..2026-09-15"
        ) from None
    if first > last:
        raise InvalidPeriod(f"{text[:60]!r} ends before it begins")
    return Period(text.strip().upper(), first.isoformat(), last.isoformat())


def begins(period: Period) -> datetime:
    """Return the first moment of a period."""
    return datetime.combine(date.fromisoformat(period.first), time(), UTC)


def ends(period: Period) -> datetime:
    """Return the last moment of a period."""
    return datetime.combine(date.fromisoformat(period.last), time.max, UTC)


def quarter_of(day: date) -> str:
    """Return the quarter that a day lies in."""
    return f"{day.year}-Q{(day.month + 2) // 3}"


def quarters(day: date, count: int) -> list[str]:
    """Return the quarter of a day and those before it, newest first."""
    found = []
    for _ in range(count):
        found.append(quarter_of(day))
        day = day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1) - timedelta(days=1)
    return found


def _days(text: str) -> tuple[date, date]:
    """Return first and last day. Raises `ValueError`."""
    if split := _DAYS.fullmatch(text):
        return date.fromisoformat(split[1]), date.fromisoformat(split[2])
    split = _YEAR.fullmatch(text)
    if split is None:
        raise ValueError(text)
    year = int(split[1])
    first, last = 1, 12
    if split[2]:
        first = int(split[2]) * 3 - 2
        last = first + 2
    elif split[3]:
        first = last = int(split[3])
    return date(year, first, 1), date(year, last, monthrange(year, last)[1])
