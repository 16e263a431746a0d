"""Webhooks: made over the API, filled from what is written down, signed, sent to a real receiver, tried again, given up."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from seamark.core.errors import RemoteFailure
from seamark.governance.triage import service
from seamark.pipeline import webhooks
from seamark.response.webhooks import signature
from seamark.response.webhooks.send import send
from seamark.store.models import Application, Issue, User, Webhook, WebhookMessage
from seamark.store.models.people import Role
from tests.api.conftest import Caller
from tests.factories import make_person

KINDS = ["issue.comment", "issue.state"]


class Receiver:
    """A real server on loopback: answers with the statuses in order, the last one for ever, and keeps what came."""

    def __init__(self) -> None:
        self.statuses = [204]
        self.came: list[tuple[dict[str, str], str]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                outer.came.append(({name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(outer.statuses.pop(0) if len(outer.statuses) > 1 else outer.statuses[0])
                self.send_header("Location", "http://127.0.0.1:1/elsewhere")
                self.send_header("Content-Length", "5")
                self.end_headers()
                self.wfile.write(b"words")

            def log_message(self, *_: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hooks?for=seamark"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def receiver(settings: Settings) -> Iterator[Receiver]:
    settings.SEAMARK_INTERNAL_HOSTS = ["127.0.0.1"]
    one = Receiver()
    yield one
    one.server.shutdown()
    one.server.server_close()


@pytest.fixture
def root(db: None) -> User:
    return make_person("root", Role.ADMIN)


@pytest.fixture
def admin(root: User, caller: Callable[..., Caller]) -> Caller:
    return caller(root)


def _add(admin: Caller, url: str, kinds: list[str] = KINDS, **more: Any) -> dict[str, Any]:
    answer = admin("POST", "/webhooks", json.dumps({"name": "Chat", "url": url, "kinds": kinds, **more}))
    assert answer.status_code == 201, answer.content
    made: dict[str, Any] = answer.json()
    return made


def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "_EVERY", -1.0)


def test_what_happens_is_told_signed_and_once(
    admin: Caller, root: User, issue: Issue, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    _now(monkeypatch)
    service.comment(root, issue, "Before anybody listened.")
    key = _add(admin, receiver.url)["secret"]
    service.comment(root, issue, "Look at this.")
    assert webhooks.work_once()
    assert not webhooks.work_once()
    ((headers, body),) = receiver.came
    told = json.loads(body)
    assert told["type"] == "issue.comment"
    assert told["data"]["issue"] == issue.reference
    assert told["data"]["details"] == {"comment": "Look at this."}
    assert told["data"]["actor"] == "root"
    seconds = int(headers["webhook-timestamp"])
    check = (headers["webhook-id"], seconds, body, headers["webhook-signature"])
    assert signature.verifies(key, *check, now=seconds)
    assert not signature.verifies(signature.new_secret(), *check, now=seconds)
    assert not signature.verifies(key, headers["webhook-id"], seconds, body + " ", check[3], now=seconds)
    assert not signature.verifies(key, *check, now=seconds + 301)
    (shown,) = admin("GET", f"/webhooks/{Webhook.objects.get().pk}/messages").json()["items"]
    assert (shown["state"], shown["status"], shown["attempts"]) == ("delivered", 204, 1)


def test_the_signature_is_that_of_the_specification() -> None:
    # Key, id, time, body and signature as the Standard Webhooks specification's reference libraries test them.
    key = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    signed = signature.sign([key], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, '{"test": 2432232314}')
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_only_what_the_owner_may_see_is_told(
    world: dict[str, Application], caller: Callable[..., Caller], root: User, receiver: Receiver
) -> None:
    some = caller(make_person("some", Role.ADMIN, application=world["payroll"]))
    _add(some, receiver.url)
    for issue in Issue.objects.all():
        service.comment(root, issue, "Hello.")
    hook = Webhook.objects.get()
    number = Issue.objects.filter(application=world["payroll"]).count()
    assert webhooks.collect(hook) == number
    assert webhooks.collect(hook) == 0
    User.objects.filter(pk=hook.owner_id).update(is_active=False)
    service.comment(root, Issue.objects.filter(application=world["payroll"])[0], "And again.")
    assert webhooks.collect(Webhook.objects.get()) == 0


def test_an_application_may_be_named(
    admin: Caller, root: User, world: dict[str, Application], receiver: Receiver
) -> None:
    _add(admin, receiver.url, application="payroll")
    for issue in Issue.objects.all():
        service.comment(root, issue, "Hello.")
    assert webhooks.collect(Webhook.objects.get()) == Issue.objects.filter(application=world["payroll"]).count()
    refused = {"name": "x", "url": receiver.url, "kinds": KINDS, "application": "nothing"}
    assert admin("POST", "/webhooks", json.dumps(refused)).status_code == 404


def test_a_receiver_that_fails_is_asked_again_later(
    admin: Caller, root: User, issue: Issue, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    _now(monkeypatch)
    receiver.statuses = [500, 302, 200]
    _add(admin, receiver.url)
    service.comment(root, issue, "One.")
    service.comment(root, issue, "Two.")
    assert webhooks.work_once()
    assert not webhooks.work_once()
    assert [one.attempt for one in WebhookMessage.objects.order_by("id")] == [1, 0]
    first = WebhookMessage.objects.order_by("id")[0]
    assert (first.status, first.told) == (500, "words")
    for _ in range(2):
        WebhookMessage.objects.filter(pk=first.pk).update(due_at=timezone.now())
        assert webhooks.work_once()
    first.refresh_from_db()
    assert (first.state, first.attempt, first.status) == ("delivered", 3, 200)
    assert len({headers["webhook-id"] for headers, _ in receiver.came}) == 1


def test_a_message_is_given_up_in_the_end_and_the_address_turned_off(
    admin: Caller, root: User, issue: Issue, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    _now(monkeypatch)
    receiver.statuses = [503]
    made = _add(admin, receiver.url)
    for number in range(webhooks.GIVEN_UP):
        service.comment(root, issue, f"Number {number}.")
    webhooks.collect(Webhook.objects.get())
    for _ in range(webhooks.GIVEN_UP):
        WebhookMessage.objects.filter(state="queued").update(attempt=len(webhooks.PAUSES), due_at=timezone.now())
        assert webhooks.work_once()
    assert set(WebhookMessage.objects.values_list("state", flat=True)) == {"failed"}
    shown = admin("GET", f"/webhooks/{made['id']}").json()
    assert not shown["active"]
    assert "given up" in shown["why_off"]
    service.comment(root, issue, "Nobody hears this.")
    assert not webhooks.work_once()
    on = admin("PATCH", f"/webhooks/{made['id']}", '{"active": true}').json()
    assert (on["active"], on["why_off"]) == (True, None)
    assert webhooks.collect(Webhook.objects.get()) == 0


def test_a_receiver_that_is_gone_gets_nothing_more(
    admin: Caller, root: User, issue: Issue, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    _now(monkeypatch)
    receiver.statuses = [410]
    made = _add(admin, receiver.url)
    service.comment(root, issue, "Hello.")
    assert webhooks.work_once()
    assert not admin("GET", f"/webhooks/{made['id']}").json()["active"]


def test_messages_are_sent_again_and_addresses_tried(
    admin: Caller, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    _now(monkeypatch)
    path = f"/webhooks/{_add(admin, receiver.url)['id']}"
    message = admin("POST", f"{path}/test").json()
    assert webhooks.work_once()
    again = admin("POST", f"{path}/messages/{message['id']}/replay")
    assert (again.status_code, again.json()["state"]) == (202, "queued")
    assert webhooks.work_once()
    assert [headers["webhook-id"] for headers, _ in receiver.came] == [message["reference"]] * 2
    assert json.loads(receiver.came[0][1])["type"] == "webhook.test"
    assert admin("GET", f"{path}/messages?state=delivered").json()["count"]["number"] == 1
    assert admin("GET", f"{path}/messages?state=failed").json()["items"] == []
    assert admin("POST", f"{path}/messages/{message['id'] + 1}/replay").status_code == 404


def test_two_keys_sign_for_a_day(admin: Caller, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    _now(monkeypatch)
    made = _add(admin, receiver.url)
    changed = admin("POST", f"/webhooks/{made['id']}/key").json()
    assert made["secret"] != changed["secret"]
    assert made["secret"] not in Webhook.objects.get().earlier_secret
    for keys, age in ((2, 0), (1, 25)):
        Webhook.objects.update(changed_at=timezone.now() - timedelta(hours=age))
        admin("POST", f"/webhooks/{made['id']}/test")
        webhooks.work_once()
        headers, body = receiver.came[-1]
        seconds = int(headers["webhook-timestamp"])
        fits = [
            signature.verifies(key, headers["webhook-id"], seconds, body, headers["webhook-signature"], now=seconds)
            for key in (changed["secret"], made["secret"])
        ]
        assert fits == [True, keys == 2]


def test_rows_that_become_visible_late_are_told_and_old_ones_settle(
    admin: Caller, root: User, issue: Issue, receiver: Receiver
) -> None:
    _add(admin, receiver.url)
    early = service.comment(root, issue, "Written first, seen last.")
    late = service.comment(root, issue, "Seen first.")
    number = early.pk
    type(early).objects.filter(pk=number).update(kind="hidden")
    assert webhooks.collect(Webhook.objects.get()) == 1
    type(early).objects.filter(pk=number).update(kind="comment")
    assert webhooks.collect(Webhook.objects.get()) == 1
    hook = Webhook.objects.get()
    for cursor in hook.cursors.values():
        cursor["at"] = (timezone.now() - timedelta(hours=2)).isoformat()
    assert webhooks.collect(hook) == 0
    assert hook.cursors["event"]["seen"] == late.pk


def test_verdicts_and_imports_have_their_kinds(
    admin: Caller, world: dict[str, Application], receiver: Receiver
) -> None:
    from seamark.store.models import Import, Report

    _add(admin, receiver.url, kinds=["import.done", "import.failed"])
    report = Report.objects.all()[0]
    for state in ("done", "failed", "queued"):
        Import.objects.create(
            report=report, target={"application": "Payroll"}, lane="", state=state, finished_at=timezone.now(), error="x" * (state == "failed")
        )  # fmt: skip
    assert webhooks.collect(Webhook.objects.get()) == 2
    told = [json.loads(one.body) for one in WebhookMessage.objects.order_by("number")]
    assert [one["type"] for one in told] == ["import.done", "import.failed"]
    assert told[1]["data"]["error"] == "x"


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://hooks.example/x", "https"),
        ("ftp://hooks.example/x", "https"),
        ("https://user:word@hooks.example/x", "no user"),
        ("https:///x", "host"),
        ("https://hooks.example:99999/x", "no address"),
    ],
)
def test_addresses_that_are_refused(admin: Caller, url: str, words: str) -> None:
    answer = admin("POST", "/webhooks", json.dumps({"name": "x", "url": url, "kinds": KINDS}))
    assert answer.status_code == 422
    assert words in answer.json()["detail"]


def test_kinds_that_there_are_not_and_people_who_may_not(admin: Caller, caller: Callable[..., Caller]) -> None:
    body = json.dumps({"name": "x", "url": "https://hooks.example", "kinds": ["issue.eaten"]})
    assert admin("POST", "/webhooks", body).status_code == 422
    analyst = make_person("ann", Role.ANALYST)
    assert caller(analyst)("GET", "/webhooks").status_code == 403
    assert caller(analyst, "read", "write")("GET", "/webhooks").status_code == 403
    mine = _add(admin, "https://hooks.example")
    other = caller(make_person("boss", Role.ADMIN))
    assert other("GET", f"/webhooks/{mine['id']}").status_code == 404
    changed = admin(
        "PATCH", f"/webhooks/{mine['id']}", '{"name": "New", "kinds": ["gate.verdict"], "url": "https://b.example"}'
    )
    assert (changed.json()["name"], changed.json()["url"]) == ("New", "https://b.example")
    assert admin("PATCH", f"/webhooks/{mine['id']}", '{"url": "http://b.example"}').status_code == 422
    assert [one["name"] for one in admin("GET", "/webhooks").json()["items"]] == ["New"]


def test_a_name_is_looked_up_once_and_a_dead_one_is_a_sentence() -> None:
    asked: list[str] = []

    def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    with pytest.raises(RemoteFailure, match="does not answer"):
        send("http://here.example:9/x", "{}", {}, internal={"here.example"}, resolve=resolve)
    assert asked == ["here.example"]
    with pytest.raises(RemoteFailure, match="no address"):
        send("https://none.example", "{}", {}, resolve=lambda host, port: [])
    with pytest.raises(ValueError, match="base64"):
        signature.sign(["whsec_***"], "msg_1", 1, "{}")
