"""Authenticator apps, recovery codes, the confirmation before dangerous acts, factors that a role needs."""

from __future__ import annotations

import re
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from django.test import Client

from seamark.store.models import User
from seamark.store.models.people import Grant, Group, Role
from tests.access.conftest import events, is_in, log_in
from tests.factories import PASSWORD, make_person
from tests.support.access import code_of, prove


def enrol(client: Client) -> str:
    """Set an app up and return its secret."""
    page = client.get("/account/security/app/").content.decode()
    secret = re.search(r'value="([A-Z2-7]{32})"', page)[1]  # type: ignore[index]
    assert 'src="data:image/svg+xml;base64,' in page
    wrong = client.post("/account/security/app/", {"code": "000000"})
    assert wrong.status_code == 200
    # The code of a step ago is good too, and leaves the present one for the log-in.
    answer = client.post("/account/security/app/", {"code": code_of(secret, steps=-1)})
    assert answer["Location"] == "/account/security/codes/"
    return secret


@pytest.fixture
def client(ada: User) -> Client:
    made = log_in()
    prove(made, ada)
    return made


@pytest.fixture
def on_commit(django_capture_on_commit_callbacks: Any) -> Any:
    """Allauth tells of a new factor when it is really kept."""
    return django_capture_on_commit_callbacks


def test_an_app_is_asked_for_after_the_password(client: Client, ada: User, on_commit: Any) -> None:
    with on_commit(execute=True):
        secret = enrol(client)
    assert secret not in str(Authenticator.objects.get(type="totp").data)
    other = log_in()
    assert not is_in(other)
    assert other.get("/login/factor/").status_code == 200
    code = code_of(secret)
    assert other.post("/login/factor/", {"code": code}).status_code == 302
    assert is_in(other)
    assert events("factor_added")[0]["after"] == "authenticator app"
    assert events("login")[-1]["by"] == "password and authenticator app"

    # Allauth's own memory of used codes is one process's cache; ours is the database.
    cache.clear()
    replay = log_in()
    assert "used already" in replay.post("/login/factor/", {"code": code}).content.decode()
    assert not is_in(replay)


def test_the_next_page_is_remembered_over_the_second_step(client: Client) -> None:
    secret = enrol(client)
    other = Client()
    answer = other.post("/login/", {"username": "ada", "password": PASSWORD, "next": "/fixes/"}, follow=True)
    page = answer.redirect_chain[-1][0]
    assert page.startswith("/login/factor/")
    assert other.post(page, {"code": code_of(secret)}, follow=True).redirect_chain[-1][0] == "/fixes/"


def test_guessing_codes_is_locked_as_guessing_passwords_is(client: Client) -> None:
    secret = enrol(client)
    other = log_in()
    for _ in range(8):
        answer = other.post("/login/factor/", {"code": "123"})
    assert answer.status_code == 429
    page = other.post("/login/factor/", {"code": code_of(secret)})
    assert page.status_code == 429 or "Too many" in page.content.decode()
    assert not is_in(other)
    assert len([one for one in events("login_failed") if one["by"] == "code"]) >= 8


def test_a_recovery_code_is_good_once(client: Client, on_commit: Any) -> None:
    enrol(client)
    page = client.get("/account/security/codes/").content.decode()
    codes = re.search(r"<textarea[^>]*>([^<]*)<", page)[1].split()  # type: ignore[index]
    assert [len(one) for one in codes] == [8] * 10
    code = codes[0]
    assert code in client.get("/account/security/codes/file/").content.decode()
    first, second = log_in(), log_in()
    first.post("/login/factor/", {"code": code})
    second.post("/login/factor/", {"code": code})
    assert is_in(first)
    assert not is_in(second)
    with on_commit(execute=True):
        client.post("/account/security/codes/new/", follow=True)
    assert len(events("factor_reset")) == 1
    assert code not in client.get("/account/security/codes/").content.decode()


def test_an_app_is_removed(client: Client) -> None:
    enrol(client)
    client.post("/account/security/app/remove/")
    assert not Authenticator.objects.exists()
    assert is_in(log_in())
    assert "authenticator app" in [one["before"] for one in events("factor_removed")]


@pytest.mark.parametrize(
    "address",
    ["/account/security/app/", "/account/security/passkeys/new/", "/account/email/", "/account/security/codes/"],
)
def test_dangerous_acts_ask_who_is_there(ada: User, address: str) -> None:
    client = log_in()
    prove(client, ada, ago=601)
    answer = client.get(address)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/login/again/?next=")


def test_a_form_goes_on_after_the_confirmation(ada: User) -> None:
    client = log_in()
    prove(client, ada, ago=601)
    answer = client.post("/account/tokens/", {"name": "CI", "scopes": ["read"], "days": "30"})
    assert answer["Location"].startswith("/login/again/")
    assert not ada.tokens.exists()
    assert "not right" in client.post(answer["Location"], {"password": "guess"}).content.decode()
    page = client.post(answer["Location"], {"password": PASSWORD, "next": "/account/tokens/"})
    assert "data-token" in page.content.decode()
    assert ada.tokens.get().name == "CI"


class TestRequired:
    """SEAMARK_SECOND_FACTOR."""

    @pytest.fixture(autouse=True)
    def _required(self, settings: Any) -> None:
        settings.SEAMARK_SECOND_FACTOR = frozenset({"admin"})

    def test_others_are_left_alone(self, ada: User) -> None:
        assert is_in(log_in())

    def test_a_role_gets_no_further_without(self, boss: User) -> None:
        client = log_in("boss")
        for page in ("/issues/", "/account/", "/administration/sso/"):
            assert client.get(page)["Location"] == "/account/security/"
        answer = client.get("/api/v1/issues")
        assert answer.status_code == 403
        assert answer["Content-Type"] == "application/problem+json"
        page = client.get("/account/security/").content.decode()
        assert "Your role needs a second factor" in page
        prove(client, boss)
        enrol(client)
        assert client.get("/issues/").status_code == 200
        client.post("/account/security/app/remove/")
        assert client.get("/issues/").status_code == 302

    def test_a_role_by_a_group_counts(self, ada: User) -> None:
        team = Group.objects.create(name="Platform")
        team.members.add(ada)
        Grant.objects.create(group=team, role=Role.ADMIN)
        assert log_in().get("/issues/").status_code == 302

    def test_nobody_reaches_another_page_by_it(self, boss: User) -> None:
        client = log_in("boss")
        assert client.get("/account/security/../../issues/").status_code in {302, 404}


def test_pages_of_one_person_are_not_anothers(client: Client) -> None:
    enrol(client)
    key = Authenticator.objects.create(
        user=make_person("eve"), type="webauthn", data={"name": "hers", "credential": {}}
    )
    assert client.get(f"/account/security/passkeys/{key.pk}/").status_code == 404
    assert client.post(f"/account/security/passkeys/{key.pk}/remove/").status_code == 404
    assert Authenticator.objects.filter(pk=key.pk).exists()
