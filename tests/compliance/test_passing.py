"""The pass over all checks: outcomes, intervals, gaps and events; only what changed is written; silence never passes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from seamark.core.severity import Severity
from seamark.governance.compliance.check import INSTALLATION, checks
from seamark.governance.compliance.outcome import Answers, Outcome, of_answers, together
from seamark.pipeline.compliance import passing, work
from seamark.pipeline.compliance.records import records
from seamark.pipeline.compliance.scope import WHOLE, Scope, scope_of
from seamark.pipeline.compliance.standing import (
    check_results,
    control_standing,
    framework_shares,
    framework_standing,
    gaps,
    history,
)
from seamark.store.access import everything, visible_to
from seamark.store.models import Application, BusinessUnit, CheckStanding, ComplianceGap, Event, Issue
from seamark.store.models.people import Role
from tests.factories import code, import_findings, make_person, make_world


@pytest.fixture
def world(db: None) -> dict[str, Application]:
    return make_world()


@pytest.mark.parametrize(
    ("answers", "outcome"),
    [
        (Answers(), Outcome.NOT_APPLICABLE),
        (Answers(yes=10), Outcome.PASS),
        (Answers(yes=9, no=1), Outcome.PARTIAL),
        (Answers(yes=7, no=3), Outcome.FAIL),
        (Answers(unknown=1), Outcome.NOT_KNOWN),
        (Answers(yes=9, unknown=1), Outcome.NOT_KNOWN),
        (Answers(yes=1, no=8, unknown=1), Outcome.FAIL),
        (Answers(yes=8, no=1, unknown=1), Outcome.PARTIAL),
        (Answers(yes=7, no=1, unknown=2), Outcome.NOT_KNOWN),
    ],
)
def test_what_is_not_known_never_passes(answers: Answers, outcome: Outcome) -> None:
    assert of_answers(answers, 100, 80) is outcome


def test_a_control_is_as_good_as_its_worst_part() -> None:
    assert together([Outcome.PASS, Outcome.NOT_APPLICABLE]) is Outcome.PASS
    assert together([Outcome.PASS, Outcome.PARTIAL, Outcome.NOT_KNOWN]) is Outcome.NOT_KNOWN
    assert together([Outcome.PASS, Outcome.FAIL, Outcome.NOT_KNOWN]) is Outcome.FAIL
    assert together([]) is Outcome.NOT_APPLICABLE


def test_before_the_first_pass_nothing_is_known(world: dict[str, Application]) -> None:
    results = check_results(everything(), WHOLE)
    assert {one.outcome for one in results.values()} == {Outcome.NOT_KNOWN}
    assert {one.since for one in results.values()} == {None}


def test_checks_measure_what_is_there(world: dict[str, Application]) -> None:
    now = timezone.now()
    Issue.objects.filter(application=world["shop"], severity=Severity.CRITICAL).update(
        opened_at=now - timedelta(days=40)
    )
    passing.run(now)
    shop = check_results(everything(), Scope(application=world["shop"]))
    late = Issue.objects.filter(application=world["shop"], severity=Severity.CRITICAL, open=True).count()
    assert late > 0
    assert shop["critical-in-30-days"].no == late
    assert shop["critical-in-30-days"].outcome is Outcome.FAIL
    assert shop["applications-ranked"].outcome is Outcome.PASS
    assert shop["no-live-secrets"].no == 1
    payroll = check_results(everything(), Scope(application=world["payroll"]))
    assert payroll["data-classified"].outcome is Outcome.FAIL
    whole = check_results(everything(), WHOLE)
    assert whole["data-classified"].yes == 1
    assert whole["data-classified"].no == 1


def test_every_number_is_as_long_as_the_list_behind_it(world: dict[str, Application]) -> None:
    now = timezone.now()
    passing.run(now)
    for scope in (WHOLE, Scope(application=world["shop"]), Scope(unit=BusinessUnit.objects.get(name="Retail"))):
        for name, one in check_results(everything(), scope, now).items():
            told = [each.answer for each in records(everything(), name, scope, now=now)]
            assert (told.count("yes"), told.count("no"), told.count("unknown")) == (one.yes, one.no, one.unknown), name


def test_an_application_at_which_nobody_looked_passes_nothing_by_silence(world: dict[str, Application]) -> None:
    Application.objects.create(name="Ghost", slug="ghost")
    passing.run(timezone.now())
    results = check_results(everything(), scope_of(everything(), application="ghost"))
    silent = [one for one in results.values() if one.about in {"issue", "coverage", "component", "asset", "scan"}]
    assert len(silent) > 30
    assert {one.outcome for one in silent} == {Outcome.NOT_KNOWN}


def test_a_second_pass_writes_nothing(world: dict[str, Application]) -> None:
    now = timezone.now()
    first = passing.run(now)
    assert first.changed == first.asked
    assert passing.run(now + timedelta(minutes=1)).changed == 0


def test_drift_ends_an_interval_tells_an_event_and_closes_the_gap(world: dict[str, Application]) -> None:
    start = timezone.now() - timedelta(hours=1)
    passing.run(start)
    shop = world["shop"]
    gap = ComplianceGap.objects.get(check_name="no-live-secrets", application=shop, closed_at=None)
    import_findings("Storefront", "Gitleaks", [])
    assert passing.run(start + timedelta(minutes=5), [shop.pk]).drifted >= 1
    told = Event.objects.get(kind="compliance", application=shop, details__check="no-live-secrets")
    assert (told.details["before"], told.details["after"]) == ("fail", "not_applicable")
    gap.refresh_from_db()
    assert gap.closed_at == start + timedelta(minutes=5)
    then = check_results(everything(), Scope(application=shop), start + timedelta(minutes=1))
    assert then["no-live-secrets"].outcome is Outcome.FAIL
    assert [one.outcome for one in history(everything(), "no-live-secrets", Scope(application=shop))] == [
        "not_applicable",
        "fail",
    ]
    assert gap.pk in {one.number for one in gaps(everything(), Scope(application=shop), start + timedelta(minutes=1))}
    assert gap.pk not in {one.number for one in gaps(everything(), Scope(application=shop))}


def test_only_the_applications_to_which_something_happened_are_asked_again(world: dict[str, Application]) -> None:
    now = timezone.now()
    assert work.work_once(now)
    assert not work.work_once(now + timedelta(minutes=2))
    import_findings(
        "Payroll",
        "Semgrep",
        [code("x", "New flaw", "payroll/b.py", 3, Severity.CRITICAL, 89)],
        repository="git.example/harbour/payroll",
    )
    assert work.work_once(now + timedelta(minutes=4))
    ended = set(CheckStanding.objects.exclude(until=None).values_list("application", flat=True))
    assert world["payroll"].pk in ended
    assert world["shop"].pk not in ended
    assert not work.work_once(now + timedelta(minutes=6))


def test_a_failed_pass_is_due_again(world: dict[str, Application], monkeypatch: pytest.MonkeyPatch) -> None:
    now = timezone.now()
    with monkeypatch.context() as patch:
        patch.setattr(passing, "run", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            work.work_once(now)
    assert work.work_once(now + timedelta(minutes=1))


def test_a_framework_adds_up(world: dict[str, Application]) -> None:
    world["shop"].compliance = ["pci-dss-4"]
    world["shop"].save()
    now = timezone.now()
    passing.run(now)
    standing = framework_standing(everything(), "pci-dss-4", Scope(application=world["shop"]), now)
    assert sum(standing.counts.values()) == len(standing.controls) == 77
    for word, number in standing.counts.items():
        assert number == sum(1 for one in standing.controls if one.outcome == word)
    share = next(
        one for one in framework_shares(everything(), Scope(application=world["shop"]), now) if one.name == "pci-dss-4"
    )
    assert share.counts == standing.counts
    assert share.applications == 1
    for one in standing.controls:
        alone = control_standing(everything(), "pci-dss-4", one.id, Scope(application=world["shop"]), now)
        assert (alone.outcome, alone.crosswalk) == (one.outcome, one.crosswalk)
    missing = next(
        one for one in framework_standing(everything(), "pci-dss-4", WHOLE, now).controls if one.id == "6.2.2"
    )
    assert missing.outcome is Outcome.NOT_KNOWN
    assert [one.control for one in missing.gaps] == ["6.2.2"]


def test_nobody_sees_what_other_applications_come_to(world: dict[str, Application]) -> None:
    now = timezone.now()
    passing.run(now)
    viewer = visible_to(make_person("vera", Role.VIEWER, application=world["payroll"]))
    seen = check_results(viewer, WHOLE, now)
    own = check_results(everything(), Scope(application=world["payroll"]), now)
    for name, one in checks().items():
        if one.about != INSTALLATION:
            assert (seen[name].yes, seen[name].no) == (own[name].yes, own[name].no), name
    assert {one.application for one in gaps(viewer, WHOLE, now)} <= {"payroll", ""}
    assert {one.application for one in history(viewer, "data-classified", WHOLE)} == {"payroll"}
    stranger = visible_to(make_person("sam"))
    assert all(
        one.about == INSTALLATION or not (one.yes or one.no) for one in check_results(stranger, WHOLE, now).values()
    )
