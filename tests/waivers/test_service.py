"""Asking, deciding, ending: what is allowed to whom, and what is written down."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from seamark.core.errors import NotAllowed
from seamark.governance.ledger.entry import read_entry
from seamark.governance.waivers import passing, service
from seamark.governance.waivers.effective import Exempt, waived, waived_applications
from seamark.governance.waivers.limits import most_days
from seamark.store.models import (
    Application,
    Bundle,
    Control,
    Event,
    Fix,
    Issue,
    LedgerEntry,
    User,
    Waiver,
    WaiverLimits,
    WaiverStep,
)
from seamark.store.models.people import Role
from seamark.store.models.waivers import Scope
from seamark.store.query import parse, select
from tests.factories import make_person
from tests.waivers.conftest import asked_for, fresh, in_days


def found(query: str) -> set[int]:
    return set(select(Issue.objects.all(), parse(query)).values_list("pk", flat=True))


def approved(dev: User, tom: User, *issues: Issue, **more: object) -> Waiver:
    return service.approve(tom, service.request(dev, asked_for(*issues, **more)))


class TestScopes:
    def test_issue(self, dev: User, tom: User, issue: Issue) -> None:
        waiver = service.request(dev, asked_for(issue))
        assert waived([issue.pk]) == {}
        assert found("waiver:requested") == {issue.pk}
        service.approve(tom, waiver)
        assert waived(Issue.objects.values_list("pk", flat=True)) == {issue.pk: (Exempt("*", waiver.reference, 6),)}
        assert found("waived:true") == found("waiver:expiring") == found(f"waiver:{waiver.reference}") == {issue.pk}
        assert issue.pk not in found("waived:false")
        assert found("waived:false") | {issue.pk} == found("")

    def test_one_policy_only(self, dev: User, tom: User, issue: Issue) -> None:
        waiver = approved(dev, tom, issue, policy="kev-overdue")
        assert waived([issue.pk]) == {issue.pk: (Exempt("kev-overdue", waiver.reference, 6),)}
        with pytest.raises(NotAllowed, match="No policy 'nonsense' is in force"):
            service.request(dev, asked_for(issue, policy="nonsense"))

    def test_fix(self, dev: User, tom: User) -> None:
        fix = Fix.objects.filter(issues__isnull=False).order_by("pk")[0]
        covered = set(Issue.objects.filter(fix=fix, open=True).values_list("pk", flat=True))
        approved(dev, tom, scope=Scope.FIX, fix=fix.pk)
        assert set(waived(Issue.objects.values_list("pk", flat=True))) == covered == found("waived:true")

    def test_query(self, dev: User, tom: User, world: dict[str, Application]) -> None:
        shop = world["shop"]
        covered = set(Issue.objects.filter(application=shop, kind=1).values_list("pk", flat=True))
        assert Issue.objects.filter(kind=1).exclude(application=shop).exists()
        approved(dev, tom, scope=Scope.QUERY, query="kind:code", application=shop)
        assert set(waived(Issue.objects.values_list("pk", flat=True))) == covered == found("waived:true")

    def test_policy(self, dev: User, tom: User, world: dict[str, Application], issue: Issue) -> None:
        shop = world["shop"]
        waiver = approved(dev, tom, scope=Scope.POLICY, policy="kev-overdue", application=shop)
        told = waived(Issue.objects.values_list("pk", flat=True))
        assert set(told) == set(Issue.objects.filter(application=shop).values_list("pk", flat=True))
        assert (
            told[issue.pk]
            == waived_applications([shop.pk, 0])[shop.pk]
            == (Exempt("kev-overdue", waiver.reference, 6),)
        )
        assert found("waived:true") == set()

    def test_what_people_can_change_is_no_scope(self, dev: User) -> None:
        for query in (
            "assignee:dev",
            "priority:P4",
            "state:confirmed",
            "owner:web",
            "risk:<10",
            "waived:true",
            "age:>3d",
        ):
            with pytest.raises(NotAllowed, match="cannot ask for"):
                service.request(dev, asked_for(scope=Scope.QUERY, query=query))
        for query in ("", "sort:-risk", "kind:nonsense", 'path:"'):
            with pytest.raises(NotAllowed):
                service.request(dev, asked_for(scope=Scope.QUERY, query=query))

    def test_nothing_to_waive(self, dev: User) -> None:
        with pytest.raises(NotAllowed, match="no open issue"):
            service.request(dev, asked_for(scope=Scope.QUERY, query="rule:nobody-reports-this"))
        assert not Waiver.objects.exists()
        assert not LedgerEntry.objects.filter(kind="waiver").exists()


class TestRights:
    @pytest.mark.parametrize("role", [Role.VIEWER, Role.AUDITOR])
    def test_who_may_not_ask(self, world: dict[str, Application], issue: Issue, role: Role) -> None:
        with pytest.raises(NotAllowed, match="needs one of the roles"):
            service.request(make_person("x", role), asked_for(issue))

    @pytest.mark.parametrize("role", [Role.VIEWER, Role.AUDITOR, Role.DEVELOPER, Role.ANALYST])
    def test_who_may_not_decide(self, dev: User, issue: Issue, role: Role) -> None:
        waiver = service.request(dev, asked_for(issue))
        other = make_person("x", role)
        for decide in (service.approve, service.refuse, service.revoke):
            with pytest.raises(NotAllowed, match="approver"):
                decide(other, waiver, "because")
        assert fresh(waiver).state == "requested"

    def test_an_approver_of_another_application(self, dev: User, issue: Issue, world: dict[str, Application]) -> None:
        waiver = service.request(dev, asked_for(issue))
        with pytest.raises(NotAllowed, match="on Storefront"):
            service.approve(make_person("x", Role.APPROVER, application=world["payroll"]), waiver)

    def test_everywhere_takes_the_right_everywhere(self, world: dict[str, Application]) -> None:
        lone = make_person("lone", Role.ADMIN, application=world["shop"])
        with pytest.raises(NotAllowed, match="on everything"):
            service.request(lone, asked_for(scope=Scope.POLICY, policy="kev-overdue"))

    def test_nobody_asks_for_what_they_do_not_see(self, world: dict[str, Application]) -> None:
        lone = make_person("lone", Role.ADMIN, application=world["shop"])
        hidden = Issue.objects.filter(application=world["payroll"])[0]
        with pytest.raises(NotAllowed, match="no such issue that you may see"):
            service.request(lone, asked_for(hidden))

    def test_four_eyes(self, tom: User, issue: Issue) -> None:
        waiver = service.request(tom, asked_for(issue))
        for decide in (service.approve, service.refuse):
            with pytest.raises(NotAllowed, match="second person"):
                decide(tom, waiver, "because")
        with pytest.raises(IntegrityError), transaction.atomic():
            Waiver.objects.filter(pk=waiver.pk).update(decider=tom)

    def test_two_accounts_of_one_person(self, dev: User, tom: User, issue: Issue) -> None:
        User.objects.filter(pk=dev.pk).update(email="tom@example.com")
        User.objects.filter(pk=tom.pk).update(email="Tom@example.com ")
        waiver = service.request(User.objects.get(pk=dev.pk), asked_for(issue))
        with pytest.raises(NotAllowed, match="second person"):
            service.approve(User.objects.get(pk=tom.pk), waiver)

    def test_service_accounts_neither_ask_nor_decide(
        self, dev: User, issue: Issue, world: dict[str, Application]
    ) -> None:
        robot = make_person("robot", Role.ADMIN)
        robot.is_service = True
        robot.save()
        waiver = service.request(dev, asked_for(issue))
        with pytest.raises(NotAllowed, match="by people"):
            service.approve(robot, waiver)
        with pytest.raises(NotAllowed, match="by people"):
            service.request(robot, asked_for(issue))

    def test_somebody_who_has_left(self, dev: User, tom: User, issue: Issue) -> None:
        waiver = service.request(dev, asked_for(issue))
        tom.is_active = False
        tom.save()
        with pytest.raises(NotAllowed):
            service.approve(tom, waiver)


class TestEnds:
    def test_the_longest_by_priority(self, dev: User, tom: User, issue: Issue) -> None:
        Issue.objects.filter(pk=issue.pk).update(priority=0)
        service.request(dev, asked_for(issue, days=14))
        with pytest.raises(NotAllowed, match="P0 may last 14 days"):
            service.request(dev, asked_for(issue, days=16))
        Issue.objects.filter(pk=issue.pk).update(priority=2)
        waiver = service.request(dev, asked_for(issue, days=90))
        Issue.objects.filter(pk=issue.pk).update(priority=1)
        with pytest.raises(NotAllowed, match="P1 may last 30 days"):
            service.approve(tom, waiver)
        assert service.approve(tom, waiver, expires_at=in_days(29)).expires_at < in_days(30)

    def test_settings_and_bundles_shorten(self, world: dict[str, Application], settings: pytest.FixtureRequest) -> None:
        settings.SEAMARK_WAIVER_DAYS = (7, 8, 9, 10, 11)  # type: ignore[attr-defined]
        WaiverLimits.objects.create(bundle=Bundle.objects.all()[0], days=[90, 2, 9, 1, 30])
        assert most_days() == (7, 2, 9, 1, 11)
        Bundle.objects.update(active=False)
        assert most_days() == (7, 8, 9, 10, 11)

    def test_in_the_past_and_later_than_asked(self, dev: User, tom: User, issue: Issue) -> None:
        with pytest.raises(NotAllowed, match="in the future"):
            service.request(dev, asked_for(issue, days=-1))
        waiver = service.request(dev, asked_for(issue))
        with pytest.raises(NotAllowed, match="not later"):
            service.approve(tom, waiver, expires_at=in_days(8))

    def test_it_counts_again_in_the_same_moment(self, dev: User, tom: User, issue: Issue) -> None:
        waiver = approved(dev, tom, issue)
        end = waiver.expires_at
        assert waived([issue.pk], end - timedelta(microseconds=1))[issue.pk][0].days_left == 0
        assert waived([issue.pk], end) == {}
        assert waived([issue.pk], waiver.decided_at - timedelta(seconds=1)) == {}  # type: ignore[operator]
        Waiver.objects.filter(pk=waiver.pk).update(expires_at=timezone.now())
        assert waived([issue.pk]) == {}, "no pass has run"
        assert found("waived:true") == set()

    def test_the_pass_marks_it_once(self, dev: User, tom: User, issue: Issue) -> None:
        waiver = approved(dev, tom, issue)
        assert passing.run(waiver.expires_at).expired == 1
        row = fresh(waiver)
        assert (row.state, row.ended_at) == ("expired", waiver.expires_at)
        assert passing.run(waiver.expires_at).expired == 0
        assert Event.objects.filter(issue=issue, kind="waiver_expired", actor=None).count() == 1
        assert waived([issue.pk]) == {issue.pk: (Exempt("*", waiver.reference, 6),)}, "at an earlier time it counted"

    def test_reminders(self, dev: User, tom: User, issue: Issue) -> None:
        Issue.objects.filter(pk=issue.pk).update(priority=2)
        waiver = approved(dev, tom, issue, days=60)
        end = waiver.expires_at
        moments = [
            (days, end - timedelta(days=days, minutes=-1) if days else end - timedelta(hours=1))
            for days in range(61, -1, -1)
        ]
        told = [days for days, moment in moments if passing.run(moment).reminded]
        assert told == [14, 3, 1]
        steps = WaiverStep.objects.filter(kind="reminded").order_by("pk")
        assert [step.details["days"] for step in steps] == [14, 3, 0]
        assert Event.objects.filter(kind="waiver_reminded", application=issue.application).count() == 3

    def test_a_short_one_reminds_of_what_is_left_only(self, dev: User, tom: User, issue: Issue) -> None:
        approved(dev, tom, issue, days=7)
        assert passing.run().reminded == 0

    def test_revoked(self, dev: User, tom: User, issue: Issue) -> None:
        waiver = approved(dev, tom, issue)
        with pytest.raises(NotAllowed, match="Say why"):
            service.revoke(tom, waiver, "  ")
        service.revoke(tom, waiver, "the control is gone")
        assert waived([issue.pk]) == {}
        with pytest.raises(NotAllowed, match="is revoked"):
            service.revoke(tom, waiver, "again")

    def test_withdrawn_by_whoever_asked(self, dev: User, tom: User, issue: Issue) -> None:
        waiver = service.revoke(dev, service.request(dev, asked_for(issue)), "never mind")
        assert waiver.state == "revoked"
        with pytest.raises(NotAllowed, match="revoked already"):
            service.approve(tom, waiver)
        assert waived([issue.pk]) == {}

    def test_refused(self, dev: User, tom: User, issue: Issue) -> None:
        waiver = service.request(dev, asked_for(issue))
        with pytest.raises(NotAllowed, match="why it is refused"):
            service.refuse(tom, waiver, "")
        service.refuse(tom, waiver, "there is a fix")
        assert waived([issue.pk]) == {}
        with pytest.raises(NotAllowed, match="refused already"):
            service.approve(tom, waiver)

    def test_renewed(self, dev: User, tom: User, issue: Issue) -> None:
        first = approved(dev, tom, issue, days=2)
        second = service.renew(dev, first, "still no fix", in_days(9))
        assert second.renews == first
        assert waived([issue.pk])[issue.pk][0].reference == first.reference, "the old one counts until then"
        with pytest.raises(NotAllowed, match="already"):
            service.renew(dev, first, "again", in_days(9))
        with pytest.raises(NotAllowed, match="second person"):
            service.approve(_as_approver(dev), second)
        service.approve(tom, second)
        assert fresh(first).state == "renewed"
        assert [one.reference for one in waived([issue.pk])[issue.pk]] == [second.reference]
        with pytest.raises(NotAllowed, match="Only what was approved"):
            service.renew(dev, fresh(first), "again", in_days(9))


def _as_approver(person: User) -> User:
    person.grants.update(role=Role.APPROVER)
    return person


class TestStaysWhatWasApproved:
    def test_what_became_worse(self, dev: User, tom: User, issue: Issue) -> None:
        Issue.objects.filter(pk=issue.pk).update(severity=3)
        approved(dev, tom, issue)
        assert issue.pk in waived([issue.pk])
        Issue.objects.filter(pk=issue.pk).update(severity=4)
        assert waived([issue.pk]) == {}
        assert found("waived:true") == set()

    def test_what_grew_since_the_approver_looked(self, dev: User, tom: User, world: dict[str, Application]) -> None:
        waiver = service.request(dev, asked_for(scope=Scope.QUERY, query="kind:code", application=world["shop"]))
        with pytest.raises(NotAllowed, match="look at it again"):
            service.approve(tom, waiver, seen=0)
        service.approve(tom, waiver, seen=100)


class TestWords:
    def test_a_control_needs_evidence(self, dev: User, issue: Issue, world: dict[str, Application]) -> None:
        with pytest.raises(NotAllowed, match="what shows that it works"):
            service.request(dev, asked_for(issue, reason="mitigated", control_text="WAF rule 12"))
        control = Control.objects.create(application=world["payroll"], name="VPN only")
        with pytest.raises(NotAllowed, match="another application"):
            service.request(dev, asked_for(issue, reason="mitigated", control=control, evidence="scan"))
        Control.objects.filter(pk=control.pk).update(application=world["shop"])
        control.refresh_from_db()
        waiver = service.request(dev, asked_for(issue, reason="mitigated", control=control, evidence="scan"))
        assert waiver.control_text == "VPN only"

    @pytest.mark.parametrize(
        "wrong",
        [{"reason": "boring"}, {"text": " "}, {"text": "x" * 10_001}, {"evidence": "a\0b"}, {"issues": ()}, {"issues": (10**9,)}],
    )  # fmt: skip
    def test_refused(self, dev: User, issue: Issue, wrong: dict[str, object]) -> None:
        with pytest.raises(NotAllowed):
            service.request(dev, asked_for(issue)._replace(**wrong))
        assert not Waiver.objects.exists()


def test_each_step_is_kept_and_in_the_ledger(dev: User, tom: User, issue: Issue) -> None:
    first = approved(dev, tom, issue, days=2)
    second = service.approve(tom, service.renew(dev, first, "still no fix", in_days(9)), "a week more")
    service.revoke(tom, second, "fixed upstream")
    service.refuse(tom, service.request(dev, asked_for(issue)), "no")
    third = approved(dev, tom, issue)
    passing.run(third.expires_at)
    entries = [read_entry(row.content) for row in LedgerEntry.objects.filter(kind="waiver").order_by("number")]
    steps = [entry.body["step"] for entry in entries if entry.body["step"] != "reminded"]
    assert steps == [
        "requested", "approved", "requested", "approved", "renewed", "revoked", "requested", "refused", "requested", "approved", "expired",
    ]  # fmt: skip
    assert steps == list(WaiverStep.objects.exclude(kind="reminded").order_by("pk").values_list("kind", flat=True))
    assert entries[1].inputs["issues"] == [issue.reference]
    assert (entries[1].inputs["count"], entries[1].actor, entries[0].actor) == (1, "tom", "dev")
    assert next(entry for entry in entries if entry.body["step"] == "expired").actor == "system:waivers"
    told = Event.objects.filter(issue=issue, kind__startswith="waiver_").order_by("pk").values_list("kind", flat=True)
    assert list(told)[:2] == ["waiver_requested", "waiver_approved"]
