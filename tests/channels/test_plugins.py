"""Channels that other packages bring: found by their entry point, checked at the door, and as good as our own afterwards."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from msgspec import Struct
from pytest_django import Settings

from seamark.core import plugins
from seamark.core.errors import BrokenPlugin, NotAllowed
from seamark.pipeline.outbox import connections, send
from seamark.pipeline.outbox.queue import put_message
from seamark.response.actions import all as registry
from seamark.response.actions.all import channels
from seamark.response.actions.contract import Message, Role
from seamark.response.actions.slack import Slack
from seamark.store.models import ChannelConnection, OutboxAct
from tests.outbox.far import FarSide

PLUG_IN = '''
"""A pager that another package brings."""

import msgspec
from msgspec import Struct
from seamark.core.errors import NotAllowed
from seamark.intake.connectors.caller import Caller
from seamark.response.actions.contract import Done, Role


class Settings(Struct, frozen=True, kw_only=True):
    url: str
    token: str


class Pager:
    name, title, role = "acme_pager", "Acme Pager", Role.MESSAGE
    settings, secrets = Settings, frozenset({"token"})

    def caller(self, settings, transport=None):
        return Caller(settings.url, {"Authorization": f"Bearer {settings.token}"}, name=self.title, attempts=1, transport=transport)

    def check(self, settings, caller):
        return f"Logged in as {caller.call('GET', '/me').body['who']}"

    def perform(self, act, settings, caller):
        return Done(reference=caller.call("POST", "/acts", msgspec.to_builtins(act)).body["reference"])

    def changes(self, settings, caller, references, since):
        return []

    def verify(self, settings, headers, body, now):
        raise NotAllowed("This channel takes no call-backs")
'''


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    """What a test installs is forgotten after it."""
    channels.cache_clear()
    yield
    channels.cache_clear()


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    about = tmp_path / "acme_pager-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-pager\nVersion: 1.0\n", "utf-8")
    (about / "entry_points.txt").write_text("[seamark.channels]\npager = acme_pager_channel:Pager\n", "utf-8")
    (tmp_path / "acme_pager_channel.py").write_text(PLUG_IN, "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "acme_pager_channel", raising=False)


def test_an_installed_distribution_brings_its_channel(installed: None) -> None:
    found = channels()
    assert found["acme_pager"].title == "Acme Pager"
    assert len(found) == 13
    assert channels() is found


def test_it_is_configured_tried_and_sent_through_like_our_own(installed: None, db: None, settings: Settings) -> None:
    settings.SEAMARK_INTERNAL_HOSTS = frozenset({"127.0.0.1"})
    far = FarSide()
    try:
        row = connections.add(None, "Pager", "acme_pager", {"url": far.url, "token": "kept-apart"})
        kept = ChannelConnection.objects.get()
        assert "kept-apart" not in str(kept.settings) + kept.secrets
        assert connections.check(row) == "Logged in as seamark"
        put_message(row, Message(title="Down", text="It is **down**."), "k" * 32)
        while send.work_once():
            pass
        assert OutboxAct.objects.get().state == "done"
        assert [one["title"] for one in far.messages()] == ["Down"]
        with pytest.raises(NotAllowed):
            connections.add(None, "Other", "acme_pager", {"url": far.url})
    finally:
        far.close()


class Bare(Struct):
    token: str = ""


class _Base(Slack):
    name = "acme"


class NoName(_Base):
    name = "a b"


class NoTitle(_Base):
    title = ""


class NoRole(_Base):
    role = "message"  # type: ignore[assignment]


class NoSettings(_Base):
    settings = dict  # type: ignore[assignment]


class OtherSecrets(_Base):
    settings = Bare  # type: ignore[assignment]
    secrets = frozenset({"password"})


class NoPerform(_Base):
    perform = None  # type: ignore[assignment]


class Falls(_Base):
    def __init__(self) -> None:
        raise RuntimeError("no licence")


class Twice(_Base):
    name = "slack"


@pytest.mark.parametrize(
    ("kind", "words"),
    [(NoName, "no name"), (NoTitle, "no title"), (NoRole, "`role`"), (NoSettings, "`settings`"), (OtherSecrets, "`secrets`"),
     (NoPerform, "no method perform"), (Falls, "no licence"), (Twice, "Two channels are called 'slack'")],
)  # fmt: skip
def test_what_is_no_channel_is_refused_loudly(kind: type, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    point = EntryPoint("acme", f"{__name__}:{kind.__name__}", registry.GROUP)
    monkeypatch.setattr(plugins, "entry_points", lambda group: [point] if group == "seamark.channels" else [])
    with pytest.raises(BrokenPlugin, match=words):
        channels()


def test_a_channel_that_is_there_already_is_taken_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    point = EntryPoint("acme", f"{__name__}:READY", registry.GROUP)
    monkeypatch.setattr(plugins, "entry_points", lambda group: [point])
    assert channels()["acme"] is READY
    assert READY.role is Role.MESSAGE


def test_a_module_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    point = EntryPoint("gone", "no.such.module:Channel", registry.GROUP)
    monkeypatch.setattr(plugins, "entry_points", lambda group: [point])
    with pytest.raises(BrokenPlugin, match=r"'gone' of no\.such\.module:Channel cannot be loaded"):
        channels()


READY = _Base()
