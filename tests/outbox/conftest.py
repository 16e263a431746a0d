"""A far side on loopback, and connections to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from seamark.pipeline.outbox import channels, connections, send
from seamark.response.actions.contract import Channel, Role
from seamark.store.models import ChannelConnection
from tests.outbox.far import FarChannel, FarSide


@pytest.fixture
def far() -> Iterator[FarSide]:
    one = FarSide()
    yield one
    one.close()


@pytest.fixture
def connect(db: None, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Callable[..., ChannelConnection]:
    """Make a connection to a far side, as whoever holds the database."""
    known: dict[str, Channel] = {"far": FarChannel(), "chat": FarChannel("chat", Role.MESSAGE)}
    monkeypatch.setattr(channels, "channels", lambda: known)
    settings.SEAMARK_INTERNAL_HOSTS = frozenset({"127.0.0.1"})

    def make(
        far: FarSide, channel: str = "far", name: str = "", *, rate: int = 6000, **more: object
    ) -> ChannelConnection:
        return connections.add(None, name or f"The {channel}", channel, {"url": far.url}, rate=rate, **more)  # type: ignore[arg-type]

    return make


def drain(days: float = 10.0, most: int = 1_000) -> int:
    """Work the outbox off, letting time pass where all that is left has to wait; return how many attempts that took."""
    now, ends, attempts = timezone.now(), timezone.now() + timedelta(days=days), 0
    while now < ends and attempts < most:
        if send.work_once(now):
            attempts += 1
        else:
            now += timedelta(seconds=30) if attempts < 200 else timedelta(minutes=5)
            if not _left():
                break
    return attempts


def _left() -> bool:
    from seamark.store.models import OutboxAct

    return OutboxAct.objects.filter(state="queued").exists()
