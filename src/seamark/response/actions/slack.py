"""Messages in Slack: by the Web API with a bot's token, or by an incoming webhook.

Words of reports stand in `rich_text` and `plain_text` only, where Slack reads no mark-up and no mentions. A message carries its key as metadata; before
it is sent the newest of the channel are looked through, for which the bot needs the right to read its history. A webhook can look nothing up.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from msgspec import Struct

from seamark.core.errors import NotAllowed, RemoteFailure
from seamark.intake.connectors.caller import Answer, Caller
from seamark.response.actions.asking import Service, dig, named_pause, rows_at, service_caller, words_at
from seamark.response.actions.contract import Act, Button, Change, Done, Message, Pressed, Role
from seamark.response.actions.marking import digest
from seamark.response.actions.messages import demand_message
from seamark.response.actions.rendering.document import line, link
from seamark.response.actions.rendering.runs import Piece, Run, pieces
from seamark.response.actions.signing import LARGEST, decoded, demand_slack

_NAME: Final = "Slack"
_TEXT: Final = 9_000
_EVENT: Final = "seamark_message"
_PASSING: Final = frozenset(
    {
        "ratelimited",
        "rate_limited",
        "internal_error",
        "fatal_error",
        "service_unavailable",
        "request_timeout",
        "team_added_to_org",
    }
)
_REVOKED: Final = frozenset(
    {"invalid_auth", "token_revoked", "token_expired", "account_inactive", "not_authed", "org_login_required"}
)
_PERSON: Final = re.compile(r"[UW][A-Z0-9]{6,20}")
_SPECIAL: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


class Settings(Struct, frozen=True, kw_only=True):
    """A workspace by its bot's token, or one channel by an incoming webhook."""

    token: str = ""
    """`xoxb-…` with chat:write, and users:read.email, channels:history, groups:history, im:write to look up."""
    channel: str = ""
    """Where messages go that name no place: a channel's id."""
    webhook: str = ""
    """`https://hooks.slack.com/services/…`; used where there is no token."""
    url: str = "https://slack.com/api"
    secret: str = ""
    """The app's signing secret, for pressed buttons."""


