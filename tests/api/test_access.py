"""Who may do what: every endpoint for every role, no grant, and another application's grant."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from seamark.pipeline.people import live_token, make_token
from seamark.store.models import Application, Issue, Report, Token, User
from seamark.store.models.people import Role
from tests.api.conftest import ROOT, Caller
from tests.factories import make_person

IMPORTERS, TRIAGERS = {Role.DEVELOPER, Role.ANALYST, Role.ADMIN}, {Role.ANALYST, Role.APPROVER, Role.ADMIN}
LISTS = ("/issues", "/applications", "/fixes", "/imports")


def _reads(issue: Issue) -> list[str]:
    digest = Report.objects.filter(scans__stream__application=issue.application)[0].digest
    return [
        *LISTS,
        "/formats",
        f"/issues/{issue.reference}",
        f"/issues/{issue.reference}/receipt",
        f"/applications/{issue.application.slug}",
        f"/reports/{digest}",
    ]


def _send(caller: Caller, application: str = "Storefront") -> int:
    return caller("POST", "/imports", data={"application": application, "report": io.BytesIO(b"[1]")}).status_code


@pytest.mark.parametrize("role", Role)
def test_every_role_everywhere(issue: Issue, caller: Callable[..., Caller], role: Role) -> None:
    call = caller(make_person("somebody", role))
    assert {path: call("GET", path).status_code for path in _reads(issue)} == dict.fromkeys(_reads(issue), 200)
    assert _send(call) == (202 if role in IMPORTERS else 403)
    assert _send(call, "An application that is new") == (202 if role in IMPORTERS else 403)
    works = role in TRIAGERS or role == Role.DEVELOPER
    assert call("PATCH", f"/issues/{issue.reference}", {"state": "confirmed"}).status_code == (200 if works else 403)
    assert call("PATCH", f"/issues/{issue.reference}", {"comment": "seen"}).status_code == (200 if works else 403)
    dismissal = {"state": "dismissed", "resolution": "false_positive", "comment": "until the next release"}
    assert call("PATCH", f"/issues/{issue.reference}", dismissal).status_code == (200 if role in TRIAGERS else 403)


@pytest.mark.parametrize("role", Role)
def test_a_grant_for_one_application_shows_nothing_of_another(
    world: dict[str, Application], issue: Issue, caller: Callable[..., Caller], role: Role
) -> None:
    call = caller(make_person("somebody", role, application=world["payroll"]))
    for path in _reads(issue)[len(LISTS) + 1 :]:
        assert call("GET", path).status_code == 404, path
    assert call("PATCH", f"/issues/{issue.reference}", {"state": "confirmed"}).status_code == 404
    assert _send(call, "Storefront") == _send(call, "No such application") == 403
    assert _send(call, "Payroll") == (202 if role in IMPORTERS else 403)
    assert {one["application"] for one in call("GET", "/issues").json()["items"]} == {"Payroll"}
    assert {one["slug"] for one in call("GET", "/applications").json()["items"]} == {"payroll"}
    assert {one["application"] for one in call("GET", "/fixes").json()["items"]} <= {"Payroll"}
    assert {one["target"]["application"] for one in call("GET", "/imports").json()["items"]} <= {"Payroll"}
    own = Issue.objects.get(application=world["payroll"])
    assert call("GET", f"/issues/{own.reference}").status_code == 200


def test_a_refusal_does_not_tell_whether_there_is_such_an_application(
    world: dict[str, Application], caller: Callable[..., Caller]
) -> None:
    call = caller(make_person("somebody", Role.DEVELOPER, application=world["payroll"]))
    answers = [
        call("POST", "/imports", data={"application": name, "report": io.BytesIO(b"[1]")}).json()
        for name in ("Storefront", "Elsewhere!")
    ]
    assert answers[0]["detail"].replace("Storefront", "…") == answers[1]["detail"].replace("Elsewhere!", "…")
    missing, hidden = (
        call("GET", "/issues/SM-999999999").json(),
        call("GET", f"/issues/{Issue.objects.filter(application=world['shop'])[0].reference}").json(),
    )
    assert missing == hidden


def test_somebody_without_a_grant_sees_nothing(issue: Issue, caller: Callable[..., Caller]) -> None:
    call = caller(make_person("nobody"))
    for path in LISTS:
        assert call("GET", path).json()["items"] == []
    for path in _reads(issue)[len(LISTS) + 1 :]:
        assert call("GET", path).status_code == 404
    assert _send(call) == 403


@pytest.mark.parametrize(
    ("scope", "allowed"),
    [("read", {"read", "either"}), ("import", {"import", "either"}), ("write", {"write"}), ("admin", set())],
)
def test_a_token_does_no_more_than_its_scopes(
    issue: Issue, analyst: User, caller: Callable[..., Caller], scope: str, allowed: set[str]
) -> None:
    call = caller(analyst, scope)
    statuses = {
        "read": {call("GET", path).status_code for path in _reads(issue) if path not in {"/imports", "/formats"}},
        "import": {_send(call)},
        "write": {call("PATCH", f"/issues/{issue.reference}", {"state": "confirmed"}).status_code},
        "either": {call("GET", "/imports").status_code, call("GET", "/formats").status_code},
    }
    for name, found in statuses.items():
        assert (found <= {200, 202}) if name in allowed else (found == {403}), name
    if scope == "write":
        refused = call("GET", "/issues")
        assert 'error="insufficient_scope"' in refused["WWW-Authenticate"]


def test_a_token_for_imports_sees_only_its_own(analyst: User, caller: Callable[..., Caller]) -> None:
    _send(caller(make_person("eve", Role.DEVELOPER)))
    other = caller(analyst).client.get(ROOT + "/imports").json()["items"][0]["id"]
    call = caller(analyst, "import")
    assert call("GET", f"/imports/{other}").status_code == 404
    _send(call)
    assert [one["id"] for one in call("GET", "/imports").json()["items"]] == [other + 1]


def _spoilt(how: str, text: str, person: User) -> str:
    token = Token.objects.get(user=person)
    if how == "expired":
        Token.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    elif how == "revoked":
        Token.objects.update(revoked_at=timezone.now())
    elif how == "of somebody who left":
        User.objects.filter(pk=person.pk).update(is_active=False)
    return {"wrong": text[:-1] + "~", "its digest": token.digest, "empty": " "}.get(how, text)


@pytest.mark.parametrize("how", ["expired", "revoked", "of somebody who left", "wrong", "its digest", "empty"])
def test_a_bad_token_is_refused(analyst: User, how: str) -> None:
    call = Caller(_spoilt(how, make_token(analyst, "tests"), analyst))
    for path in ("/issues", "/formats", "/imports/1"):
        refused = call("GET", path)
        assert refused.status_code == 401
        assert 'error="invalid_token"' in refused["WWW-Authenticate"]


def test_nobody_is_asked_who_they_are_and_never_sent_to_a_login_page(issue: Issue) -> None:
    for path in _reads(issue):
        refused = Caller()("GET", path)
        assert refused.status_code == 401
        assert refused["WWW-Authenticate"] == 'Bearer realm="Seamark"'
    assert Caller()("GET", "/health").status_code == 200


def _browser(person: User, *, checks: bool) -> Client:
    client = Client(enforce_csrf_checks=checks, raise_request_exception=False)
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_a_session_reads_and_changes_only_with_its_csrf_token(issue: Issue, analyst: User) -> None:
    browser = _browser(analyst, checks=True)
    address = f"{ROOT}/issues/{issue.reference}"
    assert browser.get(address).status_code == 200
    forged = browser.patch(address, {"state": "confirmed"}, content_type="application/json")
    assert forged.status_code == 403
    assert "X-CSRFToken" in forged.json()["detail"]
    sent = browser.post(f"{ROOT}/imports", {"application": "Storefront", "report": io.BytesIO(b"[1]")})
    assert sent.status_code == 403
    issue.refresh_from_db()
    assert issue.state == 1
    browser.get("/issues/")
    token = browser.cookies["csrftoken"].value
    good = browser.patch(
        address, {"state": "confirmed"}, content_type="application/json", headers={"X-CSRFToken": token}
    )
    assert good.status_code == 200


def test_a_session_does_not_step_in_for_a_bad_token(analyst: User) -> None:
    browser = _browser(analyst, checks=False)
    assert browser.get(f"{ROOT}/issues").status_code == 200
    assert browser.get(f"{ROOT}/issues", headers={"Authorization": "Bearer smk_wrong"}).status_code == 401
    assert browser.get(f"{ROOT}/issues", headers={"Authorization": "Basic YTpi"}).status_code == 401


def test_a_session_of_somebody_who_left_ends(analyst: User) -> None:
    browser = _browser(analyst, checks=False)
    User.objects.update(is_active=False)
    assert browser.get(f"{ROOT}/issues").status_code == 401


def test_the_use_of_a_token_is_noted_once_a_minute(analyst: User, django_assert_num_queries: Callable) -> None:
    text = make_token(analyst, "tests")
    found = live_token(text)
    assert found is not None
    first = Token.objects.get().last_used_at
    assert first is not None
    with django_assert_num_queries(1):
        live_token(text)
    Token.objects.update(last_used_at=timezone.now() - timedelta(seconds=61))
    live_token(text)
    assert Token.objects.get().last_used_at >= first


@pytest.mark.parametrize(
    "path", ["/", "/nothing", "/issues/", "/issues/SM-1/nothing", "/issues/1", "/imports/x", "/reports/abc"]
)
def test_what_is_not_there_is_a_problem_too(analyst: User, path: str) -> None:
    answer = Client(headers={"Authorization": f"Bearer {make_token(analyst, 'tests')}"}).get(ROOT + path)
    assert answer.status_code == 404
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["status"] == 404


def test_a_method_that_does_not_work_names_those_that_do(db: None) -> None:
    answer = Client().delete(f"{ROOT}/issues")
    assert answer.status_code == 405
    assert answer["Allow"] == "GET"
    assert answer["Content-Type"] == "application/problem+json"


def test_a_session_makes_tokens_and_gives_roles_only_after_a_recent_proof(db: None) -> None:
    admin = make_person("root", Role.ADMIN)
    admin.set_password("correct horse 42 battery")
    admin.save()
    asked = {"name": "mine", "scopes": ["read"], "days": 1}
    found = _browser(admin, checks=False)
    for path, body in {"/tokens": asked, "/grants": {"user": admin.pk, "role": "viewer"}}.items():
        refused = found.post(ROOT + path, body, content_type="application/json")
        assert (refused.status_code, refused.json()["type"]) == (403, "urn:seamark:problem:proof")
    assert found.get(f"{ROOT}/tokens").status_code == 200
    assert not Token.objects.exists()
    proven = Client()
    assert proven.post("/login/", {"login": "root", "password": "correct horse 42 battery"}).status_code == 302
    assert proven.post(f"{ROOT}/tokens", asked, content_type="application/json").status_code == 201
