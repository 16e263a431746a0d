"""The channels themselves through the outbox: GitHub Issues, mail and Slack, each over loopback, from what is found to what arrives there."""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

import pytest
from allauth.account.models import EmailAddress
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from seamark.core.errors import RemoteFailure
from seamark.pipeline.notices import subscriptions, work
from seamark.pipeline.outbox import connections, log, send
from seamark.pipeline.tickets import following, hearing, mapping, opening
from seamark.store.models import (
    ChannelConnection,
    Fix,
    Issue,
    News,
    OutboxAct,
    Subscription,
    Ticket,
    TicketChange,
    User,
)
from seamark.store.models.people import Role
from tests.channels.fakes.far import Failure
from tests.channels.fakes.github import WHEN, FakeGitHub
from tests.channels.fakes.messages import FakeSlack
from tests.factories import make_person
from tests.outbox.conftest import drain
from tests.outbox.test_tickets import day, packages, pass_on
from tests.support.smtp import Server, smtp

SECRET = "secret-of-call-backs"


@pytest.fixture(autouse=True)
def _inside(db: None, settings: Settings) -> None:
    settings.SEAMARK_INTERNAL_HOSTS = frozenset({"127.0.0.1"})


@pytest.fixture
def hub() -> Iterator[FakeGitHub]:
    with FakeGitHub() as far:
        yield far


@pytest.fixture
def place(hub: FakeGitHub) -> ChannelConnection:
    """The issues of a repository, to which the tickets of all applications go; one is open there."""
    given = {"repository": "acme/pay", "token": hub.token, "url": hub.url, "secret": SECRET}
    connection = connections.add(None, "Issues", "github", given, rate=6000, commands=True)
    mapping.put(None, connection, labels=["security"])
    packages("CVE-2024-1", "CVE-2024-2")
    opening.open_by_hand(None, fix=Fix.objects.get())
    drain()
    return connection


@pytest.fixture
def ada() -> User:
    return reader("ada", "anna@example.org")


def reader(name: str, email: str) -> User:
    person = make_person(name, Role.ANALYST)
    User.objects.filter(pk=person.pk).update(email=email)
    EmailAddress.objects.create(user=person, email=email, verified=True, primary=True)
    person.refresh_from_db()
    return person


def ticket() -> Ticket:
    return Ticket.objects.latest("pk")


def test_an_issue_lives_as_its_fix_does(hub: FakeGitHub, place: ChannelConnection) -> None:
    (issue,) = hub.issues.values()
    assert "Upgrade left-pad to 2.0 (Shop)" in issue["title"]
    assert [one["name"] for one in issue["labels"]] == ["seamark", "security"]
    assert (ticket().reference, ticket().url) == ("1", "https://github.example/acme/pay/issues/1")
    packages("CVE-2024-1", "CVE-2024-2", "CVE-2024-3")
    pass_on(1)
    assert "1 issue came" in hub.comment_texts("1")[0]
    assert "clears 3 issues" in hub.issues["1"]["body"]
    packages()
    pass_on(1)
    assert hub.is_closed("1")
    assert "3 issues fixed" in hub.comment_texts("1")[1]
    packages("CVE-2024-2")
    pass_on(2)
    assert not hub.is_closed("1")
    assert "has come back" in hub.comment_texts("1")[2]
    assert hub.count() == 1
    assert not OutboxAct.objects.exclude(state="done").exists()
    assert [one.verb for one in place.acts.order_by("pk")] == ["open", "comment", "update", "close", "reopen", "update"]


def test_a_lost_answer_opens_no_second_issue(hub: FakeGitHub, place: ChannelConnection) -> None:
    packages("CVE-2024-9", application="Other")
    hub.lags = True
    Ticket.objects.filter(application__name="Other").delete()
    opening.open_by_hand(None, issue=Issue.objects.get(application__name="Other"))
    row = OutboxAct.objects.get(state="queued")
    assert send.work_once()
    OutboxAct.objects.filter(pk=row.pk).update(state="queued", due_at=timezone.now(), lease_until=None)
    assert send.work_once(), "as if its worker had died before it said so"
    row.refresh_from_db()
    assert (row.state, row.found, hub.count()) == ("done", True, 2)