class Slack:
    """The channel."""

    name, title, role = "slack", "Slack", Role.MESSAGE
    settings: type[Struct] = Settings
    secrets = frozenset({"token", "webhook", "secret"})

    def caller(self, settings: Settings, transport: Any = None) -> Caller:
        """Return a caller for the Web API, or the webhook's host."""
        if settings.token:
            return service_caller(settings.url, {"Authorization": f"Bearer {settings.token}"}, _NAME, transport)
        parts = urlsplit(settings.webhook)
        return service_caller(f"{parts.scheme}://{parts.netloc}", {}, _NAME, transport)

    def check(self, settings: Settings, caller: Caller) -> str:
        """Say as whom messages are sent. A webhook cannot be asked without a message."""
        if not settings.token:
            return "By an incoming webhook, which tells nothing of itself: send a message to try it"
        me = ask(caller, "auth.test", {})
        return f"As {words_at(me, 'user')} in {words_at(me, 'team')}"

    def perform(self, act: Act, settings: Settings, caller: Caller) -> Done:
        """Send a message once, in the thread of its first one."""
        message = demand_message(act, _NAME)
        body: dict[str, Any] = {
            "text": fallback(message),
            "blocks": blocks(message),
            "unfurl_links": False,
            "unfurl_media": False,
        }
        if not settings.token:
            path = urlsplit(settings.webhook).path
            answer = Service(caller, _NAME).ask("POST", path, body, gone="the webhook")
            return Done(reference="", url="", found=not answer.ok)
        first, _, thread = act.reference.rpartition(":")
        place = first or self._place(message.to or settings.channel, caller)
        there = self._sent(act.key, place, thread, caller)
        if there:
            return Done(reference=f"{place}:{there}", found=True)
        body |= {
            "channel": place,
            "metadata": {"event_type": _EVENT, "event_payload": {"key": digest(act.key)}},
            "parse": "none",
        }
        body |= {"thread_ts": thread} if thread else {}
        made = ask(caller, "chat.postMessage", body)
        return Done(reference=f"{words_at(made, 'channel') or place}:{words_at(made, 'ts')}")

    def changes(self, settings: Settings, caller: Caller, references: tuple[str, ...], since: str) -> list[Change]:  # noqa: ARG002
        """Return nothing: messages have no states."""
        return []

    def verify(self, settings: Settings, headers: Mapping[str, str], body: bytes, now: float) -> list[Pressed]:
        """Return the buttons that somebody pressed, of a call-back that Slack has signed a moment ago."""
        demand_slack(settings.secret, headers, body, now, _NAME)
        if len(body) > LARGEST:
            raise NotAllowed("A call-back of Slack is too large")
        fields = parse_qs(body.decode("utf-8", "replace"), max_num_fields=20)
        event = decoded(fields.get("payload", [""])[0].encode(), _NAME)
        if words_at(event, "type") != "block_actions":
            return []
        answer = words_at(event, "response_url")
        return [
            Pressed(
                action=words_at(one, "action_id").partition(":")[0], value=words_at(one, "value"), user=words_at(event, "user", "id"),
                answer_url=answer if _is_slack(answer) else "",
            )
            for one in rows_at(event, "actions") if words_at(one, "type") == "button" and words_at(one, "value")
        ]  # fmt: skip

    def email_of(self, settings: Settings, caller: Caller, user: str) -> str:
        """Return the address of who pressed a button; empty where the workspace does not tell it, or nobody has confirmed it."""
        if not settings.token or not _PERSON.fullmatch(user):
            return ""
        found = dig(ask(caller, "users.info", {}, params={"user": user}), "user")
        usable = (
            not dig(found, "deleted") and not dig(found, "is_bot") and dig(found, "is_email_confirmed") is not False
        )
        return words_at(found, "profile", "email") if usable else ""

    def _place(self, to: str, caller: Caller) -> str:
        """Return the id of the conversation that an address, a person's id or a channel's id means."""
        if not to:
            raise RemoteFailure("No channel of Slack is named for the message", permanent=True)
        person = to
        if "@" in to:
            person = words_at(ask(caller, "users.lookupByEmail", {}, params={"email": to}), "user", "id")
        if not _PERSON.fullmatch(person):
            return to
        return words_at(ask(caller, "conversations.open", {"users": person}), "channel", "id")

    def _sent(self, key: str, place: str, thread: str, caller: Caller) -> str:
        """Return the time stamp of the message with a key, empty for none; where the history may not be read, none is known."""
        params: dict[str, str | int] = {"channel": place, "limit": 100, "include_all_metadata": "true"}
        method = "conversations.replies" if thread else "conversations.history"
        body = ask(
            caller,
            method,
            {},
            params=params | ({"ts": thread} if thread else {}),
            allow=("missing_scope", "not_in_channel", "channel_not_found"),
        )
        for one in rows_at(body, "messages"):
            data = dig(one, "metadata")
            if words_at(data, "event_type") == _EVENT and words_at(data, "event_payload", "key") == digest(key):
                return words_at(one, "ts")
        return ""


def ask(
    caller: Caller, method: str, body: Mapping[str, Any], *, params: Mapping[str, str | int] | None = None, allow: Sequence[str] = ()
) -> Any:  # fmt: skip
    """Return the answer to a method of the Web API. Raises `RemoteFailure`: refusals come with the status 200."""
    service = Service(caller, _NAME)
    headers = {"Content-Type": "application/json; charset=utf-8"} if params is None else None
    answer = service.ask(
        "GET" if params else "POST", f"/{method}", None if params else dict(body), params=params, headers=headers
    )
    if dig(answer.body, "ok") is True:
        return answer.body
    error = words_at(answer.body, "error")
    if error in allow:
        return {}
    if error in _REVOKED:
        raise service.refused(Answer(401, {"message": error}, "", {}))
    said = ", ".join(map(str, dig(answer.body, "response_metadata", "messages") or []))[:300]
    pause = named_pause(answer.headers, 0.0) if error in _PASSING else 0.0
    raise RemoteFailure(
        f"Slack refuses {method}: {error or 'no reason told'}{f' ({said})' if said else ''}",
        permanent=error not in _PASSING,
        retry_after=pause,
    )


