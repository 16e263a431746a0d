"""Calendars: zones, weekends, holidays, hours, and clocks that stand still."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seamark.governance.automation.clock import Pause, Worktime, due
from seamark.governance.policy.model import Calendar, Sla

BERLIN = ZoneInfo("Europe/Berlin")
OFFICE = Calendar(
    zone="Europe/Berlin", weekend=("saturday", "sunday"), holidays=(date(2026, 12, 25),), hours="09:00-17:00"
)
DAYS = Calendar(zone="Europe/Berlin", weekend=("saturday", "sunday"), holidays=(date(2026, 12, 25),))


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("calendar", "start", "days", "end"),
    [
        (Calendar(zone="Europe/Berlin"), "2026-03-28T12:00", 1, "2026-03-29T12:00"),  # the day that has 23 hours
        (DAYS, "2026-11-20T15:00", 1, "2026-11-23T15:00"),  # a Friday
        (DAYS, "2026-11-21T15:00", 1, "2026-11-24T00:00"),  # begins on Monday
        (DAYS, "2026-12-24T10:00", 2, "2026-12-29T10:00"),  # Christmas and a weekend
        (OFFICE, "2026-11-20T18:00", 1, "2026-11-24T09:00"),  # after hours: begins on Monday at nine
        (OFFICE, "2026-11-20T07:00", 0, "2026-11-20T09:00"),
        (OFFICE, "2026-11-20T16:00", 5, "2026-11-27T16:00"),
    ],
)
def test_days_of_a_calendar(calendar: Calendar, start: str, days: int, end: str) -> None:
    assert Worktime(calendar).add(local(start), days) == local(end)


def test_what_counts_of_a_span() -> None:
    office = Worktime(OFFICE)
    assert office.worked(local("2026-11-20T16:00"), local("2026-11-23T10:00")) == timedelta(hours=2)
    assert office.push(local("2026-11-20T16:00"), timedelta(hours=2)) == local("2026-11-23T10:00")


@given(
    start=st.integers(0, 365 * 24 * 60).map(
        lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    ),
    hours=st.integers(0, 400),
    calendar=st.sampled_from([OFFICE, DAYS, Calendar(), Calendar(zone="America/New_York", hours="08:30-12:00")]),
)
def test_pushing_passes_just_as_much_as_was_worked(start: datetime, hours: int, calendar: Calendar) -> None:
    worktime = Worktime(calendar)
    span = timedelta(hours=hours)
    assert worktime.worked(start, worktime.push(start, span)) == span


def test_a_clock_that_stood_still_ends_later_by_as_much() -> None:
    sla = Sla(days=5, calendar=OFFICE)
    start = local("2026-11-16T10:00")
    plain = due(sla, start)
    paused = due(sla, start, None, [Pause(local("2026-11-17T10:00"), local("2026-11-18T12:00"))])
    assert plain is not None
    assert paused is not None
    assert (plain.at, paused.at) == (local("2026-11-23T10:00"), local("2026-11-24T12:00"))
    still = due(sla, start, None, [Pause(local("2026-11-17T10:00"), None)])
    assert still is not None
    assert still.stopped == local("2026-11-17T10:00")
    late = due(sla, start, None, [Pause(local("2026-11-24T10:00"), None)])
    assert late is not None
    assert (late.at, late.stopped) == (plain.at, None)


def test_the_catalogues_date() -> None:
    start = datetime(2026, 11, 1, tzinfo=UTC)
    only = due(Sla(kev_due=True, calendar=Calendar(zone="Europe/Berlin")), start, date(2026, 11, 10))
    assert only is not None
    assert only.at == local("2026-11-11T00:00")
    assert due(Sla(kev_due=True), start, None) is None
    both = due(Sla(kev_due=True, days=3), start, date(2026, 11, 10))
    assert both is not None
    assert both.at == datetime(2026, 11, 4, tzinfo=UTC)
    assert both.risk == start + timedelta(days=3) * 0.8
