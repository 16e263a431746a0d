"""The outbox: what is written is done once, in order, within the rate, and away from what is broken."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from pytest_django import Settings

from seamark.core.errors import NotAllowed, RemoteFailure
from seamark.pipeline.outbox import breaker, connections, log, send
from seamark.pipeline.outbox.queue import put_message
from seamark.response.actions.contract import Message
from seamark.store.access import visible_to
from seamark.store.models import ChannelConnection, Event, LedgerEntry, News, OutboxAct
from seamark.store.models.people import Role
from tests.factories import make_person
from tests.outbox.conftest import drain
from tests.outbox.far import FarSide

Connect = Callable[..., ChannelConnection]


def say(connection: ChannelConnection, words: str, *, thread: str = "") -> OutboxAct:
    return put_message(connection, Message(title=words, text=words, thread=thread), f"key-{words}")


def test_an_act_is_part_of_what_causes_it(far: FarSide, connect: Connect) -> None:
    chat = connect(far, "chat")
    with transaction.atomic():
        say(chat, "never")
        transaction.set_rollback(True)
    say(chat, "once")
    say(chat, "once")
    assert drain() == 1
    assert [one["title"] for one in far.messages()] == ["once"]
    row = OutboxAct.objects.get()
    assert (row.state, row.attempt, row.reference) == ("done", 1, "message-1")
    assert row.url == f"{far.url}/message-1"


def test_a_worker_that_dies_after_sending_sends_again_and_the_far_side_knows_it(
    far: FarSide, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat = connect(far, "chat")
    say(chat, "hello")

    def die(*_: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(send, "arrived", die)
        with pytest.raises(SystemExit):
            send.work_once()
    assert len(far.did) == 1
    assert not send.work_once(), "another worker holds it"
    assert send.work_once(timezone.now() + send.LEASE + timedelta(seconds=1))
    row = OutboxAct.objects.get()
    assert (row.state, row.attempt, row.found) == ("done", 2, True)
    assert len(far.did) == 1


def test_a_slow_worker_does_not_settle_what_another_has_taken_since(far: FarSide, connect: Connect) -> None:
    say(connect(far, "chat"), "hello")
    slow = send._taken(timezone.now())
    assert slow is not None
    later = timezone.now() + send.LEASE + timedelta(seconds=1)
    assert send._taken(later) is not None
    send.deliver(OutboxAct.objects.select_related("connection", "ticket").get())
    row = OutboxAct.objects.get()
    assert row.state == "done"
    slow.attempt = 1
    send.given_up(slow, "too late", later)
    assert OutboxAct.objects.get().state == "done"


def test_acts_of_a_thread_wait_for_each_other_and_others_do_not(far: FarSide, connect: Connect) -> None:
    chat = connect(far, "chat")
    answers = iter(["500", "", "", "", ""])
    far.fail = lambda: next(answers, "")
    for words in ("first", "second", "third"):
        say(chat, words, thread="t")
    say(chat, "aside")
    drain()
    titles = [one["title"] for one in far.messages()]
    assert [one for one in titles if one != "aside"] == ["first", "second", "third"]
    assert titles[0] == "aside"
    by_title = {one["message"]["title"]: one["reference"] for one in far.did}
    first = far.keys["key-first"]
    assert by_title == {"aside": "", "first": "", "second": first, "third": first}


def test_a_named_pause_is_kept_by_the_whole_connection(far: FarSide, connect: Connect) -> None:
    chat = connect(far, "chat")
    answers = iter(["429"])
    far.fail = lambda: next(answers, "")
    say(chat, "one")
    say(chat, "two")
    now = timezone.now()
    assert send.work_once(now)
    assert not send.work_once(now + timedelta(seconds=6))
    assert send.work_once(now + timedelta(seconds=8))
    assert send.work_once(now + timedelta(seconds=8))
    assert OutboxAct.objects.filter(state="done").count() == 2
    chat.refresh_from_db()
    assert (chat.failures, chat.why_paused) == (0, "")


def test_no_more_acts_than_the_rate(far: FarSide, connect: Connect) -> None:
    chat = connect(far, "chat", rate=60)
    for number in range(30):
        say(chat, str(number))
    now = timezone.now()
    at_once = sum(send.work_once(now) for _ in range(30))
    assert at_once == send.BURST
    later = [send.work_once(now + timedelta(seconds=second)) for second in range(1, 6) for _ in range(3)]
    assert sum(later) == 5


def test_a_wrong_act_is_given_up_and_the_connection_goes_on(far: FarSide, connect: Connect) -> None:
    chat = connect(far, "chat")
    answers = iter(["400"])
    far.fail = lambda: next(answers, "")
    bad = say(chat, "bad")
    say(chat, "good")
    drain()
    bad.refresh_from_db()
    assert bad.state == "failed"
    assert "400" in bad.told
    assert [one["title"] for one in far.messages()] == ["good"]
    assert News.objects.filter(kind="alarm").count() == 1
    assert log.replay(None, [bad]) == 1
    drain()
    assert [one["title"] for one in far.messages()] == ["good", "bad"]
    assert LedgerEntry.objects.filter(kind="delivery").count() == 1
    with pytest.raises(NotAllowed, match="was not given up"):
        log.replay(None, [bad])


def test_a_revoked_token_loses_nothing(far: FarSide, connect: Connect) -> None:
    chat = connect(far, "chat")
    far.revoked = True
    for number in range(5):
        say(chat, str(number))
    now = timezone.now()
    assert send.work_once(now)
    assert not send.work_once(now + timedelta(minutes=4)), "the connection is left alone"
    chat.refresh_from_db()
    assert "expired or revoked" in chat.why_paused
    assert OutboxAct.objects.filter(state="queued").count() == 5
    assert Event.objects.filter(kind="alarm").count() == 1
    standing = log.standing()
    assert (standing.waiting, standing.failed, len(standing.paused)) == (5, 0, 1)
    far.revoked = False
    connections.resume(None, chat)
    drain()
    assert len(far.did) == 5


def test_a_dead_connection_is_paused_longer_each_time_and_alarms_once(far: FarSide, connect: Connect) -> None:
    chat, other = connect(far, "chat"), None
    far.fail = lambda: "500"
    for number in range(40):
        say(chat, str(number))
    drain(days=0.5, most=400)
    asked = sum(far.asked.values())
    # Half a day of pauses of 5, 10, 20 … minutes.
    assert breaker.TRIPS <= asked < 40
    assert Event.objects.filter(kind="alarm").count() == 1
    far.fail = lambda: ""
    other = OutboxAct.objects.filter(state="queued").count()
    assert other == 40
    drain(days=3)
    assert len(far.did) == 40
    chat.refresh_from_db()
    assert (chat.failures, chat.pauses, chat.paused_until) == (0, 0, None)


def test_an_address_inside_the_network_is_refused_unless_named(
    far: FarSide, connect: Connect, settings: Settings
) -> None:
    chat = connect(far, "chat")
    settings.SEAMARK_INTERNAL_HOSTS = frozenset()
    with pytest.raises(RemoteFailure, match="without https"):
        connections.check(chat)
    settings.SEAMARK_INTERNAL_HOSTS = frozenset({"127.0.0.1"})
    assert connections.check(chat) == "Logged in as seamark"


def test_secrets_are_sealed_kept_and_go_to_no_other_address(far: FarSide, connect: Connect) -> None:
    chat = connect(far, "chat")
    row = ChannelConnection.objects.get(pk=chat.pk)
    assert "secret-of-the-tests" not in f"{row.settings} {row.secrets}"
    assert "secret-of-the-tests" not in "".join(LedgerEntry.objects.values_list("content", flat=True))
    connections.change(None, row, given={"url": far.url, "token": connections.KEPT}, rate=10)
    assert connections.settings_of(row).token == "secret-of-the-tests"
    with pytest.raises(NotAllowed, match="secrets again"):
        connections.change(None, row, given={"url": "https://evil.example", "token": connections.KEPT})
    with pytest.raises(NotAllowed, match="no setting 'nothing'"):
        connections.change(None, row, given={"url": far.url, "nothing": "1"})
    connections.change(None, row, given={"url": "https://other.example", "token": "new"})
    assert connections.settings_of(row).token == "new"
    assert LedgerEntry.objects.filter(kind="connection").count() == 3


def test_only_those_who_may_manage_connections(far: FarSide, connect: Connect) -> None:
    chat = connect(far, "chat")
    say(chat, "hello")
    row = OutboxAct.objects.get()
    OutboxAct.objects.update(state="failed")
    row.refresh_from_db()
    for role in Role:
        person = make_person(f"p-{role}", role)
        may = role is Role.ADMIN
        assert bool(connections.all_of(visible_to(person)).count()) is may
        assert bool(log.acts(visible_to(person)).count()) is may
        if not may:
            with pytest.raises(NotAllowed):
                connections.add(person, "x", "chat", {"url": far.url})
            with pytest.raises(NotAllowed):
                log.replay(person, [row])