def fallback(message: Message) -> str:
    """Return what notifications show, escaped as Slack asks: nobody can be called by it."""
    words = line(
        f"{message.title}: {' '.join(run.words for piece in pieces(message.text, 300) for run in piece.runs)}", 400
    )
    return "".join(_SPECIAL.get(one, one) for one in words)


def blocks(message: Message) -> list[dict[str, Any]]:
    """Return a message in Block Kit."""
    found: list[dict[str, Any]] = [{"type": "header", "text": _plain(message.title, 150)}]
    if elements := _rich(pieces(message.text, _TEXT)):
        found.append({"type": "rich_text", "elements": elements})
    facts = [_plain(f"{name}\n{value}", 2000) for name, value in message.facts[:40]]
    found += [{"type": "section", "fields": facts[at : at + 10]} for at in range(0, len(facts), 10)]
    buttons = [_button(one, place) for place, one in enumerate(message.buttons[:20])]
    if address := link(message.url):
        buttons.append(
            {"type": "button", "text": _plain("Open in Seamark", 75), "url": address[:3000], "action_id": "open"}
        )
    return [*found, {"type": "actions", "elements": buttons}] if buttons else found


def _button(one: Button, place: int) -> dict[str, Any]:
    # Ids are unique within a message: two buttons may do the same with different things.
    body = {
        "type": "button",
        "text": _plain(one.label, 75),
        "action_id": f"{line(one.action, 200)}:{place}",
        "value": one.value[:2000],
    }
    return {**body, "style": one.style} if one.style in {"primary", "danger"} else body


def _plain(words: str, longest: int) -> dict[str, Any]:
    kept = "\n".join(line(one, longest) for one in words.split("\n"))
    return {
        "type": "plain_text",
        "text": (kept if len(kept) <= longest else kept[: longest - 1] + "…") or " ",
        "emoji": False,
    }


def _rich(parts: Sequence[Piece]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for kind, runs, depth in parts:
        elements = [_element(run) for run in runs if run.words]
        if kind in {"bullet", "number"}:
            style, indent = ("bullet" if kind == "bullet" else "ordered"), min(depth - 1, 8)
            section = {"type": "rich_text_section", "elements": elements}
            last = found[-1] if found else {}
            if last.get("type") == "rich_text_list" and last["style"] == style and last["indent"] == indent:
                last["elements"].append(section)
            else:
                found.append({"type": "rich_text_list", "style": style, "indent": indent, "elements": [section]})
        elif kind == "code":
            found.append({"type": "rich_text_preformatted", "elements": [{"type": "text", "text": runs[0].words}]})
        elif elements:
            elements.append({"type": "text", "text": "\n"})
            found.append({"type": "rich_text_quote" if kind == "quote" else "rich_text_section", "elements": elements})
    return found


def _element(run: Run) -> dict[str, Any]:
    style = {
        name: True
        for name, on in (("bold", run.bold), ("italic", run.italic), ("strike", run.struck), ("code", run.code))
        if on
    }
    body = (
        {"type": "link", "url": run.address, "text": run.words} if run.address else {"type": "text", "text": run.words}
    )
    return {**body, "style": style} if style else body


def _is_slack(address: str) -> bool:
    parts = urlsplit(address)
    return parts.scheme == "https" and (parts.hostname or "") == "hooks.slack.com"
