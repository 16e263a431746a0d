"""Resetting a password by mail, changing the mail address, passwords that attackers know."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

import pytest
from django.core import mail as django_mail
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.test import Client

from seamark.core.errors import InvalidSetting
from seamark.interfaces.web.access.breached import BreachedPasswordValidator
from seamark.interfaces.web.access.mail import UnsentBackend
from seamark.site.options import mail_settings, second_factor_roles
from seamark.store.models import User
from tests.access.conftest import events, is_in, log_in
from tests.factories import PASSWORD
from tests.support import smtp
from tests.support.access import prove

FRESH = "a long new sentence 42"


@pytest.fixture
def sending(settings: Any, mail: smtp.Server) -> smtp.Server:
    settings.SEAMARK_SENDS_MAIL = True
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    for name, value in mail_settings(f"smtp-plain://127.0.0.1:{mail.port}").items():
        setattr(settings, name, value)
    return mail


@pytest.fixture
def reachable(ada: User) -> User:
    ada.email = "ada@acme.example"
    ada.save()
    return ada


def link_in(mail: smtp.Server) -> str:
    text = mail.mails[-1].get_content()
    return re.search(r"http://\S+?(/\S+)", text)[1]  # type: ignore[index]


def test_a_password_is_reset_by_mail(reachable: User, sending: smtp.Server) -> None:
    browser = log_in()
    stranger = Client()
    answer = stranger.post("/login/password/", {"email": "Ada@acme.example"})
    assert answer["Location"] == "/login/password/sent/"
    sent = sending.mails[0]
    assert sent["To"] == "ada@acme.example"
    assert sent["Subject"].startswith("Seamark: ")
    link = link_in(sending)
    form = stranger.get(link, follow=True)
    page = form.redirect_chain[-1][0]
    assert "too short" in stranger.post(page, {"password1": "x", "password2": "x"}).content.decode()
    assert stranger.post(page, {"password1": FRESH, "password2": FRESH})["Location"] == "/login/password/done/"
    assert is_in(log_in(password=FRESH))
    assert not is_in(log_in(password=PASSWORD))
    assert not is_in(browser)
    assert len(events("password_reset")) == 1
    again = Client().get(link, follow=True).content.decode()
    assert "Bad Token" in again


def test_an_unknown_address_is_answered_alike_and_gets_nothing(reachable: User, sending: smtp.Server) -> None:
    known = Client().post("/login/password/", {"email": "ada@acme.example"})
    unknown = Client().post("/login/password/", {"email": "eve@acme.example"})
    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])
    assert [one["To"] for one in sending.mails] == ["ada@acme.example"]


def test_links_name_the_public_address(reachable: User, sending: smtp.Server, settings: Any) -> None:
    settings.SEAMARK_PUBLIC_URL = "http://seamark.acme.example"
    Client().post("/login/password/", {"email": "ada@acme.example"})
    assert "http://seamark.acme.example/login/password/" in sending.mails[0].get_content()


def test_without_mail_the_page_says_so(reachable: User) -> None:
    page = Client().get("/login/password/").content.decode()
    assert "sends no mail" in page
    assert "seamark user password" in page


def test_mail_that_is_not_sent_is_logged_without_its_text(caplog: pytest.LogCaptureFixture) -> None:
    message = django_mail.EmailMessage("Reset", "https://seamark.example/secret-link", to=["ada@acme.example"])
    assert UnsentBackend().send_messages([message]) == 0
    assert "SEAMARK_MAIL_URL" in caplog.text
    assert "secret-link" not in caplog.text


def test_a_mail_address_changes_only_when_it_is_confirmed(reachable: User, sending: smtp.Server) -> None:
    client = log_in()
    prove(client, reachable)
    client.post("/account/email/", {"action_add": "", "email": "lovelace@acme.example"})
    reachable.refresh_from_db()
    assert reachable.email == "ada@acme.example"
    assert sending.mails[-1]["To"] == "lovelace@acme.example"
    link = link_in(sending)
    client.get(link)
    client.post(link)
    reachable.refresh_from_db()
    assert reachable.email == "lovelace@acme.example"
    assert events("email_changed")[-1]["after"] == "lovelace@acme.example"


class TestBreached:
    """SEAMARK_BREACHED_PASSWORDS."""

    WORDS = ("password", "letmein", "correct horse", "dragon", "qwerty", "zebra")

    def _file(self, path: Path, digits: int = 40, count: bool = True) -> BreachedPasswordValidator:
        sums = sorted(
            hashlib.sha1(word.encode(), usedforsecurity=False).hexdigest().upper()[:digits] for word in self.WORDS
        )
        path.write_text("".join(f"{one}:17\n" if count else f"{one}\n" for one in sums))
        return BreachedPasswordValidator(path)

    @pytest.mark.parametrize(("digits", "count"), [(40, True), (12, False)])
    def test_each_of_the_list_is_refused_and_no_other(self, tmp_path: Path, digits: int, count: bool) -> None:
        validator = self._file(tmp_path / "sums", digits, count)
        for word in self.WORDS:
            with pytest.raises(ValidationError, match="attackers try"):
                validator.validate(word)
        for number in range(300):
            validator.validate(f"something else {number}")

    def test_a_file_that_cannot_be_used_is_loud(self, tmp_path: Path) -> None:
        (tmp_path / "short").write_text("ABC\n")
        for name in ("absent", "short"):
            with pytest.raises(ImproperlyConfigured, match="SEAMARK_BREACHED_PASSWORDS"):
                BreachedPasswordValidator(tmp_path / name).validate("dragon")

    def test_it_is_asked_where_a_password_is_changed(self, tmp_path: Path, ada: User, settings: Any) -> None:
        self._file(tmp_path / "sums")
        settings.AUTH_PASSWORD_VALIDATORS = [
            {
                "NAME": "seamark.interfaces.web.access.breached.BreachedPasswordValidator",
                "OPTIONS": {"path": tmp_path / "sums"},
            }
        ]
        form = {"old_password": PASSWORD, "new_password1": "correct horse", "new_password2": "correct horse"}
        assert "attackers try" in log_in().post("/account/", form).content.decode()


@pytest.mark.parametrize("url", ["http://x", "smtp://", "smtps://host:port", "host"])
def test_a_mail_server_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(InvalidSetting, match="SEAMARK_MAIL_URL"):
        mail_settings(url)


def test_a_mail_server_is_read() -> None:
    told = mail_settings("smtps://ada%40acme:p%2Fw@mail.example")
    assert (told["EMAIL_HOST"], told["EMAIL_PORT"], told["EMAIL_USE_SSL"], told["EMAIL_USE_TLS"]) == (
        "mail.example",
        465,
        True,
        False,
    )
    assert (told["EMAIL_HOST_USER"], told["EMAIL_HOST_PASSWORD"]) == ("ada@acme", "p/w")


def test_roles_are_checked() -> None:
    assert second_factor_roles(["admin"]) == {"admin"}
    with pytest.raises(InvalidSetting, match="'root'"):
        second_factor_roles(["root"])
