"""Messages by Apprise, which knows more than a hundred other services: each is told by one address.

Apprise sends by itself and tells only whether it did; what went wrong is read from its log. It keeps no keys: a message whose answer was lost is sent again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct

from seamark.core.errors import RemoteFailure
from seamark.intake.connectors.caller import Caller
from seamark.response.actions.contract import Act, Change, Done, Message, Role
from seamark.response.actions.door import Door, door_of
from seamark.response.actions.messages import demand_message, no_callbacks
from seamark.response.actions.rendering.document import line, link
from seamark.response.actions.rendering.writers import Journal

_TEXT: Final = 20_000
_STATUS: Final = re.compile(r"(?:error|code)[=: ]+(\d{3})\b")
_PORTS: Final = {True: 443, False: 80}


class Settings(Struct, frozen=True, kw_only=True):
    """One address of Apprise's, such as `discord://…` or `mattermost://…`."""

    address: str


class Reached(Caller):
    """A caller without HTTP of ours: it holds the door that addresses of hosts go through."""

    def __init__(self, way: Door) -> None:
        super().__init__("https://apprise.invalid", {}, name="Apprise", attempts=1)
        self.way = way


class Apprise:
    """The channel."""

    name, title, role = "apprise", "Apprise", Role.MESSAGE
    settings: type[Struct] = Settings
    secrets = frozenset({"address"})

    def caller(self, settings: Settings, transport: Any = None) -> Caller:  # noqa: ARG002 - the address is read when it is used
        """Return a caller that holds a door."""
        return Reached(door_of(transport))

    def check(self, settings: Settings, caller: Caller) -> str:
        """Say which service the address means."""
        return f"By {_service(settings, caller).service_name} through Apprise: send a message to try it"

    def perform(self, act: Act, settings: Settings, caller: Caller) -> Done:
        """Send a message."""
        import apprise  # it takes a moment to load

        message = demand_message(act, "Apprise")
        service = _service(settings, caller)
        with apprise.LogCapture(  # type: ignore[no-untyped-call]
            level=apprise.logging.WARNING, fmt="%(message)s"
        ) as log:
            sent = service.notify(
                title=Journal().escape(line(message.title, 200)), body=_body(message), body_format=apprise.NotifyFormat.TEXT,
                notify_type=apprise.NotifyType.WARNING if message.urgent else apprise.NotifyType.INFO,
            )  # fmt: skip
            said = line(log.getvalue(), 2000)
        if not sent:
            raise _refused(str(service.service_name), said)
        return Done()

    def changes(self, settings: Settings, caller: Caller, references: tuple[str, ...], since: str) -> list[Change]:  # noqa: ARG002
        """Return nothing: messages have no states."""
        return []

    def verify(self, settings: Settings, headers: Mapping[str, str], body: bytes, now: float) -> list[Any]:  # noqa: ARG002
        """Refuse: Apprise calls nobody back."""
        no_callbacks("Apprise")


def _service(settings: Settings, caller: Caller) -> Any:
    """Return Apprise's service for the address. Raises `RemoteFailure` for addresses that are none, programs of this machine, and refused hosts."""
    import apprise

    asset = apprise.AppriseAsset(
        app_id="Seamark",
        app_desc="Seamark",
        app_url="",
        async_mode=False,
        storage_mode=apprise.PersistentStoreMode.MEMORY,
    )
    found = apprise.Apprise.instantiate(settings.address.strip(), asset=asset, suppress_exceptions=True)
    if found is None:
        raise RemoteFailure("Apprise knows no service of that address", permanent=True)
    if not isinstance(caller, Reached):
        raise RemoteFailure("Apprise needs a caller of its own", permanent=True)
    # What can be told without any token is a program of this machine: its screen, its log.
    if "{schema}://" in map(str, found.templates):
        raise RemoteFailure(f"{found.service_name} would show messages on this server itself", permanent=True)
    # Services of one address of their own are named by tokens; only those with a host may lead anywhere. Mail is not sent to the address's host.
    has_host = "{host}" in " ".join(map(str, found.templates))
    host = getattr(found, "smtp_host", "") or (getattr(found, "host", "") if has_host else "")
    if host:
        caller.way(str(host), int(getattr(found, "port", 0) or _PORTS[bool(found.secure)]))
    return found


def _body(message: Message) -> str:
    out = Journal()
    facts = "\n".join(f"{out.escape(line(name, 100))}: {out.escape(line(value, 500))}" for name, value in message.facts)
    return "\n\n".join(filter(None, [out.write(message.text, _TEXT), facts, link(message.url)]))


def _refused(name: str, said: str) -> RemoteFailure:
    status = _STATUS.search(said)
    code = int(status[1]) if status else 0
    words = f"{name} took no message" + (f", it answered {code}" if code else "")
    # What the log says in full may hold parts of the address.
    return RemoteFailure(words, permanent=400 <= code < 500 and code not in {408, 425, 429})
