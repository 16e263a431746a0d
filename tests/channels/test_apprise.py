"""The hundred other services, through Apprise's own sending."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from seamark.core.errors import RemoteFailure
from seamark.response.actions.all import channels
from seamark.response.actions.apprise import Settings
from seamark.response.actions.contract import Act, Verb
from seamark.response.actions.door import door

from .conftest import message
from .fakes.far import Asked, Failure, Far, Reply

# Some of its plug-ins import a module that Python deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
CHANNEL = channels()["apprise"]


class FakeJson(Far):
    routes: ClassVar[dict[str, str]] = {"POST /hook": "take"}

    def take(self, asked: Asked) -> Reply:
        return 200, {}


def send(address: str, **more: Any) -> None:
    here = Settings(address=address)
    with CHANNEL.caller(here, door(("127.0.0.1",), resolve=lambda host, port: [host])) as caller:
        CHANNEL.perform(Act(verb=Verb.SEND, key="news:1", message=message(**more)), here, caller)


def address(far: Far) -> str:
    return far.url.replace("http://", "json://") + "/hook"


def test_a_message_is_sent_without_mentions() -> None:
    with FakeJson() as far:
        send(address(far), title="@everyone look", text="<!channel> @here [a](javascript:x)")
        body = far.asked[0].body
    assert body["type"] == "warning"
    assert "@everyone" not in body["title"]
    assert "@here" not in body["message"]
    assert "<!channel>" not in body["message"]
    assert "Until: 2026-12-01" in body["message"]
    assert "https://seamark.example/issues/SM-7" in body["message"]


@pytest.mark.parametrize(("status", "permanent"), [(500, False), (429, False), (401, True), (403, True), (404, True)])
def test_what_passes_and_what_lasts(status: int, permanent: bool) -> None:
    with FakeJson() as far:
        far.failure = Failure(status, {}, {})
        with pytest.raises(RemoteFailure) as caught:
            send(address(far))
    assert caught.value.permanent is permanent
    assert "/hook" not in str(caught.value)


def test_a_service_that_is_not_there_passes() -> None:
    with pytest.raises(RemoteFailure) as caught:
        send("json://127.0.0.1:1/x")
    assert not caught.value.permanent


def test_a_silent_service_passes() -> None:
    with FakeJson() as far:
        far.failure = Failure(silent=True)
        with pytest.raises(RemoteFailure) as caught:
            send(address(far) + "?rto=0.3&cto=0.3")
    assert not caught.value.permanent


@pytest.mark.parametrize("wrong", ["", "nothing://x", "syslog://", "windows://", "file:///etc/passwd", "json://"])
def test_addresses_that_are_none_are_refused(wrong: str) -> None:
    with pytest.raises(RemoteFailure) as caught:
        send(wrong)
    assert caught.value.permanent


@pytest.mark.parametrize(
    "inside", ["json://10.0.0.7/x", "jsons://169.254.169.254/x", "mailto://u:p@example.org?smtp=10.0.0.7&mode=insecure"]
)
def test_hosts_inside_the_network_are_refused(inside: str) -> None:
    with pytest.raises(RemoteFailure) as caught:
        send(inside)
    assert caught.value.permanent
    assert "inside this network" in str(caught.value)


def test_the_check_names_the_service_and_nothing_of_its_address() -> None:
    here = Settings(address="discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js")
    with CHANNEL.caller(here) as caller:
        assert CHANNEL.check(here, caller).startswith("By Discord")
