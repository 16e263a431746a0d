"""Thousands of acts at a target that fails at random: none is lost, none has effect twice, and each lane keeps its order."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from seamark.pipeline.outbox import lease, send
from seamark.pipeline.outbox.queue import key_of, put_message
from seamark.response.actions.contract import Message
from seamark.store.models import ChannelConnection, OutboxAct
from tests.outbox.far import FarSide, flapping

ACTS = int(os.environ.get("SEAMARK_TEST_CHAOS_ACTS", "600"))
LANES, DEATHS = max(ACTS // 25, 1), 0.02


@pytest.mark.django_db
def test_thousands_of_acts_at_a_flapping_target(
    far: FarSide, connect: Callable[..., ChannelConnection], monkeypatch: pytest.MonkeyPatch
) -> None:
    chat = connect(far, "chat")
    for number in range(ACTS):
        lane = number % LANES
        put_message(chat, Message(title=str(number), text="", thread=f"t{lane}"), f"key-{number}")
    far.fail = flapping(seed=9, share=0.25)
    died = _dying(monkeypatch)
    now, ends = timezone.now(), timezone.now() + timedelta(days=30)
    while OutboxAct.objects.filter(state="queued").exists():
        try:
            busy = send.work_once(now)
        except SystemExit:
            busy = True
        now += timedelta(seconds=1) if busy else timedelta(seconds=20)
        assert now < ends
    told = [int(one["title"]) for one in far.messages()]
    assert Counter(told) == Counter(range(ACTS)), "each took effect exactly once"
    assert OutboxAct.objects.filter(state="done").count() == ACTS
    lanes = defaultdict(list)
    for number in told:
        lanes[number % LANES].append(number)
    assert all(some == sorted(some) for some in lanes.values())
    # The target was asked more often than it did something: the trouble was real.
    assert sum(far.asked.values()) > ACTS * 1.2
    assert died[0] > ACTS * DEATHS / 2


def _dying(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Let workers die now and then between the act and its entry in the log."""
    from random import Random

    dice, died, whole = Random(4), [0], send.arrived

    def arrived(*args: object) -> None:
        if dice.random() < DEATHS:
            died[0] += 1
            raise SystemExit
        whole(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(send, "arrived", arrived)
    return died


class TestAnyOrderOfTrouble(TestCase):
    """Whatever goes wrong in whatever order, each act has effect once and its lane's order holds."""

    @pytest.fixture(autouse=True)
    def _far(self, far: FarSide, connect: Callable[..., ChannelConnection]) -> None:
        self.far, self.connect = far, connect

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        troubles=st.lists(st.sampled_from(["", "", "500", "429", "cut"]), max_size=40),
        lanes=st.lists(st.integers(0, 2), min_size=1, max_size=8),
    )
    def test_none_lost_none_twice(self, troubles: list[str], lanes: list[int]) -> None:
        chat = self.connect(
            self.far, "chat", name=f"chat {key_of(*troubles, *lanes)[:8]} {ChannelConnection.objects.count()}"
        )
        self.far.did.clear()
        self.far.keys.clear()
        left = list(troubles)
        self.far.fail = lambda: left.pop(0) if left else ""
        for number, lane in enumerate(lanes):
            put_message(chat, Message(title=f"{lane} {number}", text="", thread=f"t{lane}"), f"{chat.pk}-{number}")
        now = timezone.now()
        for _ in range(2_000):
            if not OutboxAct.objects.filter(state="queued").exists():
                break
            now += timedelta(0) if send.work_once(now) else timedelta(minutes=1)
        titles = [one["title"] for one in self.far.messages()]
        assert sorted(titles) == sorted(f"{lane} {number}" for number, lane in enumerate(lanes))
        for lane in range(3):
            mine = [int(one.split()[1]) for one in titles if one.startswith(f"{lane} ")]
            assert mine == sorted(mine)


@pytest.mark.parametrize("attempt", [1, 5, 12, 40])
def test_pauses_grow_to_an_end_and_are_spread(attempt: int) -> None:
    whole = min(lease.FIRST * 2 ** (attempt - 1), lease.LONGEST)
    some = {lease.pause(attempt) for _ in range(50)}
    assert len(some) > 40
    assert all(whole / 2 <= one <= whole for one in some)
