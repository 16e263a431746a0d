"""Fixes as people plan them: the curve, the order by effort, versions to choose from, who makes it until when, the ticket."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from itertools import accumulate

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as some

from seamark.analysis.correlation.versions import clears
from seamark.core.errors import NotAllowed
from seamark.core.severity import Severity
from seamark.insight.analytics.effort import COMMON, EFFORT, MARKS, curve_of, effort_of, worth_per_step
from seamark.insight.analytics.fix_options import options_of
from seamark.insight.analytics.fixes import cleared_by, ranking
from seamark.pipeline import fix_plans
from seamark.store.access import visible_to
from seamark.store.models import (
    Application,
    ChannelConnection,
    Event,
    Finding,
    Fix,
    FixPlan,
    Issue,
    LedgerEntry,
    Ticket,
    User,
)
from seamark.store.models.people import Role
from tests.factories import import_findings, make_person, package

LogIn = Callable[[User], Client]


@pytest.fixture
def fix(world: dict[str, Application]) -> Fix:
    return Fix.objects.get(title__contains="log4j")


def listed(page: str) -> list[int]:
    return [int(one) for one in re.findall(r'<a class="name" href="/fixes/(\d+)/">', page)]


@given(some.lists(some.integers(0, 10_000), max_size=300))
def test_a_curve_says_how_many_fixes_remove_a_share(removed: list[int]) -> None:
    curve = curve_of(removed)
    if not sum(removed):
        assert curve is None
        return
    assert curve is not None
    sums = [0, *accumulate(removed)]
    for mark in curve.marks:
        assert sums[mark.fixes] * 100 >= sums[-1] * mark.percent
        assert sums[mark.fixes - 1] * 100 < sums[-1] * mark.percent
    assert [mark.percent for mark in curve.marks] == list(MARKS)
    assert (curve.points[0], curve.points[-1]) == ((0, 0.0), (len(removed), 1.0))
    assert all(share == sums[at] / sums[-1] for at, share in curve.points)


def test_effort_orders_exactly() -> None:
    assert all(COMMON % steps == 0 for steps in EFFORT.values())
    assert effort_of("upgrade", "1.2") < effort_of("upgrade", "") == effort_of("replace", "")
    assert effort_of("something new", "") > 0
    assert worth_per_step(3, 2) > worth_per_step(4, 3)


def test_the_curve_leads_to_exactly_its_fixes(client: Client, fix: Fix) -> None:
    page = client.get("/fixes/").content.decode()
    every = listed(page)
    marks = re.findall(r'<span>(\d+) %</span> <a class="linked" href="([^"]+)">(\d+) fix', page)
    assert [percent for percent, _, _ in marks] == ["50", "80", "95", "100"]
    order = ranking(Issue.objects.all(), per_effort=True)
    removed = order.removed()
    for percent, address, number in marks:
        part = client.get(address.replace("&amp;", "&")).content.decode()
        assert listed(part) == every[: int(number)]
        assert sum(removed[: int(number)]) * 100 >= sum(removed) * int(percent)
    assert 'class="card curve"' in client.get("/fixes/?by=risk").content.decode()


@pytest.mark.parametrize("first", ["0", "-1", "x", "1.5", "9" * 30, "²", "\0"])
def test_a_first_that_is_no_number_is_all(client: Client, fix: Fix, first: str) -> None:
    assert listed(client.get("/fixes/", {"first": first}).content.decode()) == listed(
        client.get("/fixes/").content.decode()
    )


def test_pages_keep_order_kind_and_first(
    client: Client, world: dict[str, Application], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("seamark.interfaces.web.fixes.PAGE", 1)
    page = client.get("/fixes/?by=risk&first=2&kind=upgrade").content.decode()
    found = re.search(r'rel="next" href="([^"]+)"', page)
    assert found is not None
    second = client.get(found[1].replace("&amp;", "&")).content.decode()
    assert 'rel="next"' not in second
    assert listed(page) + listed(second) == [one.fix for one in ranking(Issue.objects.all(), "upgrade").places[:2]]


@pytest.mark.parametrize(
    ("version", "fixed", "without"),
    [
        ("2.17.1", ("2.12.4", "2.17.1"), True), ("2.15", ("2.12.4", "2.17.1"), False), ("2.12.5", ("2.12.4", "2.17.1"), True),
        ("1", ("2",), False), ("3", ("2",), True), ("1", (), False),
    ],
)  # fmt: skip
def test_a_version_clears_what_was_fixed_in_its_line(version: str, fixed: tuple[str, ...], without: bool) -> None:
    assert clears(version, fixed) is without


def test_each_version_says_what_it_clears(client: Client, world: dict[str, Application]) -> None:
    import_findings("Storefront", "Trivy", [
        package("CVE-2026-1", "npm/left", "1.0.0", "1.0.5", Severity.HIGH, 8.0, "One"),
        package("CVE-2026-2", "npm/left", "1.0.0", "1.2.0", Severity.HIGH, 8.0, "Two"),
        package("CVE-2026-3", "npm/left", "1.0.0", "2.0.0", Severity.LOW, 2.0, "Three"),
        package("CVE-2026-4", "npm/left", "1.0.0", "", Severity.LOW, 2.0, "Four"),
    ], complete=False)  # fmt: skip
    fix = Fix.objects.get(key="npm/left")
    found = options_of(fix, cleared_by(fix, Issue.objects.all()), Finding.objects.all())
    assert found is not None
    assert (found.current, found.issues, found.without) == (["1.0.0"], 4, 1)
    assert [(one.version, one.clears, one.leaves, one.step) for one in found.choices] == [
        ("1.0.5", 1, 3, "patch"), ("1.2.0", 2, 2, "minor"), ("2.0.0", 3, 1, "major"),
    ]  # fmt: skip
    assert [one.chosen for one in found.choices] == [False, False, True]
    page = client.get(f"/fixes/{fix.pk}/").content.decode()
    assert "For 1 of 4 issues no fixed version is known." in page
    secret = Fix.objects.get(kind="rotate")
    assert options_of(secret, cleared_by(secret, Issue.objects.all()), Finding.objects.all()) is None


def test_numbers_of_a_fix_lead_to_exactly_their_lists(client: Client, fix: Fix) -> None:
    page = client.get(f"/fixes/{fix.pk}/").content.decode()
    numbers = dict(re.findall(r"<dt>([^<]+)</dt><dd><a href=\"([^\"]+)\"", page))
    issues = Issue.objects.filter(fix=fix, open=True)
    wanted = {
        "Issues": issues,
        "Known exploited": issues.filter(kev=True),
        "Worst severity": issues.filter(severity=Severity.CRITICAL),
    }
    for label, rows in wanted.items():
        assert client.get(numbers[label].replace("&amp;", "&")).content.decode().count("data-row") == rows.count(), (
            label
        )
    assert numbers["Assets"] == f"/assets/{fix.asset_id}/"


def test_a_plan_is_kept_changed_and_dropped(client: Client, analyst: User, fix: Fix) -> None:
    address = f"/fixes/{fix.pk}/plan/"
    day = timezone.localdate() + timedelta(days=9)
    answer = client.post(address, {"assignee": "ada", "due": day.isoformat(), "note": "with <b>care</b>"})
    assert answer.headers["Location"] == f"/fixes/{fix.pk}/"
    page = client.get(f"/fixes/{fix.pk}/").content.decode()
    assert "with &lt;b&gt;care&lt;/b&gt;" in page
    assert "9 d left" in page
    assert "ada makes it" in client.get("/fixes/").content.decode()
    # the same again is no change
    client.post(address, {"assignee": "ada", "due": day.isoformat(), "note": "with <b>care</b>"})
    client.post(address, {"assignee": "", "due": day.isoformat(), "note": ""})
    client.post(address, {"assignee": "", "due": "", "note": ""})
    assert not FixPlan.objects.exists()
    told = list(Event.objects.filter(kind=fix_plans.PLANNED).order_by("pk"))
    assert [one.details["after"] for one in told] == [
        {"assignee": "ada", "due": day.isoformat(), "note": "with <b>care</b>"}, {"due": day.isoformat()}, {},
    ]  # fmt: skip
    assert [one.details["before"] for one in told] == [{}, *[one.details["after"] for one in told[:-1]]]
    assert {(one.actor, one.application_id) for one in told} == {(analyst, fix.application_id)}


def test_its_issues_go_to_the_same_person_only_where_that_is_said(client: Client, analyst: User, fix: Fix) -> None:
    issues = Issue.objects.filter(fix=fix, open=True)
    client.post(f"/fixes/{fix.pk}/plan/", {"assignee": "ada"})
    assert set(issues.values_list("assignee", flat=True)) == {None}
    client.post(f"/fixes/{fix.pk}/plan/", {"assignee": "ada", "issues": "1"})
    assert set(issues.values_list("assignee", flat=True)) == {analyst.pk}
    assert Event.objects.filter(kind="assigned", issue__in=issues).count() == issues.count()
    others = Issue.objects.exclude(fix=fix)
    assert set(others.values_list("assignee", flat=True)) == {None}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"assignee": "nobody-here"}, "There is nobody called"), ({"assignee": "mel"}, "There is nobody called"), ({"due": "soon"}, "That is no day"),
        ({"due": "9999-12-31"}, "too far away"), ({"note": "x" * 501}, "500 characters"),
    ],
)  # fmt: skip
def test_what_cannot_be_planned_is_said(
    client: Client, world: dict[str, Application], fix: Fix, given: dict[str, str], said: str
) -> None:
    make_person("mel", Role.ANALYST, application=world["payroll"])
    assert said in client.post(f"/fixes/{fix.pk}/plan/", given, follow=True).content.decode()
    assert not FixPlan.objects.exists()
    assert not Event.objects.filter(kind=fix_plans.PLANNED).exists()


@pytest.mark.parametrize("role", Role)
def test_planning_takes_the_right_to_work_on_issues(
    world: dict[str, Application], logged_in: LogIn, fix: Fix, role: Role
) -> None:
    browser = logged_in(make_person("somebody", role))
    may = role not in {Role.VIEWER, Role.AUDITOR}
    assert ("Keep the plan" in browser.get(f"/fixes/{fix.pk}/").content.decode()) is may
    page = browser.post(f"/fixes/{fix.pk}/plan/", {"note": "mine"}, follow=True).content.decode()
    assert FixPlan.objects.exists() is may
    assert ("This needs one of the roles" in page) is not may


def test_a_fix_that_somebody_may_not_see_is_not_there(
    world: dict[str, Application], logged_in: LogIn, fix: Fix
) -> None:
    other = make_person("mel", Role.ADMIN, application=world["payroll"])
    assert logged_in(other).post(f"/fixes/{fix.pk}/plan/", {"note": "mine"}).status_code == 404
    with pytest.raises(NotAllowed):
        fix_plans.plan(other, visible_to(other), fix, assignee="", due=date(2099, 1, 1))
    assert not FixPlan.objects.exists()


def test_a_plan_opens_nothing(client: Client, fix: Fix) -> None:
    before = list(Issue.objects.order_by("pk").values_list("state", "open", "resolution", "due"))
    entries = LedgerEntry.objects.count()
    client.post(f"/fixes/{fix.pk}/plan/", {"assignee": "ada", "due": "2099-01-01", "issues": "1"})
    assert list(Issue.objects.order_by("pk").values_list("state", "open", "resolution", "due")) == before
    assert LedgerEntry.objects.count() == entries


def test_the_ticket_of_a_fix_is_told(client: Client, fix: Fix) -> None:
    there = ChannelConnection.objects.create(name="jira", channel="jira")
    ticket = Ticket.objects.create(
        key="k", connection=there, application=fix.application, fix=fix, reference="SHOP-7", url="https://tickets.example/SHOP-7", state="open",
        far_status="In <i>Review</i>",
    )  # fmt: skip
    for address in ("/fixes/", f"/fixes/{fix.pk}/"):
        page = client.get(address).content.decode()
        assert '<a class="linked" href="https://tickets.example/SHOP-7"' in page
        assert "In &lt;i&gt;Review&lt;/i&gt;" in page
    Ticket.objects.filter(pk=ticket.pk).update(url="javascript:alert(1)")
    assert "javascript:" not in client.get(f"/fixes/{fix.pk}/").content.decode()
    Ticket.objects.filter(pk=ticket.pk).update(state="deleted")
    assert "SHOP-7" not in client.get(f"/fixes/{fix.pk}/").content.decode()


def test_plans_and_tickets_cost_one_statement_each(client: Client, fix: Fix) -> None:
    client.get("/fixes/")
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as captured:
            client.get("/fixes/")
        counts.append(len(captured))
        for one in Fix.objects.all():
            FixPlan.objects.get_or_create(fix=one, defaults={"note": "x", "at": timezone.now()})
    assert counts == [10, 10]
