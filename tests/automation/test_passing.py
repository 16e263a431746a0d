"""Rules act, with the rights of their people, and everything they did can be taken back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seamark.core.errors import NotAllowed
from seamark.governance.automation import rules
from seamark.governance.policy.examples import run_policy
from seamark.governance.policy.kept.edit import withdraw
from seamark.governance.triage import confirming, service
from seamark.pipeline import merging
from seamark.pipeline.automation import watch
from seamark.store.access import everything
from seamark.store.models import (
    Application,
    Event,
    Issue,
    LedgerEntry,
    MergeDecision,
    RuleEffect,
    RuleStand,
    RuleWish,
    User,
)
from seamark.store.models.issues import State
from seamark.store.models.people import Role
from tests.automation.conftest import Put, rule, stands, tags
from tests.factories import code, import_findings, make_person

DISMISS = "{state: dismissed, resolution: false_positive, comment: never right}"
CODE = 'issue.kind == "code"'


def drop(root: User, name: str) -> None:
    withdraw(name, actor=root, comment="", now=timezone.now())


def test_a_rule_acts_and_is_taken_back(root: User, put: Put) -> None:
    before = stands()
    put(rule("no-code", CODE, DISMISS))
    passed = watch.run()
    dismissed = Issue.objects.filter(kind=1)
    assert passed.matched["no-code"] == dismissed.count() > 2
    assert not dismissed.exclude(state=State.DISMISSED, resolution="false_positive", open=False).exists()
    assert not dismissed.filter(dismissal_unconfirmed=True).exists()
    event = Event.objects.filter(kind="state", issue=dismissed[0]).latest("pk")
    assert event.actor is None
    assert (event.details["rule"], event.details["holder"], event.details["comment"]) == (
        "no-code",
        root.pk,
        "never right",
    )
    assert LedgerEntry.objects.filter(actor="system:rule no-code").count() == 1
    drop(root, "no-code")
    watch.run()
    assert stands() == before
    assert not RuleEffect.objects.exists()


def test_nothing_changes_twice(put: Put) -> None:
    put(rule("no-code", CODE, DISMISS), rule("tagged", "issue.severity >= HIGH", "{tags: [severe], priority: 0}"))
    assert watch.run().changed > 5
    with CaptureQueriesContext(connection) as statements:
        assert watch.run().changed == 0
    writes = [
        one["sql"] for one in statements.captured_queries if one["sql"].startswith(("INSERT", "UPDATE", "DELETE"))
    ]
    touched = (
        'UPDATE "store_issue" ',
        'INSERT INTO "store_event"',
        'INSERT INTO "store_ruleeffect"',
        'DELETE FROM "store_ruleeffect"',
    )
    assert not [one for one in writes if one.startswith(touched)]


def test_what_no_longer_matches_is_put_back(put: Put) -> None:
    before = stands()
    put(rule("no-code", CODE, DISMISS))
    watch.run()
    put(rule("no-code", 'issue.kind == "pentest"', DISMISS))
    watch.run()
    assert stands() == before


def test_a_person_has_the_last_word(root: User, put: Put) -> None:
    put(rule("no-code", CODE, DISMISS))
    watch.run()
    first, second = Issue.objects.filter(kind=1).order_by("pk")[:2]
    service.change_state(root, Issue.objects.filter(pk=first.pk), State.OPEN)
    service.change_state(root, Issue.objects.filter(pk=second.pk), State.DISMISSED, "not_affected", "I looked")
    watch.run()
    assert Issue.objects.get(pk=first.pk).state == State.OPEN
    drop(root, "no-code")
    watch.run()
    assert Issue.objects.get(pk=second.pk).resolution == "not_affected"
    put(rule("no-code", CODE, DISMISS))
    watch.run()
    assert Issue.objects.get(pk=first.pk).state == State.OPEN


def test_what_a_person_decided_before_is_left_alone(root: User, put: Put) -> None:
    issue = Issue.objects.filter(kind=1).order_by("pk")[0]
    rows = Issue.objects.filter(pk=issue.pk)
    service.change_state(root, rows, State.CONFIRMED)
    service.change_state(root, rows, State.OPEN)
    put(rule("no-code", CODE, DISMISS))
    watch.run()
    assert rows.get().state == State.OPEN


class TestRights:
    """No rule does more than its people may."""

    @pytest.fixture
    def writer(self, root: User) -> User:
        """Somebody who writes policies, and triages one application only."""
        from seamark.store.models import CustomRole, Grant

        person = make_person("wendy")
        only = CustomRole.objects.create(name="writes", permissions=["policy.edit", "issue.read"])
        Grant.objects.create(user=person, custom=only)
        return person

    def test_not_beyond_those_of_its_author(self, writer: User, put: Put, world: dict[str, Application]) -> None:
        from seamark.store.models import Grant

        Grant.objects.create(user=writer, role=Role.ANALYST, application=world["shop"])
        put(rule("no-code", "issue.severity >= INFO", DISMISS), actor=writer)
        watch.run()
        assert Issue.objects.filter(state=State.DISMISSED, application=world["shop"]).exists()
        assert not Issue.objects.filter(state=State.DISMISSED).exclude(application=world["shop"]).exists()
        # An analyst's dismissal by a rule is an analyst's dismissal.
        assert not Issue.objects.filter(state=State.DISMISSED, dismissal_unconfirmed=False).exists()
        stand = RuleStand.objects.get(name="no-code")
        assert "issue.dismiss" in stand.stopped
        assert Event.objects.filter(kind="rule_stopped").count() == 1
        watch.run()
        assert Event.objects.filter(kind="rule_stopped").count() == 1

    def test_whoever_lost_the_right_does_no_more(self, writer: User, put: Put, world: dict[str, Application]) -> None:
        from seamark.store.models import Grant

        grant = Grant.objects.create(user=writer, role=Role.APPROVER)
        put(rule("no-code", CODE, DISMISS), actor=writer)
        watch.run()
        before = stands()
        grant.delete()
        import_findings("Storefront", "Fresh", [code("r", "New one", "src/fresh.py", 3)])
        watch.run()
        fresh = Issue.objects.latest("pk")
        assert fresh.state == State.OPEN
        assert [row for row in stands() if row[0] != fresh.pk] == before
        assert RuleStand.objects.get(name="no-code").stopped

    def test_a_dismissal_is_as_sure_as_its_people(
        self, writer: User, root: User, put: Put, settings: LazySettings
    ) -> None:
        from seamark.store.models import Grant

        settings.SEAMARK_RULES_NEED_APPROVAL = True
        Grant.objects.create(user=writer, role=Role.ANALYST)
        put(rule("no-code", CODE, DISMISS), actor=writer)
        watch.run()
        assert not Issue.objects.filter(state=State.DISMISSED).exists()
        assert "second person" in RuleStand.objects.get(name="no-code").stopped
        with pytest.raises(NotAllowed, match="You stand for it"):
            rules.approve(writer, "no-code")
        rules.approve(root, "no-code")
        watch.run()
        assert Issue.objects.filter(state=State.DISMISSED, dismissal_unconfirmed=False).exists()
        assert not RuleStand.objects.get(name="no-code").stopped

    def test_an_approval_reaches_as_far_as_its_giver(
        self, writer: User, put: Put, settings: LazySettings, world: dict[str, Application]
    ) -> None:
        from seamark.store.models import Grant

        settings.SEAMARK_RULES_NEED_APPROVAL = True
        Grant.objects.create(user=writer, role=Role.ADMIN)
        put(rule("no-code", CODE, DISMISS), actor=writer)
        elsewhere = make_person("elsewhere", Role.APPROVER, application=world["payroll"])
        rules.approve(elsewhere, "no-code")
        watch.run()
        dismissed = Issue.objects.filter(state=State.DISMISSED)
        assert set(dismissed.values_list("application", flat=True)) <= {world["payroll"].pk}
        assert "may not do so" in RuleStand.objects.get(name="no-code").stopped
        User.objects.filter(pk=elsewhere.pk).update(is_active=False)
        assert rules.rights_of(rules.named("no-code").stand) == rules.Rights(*[frozenset()] * 4)

    def test_nobody_confirms_what_a_rule_of_theirs_dismissed(self, writer: User, root: User, put: Put) -> None:
        from seamark.store.models import Grant

        grant = Grant.objects.create(user=writer, role=Role.ANALYST)
        put(rule("no-code", CODE, DISMISS), actor=writer)
        watch.run()
        Grant.objects.filter(pk=grant.pk).update(role=Role.APPROVER)
        rows = confirming.waiting(everything())
        writer = User.objects.get(pk=writer.pk)
        with pytest.raises(NotAllowed, match="in your name"):
            confirming.confirm(writer, rows)
        assert confirming.confirm(root, rows) > 2

    def test_a_priority_is_lowered_by_those_who_approve_only(self, writer: User, root: User, put: Put) -> None:
        from seamark.store.models import Grant

        Grant.objects.create(user=writer, role=Role.ANALYST)
        before = dict(Issue.objects.values_list("pk", "priority"))
        put(rule("low", "issue.severity >= INFO", "{priority: 4}"), actor=writer)
        watch.run()
        assert dict(Issue.objects.values_list("pk", "priority")) == before
        rules.take_over(root, "low")
        watch.run()
        assert set(Issue.objects.filter(state=State.OPEN).values_list("priority", flat=True)) == {4}


def test_suppressed_paths(put: Put) -> None:
    import_findings(
        "Storefront",
        "Alpha",
        [code("r1", "In a test", "tests/deep/test_a.py", 3), code("r2", "Elsewhere", "src/tests.py", 3)],
    )
    put(
        rule(
            "tests",
            "issue.severity >= INFO",
            '{suppress: {paths: ["tests/**"], tools: [alpha]}, comment: not delivered}',
        )
    )
    watch.run()
    off = Issue.objects.filter(resolution="excluded")
    assert [row.title for row in off] == ["In a test"]
    import_findings(
        "Storefront",
        "Alpha",
        [code("r1", "In a test", "tests/deep/test_a.py", 4), code("r2", "Elsewhere", "src/tests.py", 3)],
    )
    assert Issue.objects.filter(resolution="excluded").count() == 1


def test_wishes_are_made_once_and_end(put: Put, root: User) -> None:
    put(rule("asks", "issue.severity >= CRITICAL", "{ticket: true, requestFix: true, notify: [owner, 'team:web']}"))
    watch.run()
    count = Issue.objects.filter(severity=5, state__lte=3).count()
    assert RuleWish.objects.count() == 4 * count > 0
    watch.run()
    assert RuleWish.objects.count() == 4 * count
    RuleWish.objects.filter(kind="ticket").update(taken_at=timezone.now())
    drop(root, "asks")
    watch.run()
    assert set(RuleWish.objects.values_list("kind", flat=True)) == {"ticket"}
    assert not RuleWish.objects.filter(ended_at=None).exists()


def test_what_was_fixed_meanwhile_is_fixed(put: Put, root: User) -> None:
    findings = [code("r1", "One", "src/one.py", 3), code("r2", "Two", "src/two.py", 3)]
    import_findings("Storefront", "Alpha", findings)
    put(rule("no-code", CODE, DISMISS))
    watch.run()
    import_findings("Storefront", "Alpha", findings[:1])
    drop(root, "no-code")
    watch.run()
    assert Issue.objects.get(title="Two").state == State.RESOLVED
    assert Issue.objects.get(title="One").state == State.OPEN


def test_only_what_was_touched_is_looked_at(put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    put(rule("no-code", CODE, DISMISS))
    now = timezone.now()
    assert watch.work_once(now)
    looked: list[int] = []
    look_at = watch.look_at
    monkeypatch.setattr(watch, "look_at", lambda numbers, *rest: looked.extend(numbers) or look_at(numbers, *rest))
    assert not watch.work_once(now + timedelta(seconds=10)), looked
    import_findings(
        "payments", "Fresh", [code("r", "New one", "src/fresh.py", 3)], repository="git.example/harbour/pay"
    )
    assert watch.work_once(now + timedelta(seconds=20))
    fresh = Issue.objects.latest("pk")
    assert looked == [fresh.pk]
    assert Issue.objects.get(pk=fresh.pk).state == State.DISMISSED


def test_starters_are_right_and_taken_over_by_somebody(root: User, put: Put) -> None:
    found = rules.starters()
    assert len(found) == 8
    assert not [one for policy, _ in found.values() for one in run_policy(policy) if not one.right]


POOL = (
    rule("r1", CODE, DISMISS),
    rule("r2", "issue.severity >= HIGH", "{state: confirmed}"),
    rule(
        "r3",
        'issue.kind == "dependency"',
        "{state: dismissed, resolution: not_affected, comment: c, justification: component_not_present}",
    ),
    rule("r4", "issue.severity >= MEDIUM", "{owner: 'team:web', tags: [a, b], dueDays: 3}"),
    rule("r5", "issue.open && issue.priority <= 2", "{priority: 0, assign: root, group: hot, dueDays: 9}"),
    rule("r6", 'issue.state == "open" && !issue.assigned', "{owner: 'team:other', tags: [b, c], priority: 4}"),
)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.integers(0, len(POOL) - 1), max_size=5))
def test_any_rules_in_any_order_restore_what_was(root: User, put: Put, steps: list[int]) -> None:
    """Each step puts a rule in force or out of it; the end depends on what is in force only, and nothing leaves nothing."""
    from django.db import transaction

    with transaction.atomic():
        before = stands()
        active: set[int] = set()
        for step in steps:
            if step in active:
                drop(root, f"r{step + 1}")
                active.discard(step)
            else:
                put(POOL[step])
                active.add(step)
            watch.run()
        one_way = stands(), tags()
        for step in sorted(active):
            drop(root, f"r{step + 1}")
        watch.run()
        assert stands() == before
        for step in sorted(active, reverse=True):
            put(POOL[step])
        watch.run()
        again = stands(), tags()
        # When something was dismissed differs, and nothing else.
        assert [row[:6] + row[7:] for row in again[0]] == [row[:6] + row[7:] for row in one_way[0]]
        assert again[1] == one_way[1]
        transaction.set_rollback(True)


def test_what_was_merged_meanwhile_is_put_back_when_it_is_taken_out(
    root: User, put: Put, world: dict[str, Application]
) -> None:
    before = stands()
    first, second = Issue.objects.filter(application=world["shop"], kind=1).order_by("pk")[:2]
    put(rule("no-code", CODE, DISMISS))
    watch.run()
    merging.join_issues(root, [first, second], "one")
    watch.run()
    merging.take_back(root, MergeDecision.objects.latest("pk"))
    drop(root, "no-code")
    watch.run()
    assert [row[:4] for row in stands()] == [row[:4] for row in before]