def test_a_deleted_issue_is_told_once(hub: FakeGitHub, place: ChannelConnection) -> None:
    hub.delete("1")
    packages("CVE-2024-1", "CVE-2024-2", "CVE-2024-3")
    pass_on(1)
    pass_on(2)
    assert ticket().state == "deleted"
    assert News.objects.filter(kind="ticket").count() == 1
    assert hub.count() == 1


def test_a_revoked_token_pauses_and_nothing_is_lost(hub: FakeGitHub, place: ChannelConnection) -> None:
    hub.accepts = False
    packages("CVE-2024-1")
    following.follow(day(1))
    now = timezone.now()
    assert send.work_once(now)
    place.refresh_from_db()
    assert place.paused_until is not None
    assert "revoked" in place.why_paused
    assert "Issues: " in log.standing().paused[0]
    assert not send.work_once(now + timedelta(minutes=1)), "it is left alone"
    hub.accepts = True
    asked = {"token": hub.token, "repository": "acme/pay", "url": hub.url, "secret": SECRET}
    connections.change(None, place, given=asked)
    drain()
    assert "1 issue went" in hub.comment_texts("1")[0]
    place.refresh_from_db()
    assert (place.paused_until, log.standing().paused) == (None, ())


def test_a_service_that_asks_to_wait_is_left_alone_for_as_long(hub: FakeGitHub, place: ChannelConnection) -> None:
    packages("CVE-2024-1")
    following.follow(day(1))
    hub.failure = Failure(429, {"Retry-After": "90"}, {"message": "slow down"})
    now, before = timezone.now(), len(hub.asked)
    assert send.work_once(now)
    hub.failure = None
    for seconds in (1, 30, 80):
        assert not send.work_once(now + timedelta(seconds=seconds))
    assert len(hub.asked) == before + 1
    assert send.work_once(now + timedelta(seconds=100))
    drain()
    assert not OutboxAct.objects.exclude(state="done").exists()
    assert "1 issue went" in hub.comment_texts("1")[0]


def hooked(place: ChannelConnection, kind: str, event: dict[str, Any], secret: str = SECRET) -> int:
    body = json.dumps({"repository": {"full_name": "acme/pay"}, **event}).encode()
    signature = hmac.new(secret.encode(), body, sha256).hexdigest()
    headers = {"X-GitHub-Event": kind, "X-Hub-Signature-256": f"sha256={signature}"}
    path = f"/api/v1/callbacks/{place.callback}"
    return Client().post(path, body, content_type="application/json", headers=headers).status_code


def closed(login: str, at: str = WHEN) -> dict[str, Any]:
    return {
        "action": "closed",
        "issue": {"number": 1, "state_reason": "completed", "updated_at": at},
        "sender": {"login": login},
    }


def test_what_we_did_ourselves_starts_nothing(hub: FakeGitHub, place: ChannelConnection) -> None:
    assert hooked(place, "issues", closed("seamark-bot"), secret="wrong") == 403
    asked = len(hub.of("GET /user"))
    assert hooked(place, "issues", closed("seamark-bot")) == 204
    assert hooked(place, "issues", closed("seamark-bot", "2026-11-22T13:05:00Z")) == 204
    assert len(hub.of("GET /user")) <= asked + 1, "who we are is asked for once"
    assert list(TicketChange.objects.values_list("author", "outcome")) == [("seamark-bot", "")] * 2
    assert not OutboxAct.objects.filter(state="queued").exists()
    assert hooked(place, "issues", closed("anna", "2026-11-22T13:06:00Z")) == 204
    assert OutboxAct.objects.get(state="queued").verb == "reopen", "somebody else's closing is put right"
    drain()
    ChannelConnection.objects.update(heard_until=datetime(2026, 11, 22, 12, tzinfo=UTC), hear_at=None)
    hub.someone_says("1", "/reassign nobody@example.org")
    hearing.hear(timezone.now())
    drain()
    assert "nobody in Seamark has the confirmed address" in hub.comment_texts("1")[-1]
    said = len(hub.comment_texts("1"))
    ChannelConnection.objects.update(heard_until=datetime(2026, 11, 22, 12, tzinfo=UTC), hear_at=None)
    hearing.hear(timezone.now())
    drain()
    assert len(hub.comment_texts("1")) == said, "its own answer is no command, and the command was taken once"


