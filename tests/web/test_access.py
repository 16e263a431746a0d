"""Nobody sees what no grant shows them, and nobody changes what their role does not allow."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from seamark.store.models import Application, Event, Issue, User
from seamark.store.models.issues import State
from seamark.store.models.people import Role
from tests.factories import make_person

LogIn = Callable[[User], Client]


@pytest.fixture
def hidden(world: dict[str, Application]) -> Issue:
    """An issue of the application that the others may not see."""
    return Issue.objects.get(application=world["payroll"])


@pytest.mark.parametrize(
    "page",
    ["/", "/issues/", "/issues/SM-1/", "/fixes/", "/applications/", "/imports/", "/account/", "/issues/words.json"],
)
def test_a_stranger_is_asked_to_log_in(db: None, page: str) -> None:
    answer = Client().get(page)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/login/?next=")


def test_without_a_grant_there_is_nothing(world: dict[str, Application], logged_in: LogIn, hidden: Issue) -> None:
    client = logged_in(make_person("nobody"))
    for page in ("/issues/", "/fixes/", "/applications/", "/imports/"):
        answer = client.get(page)
        assert answer.status_code == 200
        assert "Payroll" not in answer.content.decode()
        assert "Storefront" not in answer.content.decode()
    for page in (f"/issues/{hidden.reference}/", "/applications/payroll/", "/imports/1/"):
        assert client.get(page).status_code == 404
    assert client.get("/issues/words.json").json()["fields"][5]["choices"] == []


def test_a_grant_shows_its_application_only(world: dict[str, Application], logged_in: LogIn, hidden: Issue) -> None:
    client = logged_in(make_person("dev", Role.DEVELOPER, application=world["shop"]))
    page = client.get("/issues/").content.decode()
    assert "SQL injection in order search" in page
    assert hidden.title not in page
    assert client.get(f"/issues/{hidden.reference}/").status_code == 404
    assert client.get("/applications/payroll/").status_code == 404
    assert client.get("/issues/?q=app:payroll").content.decode().count("data-row") == 0


def test_a_unit_grant_shows_its_applications(world: dict[str, Application], logged_in: LogIn) -> None:
    client = logged_in(make_person("lead", Role.VIEWER, unit=world["shop"].unit))
    page = client.get("/applications/").content.decode()
    assert "Storefront" in page
    assert "Payroll" not in page


def test_hidden_issues_cannot_be_triaged(world: dict[str, Application], logged_in: LogIn, hidden: Issue) -> None:
    client = logged_in(make_person("dev", Role.ANALYST, application=world["shop"]))
    client.post("/issues/triage/", {"issue": hidden.pk, "state": "confirmed"})
    client.post(f"/issues/{hidden.reference}/comment/", {"comment": "I was here"})
    client.post("/issues/triage/", {"all": "1", "q": "app:payroll", "state": "confirmed"})
    hidden.refresh_from_db()
    assert hidden.state == State.OPEN
    assert not Event.objects.filter(issue=hidden, actor__username="dev").exists()


def test_a_viewer_changes_nothing(world: dict[str, Application], logged_in: LogIn) -> None:
    client = logged_in(make_person("vera", Role.VIEWER))
    issue = Issue.objects.filter(application=world["shop"])[0]
    page = client.get(f"/issues/{issue.reference}/").content.decode()
    assert "You may read this issue" in page
    assert "Add comment" not in page
    for state in ("confirmed", "dismissed"):
        answer = client.post(
            "/issues/triage/",
            {"issue": issue.pk, "state": state, "resolution": "not_affected", "comment": "no"},
            follow=True,
        )
        assert "This needs one of the roles" in answer.content.decode()
    client.post("/applications/storefront/", {"criticality": "4", "exposure": "none"})
    world["shop"].refresh_from_db()
    issue.refresh_from_db()
    assert (issue.state, world["shop"].criticality) == (State.OPEN, 1)


def test_a_developer_confirms_but_does_not_dismiss(world: dict[str, Application], logged_in: LogIn) -> None:
    client = logged_in(make_person("dev", Role.DEVELOPER))
    issue = Issue.objects.filter(application=world["shop"])[0]
    client.post("/issues/triage/", {"issue": issue.pk, "state": "confirmed"})
    client.post(
        "/issues/triage/",
        {"issue": issue.pk, "state": "dismissed", "resolution": "not_affected", "comment": "we live with it"},
    )
    issue.refresh_from_db()
    assert issue.state == State.CONFIRMED


def test_somebody_elses_token_cannot_be_revoked(world: dict[str, Application], logged_in: LogIn) -> None:
    owner, other = make_person("owner", Role.VIEWER), make_person("other", Role.ADMIN)
    logged_in(owner).post("/account/tokens/", {"name": "mine", "scopes": ["read"], "days": "30"})
    token = owner.tokens.get()
    assert logged_in(other).post(f"/account/tokens/{token.pk}/revoke/").status_code == 404
    token.refresh_from_db()
    assert token.revoked_at is None
