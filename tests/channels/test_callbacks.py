"""Call-backs are taken when they are signed, a moment ago, and never otherwise."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

import pytest

from seamark.core.errors import NotAllowed
from seamark.response.actions.all import channels
from seamark.response.actions.contract import Change, Pressed
from seamark.response.actions.signing import LARGEST

from .conftest import MADE, SECRET

NOW = 1_795_352_400.0
AT = datetime.fromtimestamp(NOW, UTC).isoformat().replace("+00:00", "Z")
Signed = tuple[dict[str, str], bytes]


def hexed(key: str, body: bytes) -> str:
    return hmac.new(key.encode(), body, sha256).hexdigest()


def settings(kind: str, **more: Any) -> Any:
    fields = {"token": "t", **MADE[kind][2]("https://far.example"), "secret": SECRET, **more}
    return channels()[kind].settings(**fields)


def jira(secret: str, at: float, **more: Any) -> Signed:
    status = {"id": "5", "name": "Done", "statusCategory": {"key": "done"}}
    items = [{"field": "status", "to": "5", "toString": "Done"}, {"field": "resolution", "toString": "Won't Do"}]
    event = {
        "timestamp": int(at * 1000), "webhookEvent": "jira:issue_updated", "user": {"accountId": "anna-1", "emailAddress": "anna@example.org"},
        "issue": {"key": "PAY-1", "fields": {"status": status}}, "changelog": {"id": "77", "items": items}, **more,
    }  # fmt: skip
    body = json.dumps(event).encode()
    return {"X-Hub-Signature": f"sha256={hexed(secret, body)}"}, body


def github(secret: str, at: float, **more: Any) -> Signed:
    event = {
        "action": "closed", "issue": {"number": 1, "state_reason": "not_planned", "updated_at": "2026-11-22T13:00:00Z"},
        "repository": {"full_name": "acme/pay"}, "sender": {"login": "anna"}, **more,
    }  # fmt: skip
    body = json.dumps(event).encode()
    return {"x-hub-signature-256": f"sha256={hexed(secret, body)}", "x-github-event": "issues"}, body


def gitlab(secret: str, at: float, **more: Any) -> Signed:
    event = {
        "object_kind": "issue", "user": {"id": 9, "email": "anna@example.org"}, "project": {"id": 3, "path_with_namespace": "acme/pay"},
        "object_attributes": {"iid": 1, "action": "close", "updated_at": "2026-11-22 13:00:00 UTC"}, **more,
    }  # fmt: skip
    return {"X-Gitlab-Token": secret}, json.dumps(event).encode()


def azure(secret: str, at: float, **more: Any) -> Signed:
    event = {
        "eventType": "workitem.updated", "createdDate": datetime.fromtimestamp(at, UTC).isoformat(),
        "resource": {
            "id": 4, "workItemId": 1, "revisedBy": {"id": "anna-1", "uniqueName": "anna@example.org"},
            "fields": {"System.State": {"oldValue": "Doing", "newValue": "Done"}},
        }, **more,
    }  # fmt: skip
    return {"Authorization": "Basic " + base64.b64encode(f"seamark:{secret}".encode()).decode()}, json.dumps(
        event
    ).encode()


def servicenow(secret: str, at: float, **more: Any) -> Signed:
    row = {
        "sys_id": "a" * 32,
        "state": "7",
        "close_code": "Duplicate",
        "sys_updated_on": "2026-11-22 13:00:00",
        "sys_updated_by": "anna",
        **more,
    }
    return {"X-Seamark-Secret": secret, "X-Seamark-Time": str(int(at))}, json.dumps(row).encode()


def linear(secret: str, at: float, **more: Any) -> Signed:
    event = {
        "type": "Issue", "action": "update", "createdAt": AT, "webhookTimestamp": int(at * 1000), "actor": {"id": "anna-1", "email": "anna@example.org"},
        "data": {"id": "issue-1", "state": {"type": "canceled"}}, "updatedFrom": {"stateId": "s2"}, **more,
    }  # fmt: skip
    body = json.dumps(event).encode()
    return {"Linear-Signature": hexed(secret, body)}, body


def slack(secret: str, at: float, **more: Any) -> Signed:
    event = {
        "type": "block_actions", "user": {"id": "U01234567"}, "response_url": "https://hooks.slack.com/actions/T1/2/3",
        "actions": [{"type": "button", "action_id": "accept:0", "value": "SM-7"}], **more,
    }  # fmt: skip
    body = urlencode({"payload": json.dumps(event)}).encode()
    signature = hexed(secret, b"v0:" + str(int(at)).encode() + b":" + body)
    return {"X-Slack-Request-Timestamp": str(int(at)), "X-Slack-Signature": f"v0={signature}"}, body


SIGNED: dict[str, Callable[..., Signed]] = {
    "jira": jira, "github": github, "gitlab": gitlab, "azure_boards": azure, "servicenow": servicenow, "linear": linear, "slack": slack,
}  # fmt: skip
TIMED = ["jira", "servicenow", "linear", "slack"]
every = pytest.mark.parametrize("kind", list(SIGNED))


def taken(kind: str, signed: Signed, now: float = NOW, **more: Any) -> list[Any]:
    return channels()[kind].verify(settings(kind, **more), *signed, now)


def test_what_a_call_back_says() -> None:
    found = {kind: taken(kind, make(SECRET, NOW)) for kind, make in SIGNED.items()}
    states = {kind: (one[0].reference, one[0].value) for kind, one in found.items() if kind != "slack"}
    assert states == {
        "jira": ("PAY-1", "closed:won't do"), "github": ("1", "closed:not planned"), "gitlab": ("1", "closed"), "azure_boards": ("1", "closed"),
        "servicenow": ("a" * 32, "closed:duplicate"), "linear": ("issue-1", "closed:canceled"),
    }  # fmt: skip
    assert all(
        isinstance(one, Change) and one.id and one.author and datetime.fromisoformat(one.at)
        for kind in states
        for one in found[kind]
    )
    emails = {kind: found[kind][0].author_email for kind in ("jira", "gitlab", "azure_boards", "linear")}
    assert set(emails.values()) == {"anna@example.org"}
    assert found["slack"] == [
        Pressed(action="accept", value="SM-7", user="U01234567", answer_url="https://hooks.slack.com/actions/T1/2/3")
    ]


@every
def test_another_secret_is_refused(kind: str) -> None:
    with pytest.raises(NotAllowed):
        taken(kind, SIGNED[kind]("another secret", NOW))


@every
def test_a_connection_without_a_secret_takes_none(kind: str) -> None:
    with pytest.raises(NotAllowed):
        taken(kind, SIGNED[kind]("", NOW), secret="")


@every
def test_a_missing_signature_is_refused(kind: str) -> None:
    _, body = SIGNED[kind](SECRET, NOW)
    for headers in (
        {},
        {"X-Hub-Signature": "sha256=é", "Authorization": "Basic é", "X-Gitlab-Token": "é", "Linear-Signature": "é"},
    ):
        with pytest.raises(NotAllowed):
            taken(kind, (headers, body))


@pytest.mark.parametrize("kind", ["jira", "github", "linear", "slack"])
def test_a_changed_body_is_refused(kind: str) -> None:
    headers, body = SIGNED[kind](SECRET, NOW)
    with pytest.raises(NotAllowed):
        taken(kind, (headers, body + b" "))


@pytest.mark.parametrize("kind", TIMED)
@pytest.mark.parametrize("away", [-301, 301])
def test_a_call_back_sent_again_later_is_refused(kind: str, away: int) -> None:
    with pytest.raises(NotAllowed):
        taken(kind, SIGNED[kind](SECRET, NOW + away))


def test_an_event_of_azure_sent_again_later_says_nothing() -> None:
    assert not taken("azure_boards", azure(SECRET, NOW - 1000))


@pytest.mark.parametrize("kind", ["github", "gitlab"])
def test_one_sent_again_has_the_same_ids(kind: str) -> None:
    signed = SIGNED[kind](SECRET, NOW)
    assert [one.id for one in taken(kind, signed)] == [one.id for one in taken(kind, signed, now=NOW + 86_400)]


@every
def test_what_is_no_object_is_refused_and_what_is_unknown_says_nothing(kind: str) -> None:
    unknown = {"webhookEvent": "x", "action": "x", "object_kind": "x", "eventType": "x", "type": "x", "sys_id": "x"}
    assert taken(kind, SIGNED[kind](SECRET, NOW, **unknown)) == []
    headers = {"X-Gitlab-Token": SECRET, "X-Seamark-Secret": SECRET, "X-Seamark-Time": str(int(NOW))}
    headers |= {"Authorization": "Basic " + base64.b64encode(f"seamark:{SECRET}".encode()).decode()}
    for body in (b"[]", b"\xff", b"[" * 100_000, b"{" + b" " * LARGEST + b"}"):
        digest = hexed(SECRET, body)
        signed = {
            "X-Hub-Signature": f"sha256={digest}",
            "X-Hub-Signature-256": f"sha256={digest}",
            "Linear-Signature": digest,
        }
        signed |= {
            "X-Slack-Request-Timestamp": str(int(NOW)),
            "X-Slack-Signature": f"v0={hexed(SECRET, f'v0:{int(NOW)}:'.encode() + body)}",
        }
        with pytest.raises(NotAllowed):
            taken(kind, ({**headers, **signed}, body))


def test_deletions_and_comments_are_told() -> None:
    assert taken("jira", jira(SECRET, NOW, webhookEvent="jira:issue_deleted"))[0].kind == "deleted"
    assert taken("github", github(SECRET, NOW, action="deleted"))[0].kind == "deleted"
    assert taken("linear", linear(SECRET, NOW, action="remove"))[0].kind == "deleted"
    assert taken("servicenow", servicenow(SECRET, NOW, operation="delete"))[0].kind == "deleted"
    assert (
        taken("azure_boards", azure(SECRET, NOW, eventType="workitem.deleted", resource={"id": 1}))[0].kind == "deleted"
    )
    said = {
        "id": 5,
        "body": "/reassign bo@example.org",
        "author": {"accountId": "anna-1"},
        "created": "2026-11-22T13:00:00.000+0000",
    }
    assert (
        taken("jira", jira(SECRET, NOW, webhookEvent="comment_created", comment=said))[0].value
        == "/reassign bo@example.org"
    )
    note = {"noteable_type": "Issue", "note": "/accept x", "id": 8, "created_at": "2026-11-22 13:00:00 UTC"}
    found = taken("gitlab", gitlab(SECRET, NOW, object_kind="note", issue={"iid": 1}, object_attributes=note))
    assert [(one.kind, one.value, one.reference) for one in found] == [("comment", "/accept x", "1")]
    comment = {"id": "c1", "issueId": "issue-1", "body": "/accept y", "createdAt": AT}
    assert taken("linear", linear(SECRET, NOW, type="Comment", action="create", data=comment))[0].value == "/accept y"
    headers, body = github(
        SECRET, NOW, action="created", comment={"id": 3, "body": "hello", "user": {"login": "anna"}, "created_at": AT}
    )
    found = taken("github", ({**headers, "x-github-event": "issue_comment"}, body))
    assert [(one.kind, one.value) for one in found] == [("comment", "hello")]


def test_our_own_comments_are_no_news() -> None:
    ours = "Two images more\n\n<!-- seamark-key: fix:7:comment:1 -->"
    headers, body = github(SECRET, NOW, action="created", comment={"id": 3, "body": ours, "created_at": AT})
    assert not taken("github", ({**headers, "x-github-event": "issue_comment"}, body))
    note = {"noteable_type": "Issue", "note": ours, "id": 8, "created_at": "2026-11-22 13:00:00 UTC"}
    assert not taken("gitlab", gitlab(SECRET, NOW, object_kind="note", issue={"iid": 1}, object_attributes=note))


def test_other_repositories_and_projects_say_nothing() -> None:
    assert not taken("github", github(SECRET, NOW, repository={"full_name": "acme/other"}))
    assert not taken("gitlab", gitlab(SECRET, NOW, project={"id": 4, "path_with_namespace": "acme/other"}))


def test_an_answer_goes_to_slack_only() -> None:
    for address in (
        "https://evil.example/x",
        "http://hooks.slack.com/x",
        "https://hooks.slack.com.evil.example/x",
        "https://hooks.slack.com@evil.example/",
    ):
        assert taken("slack", slack(SECRET, NOW, response_url=address))[0].answer_url == ""


@pytest.mark.parametrize("kind", ["teams", "pagerduty", "opsgenie", "email", "apprise"])
def test_channels_without_call_backs_refuse_all(kind: str) -> None:
    with pytest.raises(NotAllowed):
        channels()[kind].verify(None, {}, b"{}", NOW)
