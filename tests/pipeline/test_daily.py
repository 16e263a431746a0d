"""The daily pass: age, expired controls, looks at what runs that grew stale; once a day, whoever asks."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest
from django.db import DatabaseError
from django.utils import timezone

from seamark.analysis.risk import Facts
from seamark.analysis.risk.facts import decode
from seamark.core.assets import AssetRef, Discovery, Found, Relation
from seamark.core.assets import RelationKind as R
from seamark.pipeline import daily
from seamark.pipeline.restanding import restand
from seamark.pipeline.standing.running import FRESH
from seamark.pipeline.surveys import record
from seamark.store.models import Application, Control, Event, Issue, Upkeep

from .estate import K, make_estate

pytestmark = pytest.mark.django_db
NOW = timezone.now()
PLACE = "services/orders/app.py:3"


def facts_of(place: str = PLACE) -> Facts:
    return decode(json.dumps(Issue.objects.get(place=place).facts))


def later(days: int) -> datetime:
    return NOW + timedelta(days=days)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    """Return a list whose last item is the time."""
    times = [NOW]
    monkeypatch.setattr(timezone, "now", lambda: times[-1])
    return times


@pytest.fixture
def shop(clock: list[datetime]) -> Application:
    return make_estate()


def test_issues_grow_older_step_by_step(shop: Application, clock: list[datetime]) -> None:
    daily.run(NOW)
    seen = []
    for days in (1, 29, 30, 31, 89, 90, 400):
        clock.append(later(days))
        passed = daily.run(later(days))
        seen.append((days, passed.aged, facts_of().age))
    assert seen == [(1, 0, 0), (29, 0, 0), (30, 3, 30), (31, 0, 30), (89, 0, 30), (90, 3, 90), (400, 3, 365)]


def test_the_first_pass_ever_looks_at_everything(shop: Application, clock: list[datetime]) -> None:
    old = Issue.objects.get(place=PLACE)
    Issue.objects.filter(pk=old.pk).update(opened_at=later(-200))
    assert daily.run_if_due(NOW) == daily.Passed(day=NOW.date(), aged=1, expired=0, stale=0)
    assert facts_of().age == 180


def test_an_expired_control_counts_until_its_last_day(shop: Application, clock: list[datetime]) -> None:
    last = later(2).date()
    Control.objects.create(application=shop, name="WAF", covers={"services": ["orders"]}, expires=last)
    restand([shop.pk])
    lower = Issue.objects.get(place=PLACE).risk
    daily.run(NOW)
    seen = []
    for days in (1, 2, 3, 4):
        clock.append(later(days))
        seen.append((daily.run(later(days)).expired, facts_of().controls))
    words = (f"WAF (until {last.isoformat()})",)
    assert seen == [(0, words), (0, words), (1, ()), (0, ())]
    assert Issue.objects.get(place=PLACE).risk > lower
    why = Event.objects.filter(kind="risk", issue__place=PLACE).latest("id").details["why"]
    assert sum(points for _, points in why) == Issue.objects.get(place=PLACE).risk - lower


def test_what_does_not_run_is_forgotten_when_nobody_looks_any_more(shop: Application, clock: list[datetime]) -> None:
    other, image = AssetRef(K.WORKLOAD, "prod/shop/Deployment/other"), AssetRef(K.IMAGE, "registry.example/other")
    runs = Relation(kind=R.RUNS, source=other, target=image, origin="kubernetes")
    look = Discovery(assets=(Found(ref=other, name="other", origin="kubernetes"),), relations=(runs,))
    record(look, "kubernetes prod", now=NOW, application=shop)
    daily.run(NOW)
    restand([shop.pk])
    assert (facts_of().deployed, dict(facts_of().origins)["deployed"]) == ("not_running", "kubernetes prod")
    clock.append(later(FRESH.days))
    assert (daily.run(clock[-1]).stale, facts_of().deployed) == (0, "not_running")
    clock.append(later(FRESH.days + 1))
    assert (daily.run(clock[-1]).stale, facts_of().deployed) == (1, "")


def test_one_pass_a_day_whoever_asks(shop: Application) -> None:
    assert daily.run_if_due(NOW) is not None
    assert daily.run_if_due(NOW + timedelta(seconds=1)) is None
    assert daily.run_if_due(later(1)) is not None
    assert daily.run_if_due(later(1)) is None
    assert Upkeep.objects.get().day == later(1).date()


def test_a_pass_that_failed_is_made_again(shop: Application, monkeypatch: pytest.MonkeyPatch) -> None:
    daily.run_if_due(NOW)
    with monkeypatch.context() as patch:
        patch.setattr(daily, "rescore", lambda _: (_ for _ in ()).throw(DatabaseError("gone")))
        with pytest.raises(DatabaseError):
            daily.run_if_due(later(1))
    assert Upkeep.objects.get().day == NOW.date()
    assert daily.run_if_due(later(1)) is not None


def test_every_open_issue_is_scored_anew_when_asked(shop: Application) -> None:
    Issue.objects.update(risk=1)
    assert daily.refresh_all() == 3
    assert not Issue.objects.filter(risk=1).exists()
