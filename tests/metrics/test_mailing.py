"""The numbers of the week: on Mondays at one's hour, once, and only what one may see."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from pytest_django import Settings

from seamark.pipeline.metrics import mailing, packs
from seamark.pipeline.notices import subscriptions
from seamark.store.models import Application, ChannelConnection, FactPass, Grant, OutboxAct, Subscription, User
from seamark.store.models.people import Role
from tests.factories import make_person
from tests.metrics.test_executive import browser
from tests.outbox.conftest import connect, far
from tests.outbox.far import FarSide

__all__ = ["connect", "far"]
MONDAY = datetime(2026, 11, 23, 8, 5, tzinfo=UTC)
Connect = Callable[..., ChannelConnection]


@pytest.fixture
def chat(estate: datetime, far: FarSide, connect: Connect) -> ChannelConnection:
    return connect(far, "chat")


def follow(person: User, chat: ChannelConnection, **more: object) -> Subscription:
    row = subscriptions.add(person, chat, digest=False, **more)  # type: ignore[arg-type]
    Subscription.objects.filter(pk=row.pk).update(created_at=MONDAY - timedelta(days=30))
    return row


def told() -> list[dict[str, str]]:
    return [row.body["message"] for row in OutboxAct.objects.order_by("pk")]


def test_once_a_week_at_the_hour(chat: ChannelConnection, settings: Settings) -> None:
    settings.SEAMARK_PUBLIC_URL = "https://seamark.example"
    lea = make_person("lea", Role.APPROVER)
    follow(lea, chat, weekly=True, hour=8, zone="UTC", to="lea")
    follow(make_person("max", Role.APPROVER), chat, to="max")
    assert mailing.send_due(MONDAY - timedelta(days=1)) == 1, "a server that was off on last Monday sends it later"
    OutboxAct.objects.all().delete()
    assert mailing.send_due(MONDAY - timedelta(minutes=10)) == 0
    assert mailing.send_due(MONDAY) == 1
    assert mailing.send_due(MONDAY + timedelta(minutes=10)) == 0
    assert mailing.send_due(MONDAY + timedelta(days=6)) == 0
    assert mailing.send_due(MONDAY + timedelta(days=7)) == 1
    first = told()[0]
    assert (first["to"], first["title"]) == ("lea", "Security in the week until 2026-11-23")
    assert "issues arrived and" in first["text"]
    assert first["url"] == "https://seamark.example/analytics/"


def test_the_hour_is_that_of_the_zone(chat: ChannelConnection) -> None:
    row = follow(make_person("lea", Role.APPROVER), chat, weekly=True, hour=8, zone="America/New_York")
    Subscription.objects.filter(pk=row.pk).update(created_at=MONDAY - timedelta(days=2))
    assert mailing.send_due(MONDAY) == 0
    assert mailing.send_due(MONDAY + timedelta(hours=5)) == 1


def test_nobody_hears_of_what_they_do_not_see(chat: ChannelConnection) -> None:
    mine, other = Application.objects.order_by("pk")[:2]
    bo = make_person("bo", Role.VIEWER, application=mine)
    follow(bo, chat, weekly=True, zone="UTC")
    assert mailing.send_due(MONDAY) == 1
    assert all(one.name not in told()[0]["text"] for one in Application.objects.exclude(pk=mine.pk))
    Grant.objects.filter(user=bo).delete()
    assert mailing.send_due(MONDAY + timedelta(days=7)) == 0
    eve = make_person("eve", Role.VIEWER)
    follow(eve, chat, weekly=True, zone="UTC", applications=[other])
    assert mailing.send_due(MONDAY + timedelta(days=7)) == 1
    assert mine.name not in told()[1]["text"]


def test_nothing_is_told_before_something_is_recorded(chat: ChannelConnection) -> None:
    follow(make_person("lea", Role.APPROVER), chat, weekly=True, zone="UTC")
    FactPass.objects.all().delete()
    assert mailing.send_due(MONDAY) == 0


def test_the_pack_of_a_quarter_is_told_of_once_it_is_there(chat: ChannelConnection, settings: Settings) -> None:
    settings.SEAMARK_PUBLIC_URL = "https://seamark.example"
    lea, bo = (
        make_person("lea", Role.APPROVER),
        make_person("bo", Role.VIEWER, application=Application.objects.order_by("pk")[0]),
    )
    october = datetime(2026, 10, 1, 8, 5, tzinfo=UTC)
    for one in (lea, bo):
        row = follow(one, chat, quarterly=True, hour=8, zone="UTC", to=one.username)
        Subscription.objects.filter(pk=row.pk).update(created_at=october - timedelta(days=30))
    assert mailing.send_due(october) == 0, "it is not made yet"
    assert packs.keep_when_due(october + timedelta(hours=1)) == ["pdf", "pptx"]
    assert mailing.send_due(october - timedelta(minutes=10)) == 0
    assert mailing.send_due(october + timedelta(days=40)) == 2, "a server that was off sends it later"
    assert mailing.send_due(october + timedelta(days=41)) == 0
    whole, part = told()
    assert (whole["title"], whole["to"]) == ("Security report of 2026-Q3", "lea")
    assert whole["url"] == "https://seamark.example/analytics/?period=2026-Q3#packs"
    assert "issues arrived and" in whole["text"]
    assert ("is kept as PDF" in whole["text"], "is kept as PDF" in part["text"]) == (True, False)
    Subscription.objects.update(created_at=datetime(2026, 10, 2, tzinfo=UTC))
    OutboxAct.objects.all().delete()
    assert mailing.send_due(october + timedelta(days=40)) == 0, "who subscribes later waits for the next one"


def test_it_is_chosen_on_the_page_and_over_the_api(chat: ChannelConnection) -> None:
    client: Client = browser(make_person("lea", Role.APPROVER))
    assert "The numbers of the week" in client.get("/account/messages/").content.decode()
    client.post("/account/messages/", {"action": "add", "connection": chat.pk, "hour": "7", "weekly": "on"})
    row = Subscription.objects.get()
    assert (row.weekly, row.digest, row.hour) == (True, False, 7)
    shown = client.get("/api/v1/subscriptions").json()["items"][0]
    assert shown["weekly"] is True
    answer = client.patch(f"/api/v1/subscriptions/{row.pk}", {"weekly": False}, content_type="application/json")
    assert answer.json()["weekly"] is False
    sent = {"action": "change", "subscription": row.pk, "hour": "7", "quarterly": "on", "daily_delta": "on"}
    client.post("/account/messages/", sent)
    row.refresh_from_db()
    assert (row.weekly, row.quarterly, row.daily_delta) == (False, True, True)
    change = {"quarterly": False, "daily_delta": False}
    answer = client.patch(f"/api/v1/subscriptions/{row.pk}", change, content_type="application/json").json()
    assert (answer["quarterly"], answer["daily_delta"]) == (False, False)
    assert mailing.work_once(MONDAY) is True
    assert mailing.work_once(MONDAY) is False
    assert not OutboxAct.objects.exists()
