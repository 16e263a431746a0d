"""Changing many issues at once, and taking it back exactly."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from seamark.core.errors import NotAllowed
from seamark.governance.triage import people, service
from seamark.store.models import Application, Event, Issue, User
from seamark.store.models.issues import State
from seamark.store.models.people import Role
from tests.factories import code, import_findings, make_person, make_world


@pytest.fixture
def world(db: None) -> dict[str, Application]:
    return make_world()


@pytest.fixture
def ada(world: dict[str, Application]) -> User:
    return make_person("ada", Role.ANALYST)


def stands() -> list[tuple[object, ...]]:
    return list(
        Issue.objects.order_by("pk").values_list("pk", "state", "resolution", "open", "resolved_at", "assignee")
    )


def test_dismissing_closes_and_undo_restores_everything(ada: User) -> None:
    service.change_state(ada, Issue.objects.filter(kind=1), State.CONFIRMED)
    before = stands()
    change = service.change_state(ada, Issue.objects.all(), State.DISMISSED, "not_affected", " We live with it. ")
    number = Issue.objects.count()
    assert service.size_of(change) == number
    assert not Issue.objects.exclude(state=State.DISMISSED, resolution="not_affected", open=False).exists()
    assert not Issue.objects.filter(resolved_at=None).exists()
    event = Event.objects.filter(kind="state").latest("id")
    assert (event.details["after"], event.details["reason"], event.details["comment"]) == (
        "dismissed",
        "not_affected",
        "We live with it.",
    )
    assert service.undo(ada, change) == number
    assert stands() == before


def test_undo_of_an_undo(ada: User) -> None:
    issue = Issue.objects.order_by("pk")[:1]
    change = service.change_state(ada, Issue.objects.filter(pk__in=[one.pk for one in issue]), State.CONFIRMED)
    service.undo(ada, change)
    undone = Event.objects.filter(kind="state").latest("id").details["change"]
    assert service.undo(ada, undone) == 1
    assert Issue.objects.get(pk=issue[0].pk).state == State.CONFIRMED


def test_undo_leaves_what_was_changed_since(ada: User) -> None:
    first, second = Issue.objects.order_by("pk")[:2]
    change = service.change_state(ada, Issue.objects.filter(pk__in=[first.pk, second.pk]), State.CONFIRMED)
    service.change_state(ada, Issue.objects.filter(pk=second.pk), State.IN_PROGRESS)
    assert service.undo(ada, change) == 1
    second.refresh_from_db()
    assert second.state == State.IN_PROGRESS


@pytest.mark.parametrize("change", ["", "nonsense", "0-0", "ffffffffffffffffffffffff-0", "1-' OR 1=1"])
def test_an_unknown_change_is_refused(ada: User, change: str) -> None:
    with pytest.raises(NotAllowed):
        service.undo(ada, change)


def test_only_its_author_or_a_triager_undoes(ada: User, world: dict[str, Application]) -> None:
    dev, other = make_person("dev", Role.DEVELOPER), make_person("other", Role.DEVELOPER)
    change = service.change_state(dev, Issue.objects.filter(application=world["shop"]), State.CONFIRMED)
    with pytest.raises(NotAllowed):
        service.undo(other, change)
    assert service.undo(dev, change) > 0


def test_all_or_none(ada: User, world: dict[str, Application]) -> None:
    limited = make_person("limited", Role.ANALYST, application=world["shop"])
    before = stands()
    with pytest.raises(NotAllowed, match="SM-"):
        service.change_state(limited, Issue.objects.all(), State.CONFIRMED)
    assert stands() == before
    assert not Event.objects.filter(kind="state", actor=limited).exists()


def test_an_issue_of_another_branch_does_not_open(ada: User) -> None:
    import_findings(
        "Storefront", "Semgrep", [code("new", "Only on a branch", "b.py", 1)], ref="feature", pull_request="7"
    )
    issue = Issue.objects.get(title="Only on a branch")
    assert issue.branch_only
    service.change_state(ada, Issue.objects.filter(pk=issue.pk), State.DISMISSED, "false_positive", "no")
    service.change_state(ada, Issue.objects.filter(pk=issue.pk), State.OPEN)
    issue.refresh_from_db()
    assert (issue.state, issue.open) == (State.OPEN, False)


def test_what_was_dismissed_stays_so_when_it_is_reported_again(ada: User, world: dict[str, Application]) -> None:
    issue = Issue.objects.get(application=world["payroll"])
    service.change_state(ada, Issue.objects.filter(pk=issue.pk), State.DISMISSED, "false_positive", "not a password")
    found = code("weak-hash", "MD5 used for a password", "payroll/auth.py", 44, cwe=327)
    import_findings("Payroll", "Semgrep", [found], repository="git.example/harbour/payroll")
    issue.refresh_from_db()
    assert (issue.state, issue.resolution) == (State.DISMISSED, "false_positive")


def test_statements_do_not_grow_with_the_issues(ada: User) -> None:
    import_findings(
        "Storefront", "Semgrep", [code("r", f"Problem {number}", f"a{number}.py", 3) for number in range(300)]
    )
    counts = []
    for chosen in (Issue.objects.filter(pk__lte=Issue.objects.order_by("pk")[0].pk), Issue.objects.filter(open=True)):
        with CaptureQueriesContext(connection) as captured:
            service.change_state(ada, chosen, State.CONFIRMED)
        counts.append(len(captured))
    # SQLite takes about a hundred and forty events in a statement.
    assert counts[1] <= counts[0] + 3 <= 15


def test_assigning_to_somebody_who_may_see_it(ada: User, world: dict[str, Application]) -> None:
    dev = make_person("dev", Role.DEVELOPER, application=world["shop"])
    shop = Issue.objects.filter(application=world["shop"])
    assert service.assign(ada, shop, dev) == shop.count()
    assert service.assign(ada, shop, dev) == 0
    with pytest.raises(NotAllowed, match="dev may not see"):
        service.assign(ada, Issue.objects.all(), dev)
    assert service.assign(ada, shop, None) == shop.count()


def test_to_whom_an_issue_may_be_handed(ada: User, world: dict[str, Application]) -> None:
    make_person("unit", Role.VIEWER, unit=world["shop"].unit)
    make_person("nobody")
    make_person("payer", Role.DEVELOPER, application=world["payroll"])
    assert [one.username for one in people.assignable(world["shop"].pk)] == ["ada", "unit"]
    assert [one.username for one in people.assignable(world["payroll"].pk)] == ["ada", "payer"]


def test_comments(ada: User) -> None:
    issue = Issue.objects.all()[0]
    assert service.comment(ada, issue, " seen ").details == {"comment": "seen"}
    for text in ("", "  ", "x" * 10_001):
        with pytest.raises(NotAllowed):
            service.comment(ada, issue, text)
