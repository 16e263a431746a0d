"""Another profile reaches the issues: what moves is written once, what stays is not, and every receipt still adds up."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.utils import OperationalError
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from msgspec.structs import replace

from seamark.analysis.risk import Profile, default_profile
from seamark.core.severity import Severity
from seamark.pipeline import outlook, profiles, rescoring, scoring
from seamark.store.access import everything, visible_to
from seamark.store.models import Application, BusinessUnit, Event, Issue, ProfileUse, RiskProfile
from seamark.store.models.people import Role
from seamark.store.models.profiles import Rescoring
from tests.factories import import_findings, make_person, make_world, package

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def world() -> dict[str, Application]:
    outlook.forget()
    return make_world()


def changed(number: int = 50, *, name: str = "default", intercept: float = 0.0, **weights: float) -> Profile:
    own = default_profile()
    return replace(
        own, name=name, version=number, weights={**own.weights, **weights}, intercept=own.intercept + intercept
    )


def applied(profile: Profile, unit: BusinessUnit | None = None) -> ProfileUse:
    use = profiles.apply(None, profiles.draft(None, profile), unit)
    assert rescoring.follow(use)
    return use


def scores() -> dict[int, tuple[int, int]]:
    return {pk: (risk, priority) for pk, risk, priority in Issue.objects.values_list("pk", "risk", "priority")}


def check_receipts() -> None:
    """Every issue's receipt is made with the profile that holds, and adds up to what the row says."""
    for issue in Issue.objects.select_related("application"):
        account = scoring.receipt_of(issue)
        assert (account.score, account.priority) == (issue.risk, issue.priority)
        assert account.profile == str(profiles.active_profile(issue.application))
        assert sum(part.points for part in account.parts) == issue.risk


def test_only_what_moved_is_written() -> None:
    before = scores()
    old = profiles.active_profile()
    use = applied(changed(fixable=0.0, epss=default_profile().weights["epss"] / 2))
    after = scores()
    moved = {pk for pk in before if before[pk] != after[pk]}
    assert 0 < len(moved) < len(before)
    assert (use.state, use.issues, use.moved, use.progress) == (Rescoring.DONE, len(before), len(moved), 100)
    assert set(Issue.objects.filter(profile=use.profile).values_list("pk", flat=True)) == moved
    assert set(Issue.objects.filter(profile=old).values_list("pk", flat=True)) == before.keys() - moved
    check_receipts()


def test_what_a_person_sees_is_what_a_full_scoring_gives() -> None:
    applied(changed(intercept=0.7, exposure=1.5))
    once = scores()
    scoring.rescore(Issue.objects.values_list("pk", flat=True))
    assert scores() == once


def test_moves_of_a_point_or_more_leave_an_event() -> None:
    actor = make_person("root", Role.ADMIN)
    before = scores()
    old = profiles.active_profile()
    use = profiles.apply(actor, profiles.draft(actor, changed(fixable=0.26, reach=3.0)))
    newest = Event.objects.order_by("-id")[0].pk
    rescoring.follow(use)
    after = scores()
    told = {event.issue_id: event for event in Event.objects.filter(id__gt=newest, kind="risk")}
    far = {
        pk for pk in before if abs(after[pk][0] - before[pk][0]) >= rescoring.TOLD_FROM or after[pk][1] != before[pk][1]
    }
    assert told.keys() == far
    assert far
    assert use.moved > len(far)
    for pk, event in told.items():
        words = f"profile {old} → default v50"
        moved = after[pk][0] - before[pk][0]
        assert event.details == {
            "before": before[pk][0],
            "after": after[pk][0],
            "reason": words,
            "why": [[words, moved]],
        }
        assert (event.actor, event.application_id) == (actor, Issue.objects.get(pk=pk).application_id)


def test_bands_alone_move_priorities() -> None:
    before = scores()
    own = default_profile()
    applied(replace(own, version=50, bands=replace(own.bands, P0=99, P1=98, P2=97, P3=96)))
    after = scores()
    assert {pk: risk for pk, (risk, _) in after.items()} == {pk: risk for pk, (risk, _) in before.items()}
    assert {priority for risk, priority in after.values() if risk < 960} == {4}
    check_receipts()


def test_a_unit_has_its_own_and_gives_it_back(world: dict[str, Application]) -> None:
    unit = world["shop"].unit
    before = scores()
    use = applied(changed(1, name="retail", intercept=1.0), unit)
    shop = set(Issue.objects.filter(application=world["shop"]).values_list("pk", flat=True))
    after = scores()
    assert {pk for pk in before if after[pk] != before[pk]} <= shop
    assert (use.issues, use.moved) == (len(shop), sum(before[pk] != after[pk] for pk in shop))
    assert use.moved
    check_receipts()

    applied(changed(51, intercept=-1.0))
    assert {pk: found for pk, found in scores().items() if pk in shop} == {pk: after[pk] for pk in shop}
    check_receipts()

    back = profiles.withdraw(None, unit)
    assert rescoring.follow(back)
    scoring.rescore(shop)
    assert {pk: risk for pk, (risk, _) in scores().items() if pk in shop} != {pk: after[pk][0] for pk in shop}
    assert Event.objects.filter(details__reason="profile retail v1 → default v51").exists()
    check_receipts()


