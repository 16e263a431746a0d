"""Standing violations: intervals that open and end, only what changed, and who sees how many."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from seamark.governance.policy.bundle import Bundle
from seamark.governance.policy.evaluate import evaluate
from seamark.governance.policy.kept.edit import save, withdraw
from seamark.governance.policy.kept.sync import declare, in_force, sync
from seamark.governance.policy.model import Stage
from seamark.governance.triage.service import change_state
from seamark.governance.waivers import effective
from seamark.insight.analytics import violations as told
from seamark.insight.analytics.violations import Wanted
from seamark.pipeline import violations, watching
from seamark.pipeline.facts import platform_facts
from seamark.store.access import everything, visible_to
from seamark.store.models import Application, Issue, PolicyWatch, StandingViolation, User, ViolationDay
from seamark.store.models.issues import State
from seamark.store.models.people import Role
from seamark.store.models.policies import BundleKind
from tests.factories import code, import_findings, make_person, make_world

from .written import text

SEVERE = "issue.severity >= HIGH"
OPEN = "issue.open"


@pytest.fixture
def world(db: None) -> dict[str, Application]:
    return make_world()


@pytest.fixture
def root(world: dict[str, Application]) -> User:
    return make_person("root", Role.ADMIN)


def put(root: User, *texts: str) -> None:
    """Let policies be in force."""
    for one in texts:
        save(one, actor=root, comment="for the test", now=timezone.now())


@pytest.fixture
def later() -> Callable[[], datetime]:
    """Return times, each long enough after the one before."""
    at = [timezone.now()]

    def step() -> datetime:
        at[0] += timedelta(minutes=1)
        return at[0]

    return step


def open_ones(policy: str = "severe") -> set[str]:
    return set(StandingViolation.objects.filter(policy=policy, until=None).values_list("ref", flat=True))


def test_a_pass_says_what_the_policies_say(root: User) -> None:
    put(root, text(SEVERE, name="severe", stages="{monitor: ticket}"), text(OPEN, name="any", stages="{monitor: log}"))
    passed = violations.run()
    now = timezone.now()
    verdict = evaluate(in_force(), Stage.MONITOR, platform_facts(everything(), now=now), now=now)
    assert {(one.policy, one.ref, one.effect.value, one.message) for one in verdict.violations} == set(
        StandingViolation.objects.filter(until=None).values_list("policy", "ref", "effect", "message")
    )
    assert passed.opened == len(verdict.violations) > 10
    assert (passed.changed, passed.ended) == (0, 0)
    for row in StandingViolation.objects.select_related("issue"):
        assert row.issue is not None
        assert (row.issue.reference, row.issue.application_id) == (row.ref, row.application_id)
        assert row.wants_ticket == (row.policy == "severe")
    assert {one.pk for one in told.outbox()} == set(
        StandingViolation.objects.filter(policy="severe").values_list("pk", flat=True)
    )


def test_what_did_not_change_is_not_written(root: User) -> None:
    put(root, text(OPEN, name="any", stages="{monitor: log}"))
    violations.run()
    with CaptureQueriesContext(
        connection,
    ) as statements:
        passed = violations.run()
    assert (passed.opened, passed.changed, passed.ended) == (0, 0, 0)
    assert not [
        one
        for one in statements.captured_queries
        if one["sql"].startswith(('INSERT INTO "store_standing', 'UPDATE "store_standingviolation" SET "standing'))
    ]


def test_an_import_opens_and_ends_only_there(
    root: User, world: dict[str, Application], later: Callable[[], datetime]
) -> None:
    put(root, text(SEVERE, name="severe", stages="{monitor: log}"))
    assert violations.work_once(later())
    assert not violations.work_once(later())
    before = open_ones()
    findings = [code("x", f"Bad {number}", f"src/n{number}.py", 3) for number in range(3)]
    import_findings("payments", "Tool", findings, repository="git.example/harbour/pay")
    due = watching.look(later())
    payments = Application.objects.get(name="payments")
    assert due is not None
    assert due.applications == {payments.pk}
    assert violations.work_once(later())
    fresh = open_ones() - before
    assert len(fresh) == 3
    assert set(StandingViolation.objects.filter(ref__in=fresh).values_list("application", flat=True)) == {payments.pk}
    import_findings("payments", "Tool", findings[:1], repository="git.example/harbour/pay")
    assert violations.work_once(later())
    assert len(open_ones() - before) == 1
    ended = StandingViolation.objects.exclude(until=None)
    assert len(ended) == 2
    assert all(one.until is not None and one.until > one.since for one in ended)
    import_findings("payments", "Tool", findings, repository="git.example/harbour/pay")
    assert violations.work_once(later())
    # What returns is another interval of the same issue.
    assert open_ones() == before | fresh
    assert StandingViolation.objects.filter(ref__in=fresh).count() == 5


def test_a_policy_that_changes_is_asked_alone(root: User, later: Callable[[], datetime]) -> None:
    put(root, text(SEVERE, name="severe", stages="{monitor: log}"), text(OPEN, name="any", stages="{monitor: log}"))
    violations.work_once(later())
    before = dict(StandingViolation.objects.filter(policy="any").values_list("ref", "pk"))
    digest = in_force().named("severe")
    assert digest is not None
    save(
        text("issue.severity >= CRITICAL", name="severe", stages="{monitor: ticket}"), actor=root, comment="", now=timezone.now(),
        instead_of=digest.digest,
    )  # fmt: skip
    due = watching.look(later())
    assert due is not None
    assert (due.applications, due.policies) == (None, frozenset({"severe"}))
    old = open_ones()
    assert violations.work_once(later())
    assert open_ones() < old
    assert set(StandingViolation.objects.filter(policy="severe", until=None).values_list("effect", "wants_ticket")) == {
        ("ticket", True)
    }
    assert dict(StandingViolation.objects.filter(policy="any", until=None).values_list("ref", "pk")) == before
    withdraw("severe", actor=root, comment="", now=timezone.now())
    assert violations.work_once(later())
    assert open_ones() == set()
    assert not StandingViolation.objects.filter(wants_ticket=True).exists()


def test_a_ticket_is_asked_for_once_an_interval(root: User, later: Callable[[], datetime]) -> None:
    put(
        root,
        text(
            SEVERE, "message: '{issue.ref} {issue.title} {issue.age_days}'", name="severe", stages="{monitor: ticket}"
        ),
    )
    violations.run(now=later())
    StandingViolation.objects.update(wants_ticket=False)
    passed = violations.run(now=later() + timedelta(days=3))
    assert passed.changed == StandingViolation.objects.filter(until=None).count() > 0
    assert told.outbox() == []


def test_waivers_and_grace_and_what_is_not_known(root: User) -> None:
    put(
        root, text(SEVERE, "grace: 3000d", name="graced", stages="{monitor: ticket}"),
        text("issue.reach == 'runtime'", name="reached", stages="{monitor: log}"),
        text(SEVERE, name="severe", stages="{monitor: ticket}"),
    )  # fmt: skip
    one = Issue.objects.filter(open=True, severity__gte=4).order_by("pk")[0]
    original = effective.waived
    patch = pytest.MonkeyPatch()
    patch.setattr(
        violations,
        "waived",
        lambda numbers, at: {one.pk: (effective.Exempt("severe", "W-1", 3),)} | original(numbers, at),
    )
    violations.run()
    patch.undo()
    row = StandingViolation.objects.get(policy="severe", ref=one.reference)
    assert (row.standing, row.effect, row.because, row.details, row.wants_ticket) == (
        "waived",
        "log",
        "waived",
        {"waiver": "W-1"},
        False,
    )
    graced = StandingViolation.objects.filter(policy="graced")
    assert {(row.effect, row.because, row.wants_ticket) for row in graced} == {("log", "grace", False)}
    unknown = StandingViolation.objects.filter(policy="reached", standing="undecided")
    assert unknown.exists()
    assert all(row.details["unknown"] == ["issue.reach"] for row in unknown)
    violations.run()
    row.refresh_from_db()
    assert (row.standing, row.effect, row.wants_ticket, row.until) == ("violates", "ticket", True, None)


def test_issues_that_are_done_with_end_it(root: User, later: Callable[[], datetime]) -> None:
    put(root, text(SEVERE, name="severe", stages="{monitor: log}"))
    violations.work_once(later())
    one = Issue.objects.filter(open=True, severity__gte=4)[0]
    change_state(root, Issue.objects.filter(pk=one.pk), State.DISMISSED, resolution="false_positive", comment="no")
    assert violations.work_once(later())
    assert one.reference not in open_ones()


def test_the_day_has_its_numbers_and_the_trend_is_of_what_one_sees(root: User, world: dict[str, Application]) -> None:
    put(
        root,
        text(SEVERE, name="severe", stages="{monitor: log}"),
        text("issue.risk > 1000.0", name="none", stages="{monitor: log}"),
    )
    import_findings("payments", "Tool", [code("x", "Bad", "src/n.py", 3)], repository="git.example/harbour/pay")
    now = timezone.now()
    violations.run(now=now)
    everybody = everything()
    counts = told.numbers(everybody)
    assert counts["severe"].violates == len(open_ones())
    assert "none" not in counts
    trend = told.trends(everybody, now)
    assert trend["severe"] == [None] * 29 + [len(open_ones())]
    assert trend["none"] == [None] * 29 + [0]
    shop = make_person("shop", Role.VIEWER, application=world["shop"])
    seen = visible_to(shop)
    mine = Issue.objects.filter(application=world["shop"], open=True, severity__gte=4).count()
    assert 0 < mine < len(open_ones())
    assert told.numbers(seen)["severe"].violates == mine == told.rows(seen, Wanted(policy="severe")).count()
    assert told.trends(seen, now)["severe"][-1] == mine
    assert told.trends(seen, now)["none"][-1] == 0
    assert [(one.slug, one.number.violates) for one in told.by_application(seen, "severe")] == [
        (world["shop"].slug, mine)
    ]
    assert sum(one.number.violates for one in told.by_application(everybody, "severe")) == len(open_ones())
    violations.run(now=now)
    assert ViolationDay.objects.filter(policy="none").count() == 1
    assert told.trends(everybody, now + timedelta(days=1))["severe"][-2:] == [len(open_ones()), None]


def test_a_failed_pass_is_made_again(
    root: User, later: Callable[[], datetime], monkeypatch: pytest.MonkeyPatch
) -> None:
    put(root, text(SEVERE, name="severe", stages="{monitor: log}"))

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("no memory")

    with monkeypatch.context() as patch:
        patch.setattr(violations, "platform_facts", broken)
        with pytest.raises(RuntimeError):
            violations.work_once(later())
    assert PolicyWatch.objects.get().error
    assert violations.work_once(later())
    assert PolicyWatch.objects.get().error == ""
    assert open_ones()


def test_one_at_a_time(root: User, later: Callable[[], datetime]) -> None:
    put(root, text(SEVERE, name="severe", stages="{monitor: log}"))
    due = watching.look(later())
    assert due is not None
    now = later()
    assert watching.claim(due, now)
    assert not watching.claim(due, now)
    assert watching.look(later()) is None
    # A lost worker's lease ends.
    assert watching.look(now + watching.LEASE + timedelta(seconds=1)) is not None


def test_everything_but_issues(root: User, tmp_path: Path) -> None:
    """The starter bundle over the example: coverage, assets, components and so on, those of no application among them."""
    sync(declare("starter", BundleKind.STARTER), now=timezone.now(), cache=tmp_path)
    violations.run()
    now = timezone.now()
    verdict = evaluate(in_force(), Stage.MONITOR, platform_facts(everything(), now=now), now=now)
    found = StandingViolation.objects.filter(until=None)
    assert {(one.policy, one.ref) for one in verdict.violations} == set(found.values_list("policy", "ref"))
    assert set(found.values_list("subject", flat=True)) > {"issue"}
    assert violations.run() == (
        True,
        len([one for one in in_force().policies if Stage.MONITOR in one.spec.stages]),
        0,
        0,
        0,
    )


def test_bundles_without_policies_end_everything(root: User) -> None:
    put(root, text(SEVERE, name="severe", stages="{monitor: log}"))
    violations.run()
    assert open_ones()
    withdraw("severe", actor=root, comment="", now=timezone.now())
    assert in_force().digest == Bundle([]).digest
    assert violations.run().ended > 0
    assert open_ones() == set()
