"""Facts: as many as there are changes, and sums that are what brute force over events finds, at any time."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from django.db.models import Sum

from seamark.insight.metrics.columns import load
from seamark.insight.metrics.measures import MEMBERS, Masks, Period, flow, members, risk_at, trend
from seamark.pipeline.metrics import recording
from seamark.store.models import Application, Event, FactPass, Issue, IssueFact, Upkeep
from seamark.store.models.issues import State
from seamark.store.models.metrics import Change
from tests.metrics import brute
from tests.metrics.conftest import NOW
from tests.metrics.estate import Maker

pytestmark = pytest.mark.django_db


def midnights(count: int) -> list[datetime]:
    chance = random.Random(11)
    return [datetime(2026, 11, 20, tzinfo=UTC) - timedelta(days=chance.randrange(1000)) for _ in range(count)]


def test_every_point_in_time_is_what_events_say(estate: datetime) -> None:
    columns, told = load(Application.objects.values_list("pk", flat=True)), brute.lives()
    for at in (*midnights(12), estate):
        expected = brute.open_at(told, at)
        now = Period(start=at - timedelta(days=1), end=at)
        assert flow(Masks(columns, now)).counts["open"] == len(expected)
        assert Counter(one.issue for one in members(Masks(columns, now), "open", most=1000)[1]) == Counter(
            one.issue for one in expected
        )
        assert risk_at(columns, at) == brute.risk_at(at)
        sums = IssueFact.objects.filter(at__lt=at).aggregate(open=Sum("open_change"), risk=Sum("risk_change"))
        assert (sums["open"] or 0, sums["risk"] or 0) == (len(expected), brute.risk_at(at))


def test_every_period_is_what_events_say(estate: datetime) -> None:
    columns, told = load(Application.objects.values_list("pk", flat=True)), brute.lives()
    for start in midnights(6):
        end = min(start + timedelta(days=97), estate)
        counts = flow(Masks(columns, Period(start=start, end=end))).counts
        came = [one for one in told if start <= one.opened < end]
        went = [one for one in told if one.closed is not None and start <= one.closed < end]
        fixed = [one for one in went if one.how == "fixed"]
        late = [one for one in brute.open_at(told, end) if one.due is not None and one.due <= end]
        assert counts["arrived"] == len(came)
        assert counts["reopened"] == sum(one.again for one in came)
        assert counts["burned"] == len(went)
        assert counts["fixed"] == len(fixed)
        assert counts["wrong"] == sum(one.how == "false_positive" for one in went)
        assert counts["kept"] == sum(one.due is not None and one.closed <= one.due for one in fixed if one.closed)
        assert counts["missed"] == sum(one.due is not None and one.closed > one.due for one in fixed if one.closed)
        assert counts["overdue"] == len(late)
        # What comes and goes is the difference between what stood.
        stood = len(brute.open_at(told, start)), len(brute.open_at(told, end))
        assert stood[0] + counts["arrived"] - counts["burned"] == stood[1] == counts["open"]


def test_a_trend_ends_where_the_tile_stands(estate: datetime) -> None:
    columns = load(Application.objects.values_list("pk", flat=True))
    period = Period(start=datetime(2026, 8, 1, tzinfo=UTC), end=estate)
    points = trend(columns, period, 20)
    now = flow(Masks(columns, period))
    assert (points[-1].open, points[-1].urgent, points[-1].risk) == (now.counts["open"], now.counts["urgent"], now.risk)
    assert sum(one.arrived for one in points) == now.counts["arrived"]
    assert sum(one.burned for one in points) == now.counts["burned"]
    told = brute.lives()
    assert [one.open for one in points[:-1]] == [len(brute.open_at(told, one.at)) for one in points[:-1]]


def test_a_second_pass_writes_what_changed_and_nothing_else(estate: datetime) -> None:
    before = IssueFact.objects.count()
    again = recording.record(estate + timedelta(hours=1))
    assert (again.facts, again.applications, IssueFact.objects.count()) == (0, 0, before)
    issue = Issue.objects.filter(open=True).order_by("pk")[0]
    later = estate + timedelta(days=1)
    issue.state, issue.open, issue.resolution, issue.resolved_at = State.RESOLVED, False, "fixed", later
    issue.save()
    Event.objects.create(issue=issue, application_id=issue.application_id, kind="fixed", details={}, at=later)
    told = recording.record(later + timedelta(hours=1))
    assert (told.facts, told.applications) == (1, 1)
    fact = IssueFact.objects.order_by("-pk")[0]
    assert (fact.issue, fact.change, fact.at, fact.open_change, fact.risk_change) == (
        issue.pk,
        Change.FIXED,
        later,
        -1,
        -issue.risk,
    )


def test_what_changed_and_changed_back_between_two_passes_is_told(estate: datetime) -> None:
    issue = Issue.objects.filter(open=True).order_by("pk")[0]
    for hour, kind in ((1, "fixed"), (2, "reopened")):
        Event.objects.create(
            issue=issue, application_id=issue.application_id, kind=kind, details={}, at=estate + timedelta(hours=hour)
        )
    assert recording.record(estate + timedelta(hours=5)).facts == 2
    columns = load([issue.application_id])
    period = Period(start=estate, end=estate + timedelta(hours=5))
    assert [one.issue for one in members(Masks(columns, period), "reopened")[1]] == [issue.pk]


def test_sums_over_owners_and_priorities_are_exact(estate: datetime) -> None:
    issue = Issue.objects.filter(open=True, owner="team-1").order_by("pk")[0]
    Issue.objects.filter(pk=issue.pk).update(owner="team-9", priority=(issue.priority + 1) % 5)
    recording.record(estate + timedelta(days=1))
    for name in ("owner", "priority"):
        sums = IssueFact.objects.order_by().values_list(name).annotate(n=Sum("open_change"), risk=Sum("risk_change"))
        rows = Issue.objects.filter(open=True).values_list(name, "risk")
        open_of, risk_of = Counter(one for one, _ in rows), Counter[object]()
        for one, risk in rows:
            risk_of[one] += risk
        assert {one: (n, risk) for one, n, risk in sums if n} == {one: (open_of[one], risk_of[one]) for one in open_of}
    columns = load([issue.application_id])
    now = Period(start=estate, end=estate + timedelta(days=2))
    row = next(one for one in members(Masks(columns, now), "open", most=1000)[1] if one.issue == issue.pk)
    assert (row.owner, row.priority) == ("team-9", (issue.priority + 1) % 5)


def test_facts_are_only_ever_added(estate: datetime) -> None:
    kept = {row["id"]: row for row in IssueFact.objects.values()}
    Maker([(issue.application, issue.asset) for issue in Issue.objects.all()[:3]], NOW, seed=9).write(30)
    Issue.objects.filter(open=True).update(risk=1)
    recording.record(estate + timedelta(days=1))
    assert {
        number: row for number, row in ((row["id"], row) for row in IssueFact.objects.values()) if number in kept
    } == kept
    assert IssueFact.objects.count() > len(kept)


def test_a_day_has_one_pass_by_itself(estate: datetime) -> None:
    assert recording.run_if_due(estate + timedelta(days=1)) is not None
    assert recording.run_if_due(estate + timedelta(days=1, hours=2)) is None
    assert recording.run_if_due(estate + timedelta(days=2)) is not None
    assert FactPass.objects.count() == 3


def test_a_pass_that_failed_gives_the_day_back(estate: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> int:
        raise RuntimeError("away")

    monkeypatch.setattr(recording, "refresh", fail)
    with pytest.raises(RuntimeError):
        recording.run_if_due(estate + timedelta(days=1))
    assert Upkeep.objects.get(name=recording.NAME).day == estate.date()
    monkeypatch.undo()
    assert recording.run_if_due(estate + timedelta(days=1)) is not None


def test_every_list_is_as_long_as_its_number(estate: datetime) -> None:
    columns = load(Application.objects.values_list("pk", flat=True))
    period = Period(start=datetime(2026, 5, 1, tzinfo=UTC), end=estate)
    counts = flow(Masks(columns, period)).counts
    for name in MEMBERS:
        seen: list[int] = []
        while part := members(Masks(columns, period), name, first=len(seen), most=37)[1]:
            seen += [one.issue for one in part]
        assert len(seen) == counts[name]
    assert counts["exposed"] > counts["fixed"] > 0
