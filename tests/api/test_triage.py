"""Saying where an issue stands through the API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from seamark.pipeline.people import make_token
from seamark.store.models import Application, Event, Issue, User
from seamark.store.models.issues import State
from seamark.store.models.people import Role
from tests.api.conftest import ROOT, Caller
from tests.factories import make_person


def test_an_issue_goes_through_its_states(call: Caller, issue: Issue) -> None:
    address = f"/issues/{issue.reference}"
    assert call("PATCH", address, {"state": "confirmed"}).json()["state"] == "confirmed"
    assert (
        call("PATCH", address, {"state": "in_progress", "comment": "branch sql-fix"}).json()["state"] == "in progress"
    )
    assert call("PATCH", address, {"state": "in progress"}).status_code == 200
    dismissed = call(
        "PATCH", address, {"state": "dismissed", "resolution": "false_positive", "comment": "the value is a constant"}
    ).json()
    assert (dismissed["state"], dismissed["resolution"]) == ("dismissed", "false_positive")
    assert any("the value is a constant" in one["text"] for one in dismissed["history"])
    assert issue.reference not in {one["id"] for one in call("GET", "/issues").json()["items"]}
    assert call("PATCH", address, {"state": "open"}).json()["resolution"] is None
    assert Event.objects.filter(issue=issue, kind="state", actor__username="ada").count() == 4


def test_assigning_commenting_and_moving_go_together(call: Caller, issue: Issue, analyst: User) -> None:
    make_person("dev", Role.DEVELOPER)
    told = call(
        "PATCH", f"/issues/{issue.reference}", {"assignee": "dev", "comment": "please look", "state": "confirmed"}
    ).json()
    assert (told["assignee"], told["state"]) == ("dev", "confirmed")
    assert call("PATCH", f"/issues/{issue.reference}", {"assignee": None}).json()["assignee"] is None
    assert analyst.pk in set(Event.objects.filter(issue=issue).values_list("actor", flat=True))


def test_a_comment_with_the_state_that_holds_is_kept(call: Caller, issue: Issue) -> None:
    told = call("PATCH", f"/issues/{issue.reference}", {"state": "open", "comment": "still here"}).json()
    assert told["history"][0]["kind"] == "comment"
    assert "still here" in told["history"][0]["text"]


@pytest.mark.parametrize(
    "body",
    [
        {}, {"state": "gone"}, {"state": 5}, {"state": None, "colour": "red"}, {"state": "dismissed"}, {"state": "dismissed", "resolution": "false_positive"}, {"state": "dismissed", "resolution": "fixed", "comment": "x"},
        {"state": "confirmed", "resolution": "false_positive"}, {"comment": "a\0b"}, {"comment": "x" * 10_001}, {"comment": "   "}, {"comment": ""}, {"state": "confirmed", "comment": " "}, {"assignee": "nobody at all"}, {"assignee": "x" * 151}, {"assignee": "a\0b"}, {"resolution": "false_positive"}, [], "x", 5, None,
    ],
)  # fmt: skip
def test_changes_that_cannot_be_right_change_nothing(call: Caller, issue: Issue, body: Any) -> None:
    refused = (
        call("PATCH", f"/issues/{issue.reference}", data=body, content_type="application/json")
        if body is None
        else call("PATCH", f"/issues/{issue.reference}", body)
    )
    assert refused.status_code in {400, 422}
    assert not Event.objects.filter(issue=issue).exists()


@pytest.mark.parametrize(
    "raw",
    [
        b"{",
        b"",
        b"\xff\xfe",
        b'{"comment": "\\ud800"}',
        b'{"comment": "\\u0000"}',
        b"[" * 100_000,
        b'{"state": NaN}',
        b" " * 6_000_000,
    ],
)
def test_bodies_that_are_no_json_are_refused(analyst: User, issue: Issue, raw: bytes) -> None:
    client = Client(
        raise_request_exception=False,
        headers={"Authorization": f"Bearer {make_token(analyst, 'tests', scopes=('write',))}"},
    )
    answer = client.patch(f"{ROOT}/issues/{issue.reference}", raw, content_type="application/json")
    assert 400 <= answer.status_code < 500
    assert answer["Content-Type"] == "application/problem+json"
    assert not Event.objects.filter(issue=issue).exists()


def test_people_do_not_resolve_issues(call: Caller, issue: Issue) -> None:
    refused = call("PATCH", f"/issues/{issue.reference}", {"state": "resolved"})
    assert refused.status_code == 409
    assert "scan" in refused.json()["detail"]
    Issue.objects.filter(pk=issue.pk).update(state=State.RESOLVED, open=False)
    assert call("PATCH", f"/issues/{issue.reference}", {"state": "open"}).status_code == 409


def test_a_refused_part_takes_back_the_rest(issue: Issue, caller: Callable[..., Caller]) -> None:
    call = caller(make_person("dev", Role.DEVELOPER))
    body = {"assignee": "dev", "state": "dismissed", "resolution": "false_positive", "comment": "no"}
    assert call("PATCH", f"/issues/{issue.reference}", body).status_code == 403
    issue.refresh_from_db()
    assert (issue.state, issue.assignee) == (State.OPEN, None)


def test_nobody_is_given_what_they_may_not_see(world: dict[str, Application], call: Caller, issue: Issue) -> None:
    make_person("stranger", Role.DEVELOPER, application=world["payroll"])
    assert call("PATCH", f"/issues/{issue.reference}", {"assignee": "stranger"}).status_code == 422


def test_why_it_is_not_affected_is_said_in_the_words_of_vex(call: Caller, issue: Issue) -> None:
    address = f"/issues/{issue.reference}"
    told = {"state": "dismissed", "resolution": "not_affected", "comment": "It is a test dependency"}
    assert call("PATCH", address, {**told, "justification": "because"}).status_code == 422
    assert call("PATCH", address, {"state": "confirmed", "justification": "component_not_present"}).status_code == 422
    assert call("PATCH", address, {**told, "justification": "component_not_present"}).status_code == 200
    assert Issue.objects.get(pk=issue.pk).justification == "component_not_present"


def test_only_what_is_fixed_is_verified(call: Caller, issue: Issue) -> None:
    address = f"/issues/{issue.reference}"
    assert call("PATCH", address, {"state": "verified", "comment": "Tried the attack again"}).status_code == 409
    Issue.objects.filter(pk=issue.pk).update(state=State.RESOLVED, resolution="fixed", open=False)
    assert call("PATCH", address, {"state": "verified", "comment": " "}).status_code == 422
    told = call("PATCH", address, {"state": "verified", "comment": "Tried the attack again"}).json()
    assert (told["state"], told["resolution"]) == ("resolved", "verified")
