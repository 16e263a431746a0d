"""Kaplan and Meier, service levels and costs against an independent computation, to 1e-9."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest
from lifelines import KaplanMeierFitter
from lifelines.utils import restricted_mean_survival_time

from seamark.insight.metrics.columns import load
from seamark.insight.metrics.costs import Exposure, Inputs, breach, delay, hours_saved
from seamark.insight.metrics.measures import HORIZON, Masks, Period, flow, lives, members
from seamark.insight.metrics.survival import survival
from seamark.store.models import Application
from tests.metrics import brute

EXACT = 1e-9


def fitted(entry: list[int], leave: list[int], ended: list[bool]) -> KaplanMeierFitter:
    return KaplanMeierFitter().fit(leave, event_observed=ended, entry=entry, timeline=range(max(leave) + 1))


@pytest.mark.parametrize("seed", range(12))
def test_the_curve_is_that_of_lifelines(seed: int) -> None:
    chance = random.Random(seed)
    leave = [chance.randrange(1, 400) for _ in range(chance.randrange(30, 600))]
    # Enough lives from the beginning: where nobody is at risk, no curve is defined.
    entry = [0 if chance.random() < 0.7 else chance.randrange(one) for one in leave]
    ended = [chance.random() < 0.6 for _ in leave]
    ours = survival(np.asarray(entry), np.asarray(leave), np.asarray(ended))
    theirs = fitted(entry, leave, ended)
    assert np.abs(ours.share - theirs.survival_function_["KM_estimate"].to_numpy()).max() < EXACT
    assert ours.mean(300) == pytest.approx(restricted_mean_survival_time(theirs, 300), abs=1e-6)
    below = theirs.survival_function_.index[theirs.survival_function_["KM_estimate"] <= 0.5 + 1e-12]
    assert ours.median == (int(below[0]) if len(below) else None)


def test_a_case_made_by_hand() -> None:
    # Four lives: one ends after 1, one is lost after 2, one ends after 3, one is lost after 3.
    curve = survival(np.asarray([0, 0, 0, 0]), np.asarray([1, 2, 3, 3]), np.asarray([True, False, True, False]))
    assert curve.share.tolist() == pytest.approx([1, 0.75, 0.75, 0.375], abs=EXACT)
    assert (curve.median, curve.events, curve.lives) == (3, 2, 4)
    # 1 until 1, 0.75 until 3, then 0.375 until 5.
    assert curve.mean(5) == pytest.approx(1 + 2 * 0.75 + 2 * 0.375, abs=EXACT)
    assert curve.mean(2) == pytest.approx(1.75, abs=EXACT)


def test_what_still_lasts_counts() -> None:
    ended = survival(np.zeros(2, int), np.asarray([10, 10]), np.asarray([True, True]))
    open_too = survival(np.zeros(4, int), np.asarray([10, 10, 400, 400]), np.asarray([True, True, False, False]))
    assert (ended.median, ended.mean(365)) == (10, 10)
    assert open_too.mean(365) == pytest.approx(10 + 355 / 2, abs=EXACT)


def test_nothing_has_no_length() -> None:
    empty = np.asarray([], dtype=int)
    curve = survival(empty, empty, empty.astype(bool))
    assert (curve.median, curve.mean(10), curve.events) == (None, None, 0)


@pytest.mark.django_db
def test_the_time_to_fix_of_an_estate_is_that_of_lifelines(estate: datetime) -> None:
    columns = load(Application.objects.values_list("pk", flat=True))
    for period in (
        Period(start=estate - timedelta(days=900), end=estate),
        Period(start=datetime(2026, 1, 1, tzinfo=UTC), end=datetime(2026, 7, 1, tzinfo=UTC)),
    ):
        entry, leave, ended = [], [], []
        for one in brute.lives():
            if one.opened >= period.end or (one.closed is not None and one.closed < period.start):
                continue
            until = min(one.closed or period.end, period.end)
            hours = max(1, -(-int((until - one.opened).total_seconds()) // 3600))
            leave.append(hours)
            entry.append(min(max(0, int((period.start - one.opened).total_seconds())) // 3600, hours - 1))
            ended.append(one.how == "fixed" and one.closed is not None and one.closed < period.end)
        theirs, ours = fitted(entry, leave, ended), lives(Masks(columns, period))
        curve = theirs.survival_function_["KM_estimate"].to_numpy()
        assert np.abs(ours.share - curve).max() < EXACT
        seen = curve[:HORIZON]
        mean = seen.sum() + (HORIZON - seen.size) * curve[-1] if seen.size < HORIZON else seen.sum()
        now = flow(Masks(columns, period))
        assert now.mttr == pytest.approx(mean / 24, abs=EXACT)
        half = np.flatnonzero(curve <= 0.5)
        assert now.half_life == (pytest.approx(half[0] / 24, abs=EXACT) if half.size else None)
        assert now.counts["exposed"] == len(leave)


@pytest.mark.django_db
def test_means_and_service_levels_are_what_lists_say(estate: datetime) -> None:
    columns = load(Application.objects.values_list("pk", flat=True))
    period = Period(start=estate - timedelta(days=400), end=estate)
    now, told = flow(Masks(columns, period)), brute.lives()
    end = period.end
    fixed = [one for one in told if one.how == "fixed" and one.closed and period.start <= one.closed < end and one.due]
    kept = sum(one.closed <= one.due for one in fixed if one.closed and one.due)
    late = sum(one.due is not None and one.due <= end for one in brute.open_at(told, end))
    assert now.sla == pytest.approx(kept / (len(fixed) + late), abs=EXACT)
    ages = [(end - one.opened).total_seconds() / 86_400 for one in brute.open_at(told, end)]
    assert now.age == pytest.approx(sum(ages) / len(ages), abs=EXACT)
    assert members(Masks(columns, period), "timed")[0] == len(fixed) + late


def test_costs_made_by_hand() -> None:
    inputs = Inputs(chance=0.1, hours=4, fixed=1_000, revenue=50, penalty=3, breach=1_000)
    told = delay(
        [
            # 1.5 issues of full risk: 0.1 * 1.5 * (200 * 4 + 1000) = 270 a year, and 2 overdue.
            Exposure(name="shop", risk=1_500, overdue=2, revenue_per_hour=Decimal(200)),
            # Revenue is not told: 0.1 * 0.4 * (50 * 4 + 1000) = 48 a year.
            Exposure(name="desk", risk=400, overdue=0, revenue_per_hour=None),
            Exposure(name="idle", risk=0, overdue=0, revenue_per_hour=None),
        ],
        inputs,
    )  # fmt: skip
    assert told.per_year == pytest.approx(318, abs=EXACT)
    assert told.per_day == pytest.approx(318 / 365 + 6, abs=EXACT)
    assert [name for name, _ in told.parts] == ["shop", "desk", "idle"]
    assert told.parts[0][1] == pytest.approx(270 / 365 + 6, abs=EXACT)
    assert told.guessed == 1
    assert breach(told, inputs).breaches == pytest.approx(0.318, abs=EXACT)
    assert hours_saved(130, 100, Inputs(triage_minutes=12)) == pytest.approx(6, abs=EXACT)
