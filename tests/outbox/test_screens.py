"""Connections, tickets and deliveries over the API, the web and the command line, and the door for call-backs."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable
from hashlib import sha256

import pytest
from allauth.account.models import EmailAddress
from click.testing import CliRunner
from django.http import HttpRequest
from django.test import Client
from django.utils import timezone

from seamark.interfaces.cli.main import main
from seamark.interfaces.web.templatetags.tickets import Found, fix_ticket, issue_ticket
from seamark.pipeline.tickets import mapping, opening
from seamark.store.models import (
    Application,
    ChannelConnection,
    Fix,
    Group,
    Issue,
    OutboxAct,
    Subscription,
    Ticket,
    User,
)
from seamark.store.models.people import Role
from tests.api.conftest import Caller, caller
from tests.factories import make_person
from tests.outbox.conftest import drain
from tests.outbox.far import FarSide
from tests.outbox.test_tickets import packages
from tests.web.conftest import logged_in

__all__ = ["caller", "logged_in"]
Connect = Callable[..., ChannelConnection]


@pytest.fixture
def root(db: None) -> User:
    return make_person("root", Role.ADMIN)


@pytest.fixture
def admin(root: User, caller: Callable[..., Caller]) -> Caller:
    return caller(root)


@pytest.fixture
def dev(db: None) -> User:
    person = make_person("dev", Role.DEVELOPER)
    EmailAddress.objects.create(user=person, email="dev@example.org", verified=True)
    return person


def test_connections_over_the_api(admin: Caller, far: FarSide, connect: Connect) -> None:
    body = {"name": "Far", "channel": "far", "settings": {"url": far.url, "token": "hush-hush"}}
    answer = admin("POST", "/connections", json.dumps(body))
    assert answer.status_code == 201, answer.content
    made = answer.json()
    assert b"hush-hush" not in answer.content
    here = f"/connections/{made['id']}"
    assert admin("POST", f"{here}/check").json() == {"good": True, "words": "Logged in as seamark"}
    far.revoked = True
    assert admin("POST", f"{here}/check").json()["good"] is False
    far.revoked = False
    assert admin("PATCH", here, json.dumps({"active": False, "rate": 5})).json()["rate"] == 5
    assert admin("POST", f"{here}/resume").status_code == 200
    assert [one["id"] for one in admin("GET", "/connections").json()["items"]] == [made["id"]]
    assert admin("POST", "/connections", json.dumps({**body, "channel": "nothing"})).status_code == 422
    assert admin("POST", "/connections", json.dumps({**body, "name": "x", "settings": {}})).status_code == 403
    assert admin("GET", here).status_code == 200
    assert admin("DELETE", here).status_code == 204
    assert not ChannelConnection.objects.exists()


def test_tickets_over_the_api(
    admin: Caller, dev: User, caller: Callable[..., Caller], far: FarSide, connect: Connect
) -> None:
    packages("CVE-2024-1", "CVE-2024-2")
    connection = connect(far)
    body = {"connection": connection.pk, "application": "shop", "fields": {"project": "PAY"}, "labels": ["x"]}
    made = admin("POST", "/ticket-mappings", json.dumps(body))
    assert made.status_code == 201, made.content
    call = caller(dev)
    assert call("POST", "/ticket-mappings", json.dumps(body)).status_code in {403, 404}
    assert call("GET", "/connections").status_code == 403
    ticket = call("POST", "/tickets", json.dumps({"fix": Fix.objects.get().pk}))
    assert ticket.status_code == 201, ticket.content
    assert ticket.json()["reference"] is None
    drain()
    again = call("POST", "/tickets", json.dumps({"issue": Issue.objects.order_by("pk")[0].pk}))
    assert (again.json()["id"], again.json()["reference"], again.json()["state"]) == (
        ticket.json()["id"],
        "FAR-1",
        "open",
    )
    assert [one["title"] for one in call("GET", "/tickets?application=shop").json()["items"]] == [
        "Upgrade left-pad to 2.0"
    ]
    assert call("GET", f"/tickets/{ticket.json()['id']}").status_code == 200
    assert call("POST", "/tickets", json.dumps({"fix": 999_999})).status_code == 404
    stranger = caller(make_person("stranger"))
    assert stranger("GET", "/tickets").json()["items"] == []
    assert stranger("GET", f"/tickets/{ticket.json()['id']}").status_code == 404
    assert [one["state"] for one in call("GET", "/deliveries").json()["items"]] == ["done"]
    assert stranger("GET", "/deliveries").json()["items"] == []
    OutboxAct.objects.update(state="failed", told="No.")
    act = OutboxAct.objects.get().pk
    assert call("GET", f"/deliveries/{act}").json()["error"] == "No."
    assert stranger("POST", f"/deliveries/{act}/replay").status_code == 404
    assert call("POST", f"/deliveries/{act}/replay").status_code == 202
    drain()
    assert len(far.tickets) == 1
    assert admin("DELETE", f"/ticket-mappings/{made.json()['id']}").status_code == 204


def test_subscriptions_over_the_api(dev: User, caller: Callable[..., Caller], far: FarSide, connect: Connect) -> None:
    packages("CVE-2024-1")
    connect(far, "chat")
    call = caller(dev)
    body = {
        "connection": "The chat",
        "to": "U7",
        "kinds": ["p0", "mention"],
        "quiet_from": 22,
        "quiet_to": 7,
        "zone": "Europe/Berlin",
    }
    made = call("POST", "/subscriptions", json.dumps(body))
    assert made.status_code == 201, made.content
    assert call("POST", "/subscriptions", json.dumps(body)).status_code == 403
    assert call("POST", "/subscriptions", json.dumps({"connection": "nothing"})).status_code == 404
    assert [one["to"] for one in call("GET", "/subscriptions").json()["items"]] == ["U7"]
    here = f"/subscriptions/{made.json()['id']}"
    changed = call(
        "PATCH", here, json.dumps({"kinds": ["kev"], "applications": ["shop"], "quiet_from": 22, "quiet_to": 6})
    ).json()
    assert (changed["kinds"], changed["applications"], changed["quiet_from"], changed["quiet_to"]) == (
        ["kev"],
        ["shop"],
        22,
        6,
    )
    assert call("PATCH", here, json.dumps({"active": False})).json() == {**changed, "active": False}
    assert call("PATCH", here, json.dumps({"quiet_from": None, "quiet_to": None})).json()["quiet_from"] is None
    assert call("PATCH", here, json.dumps({"quiet_from": 3})).status_code == 400
    assert call("PATCH", here, json.dumps({"applications": ["nothing"]})).status_code == 404
    assert call("PATCH", here, json.dumps({"to": "U8"})).status_code == 422
    other = caller(make_person("other", Role.ADMIN))
    assert other("PATCH", here, json.dumps({"digest": False})).status_code == 404
    assert other("DELETE", here).status_code == 404
    assert call("DELETE", f"/subscriptions/{made.json()['id']}").status_code == 204
    assert not Subscription.objects.exists()


def call_back(
    connection: ChannelConnection,
    sort: str,
    items: list[dict[str, str]],
    *,
    token: str = "secret-of-the-tests",
    age: int = 0,
) -> int:
    body = json.dumps({"sort": sort, "items": items}).encode()
    seconds = str(int(timezone.now().timestamp()) - age)
    signature = hmac.new(token.encode(), seconds.encode() + body, sha256).hexdigest()
    return Client().post(
        f"/api/v1/callbacks/{connection.callback}", body, content_type="application/json",
        headers={"X-Far-Time": seconds, "X-Far-Signature": signature},
    ).status_code  # fmt: skip


def test_call_backs_are_signed(far: FarSide, connect: Connect, dev: User) -> None:
    packages("CVE-2024-1", "CVE-2024-2")
    connection, chat = connect(far), connect(far, "chat")
    mapping.put(None, connection)
    opening.open_by_hand(None, fix=Fix.objects.get())
    drain()
    change = {
        "id": "1",
        "reference": "FAR-1",
        "at": timezone.now().isoformat(),
        "author": "u",
        "kind": "status",
        "value": "in_progress",
    }
    assert call_back(connection, "changed", [change], token="wrong") == 403
    assert call_back(connection, "changed", [change], age=400) == 403
    assert Ticket.objects.get().far_status == ""
    assert call_back(connection, "changed", [change]) == 204
    assert Ticket.objects.get().far_status == "in_progress"
    pressed = {
        "action": "take",
        "value": Issue.objects.order_by("pk")[0].reference,
        "user": "U1",
        "user_email": "dev@example.org",
    }
    assert call_back(chat, "pressed", [pressed], token="wrong") == 403
    assert not Issue.objects.filter(assignee=dev).exists()
    assert call_back(chat, "pressed", [pressed]) == 204
    assert Issue.objects.filter(assignee=dev).count() == 2
    chat.callback = "nothing"
    assert call_back(chat, "pressed", [pressed]) == 404
    connection.active = False
    connection.save()
    assert call_back(connection, "changed", [change]) == 404


def test_the_screens(
    far: FarSide, connect: Connect, root: User, dev: User, logged_in: Callable[[User], Client]
) -> None:
    packages("CVE-2024-1", "CVE-2024-2")
    browser = logged_in(root)
    page = browser.get("/administration/connections/?channel=far").content.decode()
    assert 'name="field-url"' in page
    assert 'type="password" name="field-token"' in page
    owners = {f"owner-{name}": "both" for name in ("status", "assignee", "priority", "comments")}
    form = {
        "action": "add",
        "channel": "far",
        "name": "<b>Far</b>",
        "field-url": far.url,
        "field-token": "hush-hush",
        "rate": "60",
        **owners,
    }
    page = browser.post("/administration/connections/", form, follow=True).content.decode()
    assert "&lt;b&gt;Far&lt;/b&gt;" in page
    assert "hush-hush" not in page
    row = ChannelConnection.objects.get()
    answer = browser.post(
        "/administration/connections/", {"action": "check", "connection": row.pk}, follow=True
    ).content.decode()
    assert "Logged in as seamark" in answer
    browser.post(
        "/administration/connections/",
        {"action": "map", "connection": row.pk, "fields": "project = PAY\nsummary = {{title}}"},
    )
    assert mapping.mapping_for(1, "").fields == {"project": "PAY", "summary": "{{title}}"}  # type: ignore[union-attr]
    mine = logged_in(dev)
    assert mine.get("/administration/connections/").status_code == 403
    assert mine.get("/administration/deliveries/").status_code == 403
    mine.post("/tickets/open/", {"fix": Fix.objects.get().pk})
    drain()
    page = mine.get("/tickets/").content.decode()
    assert "FAR-1" in page
    assert "FAR-1" not in logged_in(make_person("stranger")).get("/tickets/").content.decode()
    assert logged_in(make_person("vera", Role.VIEWER)).post("/tickets/open/", {"fix": 999}).status_code == 404
    OutboxAct.objects.update(state="failed", told="<i>No</i>")
    page = browser.get("/administration/deliveries/?state=failed").content.decode()
    assert "&lt;i&gt;No&lt;/i&gt;" in page
    browser.post("/administration/deliveries/", {"act": [OutboxAct.objects.get().pk]})
    assert OutboxAct.objects.get().state == "queued"
    for action in ("switch", "resume", "remove"):
        browser.post("/administration/connections/", {"action": action, "connection": row.pk})
    assert not ChannelConnection.objects.exists()


def test_the_command_line(far: FarSide, connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("tickets_", "deliveries_"):
        monkeypatch.setattr(f"seamark.interfaces.cli.commands.{name}.boot", lambda: None)
    packages("CVE-2024-1", "CVE-2024-2")

    def run(*words: str) -> str:
        done = CliRunner().invoke(main, list(words))
        assert done.exit_code in {0, 1}, done.output
        return done.output

    assert "where tickets of Shop go" in run("tickets", "open", "--fix", str(Fix.objects.get().pk))
    mapping.put(None, connect(far))
    assert "on its way: Upgrade left-pad" in run("tickets", "open", Issue.objects.order_by("pk")[0].reference)
    drain()
    assert json.loads(run("tickets", "list", "--json"))["reference"] == "FAR-1"
    assert "FAR-1" in run("tickets", "list")
    assert "no such fix or issue" in run("tickets", "open", "nothing")
    assert json.loads(run("deliveries", "list", "--json"))["state"] == "done"
    OutboxAct.objects.update(state="failed")
    assert "open" in run("deliveries", "list", "--state", "failed")
    assert "1 sent again" in run("deliveries", "replay", "--all")
    assert "not given up" in run("deliveries", "replay", str(OutboxAct.objects.get().pk))


def test_subscriptions_on_screen(
    far: FarSide, connect: Connect, dev: User, root: User, logged_in: Callable[[User], Client]
) -> None:
    packages("CVE-2024-1")
    chat, team = connect(far, "chat", name="<b>Chat</b>"), Group.objects.create(name="core")
    mine, page = logged_in(dev), "/account/messages/"
    assert "No subscription" in mine.get(page).content.decode()
    assert 'href="/account/messages/"' in mine.get("/account/").content.decode()
    form = {
        "action": "add",
        "connection": chat.pk,
        "to": "U1",
        "kinds": ["p0", "kev"],
        "hour": "7",
        "zone": "Europe/Berlin",
        "quiet_from": "22",
        "quiet_to": "6",
    }
    assert "You hear of it" in mine.post(page, form, follow=True).content.decode()
    row = Subscription.objects.get()
    assert (row.kinds, row.digest, row.hour, row.quiet_from, row.quiet_to) == (["kev", "p0"], False, 7, 22, 6)
    shown = mine.get(page).content.decode()
    assert "&lt;b&gt;Chat&lt;/b&gt;" in shown
    shop = Application.objects.get()
    change = {
        "action": "change",
        "subscription": row.pk,
        "kinds": ["sla"],
        "applications": [shop.pk],
        "digest": "on",
        "hour": "0",
    }
    mine.post(page, change)
    row.refresh_from_db()
    assert (row.kinds, row.applications, row.digest, row.hour, row.quiet_from) == (["sla"], [shop.pk], True, 0, None)
    for wrong in (
        {"hour": "24"},
        {"quiet_from": "3"},
        {"kinds": ["nothing"]},
        {"applications": [shop.pk + 1]},
        {"zone": "Nowhere"},
    ):
        assert "notice error" in mine.post(page, {**change, **wrong}, follow=True).content.decode(), wrong
    mine.post(page, {"action": "switch", "subscription": row.pk})
    row.refresh_from_db()
    assert not row.active
    assert mine.post(page, {**form, "team": team.pk}).status_code == 404
    assert (
        logged_in(make_person("eve", Role.VIEWER)).post(page, {"action": "remove", "subscription": row.pk}).status_code
        == 404
    )
    boss = logged_in(root)
    assert "core" in boss.get(page).content.decode()
    assert "The team hears" in boss.post(page, {**form, "team": team.pk}, follow=True).content.decode()
    mine.post(page, {"action": "remove", "subscription": row.pk})
    assert list(Subscription.objects.values_list("group__name", flat=True)) == ["core"]


def test_tickets_are_opened_from_the_pages_of_fix_and_issue(
    far: FarSide, connect: Connect, dev: User, logged_in: Callable[[User], Client]
) -> None:
    packages("CVE-2024-1", "CVE-2024-2")
    mine, viewer = logged_in(dev), logged_in(make_person("vera", Role.VIEWER))
    fix, issue = f"/fixes/{Fix.objects.get().pk}/", f"/issues/{Issue.objects.order_by('pk')[0].reference}/"
    form = 'action="/tickets/open/"'
    for page in (fix, issue):
        assert form not in mine.get(page).content.decode(), "there is no place for tickets yet"
    mapping.put(None, connect(far))
    for page in (fix, issue):
        assert form in mine.get(page).content.decode()
        assert form not in viewer.get(page).content.decode()
    answer = mine.post("/tickets/open/", {"issue": Issue.objects.order_by("pk")[0].pk, "next": issue}, follow=True)
    assert answer.redirect_chain[-1][0] == issue
    drain()
    for page in (fix, issue):
        for browser in (mine, viewer):
            shown = browser.get(page).content.decode()
            assert "FAR-1" in shown
            assert form not in shown
    request = HttpRequest()
    request.user = make_person("stranger")
    issue_row = Issue.objects.order_by("pk")[0]
    assert (
        issue_ticket({"request": request}, issue_row)
        == fix_ticket({"request": request}, Fix.objects.get())
        == Found(None, may_open=False)
    )


def test_health_tells_of_the_outbox(
    far: FarSide, connect: Connect, root: User, logged_in: Callable[[User], Client]
) -> None:
    from seamark.pipeline import vitals
    from seamark.pipeline.outbox import breaker
    from seamark.pipeline.outbox.queue import put_message
    from seamark.response.actions.contract import Message

    chat, now = connect(far, "chat"), timezone.now()
    put_message(chat, Message(title="x", text="x"), "key")
    queue = next(one for one in vitals.queues(timezone.now()) if one["name"] == "outbox")
    assert (queue["waiting"].number, queue["failed"].number) == (1, 0)
    page = logged_in(root).get("/administration/health/").content.decode()
    assert "1 acts wait" in page
    breaker.trip(chat, "it answered <500>", now)
    page = logged_in(root).get("/administration/health/").content.decode()
    assert "paused, 1 acts wait: The chat: it answered &lt;500&gt;" in page
    ChannelConnection.objects.update(paused_until=None)
    OutboxAct.objects.update(state="failed", finished_at=now)
    assert "1 acts were given up" in logged_in(root).get("/administration/health/").content.decode()