@pytest.fixture
def post() -> Iterator[Server]:
    with smtp() as server:
        yield server


def mails(post: Server) -> list[tuple[str, str, str]]:
    return [(str(one["To"]), str(one["Subject"]), one.get_body(("plain",)).get_content()) for one in post.mails]  # type: ignore[union-attr]


def own_server(post: Server, settings: Settings) -> ChannelConnection:
    """Let the installation have its mail server, as SEAMARK_MAIL_URL says, and send messages by it."""
    settings.SEAMARK_INTERNAL_HOSTS = frozenset()
    settings.SEAMARK_SENDS_MAIL, settings.EMAIL_HOST, settings.EMAIL_PORT = True, "127.0.0.1", post.port
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.DEFAULT_FROM_EMAIL = "Seamark <seamark@example.org>"
    settings.SEAMARK_PUBLIC_URL = "https://seamark.example"
    return connections.add(None, "Mail", "email", {}, rate=6000)


def test_urgent_mails_and_the_digest(post: Server, ada: User, settings: Settings) -> None:
    mail = own_server(post, settings)
    assert connections.check(mail) == "By 127.0.0.1, as seamark@example.org"
    start = datetime(2027, 3, 1, 12, tzinfo=UTC)
    work.work_once(start - timedelta(hours=1))
    row = subscriptions.add(ada, mail, hour=8)
    Subscription.objects.filter(pk=row.pk).update(
        created_at=start - timedelta(days=1), digest_until=start - timedelta(days=1)
    )
    packages("CVE-2024-1", "CVE-2024-2")
    Issue.objects.update(opened_at=start, priority=2)
    first = Issue.objects.order_by("pk")[0]
    Issue.objects.filter(pk=first.pk).update(priority=0)
    work.work_once(start + timedelta(minutes=5))
    drain()
    urgent, digest = sorted(mails(post), key=lambda one: "Today" in one[1])
    assert urgent[:2] == ("anna@example.org", f"P0: {first.reference} Flaw CVE-2024-1")
    assert "How to fix: Upgrade left-pad to 2.0" in urgent[2]
    assert f"https://seamark.example/issues/{first.reference}/" in urgent[2]
    assert digest[1] == "Today in Seamark: 2 new, 1 waiting for you" or digest[1].startswith("Today in Seamark: 2 new")
    head = post.mails[0]
    assert str(head["From"]) == "Seamark <seamark@example.org>"
    assert "https://seamark.example/account/messages/" in str(head["List-Unsubscribe"])
    for hours in (1, 5):
        work.work_once(start + timedelta(hours=hours))
        drain()
    assert len(post.mails) == 2
    row_of = OutboxAct.objects.order_by("pk")[0]
    OutboxAct.objects.filter(pk=row_of.pk).update(state="queued", due_at=timezone.now())
    drain()
    assert post.mails[2]["Message-ID"] in {post.mails[0]["Message-ID"], post.mails[1]["Message-ID"]}, (
        "sent again it is the same mail"
    )


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
def test_mail_goes_into_the_own_network_by_the_installation_s_server_only(post: Server, settings: Settings) -> None:
    own_server(post, settings)
    typed = connections.add(
        None,
        "Typed",
        "email",
        {"host": "127.0.0.1", "port": post.port, "encryption": "none", "sender": "a@example.org"},
    )
    with pytest.raises(RemoteFailure, match="inside this network"):
        connections.check(typed)
    settings.SEAMARK_INTERNAL_HOSTS = frozenset({f"127.0.0.1:{post.port}"})
    assert "as a@example.org" in connections.check(typed)
    settings.SEAMARK_SENDS_MAIL = False
    with pytest.raises(RemoteFailure, match="SEAMARK_MAIL_URL"):
        connections.check(ChannelConnection.objects.get(name="Mail"))
    local = connections.add(None, "Pushed", "apprise", {"address": "json://127.0.0.2:9/"})
    with pytest.raises(RemoteFailure, match="inside this network"):
        connections.check(local)


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with FakeSlack() as far:
        yield far


