"""Alerts in Opsgenie and Jira Service Management. The key of the message, or of its thread, is the alias: the same one is the same alert."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from msgspec import Struct

from seamark.intake.connectors.caller import Caller
from seamark.response.actions.asking import Service, service_caller, words_at
from seamark.response.actions.contract import Act, Change, Done, Message, Role, Verb
from seamark.response.actions.marking import LABEL, label
from seamark.response.actions.messages import demand_message, no_callbacks
from seamark.response.actions.rendering.document import line, link
from seamark.response.actions.rendering.writers import Journal

_NAME: Final = "Opsgenie"
_TEXT: Final = 14_000
"""Characters of a description; Opsgenie takes 15,000."""


class Settings(Struct, frozen=True, kw_only=True):
    """A team's API integration."""

    token: str
    """The integration's API key."""
    url: str = "https://api.opsgenie.com"
    """In the European region `https://api.eu.opsgenie.com`."""
    source: str = "seamark"


class Opsgenie:
    """The channel."""

    name, title, role = "opsgenie", "Opsgenie", Role.MESSAGE
    settings: type[Struct] = Settings
    secrets = frozenset({"token"})

    def caller(self, settings: Settings, transport: Any = None) -> Caller:
        """Return a caller for the API."""
        return service_caller(settings.url, {"Authorization": f"GenieKey {settings.token}"}, _NAME, transport)

    def check(self, settings: Settings, caller: Caller) -> str:  # noqa: ARG002 - the key is the caller's
        """Say that the key is taken."""
        Service(caller, _NAME).ask("GET", "/v2/alerts/count", params={"query": f"tag:{LABEL}"})
        return "The key is taken"

    def perform(self, act: Act, settings: Settings, caller: Caller) -> Done:
        """Create an alert, or add to the one that is open; `CLOSE` with the reference of one closes it."""
        service = Service(caller, _NAME)
        if act.verb is Verb.CLOSE and act.reference:
            path = f"/v2/alerts/{quote(act.reference, safe='')}/close"
            body = {"source": settings.source, "note": Journal().write(act.comment, _TEXT)}
            service.ask("POST", path, body, params={"identifierType": "alias"}, gone=act.reference)
            return Done(reference=act.reference)
        message = demand_message(act, _NAME)
        alias = label(message.thread or act.key)
        answer = service.ask("POST", "/v2/alerts", {**alert(message, settings.source), "alias": alias})
        if not words_at(answer.body, "requestId"):
            raise service.strange("no id of the request")
        return Done(reference=alias)

    def changes(self, settings: Settings, caller: Caller, references: tuple[str, ...], since: str) -> list[Change]:  # noqa: ARG002
        """Return nothing: alerts are answered in Opsgenie."""
        return []

    def verify(self, settings: Settings, headers: Mapping[str, str], body: bytes, now: float) -> list[Any]:  # noqa: ARG002
        """Refuse: call-backs of Opsgenie are not signed."""
        no_callbacks(_NAME)


def alert(message: Message, source: str) -> dict[str, Any]:
    """Return the alert of a message, without its alias."""
    details = {line(name, 100): line(value, 500) for name, value in message.facts[:15]}
    if address := link(message.url):
        details["Seamark"] = address
    body: dict[str, Any] = {
        "message": line(message.title, 130), "description": Journal().write(message.text, _TEXT), "details": details, "tags": [LABEL],
        "source": source, "priority": "P1" if message.urgent else "P3",
    }  # fmt: skip
    if message.to:
        body["responders"] = [
            {"type": "user", "username": message.to} if "@" in message.to else {"type": "team", "name": message.to}
        ]
    return body
