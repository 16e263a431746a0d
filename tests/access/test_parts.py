"""The parts that Django and allauth find by name, one by one."""

from __future__ import annotations

import time
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.apps import apps
from django.conf import settings as django_settings
from django.core.exceptions import PermissionDenied
from django.test import Client, RequestFactory

from seamark.interfaces.web.access import recording, seen
from seamark.interfaces.web.access.adapters import AccountAdapter, FactorAdapter
from seamark.interfaces.web.access.apps import AccessConfig
from seamark.interfaces.web.access.backends import PasswordBackend
from seamark.interfaces.web.access.forms import FactorAgainForm, FactorForm
from seamark.pipeline.signon.codes import first_use
from seamark.store.models import User
from seamark.store.secretbox import seal
from tests.access.conftest import events, log_in
from tests.factories import PASSWORD
from tests.support.access import code_of

SECRET = "NTACAV4E5U47DTRKOK6HX76XHRWLUQ2B"


def test_the_settings_name_these_parts() -> None:
    assert isinstance(apps.get_app_config("access"), AccessConfig)
    named = {
        one.__module__ + "." + one.__qualname__
        for one in (PasswordBackend, AccountAdapter, FactorAdapter, FactorForm, FactorAgainForm)
    }
    told = {
        *django_settings.AUTHENTICATION_BACKENDS,
        django_settings.ACCOUNT_ADAPTER,
        django_settings.MFA_ADAPTER,
        *django_settings.MFA_FORMS.values(),
    }
    assert named <= told


def test_nobody_signs_up(db: None) -> None:
    assert not AccountAdapter().is_open_for_signup(RequestFactory().get("/"))
    for address in ("/signup/", "/accounts/signup/", "/login/signup/"):
        assert Client().get(address).status_code in {302, 404}
    assert not User.objects.exists()


def test_keys_of_apps_are_sealed() -> None:
    kept = FactorAdapter().encrypt(SECRET)
    assert SECRET not in kept
    assert FactorAdapter().decrypt(kept) == SECRET


def test_no_backend_is_asked_after_a_wrong_password(ada: User) -> None:
    assert PasswordBackend().authenticate(None, username="ada", password=PASSWORD) == ada
    for wrong in ({"username": "ada"}, {"username": "nobody"}):
        with pytest.raises(PermissionDenied):
            PasswordBackend().authenticate(None, password="guess", **wrong)
    assert PasswordBackend().authenticate(None, username="ada") is None


def test_a_step_is_taken_once_and_never_an_earlier_one(ada: User) -> None:
    app = Authenticator.objects.create(user=ada, type="totp", data={"secret": seal(SECRET)})
    assert first_use(app, code_of(SECRET))
    assert not first_use(app, code_of(SECRET))
    assert not first_use(app, code_of(SECRET, steps=-1))
    assert first_use(app, code_of(SECRET, steps=1))
    codes = Authenticator.objects.create(user=ada, type="recovery_codes", data={})
    assert first_use(codes, "12345678")


def test_listening_twice_records_once(ada: User) -> None:
    recording.listen()
    log_in()
    assert len(events("login")) == 1


def test_pages_cost_no_query_for_sessions(ada: User, django_assert_num_queries: Any) -> None:
    client = log_in()
    request = RequestFactory().get("/")
    request.session = client.session
    request.user = ada
    assert time.time() - request.session["seen"] < seen.EVERY
    with django_assert_num_queries(0):
        seen.SessionMiddleware(lambda _: None)(request)  # type: ignore[arg-type,return-value]
