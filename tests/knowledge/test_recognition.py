"""Recognition: shares and not sizes, nothing for what was found, small sets hidden, and whoever opted out left out."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from seamark.core.errors import NotAllowed
from seamark.core.severity import Severity
from seamark.governance.triage import service
from seamark.insight.analytics import recognition
from seamark.insight.analytics.recognition import recognised
from seamark.store.access import everything, visible_to
from seamark.store.models import Application, Group, Issue, IssueClock, User
from seamark.store.models.issues import State
from seamark.store.models.people import Role
from tests.factories import code, import_findings, make_person

NOW = timezone.now()
TEAMS = {"orders": 5, "payments": 10, "search": 20}
"""How many issues each has."""


@pytest.fixture
def issues(db: None) -> dict[str, list[Issue]]:
    """Issues of one severity for three teams; orders mended all, payments half, search a fifth."""
    rows = [
        code("rule", f"Flaw {at} of {team}", f"{team}/{at}.py", 3, Severity.MEDIUM, cwe=89)
        for team, number in TEAMS.items()
        for at in range(number)
    ]
    import_findings("Shop", "Semgrep", rows)
    found: dict[str, list[Issue]] = {}
    for team, number in TEAMS.items():
        Issue.objects.filter(place__startswith=f"{team}/").update(owner=team)
        found[team] = list(Issue.objects.filter(owner=team).order_by("pk"))
        assert len(found[team]) == number
    for team, gone in (("orders", 5), ("payments", 5), ("search", 4)):
        mended(found[team][:gone])
    return found


def mended(rows: list[Issue], resolution: str = "fixed") -> None:
    Issue.objects.filter(pk__in=[row.pk for row in rows]).update(
        state=State.RESOLVED, resolution=resolution, open=False, resolved_at=NOW - timedelta(days=1)
    )


def clock(row: Issue, *, kept: bool | None, due: int) -> None:
    at = NOW + timedelta(days=due)
    IssueClock.objects.create(
        issue=row, policy="sla", digest="", application=row.application_id, priority=2, started_at=NOW - timedelta(days=30), due_at=at,
        risk_at=at, ended_at=NOW - timedelta(days=1) if kept is not None else None, kept=kept,
    )  # fmt: skip


def test_a_small_team_stands_before_a_large_one_that_fixed_less_of_its_risk(issues: dict[str, list[Issue]]) -> None:
    told = recognised(everything(), NOW).fixed
    assert [(one.team, one.rank, round(one.value, 6), one.issues) for one in told] == [
        ("orders", 1, 1.0, 5), ("payments", 2, 0.5, 10), ("search", 3, 0.2, 20),
    ]  # fmt: skip


def test_more_findings_bring_nothing(issues: dict[str, list[Issue]]) -> None:
    before = {one.team: one.value for one in recognised(everything(), NOW).fixed}
    rows = [code("rule", f"More {at}", f"more/{at}.py", 3, Severity.MEDIUM, cwe=89) for at in range(30)]
    import_findings("Shop", "Another", rows)
    Issue.objects.filter(place__startswith="more/").update(owner="payments")
    after = {one.team: one.value for one in recognised(everything(), NOW).fixed}
    assert after["payments"] < before["payments"]
    assert after["orders"] == before["orders"]


def test_only_what_was_mended_counts(issues: dict[str, list[Issue]]) -> None:
    mended(issues["search"][4:9], "excluded")
    shares = {one.team: round(one.value, 6) for one in recognised(everything(), NOW).fixed}
    assert shares["search"] == round(4 / 15, 6)
    Issue.objects.filter(pk__in=[row.pk for row in issues["search"][9:]]).update(state=State.DISMISSED, open=False)
    assert recognised(everything(), NOW).fixed == (), "four issues of search are too few, and two teams are no list"
    Issue.objects.filter(owner="orders").update(resolved_at=NOW - timedelta(days=200))
    assert recognised(everything(), NOW, 90).fixed == ()


def test_agreements_kept_count_what_is_late_and_open(issues: dict[str, list[Issue]]) -> None:
    for row in issues["orders"]:
        clock(row, kept=True, due=5)
    for at, row in enumerate(issues["payments"]):
        clock(row, kept=(True if at < 5 else None), due=(5 if at < 5 else -5))
    for row in issues["search"][:5]:
        clock(row, kept=False, due=-5)
    for row in issues["search"][5:]:
        clock(row, kept=None, due=50)
    told = recognised(everything(), NOW).kept
    assert [(one.team, one.value, one.issues) for one in told] == [
        ("orders", 1.0, 5),
        ("payments", 0.5, 10),
        ("search", 0.0, 5),
    ]


def test_time_to_triage_is_a_median_in_which_unlooked_at_counts_as_never(issues: dict[str, list[Issue]]) -> None:
    ada = make_person("ada", Role.ANALYST)
    Issue.objects.update(state=State.OPEN, open=True, resolved_at=None)
    for team, looked, hours in (("orders", 5, 4), ("payments", 6, 2), ("search", 20, 10)):
        Issue.objects.filter(owner=team).update(opened_at=timezone.now() - timedelta(hours=hours))
        rows = Issue.objects.filter(pk__in=[row.pk for row in issues[team][:looked]])
        service.change_state(ada, rows, State.CONFIRMED)
    told = recognised(everything(), timezone.now()).triage
    assert [(one.team, one.rank, round(one.value), one.issues) for one in told] == [
        ("payments", 1, 2, 10), ("orders", 2, 4, 5), ("search", 3, 10, 20),
    ]  # fmt: skip
    Issue.objects.filter(pk__in=[row.pk for row in issues["payments"][5:]]).update(
        opened_at=timezone.now() - timedelta(days=400)
    )
    assert len(recognised(everything(), timezone.now()).triage) == 3
    Issue.objects.filter(pk__in=[row.pk for row in issues["search"]]).update(owner="idle")
    import_findings("Shop", "New", [code("r", f"N {at}", f"n/{at}.py", 1, Severity.LOW) for at in range(30)])
    Issue.objects.filter(place__startswith="n/").update(owner="idle")
    assert recognised(everything(), timezone.now()).triage == (), (
        "idle has looked at less than half, and two teams are too few"
    )


def test_small_sets_are_hidden(issues: dict[str, list[Issue]]) -> None:
    Issue.objects.filter(pk=issues["orders"][0].pk).update(owner="lonely")
    told = recognised(everything(), NOW)
    assert told.fixed == (), "orders and lonely are too small, and two teams are no list"


def test_people_are_never_listed(issues: dict[str, list[Issue]]) -> None:
    Issue.objects.filter(owner="orders").update(owner="mia@acme.example")
    assert recognised(everything(), NOW).fixed == ()


def test_who_opted_out_is_left_out(issues: dict[str, list[Issue]]) -> None:
    mia = make_person("mia", Role.DEVELOPER)
    Issue.objects.filter(pk__in=[row.pk for row in issues["payments"][:5]]).update(assignee=mia)
    recognition.choose(mia, out=True)
    recognition.choose(mia, out=True)
    assert recognition.opted_out(mia)
    assert {one.team: one.value for one in recognised(everything(), NOW).fixed}["payments"] == 0.0
    recognition.choose(mia, out=False)
    assert {one.team: one.value for one in recognised(everything(), NOW).fixed}["payments"] == 0.5
    group = Group.objects.create(name="payments")
    with pytest.raises(NotAllowed, match="group"):
        recognition.choose_team(visible_to(mia), mia, "payments", out=True)
    group.members.add(mia)
    recognition.choose_team(visible_to(mia), mia, "payments", out=True)
    assert recognised(everything(), NOW).fixed == (), "two teams are left"
    root = make_person("root", Role.ADMIN)
    assert recognition.teams_of(visible_to(root)) == ["payments"]
    recognition.choose_team(visible_to(root), root, "payments", out=False)
    assert len(recognised(everything(), NOW).fixed) == 3
    with pytest.raises(NotAllowed, match="Name a team"):
        recognition.choose_team(visible_to(root), root, "", out=True)


def test_it_is_of_what_somebody_may_see(issues: dict[str, list[Issue]]) -> None:
    other = Application.objects.create(name="Other", slug="other")
    assert recognised(visible_to(make_person("vic", Role.VIEWER, application=other)), NOW).fixed == ()
    assert recognition.teams_of(everything()) == []


def browser(person: User) -> Client:
    client = Client()
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_on_screen(issues: dict[str, list[Issue]]) -> None:
    mia = make_person("mia", Role.DEVELOPER)
    client = browser(mia)
    page = client.get("/recognition/?days=30").content.decode()
    assert "payments" in page
    assert "50%" in page
    assert "Too few teams" in page
    client.post("/recognition/choose/", {"choice": "out"})
    assert recognition.opted_out(mia)
    assert (
        "manages people"
        in client.post("/recognition/choose/", {"choice": "out", "team": "orders"}, follow=True).content.decode()
    )
    client.post("/recognition/choose/", {"choice": "in"})
    assert not recognition.opted_out(mia)
    assert browser(make_person("nobody")).get("/recognition/").status_code == 403
