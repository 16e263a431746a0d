"""Logging in, the password, the theme, tokens."""

from __future__ import annotations

import hashlib
import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from seamark.store.models import User
from tests.factories import PASSWORD, make_person


def test_log_in_and_out(db: None) -> None:
    make_person("ada")
    client = Client()
    answer = client.post("/login/?next=/fixes/", {"username": "ada", "password": PASSWORD, "next": "/fixes/"})
    assert answer["Location"] == "/fixes/"
    assert client.get("/fixes/").status_code == 200
    assert client.get("/logout/").status_code == 405
    client.post("/logout/")
    assert client.get("/fixes/").status_code == 302


def test_a_wrong_password_is_said_and_then_locked(db: None) -> None:
    make_person("ada")
    client = Client()
    for _ in range(7):
        answer = client.post("/login/", {"username": "ada", "password": "guess"})
        assert "not right" in answer.content.decode()
    client.post("/login/", {"username": "ada", "password": "guess"})
    answer = client.post("/login/", {"username": "ada", "password": PASSWORD})
    assert answer.status_code == 429
    assert "Too many attempts" in answer.content.decode()


def test_a_way_on_to_another_site_is_ignored(db: None) -> None:
    make_person("ada")
    answer = Client().post("/login/", {"username": "ada", "password": PASSWORD, "next": "https://evil.example/"})
    assert answer["Location"] == "/"


@pytest.mark.parametrize("theme", ["dark", "light", ""])
def test_theme(client: Client, theme: str) -> None:
    assert client.post("/account/theme/", {"theme": theme, "next": "/fixes/"})["Location"] == "/fixes/"
    page = client.get("/fixes/").content.decode()
    assert re.search(r'<html lang="en"([^>]*)>', page)[1] == (f' data-theme="{theme}"' if theme else "")  # type: ignore[index]


def test_an_unknown_theme_changes_nothing(client: Client, analyst: User) -> None:
    client.post("/account/theme/", {"theme": '"><script>'})
    analyst.refresh_from_db()
    assert analyst.theme == ""


def test_password(client: Client, analyst: User) -> None:
    fresh = "another long sentence 9"
    page = client.post(
        "/account/", {"old_password": "wrong", "new_password1": fresh, "new_password2": fresh}
    ).content.decode()
    assert "errorlist" in page
    page = client.post(
        "/account/", {"old_password": PASSWORD, "new_password1": "short", "new_password2": "short"}
    ).content.decode()
    assert "too short" in page
    other = Client()
    other.force_login(analyst, backend="django.contrib.auth.backends.ModelBackend")
    page = client.post(
        "/account/", {"old_password": PASSWORD, "new_password1": fresh, "new_password2": fresh}, follow=True
    ).content.decode()
    assert "Your password is changed" in page
    assert other.get("/account/").status_code == 302
    analyst.refresh_from_db()
    assert analyst.check_password(fresh)


def test_a_token_is_shown_once_and_kept_as_a_hash(client: Client, analyst: User) -> None:
    page = client.post(
        "/account/tokens/", {"name": "CI", "scopes": ["import", "read", "root"], "days": "30"}
    ).content.decode()
    found = re.search(r"data-token>(smk_[\w-]{40})<", page)
    assert found is not None
    token = analyst.tokens.get()
    assert token.digest == hashlib.sha256(found[1].encode()).hexdigest()
    assert token.scopes == ["read", "import"]
    assert timedelta(days=29) < token.expires_at - timezone.now() <= timedelta(days=30)
    again = client.get("/account/").content.decode()
    assert found[1] not in again
    assert token.hint in again
    client.post(f"/account/tokens/{token.pk}/revoke/")
    token.refresh_from_db()
    assert token.revoked_at is not None
    assert "revoked" in client.get("/account/").content.decode()


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"name": "x"},
        {"name": "x", "scopes": ["read"]},
        {"name": "x", "scopes": ["read"], "days": "9999"},
        {"name": "x" * 101, "scopes": ["read"], "days": "30"},
        {"name": "x", "scopes": ["all"], "days": "30"},
    ],
)
def test_an_incomplete_token_is_not_made(client: Client, analyst: User, form: dict[str, object]) -> None:
    page = client.post("/account/tokens/", form, follow=True).content.decode()
    assert "A token needs a name" in page
    assert not analyst.tokens.exists()