def test_refreshing_issues_keeps_to_the_profile_of_each(world: dict[str, Application]) -> None:
    unit = world["shop"].unit
    applied(changed(1, name="retail", intercept=1.0), unit)
    once = scores()
    scoring.rescore(Issue.objects.values_list("pk", flat=True))
    assert scores() == once


def test_until_it_has_come_to_an_issue_the_receipt_is_the_former() -> None:
    old = profiles.active_profile()
    profiles.apply(None, profiles.draft(None, changed(intercept=2.0)))
    issue = Issue.objects.order_by("-risk")[3]
    account = scoring.receipt_of(issue)
    assert (account.score, account.profile) == (issue.risk, str(old))


def test_a_large_estate_waits_for_a_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rescoring, "AT_ONCE", 1)
    before = scores()
    use = profiles.apply(None, profiles.draft(None, changed(intercept=1.0)))
    assert not rescoring.follow(use)
    assert scores() == before
    assert rescoring.work_once()
    assert scores() != before
    assert not rescoring.work_once()
    use.refresh_from_db()
    assert (use.state, use.attempt, use.lease_until) == (Rescoring.DONE, 1, None)


def test_stretches_are_told_and_come_to_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    use = profiles.apply(None, profiles.draft(None, changed(intercept=1.0)))
    monkeypatch.setattr(rescoring, "STRETCH", 3)
    told: list[int] = []
    assert rescoring.carry_out(use, told.append)
    assert told == sorted(told)
    assert told[-1] == 100
    assert len(told) > 3
    once = scores()
    scoring.rescore(Issue.objects.values_list("pk", flat=True))
    assert scores() == once


