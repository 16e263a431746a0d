"""Sessions: seen, listed, ended; and what is recorded of logins."""

from __future__ import annotations

import time

import pytest
from allauth.usersessions.models import UserSession
from django.test import Client

from seamark.interfaces.web.access.device import device_of
from seamark.store.models import Event, User
from tests.access.conftest import events, is_in, log_in
from tests.factories import PASSWORD, make_person

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def test_sessions_are_listed_and_ended(ada: User) -> None:
    here, there = log_in(), Client(headers={"user-agent": FIREFOX})
    there.post("/login/", {"username": "ada", "password": PASSWORD}, REMOTE_ADDR="192.0.2.7")
    page = here.get("/account/security/").content.decode()
    assert "Firefox on Linux" in page
    assert "192.0.2.7" in page
    other = UserSession.objects.get(ip="192.0.2.7")
    here.post(f"/account/security/sessions/{other.pk}/end/")
    assert not is_in(there)
    assert is_in(here)
    assert events("session_ended")[0]["before"] == "Firefox on Linux, 192.0.2.7"


def test_all_others_are_ended_at_once(ada: User) -> None:
    here, one, two = log_in(), log_in(), log_in()
    here.post("/account/security/sessions/end/")
    assert (is_in(here), is_in(one), is_in(two)) == (True, False, False)


def test_nobody_ends_somebody_elses_session(ada: User) -> None:
    make_person("eve")
    victim, eve = log_in(), log_in("eve")
    row = UserSession.objects.get(user=ada)
    assert eve.post(f"/account/security/sessions/{row.pk}/end/").status_code == 404
    eve.post("/account/security/sessions/end/")
    assert is_in(victim)


def test_last_seen_is_noted_every_five_minutes(ada: User) -> None:
    client = log_in()
    row = UserSession.objects.get()
    before = row.last_seen_at
    client.get("/account/")
    row.refresh_from_db()
    assert row.last_seen_at == before
    session = client.session
    session["seen"] = int(time.time()) - 301
    session.save()
    client.get("/account/", REMOTE_ADDR="192.0.2.9")
    row.refresh_from_db()
    assert row.last_seen_at > before
    assert row.ip == "192.0.2.9"


def test_a_changed_password_ends_the_other_sessions_and_lists_this_one(ada: User) -> None:
    here, there = log_in(), log_in()
    fresh = "another long sentence 9"
    here.post("/account/", {"old_password": PASSWORD, "new_password1": fresh, "new_password2": fresh})
    assert (is_in(here), is_in(there)) == (True, False)
    page = here.get("/account/security/").content.decode()
    assert page.count("this one") == 1
    assert len(events("password_changed")) == 1


def test_what_happens_is_recorded_with_actor_and_place(ada: User) -> None:
    client = Client(headers={"user-agent": FIREFOX})
    client.post("/login/", {"username": "ada", "password": "guess"}, REMOTE_ADDR="192.0.2.7")
    client.post("/login/", {"username": "ada", "password": PASSWORD}, REMOTE_ADDR="192.0.2.7")
    client.post("/logout/")
    rows = list(Event.objects.filter(kind__in=["login", "login_failed", "logout"]).order_by("id"))
    assert [(row.kind, row.actor) for row in rows] == [("login_failed", None), ("login", ada), ("logout", ada)]
    assert rows[0].details == {"person": "ada", "by": "password", "address": "192.0.2.7", "device": FIREFOX}
    assert PASSWORD not in str([row.details for row in rows])
    assert "guess" not in str([row.details for row in rows])


def test_service_accounts_do_not_log_in(ada: User) -> None:
    User.objects.update(is_service=True)
    assert not is_in(log_in())


def test_somebody_switched_off_is_answered_as_with_a_wrong_password(ada: User) -> None:
    User.objects.update(is_active=False)
    answer = Client().post("/login/", {"username": "ada", "password": PASSWORD})
    assert "not right" in answer.content.decode()


@pytest.mark.parametrize(
    ("agent", "device"),
    [
        (FIREFOX, "Firefox on Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605 Version/18.0 Safari/604.1",
            "Safari on iPhone",
        ),
        ("curl/8.1", "curl/8.1"),
        ("", "unknown device"),
    ],
)
def test_devices_have_names(agent: str, device: str) -> None:
    assert device_of(agent) == device
