"""Agreements on service levels: clocks of issues, what is late, and how agreements are kept."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from seamark.governance.automation.attainment import attainment, explained, total
from seamark.governance.policy.kept.edit import save
from seamark.governance.policy.kept.sync import in_force
from seamark.governance.triage import confirming, service
from seamark.pipeline.automation import watch
from seamark.store.access import everything, visible_to
from seamark.store.models import Application, Exploitation, Issue, IssueClock, User
from seamark.store.models.issues import State
from seamark.store.models.people import Role
from seamark.store.query import parse, select
from tests.factories import code, import_findings, make_person, make_world

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
Put = Callable[[str, str, str], None]


@pytest.fixture
def world(db: None) -> dict[str, Application]:
    return make_world()


@pytest.fixture
def root(world: dict[str, Application]) -> User:
    return make_person("root", Role.ADMIN)


@pytest.fixture
def put(root: User) -> Put:
    def write(name: str, match: str, sla: str) -> None:
        text = (
            f"apiVersion: seamark.dev/v1\nkind: Policy\nmetadata: {{name: {name}}}\n"
            f"spec: {{type: sla, match: '{match}', sla: {sla}}}\n"
        )
        before = in_force().named(name)
        save(text, actor=root, comment="", now=timezone.now(), instead_of=before.digest if before else "")

    return write


def clock(issue: Issue) -> IssueClock:
    return IssueClock.objects.get(issue=issue)


def found(query: str) -> set[int]:
    return set(select(everything().issues(), parse(query)).values_list("pk", flat=True))


def test_the_strictest_agreement_counts_and_explains_itself(put: Put) -> None:
    put("all", "issue.severity >= LOW", "{days: 30}")
    put("urgent", "issue.priority == 0", "{days: 2, calendar: {zone: Europe/Berlin, weekend: [saturday, sunday]}}")
    watch.run()
    urgent = Issue.objects.filter(priority=0, open=True)[0]
    other = Issue.objects.filter(priority__gt=0, severity__gte=2, open=True)[0]
    assert (clock(urgent).policy, clock(other).policy) == ("urgent", "all")
    assert clock(other).due_at == other.opened_at + timedelta(days=30)
    assert Issue.objects.get(pk=other.pk).due == (other.opened_at + timedelta(days=30)).date()
    told = explained(clock(urgent), timezone.now())
    assert "urgent" in told
    assert "2 working days" in told
    assert "Europe/Berlin" in told


def test_late_and_nearly_late_are_told_as_time_passes(put: Put) -> None:
    put("all", "issue.severity >= LOW", "{days: 10}")
    first, second, third = Issue.objects.filter(open=True, severity__gte=2).order_by("pk")[:3]
    now = timezone.now()
    for issue, days in ((first, 11), (second, 9), (third, 1)):
        Issue.objects.filter(pk=issue.pk).update(opened_at=now - timedelta(days=days))
    watch.run()
    assert first.pk in found("sla:overdue") - found("sla:at_risk")
    assert second.pk in found("sla:at_risk") - found("sla:overdue")
    assert third.pk in found("sla:running") - found("sla:at_risk") - found("sla:overdue")
    assert "Overdue since" in explained(clock(first), now)
    assert not found("sla:none") & {first.pk, second.pk, third.pk}


def test_the_date_of_the_catalogue(put: Put) -> None:
    Exploitation.objects.filter(name="CVE-2021-44228").update(kev_due=NOW.date())
    put("kev", "issue.kev", "{kevDue: true}")
    watch.run()
    issue = Issue.objects.filter(kev=True)[0]
    assert clock(issue).due_at == datetime(2026, 11, 21, tzinfo=UTC)
    assert Issue.objects.get(pk=issue.pk).due == NOW.date()
    assert "catalogue" in explained(clock(issue), NOW)


def test_without_an_agreement_there_is_no_clock_any_more(put: Put) -> None:
    before = dict(Issue.objects.values_list("pk", "due"))
    put("all", "issue.severity >= LOW", "{days: 10}")
    watch.run()
    put("all", "issue.severity >= CRITICAL && !issue.open", "{days: 10}")
    watch.run()
    assert not IssueClock.objects.exists()
    assert dict(Issue.objects.values_list("pk", "due")) == before


def test_attainment_counts_what_is_late_and_open(put: Put, root: User) -> None:
    findings = [code(f"r{number}", f"Issue {number}", f"src/f{number}.py", 3) for number in range(4)]
    import_findings("Storefront", "Alpha", findings)
    IssueClock.objects.all().delete()
    put("all", 'issue.title.startsWith("Issue ")', "{days: 10}")
    now = timezone.now()
    Issue.objects.filter(title__in=["Issue 0", "Issue 1"]).update(opened_at=now - timedelta(days=20))
    watch.run()
    # One late one and one in time are fixed; one is late and open, one in time and open.
    import_findings("Storefront", "Alpha", [findings[1], findings[3]])
    watch.run()
    told = total(attainment(everything(), timezone.now()))
    assert (told.kept, told.missed, told.overdue, told.running) == (1, 1, 1, 1)
    assert told.share == pytest.approx(1 / 3)
    nobody = make_person("nobody")
    assert total(attainment(visible_to(nobody), now)).share is None
    # Whatever returns begins anew.
    import_findings("Storefront", "Alpha", findings)
    watch.run()
    again = clock(Issue.objects.get(title="Issue 0"))
    assert again.ended_at is None
    assert again.why["from"] == "returned"
    assert again.due_at > timezone.now() + timedelta(days=9)


def test_only_declared_states_stop_the_clock(put: Put, root: User) -> None:
    put("plain", "issue.severity >= LOW", "{days: 10}")
    issue = Issue.objects.filter(open=True, severity__gte=2).order_by("pk")[0]
    rows = Issue.objects.filter(pk=issue.pk)
    service.change_state(root, rows, State.IN_PROGRESS)
    watch.run()
    assert clock(issue).stopped_since is None
    put("plain", "issue.severity >= LOW", "{days: 10, stops: [in_progress]}")
    watch.run()
    assert clock(issue).stopped_since is not None
    assert issue.pk in found("sla:stopped") - found("sla:overdue")
    service.change_state(root, rows, State.CONFIRMED)
    watch.run()
    assert clock(issue).stopped_since is None
    assert clock(issue).why["stops"][0][0] == "in progress"


def test_a_dismissal_that_nobody_confirmed_stops_nothing(put: Put, root: User) -> None:
    put("plain", "issue.severity >= LOW", "{days: 10, stops: [dismissed]}")
    watch.run()
    issue = Issue.objects.filter(open=True, severity__gte=2).order_by("pk")[0]
    rows = Issue.objects.filter(pk=issue.pk)
    ada = make_person("ada", Role.ANALYST)
    service.change_state(ada, rows, State.DISMISSED, "false_positive", "no")
    watch.run()
    assert clock(issue).stopped_since is None
    confirming.confirm(root, rows)
    watch.run([issue.pk])
    assert not IssueClock.objects.filter(issue=issue, ended_at=None).exists()
    service.change_state(root, rows, State.OPEN)
    watch.run()
    stops = clock(issue).why["stops"]
    assert len(stops) == 1
    assert stops[0][2] is not None