def pressed(chat: ChannelConnection, action: str, value: str, *, user: str = "U01234567", secret: str = SECRET) -> int:
    actions = [{"type": "button", "action_id": f"{action}:0", "value": value}]
    body = urlencode(
        {"payload": json.dumps({"type": "block_actions", "user": {"id": user}, "actions": actions})}
    ).encode()
    seconds = str(int(timezone.now().timestamp()))
    signature = hmac.new(secret.encode(), b"v0:" + seconds.encode() + b":" + body, sha256).hexdigest()
    headers = {"X-Slack-Request-Timestamp": seconds, "X-Slack-Signature": f"v0={signature}"}
    path = f"/api/v1/callbacks/{chat.callback}"
    return Client().post(path, body, content_type="application/x-www-form-urlencoded", headers=headers).status_code


def test_a_button_in_slack_acts_with_the_presser_s_rights(slack: FakeSlack, ada: User) -> None:
    given = {"token": slack.token, "channel": "C0123456789", "url": slack.url, "secret": SECRET}
    chat = connections.add(None, "Chat", "slack", given, rate=6000)
    assert connections.check(chat) == "As seamark in Acme"
    start = datetime(2027, 3, 1, 12, tzinfo=UTC)
    work.work_once(start - timedelta(hours=1))
    row = subscriptions.add(ada, chat, to="anna@example.org", digest=False)
    Subscription.objects.filter(pk=row.pk).update(created_at=start - timedelta(days=1))
    packages("CVE-2024-1")
    Issue.objects.update(priority=0)
    work.work_once(start)
    drain()
    (message,) = slack.messages
    assert message["channel"] == "D01234567"
    issue = Issue.objects.get()
    buttons = [one for block in message["blocks"] if block["type"] == "actions" for one in block["elements"]]
    take = next(one for one in buttons if one["action_id"].startswith("take"))
    assert take["value"] == issue.reference
    assert pressed(chat, "take", take["value"], secret="wrong") == 403
    assert not Issue.objects.filter(assignee__isnull=False).exists()
    assert pressed(chat, "take", take["value"]) == 204
    issue.refresh_from_db()
    assert issue.assignee == ada
    drain()
    assert "1 handed to ada" in json.dumps(slack.messages[-1])


def test_a_button_does_nothing_for_who_is_not_known(slack: FakeSlack, monkeypatch: pytest.MonkeyPatch) -> None:
    given = {"token": slack.token, "channel": "C0123456789", "url": slack.url, "secret": SECRET}
    chat = connections.add(None, "Chat", "slack", given, rate=6000)
    packages("CVE-2024-1")
    assert pressed(chat, "take", Issue.objects.get().reference) == 204
    viewer = make_person("vera", Role.VIEWER)
    EmailAddress.objects.create(user=viewer, email="anna@example.org", verified=True)
    slack.failure = Failure(500)
    assert pressed(chat, "take", Issue.objects.get().reference) == 204
    slack.failure = None
    drain()
    assert "nobody in Seamark" in json.dumps(slack.messages[-1])
    assert pressed(chat, "take", Issue.objects.get().reference, user="U07654321") == 204
    drain()
    assert "This needs" in json.dumps(slack.messages[-1])
    assert not Issue.objects.filter(assignee__isnull=False).exists()
