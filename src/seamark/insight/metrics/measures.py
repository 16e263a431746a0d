"""The numbers, worked out from columns of facts for a period. Each number of issues is the length of one list, by the same rule."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

import numpy as np
from msgspec import Struct

from seamark.insight.metrics.columns import (
    BANDS,
    DAY,
    FIXED,
    NEVER,
    OPEN,
    WRONG,
    Column,
    Columns,
    moment,
    seconds,
)
from seamark.insight.metrics.survival import Survival, survival
from seamark.store.models.issues import WITNESS_KINDS
from seamark.store.models.metrics import By

HOUR: Final = 3_600
HORIZON: Final = 365 * 24
"""Hours up to which the mean time to fix counts."""
OLD: Final = 90 * DAY
ESCAPES: Final = WITNESS_KINDS
"""Kinds of issues that are found where the software runs."""


class Period(Struct, frozen=True, kw_only=True):
    """A time from `start` on, and until just before `end`."""

    start: datetime
    end: datetime

    @property
    def bounds(self) -> tuple[int, int]:
        """Return both as columns hold times."""
        return seconds(self.start), seconds(self.end)

    @property
    def before(self) -> Period:
        """Return the period before this one, as long in begun days."""
        return Period(
            start=self.start - timedelta(days=-(-(self.end - self.start) // timedelta(days=1))), end=self.start
        )


class Row(Struct, frozen=True, kw_only=True):
    """A time of being open, as a list shows it."""

    issue: int
    application: int
    opened: datetime
    closed: datetime | None
    outcome: int
    priority: int
    risk: int
    """Tenths."""
    owner: str


class Masks:
    """Which times of being open belong to a number, for a period: each worked out once, many from others."""

    def __init__(self, columns: Columns, period: Period) -> None:
        self.columns, self.period = columns, period
        self.one: Mapping[str, Column] = columns.episodes
        self.start, self.end = period.bounds
        self._known: dict[str, Column] = {}

    def __getitem__(self, name: str) -> Column:
        """Return which belong to one of `MEMBERS`."""
        if name not in self._known:
            self._known[name] = MEMBERS[name](self)
        return self._known[name]

    def within(self, column: str) -> Column:
        """Return where a time lies in the period."""
        times = self.one[column]
        inside: Column = (times >= self.start) & (times < self.end)
        return inside


def _escaped(asked: Masks) -> Column:
    found = np.zeros(asked["opened"].size, dtype=bool)
    came = np.flatnonzero(asked["opened"])
    found[came] = np.isin(asked.one["kind"][came], ESCAPES)
    return found


MEMBERS: Final[dict[str, Callable[[Masks], Column]]] = {
    "open": lambda asked: (asked.one["opened"] < asked.end) & (asked.one["closed"] >= asked.end),
    "urgent": lambda asked: asked["open"] & (asked.one["priority"] <= 1),
    "arrived": lambda asked: asked.within("opened"),
    "opened": lambda asked: asked["arrived"] & (asked.one["again"] == 0),
    "reopened": lambda asked: asked["arrived"] & (asked.one["again"] == 1),
    "burned": lambda asked: asked.within("closed"),
    "fixed": lambda asked: asked["burned"] & (asked.one["outcome"] == FIXED),
    "wrong": lambda asked: asked["burned"] & (asked.one["outcome"] == WRONG),
    "kept": lambda asked: asked["fixed"] & (asked.one["due"] != NEVER) & (asked.one["closed"] <= asked.one["due"]),
    "missed": lambda asked: asked["fixed"] & (asked.one["closed"] > asked.one["due"]),
    "overdue": lambda asked: asked["open"] & (asked.one["due"] <= asked.end),
    "timed": lambda asked: (asked["fixed"] & (asked.one["due"] != NEVER)) | asked["overdue"],
    "old": lambda asked: asked["open"] & (asked.one["opened"] < asked.end - OLD),
    "escaped": _escaped,
    "detected": lambda asked: asked["arrived"] & (asked.one["lag"] >= 0),
    "acknowledged": lambda asked: asked.within("looked"),
    "by_rule": lambda asked: asked["burned"] & (asked.one["by"] == By.RULE),
    "by_person": lambda asked: asked["burned"] & (asked.one["by"] == By.PERSON),
    "exposed": lambda asked: (asked.one["opened"] < asked.end) & (asked.one["closed"] >= asked.start),
}
"""Which times of being open belong to a number. What people call the number is told in `definitions`."""


class Flow(Struct, frozen=True, kw_only=True):
    """What came and went in a period, and what stood at its end. Counts are lengths of lists; means are None where there is nothing."""

    counts: dict[str, int]
    """By the names of `MEMBERS`."""
    risk: int
    """Of the open issues at the end, in tenths."""
    mttr: float | None
    """Days."""
    half_life: float | None
    """Days."""
    mttd: float | None
    """Days."""
    mtta: float | None
    """Hours."""
    age: float | None
    """Days."""

    def share(self, part: str, *whole: str) -> float | None:
        """Return one count by the sum of others."""
        total = sum(self.counts[name] for name in whole)
        return self.counts[part] / total if total else None

    @property
    def sla(self) -> float | None:
        """Return the share of service levels that were kept."""
        return self.share("kept", "kept", "missed", "overdue")

    @property
    def escape(self) -> float | None:
        """Return the share of new issues found where the software runs."""
        return self.share("escaped", "opened")

    @property
    def reopen(self) -> float | None:
        """Return returns for each fix."""
        return self.share("reopened", "fixed")

    @property
    def automation(self) -> float | None:
        """Return the share of decided closings that rules decided."""
        return self.share("by_rule", "by_rule", "by_person")

    @property
    def false_positives(self) -> float | None:
        """Return the share of judged issues that were false positives."""
        return self.share("wrong", "wrong", "fixed")


def lives(asked: Masks) -> Survival:
    """Return how long issues stay open in a period, in begun hours: fixed is the end, whatever else happens is out of sight."""
    start, end, one = asked.start, asked.end, asked.one
    seen = np.flatnonzero(asked["exposed"])
    opened, closed = one["opened"][seen].astype("<i8"), one["closed"][seen].astype("<i8")
    ended = (closed < end) & (one["outcome"][seen] == FIXED)
    until = np.minimum(closed, end)
    leave = np.maximum(1, -(-(until - opened) // HOUR))
    entry = np.minimum(np.maximum(0, start - opened) // HOUR, leave - 1)
    return survival(entry, leave, ended)


def flow(asked: Masks) -> Flow:
    """Return the numbers of a period."""
    one, curve = asked.one, lives(asked)
    mean, half = curve.mean(HORIZON), curve.median
    open_since = one["opened"][asked["open"]].astype("<i8")
    looked = np.flatnonzero(asked["acknowledged"])
    return Flow(
        counts={name: int(np.count_nonzero(asked[name])) for name in MEMBERS},
        risk=risk_at(asked.columns, asked.period.end), mttr=None if mean is None else mean / 24, half_life=None if half is None else half / 24,
        mttd=_mean(one["lag"][asked["detected"]], DAY), mtta=_mean(one["looked"][looked] - one["opened"][looked], HOUR),
        age=_mean(asked.end - open_since, DAY),
    )  # fmt: skip


def _mean(values: Column, unit: int) -> float | None:
    return float(values.astype("<f8").mean()) / unit if values.size else None


def risk_at(columns: Columns, at: datetime) -> int:
    """Return the open risk in tenths at the beginning of a day, or of the day after where `at` is within one."""
    return int(columns.moves["risk"][columns.moves["day"] < _day_after(at)].sum())


def _day_after(at: datetime) -> int:
    return -(-seconds(at) // DAY)


class Point(Struct, frozen=True, kw_only=True):
    """How it stood at the end of a day."""

    at: datetime
    """The midnight that ends it."""
    open: int
    urgent: int
    risk: int
    """Tenths."""
    arrived: int = 0
    """Since the point before."""
    burned: int = 0

    @property
    def last(self) -> date:
        """Return the day."""
        return (self.at - timedelta(seconds=1)).date()


def trend(columns: Columns, period: Period, points: int = 30) -> list[Point]:
    """Return how open issues and risk went, at most at `points` + 1 ends of days, the last one at the end of the period."""
    first, last = _day_after(period.start), _day_after(period.end)
    days = np.unique(np.linspace(first, last, min(points, max(1, last - first)) + 1).round().astype("<i8"))
    moves, episodes = columns.moves, columns.episodes
    order = np.searchsorted(days, moves["day"], side="right")
    summed = {
        name: np.cumsum(np.bincount(order, weights=moves[name], minlength=days.size + 1))[: days.size]
        for name in ("risk", *(f"p{band}" for band in range(BANDS)))
    }
    came = _between(episodes["opened"], days)
    went = _between(episodes["closed"][episodes["outcome"] != OPEN], days)
    return [
        Point(
            at=moment(int(day) * DAY), open=round(sum(float(summed[f"p{band}"][at]) for band in range(BANDS))),
            urgent=round(float(summed["p0"][at] + summed["p1"][at])), risk=round(float(summed["risk"][at])),
            arrived=int(came[at]), burned=int(went[at]),
        )
        for at, day in enumerate(days)
    ]  # fmt: skip


def _between(times: Column, days: Column) -> Column:
    """Return how many times fall between each day and the one before it; 0 for the first."""
    first, last = int(days[0]), int(days[-1])
    place = np.clip(times // DAY, first - 1, last) - (first - 1)
    # How many times lie before each day from the first to the last.
    before = np.cumsum(np.bincount(place, minlength=last - first + 2))[days - first]
    return np.diff(before, prepend=before[0])


def members(asked: Masks, name: str, *, first: int = 0, most: int = 100) -> tuple[int, list[Row]]:
    """Return how long the list behind a number is, and a part of it: the riskiest first, then the newest."""
    one, columns = asked.one, asked.columns
    found = np.flatnonzero(asked[name])
    order = found[np.lexsort((-one["issue"][found], -one["risk"][found].astype("<i4")))][first : first + most]
    rows = [
        Row(
            issue=int(one["issue"][at]), application=columns.applications[int(one["application"][at])],
            opened=moment(int(one["opened"][at])), closed=None if one["closed"][at] == NEVER else moment(int(one["closed"][at])),
            outcome=int(one["outcome"][at]), priority=int(one["priority"][at]), risk=int(one["risk"][at]),
            owner=columns.owners[int(one["owner"][at])] if columns.owners else "",
        )
        for at in order
    ]  # fmt: skip
    return int(found.size), rows


def by_application(asked: Masks, name: str) -> Column:
    """Return for each application, by its place, how long the list behind a number is."""
    return np.bincount(asked.one["application"][asked[name]], minlength=len(asked.columns.applications))


def risk_by_application(columns: Columns, at: datetime) -> Column:
    """Return for each application, by its place, the open risk in tenths."""
    before = columns.moves["day"] < _day_after(at)
    places = columns.moves["application"][before]
    return np.bincount(places, weights=columns.moves["risk"][before], minlength=len(columns.applications)).round()


def ages(asked: Masks) -> dict[str, int]:
    """Return how many issues that are open at the end of a period are how old."""
    days = (asked.end - asked.one["opened"][asked["open"]].astype("<i8")) // DAY
    counted = np.bincount(np.searchsorted((7, 30, 90, 180, 365), days, side="right"), minlength=6)
    names = ("under 7 days", "7 to 30 days", "30 to 90 days", "90 to 180 days", "180 days to a year", "over a year")
    return dict(zip(names, map(int, counted), strict=True))


def since(days: int, now: datetime) -> Period:
    """Return the last days until now, the one that runs among them: from midnight UTC on."""
    end = now.replace(microsecond=0) + timedelta(seconds=1)
    return Period(start=datetime.combine(now.astimezone(UTC).date(), time(), UTC) - timedelta(days=days - 1), end=end)


def quarter(name: str) -> Period:
    """Return the period of a quarter such as `2026-Q3`. Raises `ValueError`."""
    if not (found := re.fullmatch(r"(20\d\d)-Q([1-4])", name)):
        raise ValueError(f"{name!r} is no quarter: write it like 2026-Q3")
    year, number = int(found[1]), int(found[2])
    start = datetime(year, 3 * number - 2, 1, tzinfo=UTC)
    return Period(start=start, end=datetime(year + number // 4, 3 * number % 12 + 1, 1, tzinfo=UTC))
