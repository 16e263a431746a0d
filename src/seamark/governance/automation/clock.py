"""When the time of an agreement is over: calendars with zones, weekends, holidays and hours, and clocks that stand still. Plain values only."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from seamark.governance.policy.model import Calendar, Sla

_DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_ONE: Final = timedelta(days=1)
_LAST: Final = date(9990, 1, 1)


class Pause(NamedTuple):
    """A time in which the clock stood still."""

    begin: datetime
    end: datetime | None
    """None: it still does."""
    why: str = ""


class Due(NamedTuple):
    """When the time is over, from when it is nearly over, and since when the clock stands still (None: it runs)."""

    at: datetime
    risk: datetime
    stopped: datetime | None


class Worktime:
    """A calendar, for reckoning. Times are with a zone; those returned are in UTC."""

    def __init__(self, calendar: Calendar) -> None:
        self.zone = ZoneInfo(calendar.zone)
        self._weekend = frozenset(_DAYS.index(name) for name in calendar.weekend)
        self._holidays = frozenset(calendar.holidays)
        begin, _, end = (calendar.hours or "").partition("-")
        self._begin = time.fromisoformat(begin) if begin else time()
        self._end = time.fromisoformat(end) if end else None
        self._later = lru_cache(maxsize=65_536)(self._count)

    def counts(self, day: date) -> bool:
        """Tell whether a day counts."""
        return day.weekday() not in self._weekend and day not in self._holidays

    def add(self, start: datetime, days: int) -> datetime:
        """Return the moment that is so many days of the calendar after another one, at the same time of the day."""
        local = self._forward(start.astimezone(self.zone))
        day = self._later(local.date(), days)
        return self._at(day, local.timetz().replace(tzinfo=None))

    def worked(self, begin: datetime, end: datetime) -> timedelta:
        """Return how much of a span counts."""
        total = timedelta()
        day = begin.astimezone(self.zone).date()
        last = end.astimezone(self.zone).date()
        while day <= last:
            if self.counts(day):
                opens, closes = self._window(day)
                total += max(min(end, closes) - max(begin, opens), timedelta())
            day += _ONE
        return total

    def push(self, moment: datetime, span: timedelta) -> datetime:
        """Return the moment by which so much time that counts has passed after another one."""
        day, at = moment.astimezone(self.zone).date(), moment
        while day < _LAST:
            if self.counts(day):
                opens, closes = self._window(day)
                at = max(at, opens)
                if at + span <= closes:
                    return (at + span).astimezone(UTC)
                span -= max(closes - at, timedelta())
            day += _ONE
        return moment

    def end_of(self, day: date) -> datetime:
        """Return the end of a day in the calendar's zone."""
        return self._at(day + _ONE, time())

    def _forward(self, local: datetime) -> datetime:
        """Return a local moment, or the first one after it that counts."""
        day = local.date()
        clock = local.timetz().replace(tzinfo=None)
        if self.counts(day) and (self._end is None or clock < self._end):
            return local if clock >= self._begin else datetime.combine(day, self._begin, self.zone)
        return datetime.combine(self._count(day + _ONE, 0), self._begin, self.zone)

    def _count(self, day: date, days: int) -> date:
        """Return the day that is so many counted days after another one, which is moved to the first that counts."""
        while not self.counts(day) and day < _LAST:
            day += _ONE
        if not self._weekend and not self._holidays:
            return day + timedelta(days=days)
        while days and day < _LAST:
            day += _ONE
            days -= self.counts(day)
        return day

    def _window(self, day: date) -> tuple[datetime, datetime]:
        opens = self._at(day, self._begin)
        return opens, self._at(day, self._end) if self._end is not None else self.end_of(day)

    def _at(self, day: date, clock: time) -> datetime:
        return datetime.combine(day, clock, self.zone).astimezone(UTC)


@lru_cache(maxsize=256)
def worktime(calendar: Calendar | None) -> Worktime:
    """Return a calendar for reckoning; none stands for every hour in UTC."""
    return Worktime(calendar or Calendar())


def due(sla: Sla, start: datetime, kev_due: date | None = None, pauses: Iterable[Pause] = ()) -> Due | None:
    """Return when an agreement's time is over for what began at `start`; None where it names no date for it.

    Pauses are in order and do not overlap. The catalogue's date is a date, which no pause moves.
    """
    calendar = worktime(sla.calendar)
    ends: list[datetime] = []
    stopped: datetime | None = None
    if sla.days is not None:
        at = calendar.add(start, sla.days)
        for pause in pauses:
            begin = max(pause.begin, start)
            if begin >= at:
                break
            if pause.end is None:
                stopped = begin
                break
            at = calendar.push(at, calendar.worked(begin, max(pause.end, begin)))
        ends.append(at)
    if sla.kev_due and kev_due is not None:
        fixed = calendar.end_of(kev_due)
        if ends and fixed <= ends[0]:
            stopped = None
        ends.append(fixed)
    if not ends:
        return None
    first = min(ends)
    risk = start + (first - start) * sla.at_risk / 100 if first > start else first
    return Due(first, risk, stopped)