def test_one_worker_at_a_time_and_a_lost_one_is_replaced() -> None:
    use = profiles.apply(None, profiles.draft(None, changed(intercept=1.0)))
    soon = timezone.now() + timedelta(minutes=5)
    ProfileUse.objects.filter(pk=use.pk).update(state=Rescoring.RUNNING, attempt=1, lease_until=soon)
    assert not rescoring.work_once()
    ProfileUse.objects.filter(pk=use.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    assert rescoring.work_once()
    use.refresh_from_db()
    assert (use.state, use.attempt) == (Rescoring.DONE, 2)


def test_what_never_finishes_is_given_up() -> None:
    use = profiles.apply(None, profiles.draft(None, changed(intercept=1.0)))
    ProfileUse.objects.filter(pk=use.pk).update(
        state=Rescoring.RUNNING, attempt=rescoring.ATTEMPTS, lease_until=timezone.now() - timedelta(seconds=1)
    )
    assert not rescoring.work_once()
    use.refresh_from_db()
    assert use.state == Rescoring.FAILED
    assert "never finished" in use.error


def test_a_fault_of_the_database_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise OperationalError("the disk is slow today")

    use = profiles.apply(None, profiles.draft(None, changed(intercept=1.0)))
    monkeypatch.setattr(rescoring, "groups_of", fail)
    for attempt in range(1, rescoring.ATTEMPTS + 1):
        assert rescoring.carry_out(use)
        assert use.attempt == attempt
        assert use.state == (Rescoring.FAILED if attempt == rescoring.ATTEMPTS else Rescoring.QUEUED)
    assert "the disk is slow today" in use.error


def test_a_profile_that_cannot_be_read_fails_with_a_sentence() -> None:
    use = profiles.apply(None, profiles.draft(None, changed(intercept=1.0)))
    RiskProfile.objects.filter(pk=use.profile_id).update(content={"name": "default"})
    assert rescoring.carry_out(ProfileUse.objects.get(pk=use.pk))
    use.refresh_from_db()
    assert (use.state, "not valid" in use.error) == (Rescoring.FAILED, True)


def test_the_later_profile_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    first = profiles.apply(None, profiles.draft(None, changed(50, intercept=3.0)))
    second = profiles.apply(None, profiles.draft(None, changed(51, intercept=1.0)))
    assert rescoring.work_once()
    assert rescoring.work_once()
    states = dict(ProfileUse.objects.values_list("pk", "state"))
    assert (states[first.pk], states[second.pk]) == (Rescoring.SUPERSEDED, Rescoring.DONE)
    check_receipts()

    third = profiles.apply(None, profiles.draft(None, changed(52, intercept=2.0)))
    monkeypatch.setattr(rescoring, "STRETCH", 3)
    # While it is under way, somebody goes back.
    late: list[ProfileUse] = []

    def interrupt(_: int) -> None:
        if not late:
            late.append(profiles.apply(None, profiles.known("default", 51)))

    rescoring.carry_out(third, interrupt)
    assert third.state == Rescoring.SUPERSEDED
    assert rescoring.work_once()
    check_receipts()


def test_facts_that_changed_under_way_are_scored_too(monkeypatch: pytest.MonkeyPatch) -> None:
    use = profiles.apply(None, profiles.draft(None, changed(intercept=1.0)))
    issue = Issue.objects.order_by("-id")[0]
    other = {**issue.facts, "tools": 3}
    monkeypatch.setattr(rescoring, "STRETCH", 3)
    done: list[int] = []

    def meddle(_: int) -> None:
        if not done:
            done.append(1)
            Issue.objects.filter(pk=issue.pk).update(facts=other)

    rescoring.carry_out(use, meddle)
    check_receipts()


def test_statements_do_not_grow_with_the_issues() -> None:
    counts = []
    for number in (60, 61):
        use = profiles.apply(None, profiles.draft(None, changed(number, intercept=number / 100)))
        with CaptureQueriesContext(connection) as captured:
            rescoring.carry_out(use)
        counts.append(len(captured))
        import_findings(
            "Payroll",
            "Grype",
            [package(f"CVE-2020-{at}", f"npm/lib{at}", "1.0", "", Severity.HIGH, 7.1, "A flaw") for at in range(40)],
        )
    assert counts[0] == counts[1]


def test_the_outlook_says_what_applying_then_does() -> None:
    before = scores()
    profile = changed(intercept=0.6, data=1.5)
    told = outlook.outlook(everything(), profile)
    applied(profile)
    after = scores()
    opened = set(Issue.objects.filter(open=True).values_list("pk", flat=True))
    assert told.preview.issues == len(opened)
    assert told.preview.moved == sum(before[pk][0] != after[pk][0] for pk in opened)
    for side, found in ((told.preview.before, before), (told.preview.after, after)):
        assert list(side) == [sum(found[pk][1] == priority for pk in opened) for priority in range(5)]
    assert told.enter == sum(after[pk][1] < 2 <= before[pk][1] for pk in opened) > 0
    assert told.leave == sum(before[pk][1] < 2 <= after[pk][1] for pk in opened)
    for shift in told.shifts:
        assert (shift.move.before, shift.move.after) == (before[shift.issue.pk][0], after[shift.issue.pk][0])
    lengths = [abs(shift.move.after - shift.move.before) for shift in told.shifts]
    assert lengths == sorted(lengths, reverse=True)
    assert lengths[0] == max(abs(after[pk][0] - before[pk][0]) for pk in opened)


def test_the_outlook_is_of_what_a_person_may_see(world: dict[str, Application]) -> None:
    person = make_person("vera", Role.VIEWER, application=world["shop"])
    told = outlook.outlook(visible_to(person), changed(intercept=1.0))
    assert told.preview.issues == Issue.objects.filter(open=True, application=world["shop"]).count()
    assert {shift.issue.application_id for shift in told.shifts} == {world["shop"].pk}
    nobody = outlook.outlook(visible_to(make_person("nemo")), changed(intercept=1.0))
    assert (nobody.preview.issues, nobody.shifts) == (0, [])


def test_the_outlook_tells_of_due_dates() -> None:
    own = default_profile()
    lowered = replace(own, version=50, bands=replace(own.bands, P0=0, P1=0, P2=0, P3=0))
    urgent = Issue.objects.filter(open=True, priority=0).count()
    dated, late = Issue.objects.filter(open=True, priority__gte=2).order_by("pk")[:2]
    Issue.objects.filter(pk=dated.pk).update(due=timezone.now().date() + timedelta(days=3))
    Issue.objects.filter(pk=late.pk).update(due=date(2020, 1, 1))
    told = outlook.outlook(everything(), lowered)
    opened = Issue.objects.filter(open=True)
    assert told.preview.after == (opened.count(), 0, 0, 0, 0)
    assert opened.count() > urgent
    assert told.deadlines == outlook.Deadlines(2, 1, opened.filter(priority__gte=2, due=None).count())


def _read(captured: CaptureQueriesContext) -> list[str]:
    """Return the statements that read all issues."""
    return [one["sql"] for one in captured if "priority" in one["sql"] and "FROM store_issue" in one["sql"]]


def test_asked_again_within_a_minute_the_issues_are_not_read_anew() -> None:
    seen = everything()
    outlook.outlook(seen, changed(intercept=0.5))
    with CaptureQueriesContext(connection) as captured:
        outlook.outlook(seen, changed(intercept=0.6))
    assert not _read(captured)
    Event.objects.create(kind="risk", details={}, at=timezone.now())
    with CaptureQueriesContext(connection) as captured:
        outlook.outlook(seen, changed(intercept=0.6))
    assert len(_read(captured)) == 1


def test_an_estate_without_issues_is_done_at_once() -> None:
    Issue.objects.all().delete()
    use = applied(changed(intercept=1.0))
    assert (use.state, use.issues, use.moved) == (Rescoring.DONE, 0, 0)
    assert outlook.outlook(everything(), changed(51)).preview.issues == 0
