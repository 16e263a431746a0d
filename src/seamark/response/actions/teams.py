"""Messages in Microsoft Teams, by the webhook of a workflow, as Adaptive Cards 1.5.

Words of reports stand in runs of text, of which Teams reads no mark-up and in which nobody can be mentioned. A workflow tells nothing of what it posted:
a message whose answer was lost is sent again. Its cards open pages; buttons that act need a bot, so they lead to Seamark.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from seamark.core.errors import RemoteFailure
from seamark.intake.connectors.caller import Caller
from seamark.response.actions.asking import Service, service_caller
from seamark.response.actions.contract import Act, Change, Done, Message, Role
from seamark.response.actions.messages import demand_message, no_callbacks
from seamark.response.actions.rendering.document import line, link
from seamark.response.actions.rendering.runs import Piece, Run, pieces

_NAME: Final = "Microsoft Teams"
_LARGEST: Final = 26_000
"""Bytes of a card; Teams takes 28 KB."""
_TEXTS: Final = (8_000, 3_000, 800, 200)


class Settings(Struct, frozen=True, kw_only=True):
    """A workflow "Post to a channel when a webhook request is received"."""

    webhook: str


class Teams:
    """The channel."""

    name, title, role = "teams", "Microsoft Teams", Role.MESSAGE
    settings: type[Struct] = Settings
    secrets = frozenset({"webhook"})

    def caller(self, settings: Settings, transport: Any = None) -> Caller:
        """Return a caller for the webhook's host."""
        parts = urlsplit(settings.webhook)
        return service_caller(f"{parts.scheme}://{parts.netloc}", {}, _NAME, transport)

    def check(self, settings: Settings, caller: Caller) -> str:  # noqa: ARG002 - a webhook cannot be asked
        """Say that a webhook cannot be asked without a message."""
        return "By a workflow's webhook, which tells nothing of itself: send a message to try it"

    def perform(self, act: Act, settings: Settings, caller: Caller) -> Done:
        """Post a card."""
        parts = urlsplit(settings.webhook)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        service = Service(caller, _NAME)
        answer = service.ask("POST", path, envelope(demand_message(act, _NAME)), gone="the workflow")
        if "HTTP error 429" in answer.text:
            # Connectors of the older kind tell so within a good answer.
            raise RemoteFailure("Microsoft Teams asks to slow down", permanent=False)
        return Done()

    def changes(self, settings: Settings, caller: Caller, references: tuple[str, ...], since: str) -> list[Change]:  # noqa: ARG002
        """Return nothing: messages have no states."""
        return []

    def verify(self, settings: Settings, headers: Mapping[str, str], body: bytes, now: float) -> list[Any]:  # noqa: ARG002
        """Refuse: workflows call nobody back."""
        no_callbacks(_NAME)


def envelope(message: Message) -> dict[str, Any]:
    """Return what a workflow takes: one card, as much of its text as Teams lets through."""
    for longest in _TEXTS:
        body = {
            "type": "message",
            "attachments": [
                {
                    "contentType": "application/vnd.microsoft.card.adaptive",
                    "contentUrl": None,
                    "content": card(message, longest),
                }
            ],
        }
        if len(msgspec.json.encode(body)) <= _LARGEST:
            break
    return body


def card(message: Message, longest: int = _TEXTS[0]) -> dict[str, Any]:
    """Return a message as an Adaptive Card."""
    title = {**_rich([_run(Run(line(message.title, 200), bold=True), size="Large")]), "separator": False}
    if message.urgent:
        title["inlines"][0]["color"] = "Attention"
    facts = [
        _rich([_run(Run(f"{line(name, 100)}: ", bold=True)), _run(Run(line(value, 400)))], spacing="Small")
        for name, value in message.facts[:20]
    ]
    body = [title, *(_block(piece) for piece in pieces(message.text, longest) if piece.runs), *facts]
    found: dict[str, Any] = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard", "version": "1.5", "body": body,
        "msteams": {"width": "Full"}, "fallbackText": line(message.title, 200),
    }  # fmt: skip
    if address := link(message.url):
        name = "Decide in Seamark" if message.buttons else "Open in Seamark"
        found["actions"] = [{"type": "Action.OpenUrl", "title": name, "url": address}]
    return found


def _block(piece: Piece) -> dict[str, Any]:
    if piece.kind == "code":
        return {"type": "Container", "style": "emphasis", "items": [_rich([_run(run) for run in piece.runs])]}
    runs = [_run(run) for run in piece.runs]
    if piece.kind in {"bullet", "number", "quote"}:
        sign = {"bullet": "• ", "number": "• ", "quote": "│ "}[piece.kind]
        runs.insert(0, _run(Run("\u2003" * max(piece.depth - 1, 0) + sign)))
    return _rich(runs, spacing="Small" if piece.kind in {"bullet", "number"} else "Default")


def _rich(runs: list[dict[str, Any]], spacing: str = "Default") -> dict[str, Any]:
    return {"type": "RichTextBlock", "inlines": runs, "spacing": spacing}


def _run(run: Run, size: str = "Default") -> dict[str, Any]:
    more = {
        "weight": "Bolder" if run.bold else None, "italic": run.italic, "strikethrough": run.struck, "fontType": "Monospace" if run.code else None,
        "color": "Accent" if run.address else None, "selectAction": {"type": "Action.OpenUrl", "url": run.address} if run.address else None,
    }  # fmt: skip
    return {
        "type": "TextRun",
        "text": run.words,
        "size": size,
        **{name: value for name, value in more.items() if value},
    }
