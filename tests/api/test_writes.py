"""What holds for all writes and reads: keys, tags, rates, fewer fields."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.utils import timezone
from pytest_django import Settings

from seamark.interfaces.api.limits import PerToken
from seamark.store.models import Event, Issue, SentRequest, User
from seamark.store.models.people import Role
from tests.api.conftest import Caller
from tests.factories import make_person

COMMENT = '{"comment": "Seen."}'


def _key(key: str) -> dict[str, dict[str, str]]:
    return {"headers": {"Idempotency-Key": key}}


def _comments() -> int:
    return Event.objects.filter(kind="comment").count()


def test_a_write_under_one_key_is_done_once(call: Caller, issue: Issue) -> None:
    first = call("PATCH", f"/issues/{issue.reference}", COMMENT, **_key("one"))
    again = call("PATCH", f"/issues/{issue.reference}", COMMENT, **_key("one"))
    assert (first.status_code, again.status_code) == (200, 200)
    assert again.content == first.content
    assert "Idempotent-Replayed" not in first
    assert again["Idempotent-Replayed"] == "true"
    assert _comments() == 1
    call("PATCH", f"/issues/{issue.reference}", COMMENT, **_key("two"))
    assert _comments() == 2


def test_another_request_under_the_key_is_refused(call: Caller, issue: Issue) -> None:
    call("PATCH", f"/issues/{issue.reference}", COMMENT, **_key("one"))
    other = call("PATCH", f"/issues/{issue.reference}", '{"comment": "Other."}', **_key("one"))
    assert other.status_code == 422
    assert other.json()["type"] == "urn:seamark:problem:idempotency-key-reused"
    assert _comments() == 1


def test_a_failure_leaves_the_key_free(call: Caller, issue: Issue) -> None:
    refused = call("PATCH", f"/issues/{issue.reference}", '{"state": "dismissed"}', **_key("one"))
    assert refused.status_code == 422
    assert not SentRequest.objects.exists()
    assert call("PATCH", f"/issues/{issue.reference}", COMMENT, **_key("one")).status_code == 200


def test_a_request_under_way_is_not_begun_again_but_a_lost_one_is(call: Caller, issue: Issue) -> None:
    call("PATCH", f"/issues/{issue.reference}", COMMENT, **_key("one"))
    SentRequest.objects.update(status=None)
    busy = call("PATCH", f"/issues/{issue.reference}", COMMENT, **_key("one"))
    assert (busy.status_code, busy["Retry-After"]) == (409, "1")
    SentRequest.objects.update(started_at=timezone.now() - timedelta(minutes=11))
    assert call("PATCH", f"/issues/{issue.reference}", COMMENT, **_key("one")).status_code == 200
    assert _comments() == 2


def test_keys_are_a_persons_own_and_forgotten_after_a_day(
    call: Caller, issue: Issue, caller: Callable[..., Caller]
) -> None:
    call("PATCH", f"/issues/{issue.reference}", COMMENT, **_key("one"))
    caller(make_person("bob", Role.ANALYST))("PATCH", f"/issues/{issue.reference}", COMMENT, **_key("one"))
    assert _comments() == 2
    SentRequest.objects.update(started_at=timezone.now() - timedelta(hours=25))
    call("PATCH", f"/issues/{issue.reference}", COMMENT, **_key("one"))
    assert _comments() == 3
    assert SentRequest.objects.count() == 2


@pytest.mark.parametrize("key", ["two words", "x" * 256])
def test_keys_that_are_none(call: Caller, issue: Issue, key: str) -> None:
    assert call("PATCH", f"/issues/{issue.reference}", COMMENT, **_key(key)).status_code == 422


def test_a_write_does_not_overtake_another(call: Caller, issue: Issue) -> None:
    path = f"/issues/{issue.reference}"
    tag = call("GET", path)["ETag"]
    changed = call("PATCH", path, COMMENT, headers={"If-Match": tag})
    assert changed.status_code == 200
    late = call("PATCH", path, COMMENT, headers={"If-Match": tag})
    assert (late.status_code, late.json()["type"]) == (412, "urn:seamark:problem:changed")
    assert _comments() == 1
    assert changed["ETag"] == call("GET", path)["ETag"]
    assert call("PATCH", path, COMMENT, headers={"If-Match": changed["ETag"]}).status_code == 200
    assert call("PATCH", path, COMMENT, headers={"If-Match": "*"}).status_code == 200


def test_an_action_is_compared_with_the_object_that_it_is_about(call: Caller, lone: Caller) -> None:
    tag = call("GET", "/applications/storefront")["ETag"]
    body = '{"description": "What people buy from."}'
    assert call("PUT", "/applications/storefront/context", body, headers={"If-Match": tag}).status_code == 200
    assert call("PUT", "/applications/storefront/context", body, headers={"If-Match": tag}).status_code == 412


def test_who_may_not_read_cannot_compare(
    call: Caller, issue: Issue, analyst: User, caller: Callable[..., Caller]
) -> None:
    writing = caller(analyst, "write")
    answer = writing("PATCH", f"/issues/{issue.reference}", COMMENT, headers={"If-Match": '"x"'})
    assert answer.status_code == 403
    assert _comments() == 0


def test_lists_are_not_sent_again_where_they_are_known(call: Caller) -> None:
    known = call("GET", "/applications")
    assert call("GET", "/applications", headers={"If-None-Match": known["ETag"]}).status_code == 304
    assert call("GET", "/applications?limit=1", headers={"If-None-Match": known["ETag"]}).status_code == 200


def test_every_list_leaves_fields_out(call: Caller) -> None:
    whole = call("GET", "/applications").json()["items"]
    found = call("GET", "/applications?fields=slug,%20highest_risk").json()["items"]
    assert found == [{"slug": one["slug"], "highest_risk": one["highest_risk"]} for one in whole]
    assert len(found) == 2
    wrong = call("GET", "/applications?fields=slug,colour")
    assert wrong.status_code == 422
    assert "there is no field 'colour'; there are slug, name" in wrong.json()["detail"]


def test_a_token_is_told_what_is_left_and_refused_afterwards(call: Caller, settings: Settings) -> None:
    settings.SEAMARK_RATE_LIMIT = 3
    answers = [call("GET", "/formats?limit=1") for _ in range(4)]
    assert [one.status_code for one in answers] == [200, 200, 200, 429]
    assert [one["RateLimit-Remaining"] for one in answers] == ["2", "1", "0", "0"]
    assert {one["RateLimit-Limit"] for one in answers} == {"3"}
    assert 0 < int(answers[-1]["Retry-After"]) <= 61
    assert answers[-1].json()["status"] == 429


def test_a_new_minute_is_a_new_count_and_tokens_do_not_share_one(settings: Settings) -> None:
    settings.SEAMARK_RATE_LIMIT = 1
    now = [0.0]
    rate = PerToken(lambda: now[0])

    def ask(token: str) -> bool:
        return rate.allow_request(RequestFactory().get("/", headers={"Authorization": f"Bearer {token}"}))

    assert [ask("a"), ask("a"), ask("b")] == [True, False, True]
    now[0] = 60.0
    assert ask("a")
    settings.SEAMARK_RATE_LIMIT = 0
    assert all(ask("a") for _ in range(5))


def test_sessions_and_open_endpoints_are_not_counted(settings: Settings) -> None:
    settings.SEAMARK_RATE_LIMIT = 1
    rate = PerToken()
    assert all(rate.allow_request(HttpRequest()) for _ in range(5))


def test_the_counts_do_not_grow_for_ever(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.SEAMARK_RATE_LIMIT = 1
    monkeypatch.setattr("seamark.interfaces.api.limits._MOST", 3)
    now = [0.0]
    rate = PerToken(lambda: now[0])
    for number in range(10):
        now[0] = number * 30.0
        rate.allow_request(RequestFactory().get("/", headers={"Authorization": f"Bearer {number}"}))
    assert len(rate._counts) <= 3


def test_endpoints_that_answer_without_a_body_are_kept_too(call: Caller, caller: Callable[..., Caller]) -> None:
    admin = caller(make_person("root", Role.ADMIN))
    made = admin(
        "POST",
        "/webhooks",
        '{"name": "x", "url": "https://hooks.example/x", "kinds": ["import.done"]}',
        **_key("make"),
    )
    path = f"/webhooks/{made.json()['id']}"
    gone = admin("DELETE", path, **_key("gone"))
    again = admin("DELETE", path, **_key("gone"))
    assert isinstance(gone, HttpResponse)
    assert (gone.status_code, again.status_code) == (204, 204)
    assert admin("DELETE", path).status_code == 404


def test_the_query_language_narrows_other_lists_too(call: Caller) -> None:
    found = call("GET", "/applications?q=rule:weak-hash").json()["items"]
    assert [one["slug"] for one in found] == ["payroll"]
    fixes = call("GET", "/fixes").json()["items"]
    exploited = call("GET", "/fixes?q=kev:true").json()["items"]
    assert 0 < len(exploited) < len(fixes)
    for path in ("applications", "fixes"):
        assert call("GET", f"/{path}?q=colour:red").json()["type"] == "urn:seamark:problem:invalid-query"
