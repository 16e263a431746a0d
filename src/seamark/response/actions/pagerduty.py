"""Alerts in PagerDuty, by Events API v2. The key of the message, or of its thread, is the deduplication key: the same one is the same incident."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct

from seamark.intake.connectors.caller import Caller
from seamark.response.actions.asking import Service, service_caller, words_at
from seamark.response.actions.contract import Act, Change, Done, Message, Role, Verb
from seamark.response.actions.marking import label
from seamark.response.actions.messages import demand_message, no_callbacks
from seamark.response.actions.rendering.document import line, link
from seamark.response.actions.rendering.writers import Journal

_NAME: Final = "PagerDuty"
_TEXT: Final = 20_000


class Settings(Struct, frozen=True, kw_only=True):
    """A service's integration."""

    routing_key: str
    """The integration key of Events API v2; a message may name another."""
    url: str = "https://events.pagerduty.com"
    """In the European region `https://events.eu.pagerduty.com`."""
    source: str = "seamark"


class PagerDuty:
    """The channel."""

    name, title, role = "pagerduty", "PagerDuty", Role.MESSAGE
    settings: type[Struct] = Settings
    secrets = frozenset({"routing_key"})

    def caller(self, settings: Settings, transport: Any = None) -> Caller:
        """Return a caller for the Events API, which is authorised by the body alone."""
        return service_caller(settings.url, {}, _NAME, transport)

    def check(self, settings: Settings, caller: Caller) -> str:  # noqa: ARG002 - the Events API answers events only
        """Say that the Events API cannot be asked without an event."""
        return "By Events API v2, which tells nothing of itself: send a message to try it"

    def perform(self, act: Act, settings: Settings, caller: Caller) -> Done:
        """Trigger an alert; `CLOSE` with the reference of one resolves it."""
        if act.verb is Verb.CLOSE and act.reference:
            body: dict[str, Any] = {
                "event_action": "resolve",
                "dedup_key": act.reference,
                "routing_key": settings.routing_key,
            }
        else:
            message = demand_message(act, _NAME)
            key = label(message.thread or act.key)
            body = {
                **event(message, settings.source),
                "dedup_key": key,
                "routing_key": message.to or settings.routing_key,
            }
        answer = Service(caller, _NAME).ask("POST", "/v2/enqueue", body)
        return Done(reference=words_at(answer.body, "dedup_key") or body["dedup_key"])

    def changes(self, settings: Settings, caller: Caller, references: tuple[str, ...], since: str) -> list[Change]:  # noqa: ARG002
        """Return nothing: alerts are answered in PagerDuty."""
        return []

    def verify(self, settings: Settings, headers: Mapping[str, str], body: bytes, now: float) -> list[Any]:  # noqa: ARG002
        """Refuse: the Events API calls nobody back."""
        no_callbacks(_NAME)


def event(message: Message, source: str) -> dict[str, Any]:
    """Return the event of a message, without its keys."""
    details = {line(name, 100): line(value, 1000) for name, value in message.facts[:50]}
    body: dict[str, Any] = {
        "event_action": "trigger",
        "payload": {
            "summary": line(message.title, 1024), "source": source, "severity": "critical" if message.urgent else "warning",
            "custom_details": {**details, "text": Journal().write(message.text, _TEXT)},
        },
        "client": "Seamark",
    }  # fmt: skip
    if address := link(message.url):
        body |= {"client_url": address, "links": [{"href": address, "text": "Open in Seamark"}]}
    return body
