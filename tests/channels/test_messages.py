"""Messages: sent once where the far side lets itself be asked, in threads, within limits."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from seamark.core.errors import RemoteFailure
from seamark.response.actions.contract import Act, Button, Verb
from seamark.response.actions.slack import blocks, fallback
from seamark.response.actions.teams import card, envelope

from .conftest import MESSAGES, Connect, message

HOSTILE = "<!channel> @here <@U01234567> [x](javascript:alert(1)) ![](https://evil.example/pixel.png) *bold* `code` <at>everyone</at>"


def test_slack_sends_a_message_once(connect: Connect) -> None:
    line = connect("slack")
    first, again, other = line.send(), line.send(), line.send(key="news:2")
    assert (first.found, again.found, other.found) == (False, True, False)
    assert first.reference == again.reference
    assert len(line.far.messages) == 2


def test_slack_without_the_right_to_look_sends(connect: Connect) -> None:
    line = connect("slack")
    line.far.reads_history = False
    assert not line.send().found
    assert not line.send().found
    assert len(line.far.messages) == 2


def test_slack_keeps_threads(connect: Connect) -> None:
    line = connect("slack")
    first = line.send().reference
    line.send(key="news:2", reference=first)
    assert line.far.messages[1]["thread_ts"] == line.far.messages[0]["ts"]
    assert line.far.messages[1]["channel"] == "C0123456789"


def test_slack_finds_people_by_their_address(connect: Connect) -> None:
    line = connect("slack")
    assert line.send(to="anna@example.org").reference.startswith("D01234567:")
    with pytest.raises(RemoteFailure) as caught:
        line.send(to="nobody@example.org")
    assert caught.value.permanent
    assert line.channel.email_of(line.settings, line.caller(), "U01234567") == "anna@example.org"
    assert line.channel.email_of(line.settings, line.caller(), "../x") == ""


def test_slack_by_a_webhook(connect: Connect) -> None:
    line = connect("slack")
    line.settings = line.channel.settings(webhook=f"{line.far.url}/services/T1/B1/secret")
    line.send()
    assert line.far.messages[0]["blocks"][0]["text"]["text"] == "log4j-core is exploited"
    assert "channel" not in line.far.messages[0]


def test_slacks_words_are_never_mark_up() -> None:
    one = message(
        title=HOSTILE, text=HOSTILE, facts=((HOSTILE, HOSTILE),), buttons=(Button(HOSTILE, "accept", "SM-7"),)
    )
    kinds: list[str] = []

    def walk(node: Any) -> None:
        if isinstance(node, dict):
            kinds.append(str(node.get("type")))
            list(map(walk, node.values()))
        elif isinstance(node, list):
            list(map(walk, node))

    walk(blocks(one))
    assert "mrkdwn" not in kinds
    assert "user" not in kinds
    assert "broadcast" not in kinds
    assert "image" not in kinds
    assert "<" not in fallback(one)
    assert ">" not in fallback(one)
    assert (
        "javascript"
        not in json.dumps([node for node in blocks(one) if "url" in json.dumps(node)])
        .partition('"url"')[2]
        .partition(",")[0]
    )


def test_slack_keeps_within_its_limits() -> None:
    many = tuple((f"name {number}", "v" * 5000) for number in range(100))
    buttons = tuple(Button("l" * 200, "accept", "v" * 5000) for _ in range(40))
    found = blocks(message(title="t" * 500, text="word " * 20_000, facts=many, buttons=buttons))
    assert len(found) <= 50
    assert len(found[0]["text"]["text"]) <= 150
    assert sum(len(json.dumps(one)) for one in found if one["type"] == "rich_text") < 13_000
    fields = [field for one in found if one["type"] == "section" for field in one["fields"]]
    assert all(len(field["text"]) <= 2000 for field in fields)
    assert all(len(one["fields"]) <= 10 for one in found if one["type"] == "section")
    elements = found[-1]["elements"]
    assert len(elements) <= 25
    assert all(len(one["text"]["text"]) <= 75 and len(one.get("value", "")) <= 2000 for one in elements)
    assert len({one["action_id"] for one in elements}) == len(elements)


def test_teams_posts_a_card(connect: Connect) -> None:
    line = connect("teams")
    line.send()
    assert line.far.messages[0]["attachments"][0]["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert "secret" not in line.channel.check(line.settings, line.caller())


def test_teams_words_are_never_mark_up_and_fit() -> None:
    found = card(
        message(title=HOSTILE, text=HOSTILE, facts=((HOSTILE, HOSTILE),), buttons=(Button("Accept", "accept", "SM-7"),))
    )
    assert {one["type"] for one in found["body"]} <= {"RichTextBlock", "Container"}
    assert "entities" not in found["msteams"]
    assert not re.search(r'"url": "(?!https://seamark)', json.dumps(found))
    assert found["actions"][0]["title"] == "Decide in Seamark"
    long = envelope(message(text="- word *two* `three`\n" * 5000, facts=(("n" * 300, "v" * 3000),) * 50))
    assert len(json.dumps(long, separators=(",", ":")).encode()) <= 28_000


def test_pagerduty_is_the_same_incident_for_the_same_key(connect: Connect) -> None:
    line = connect("pagerduty")
    first, again = line.send(), line.send()
    assert first.reference == again.reference
    assert len(line.far.messages) == 1
    body = line.far.messages[first.reference]
    assert body["payload"]["severity"] == "critical"
    assert body["payload"]["custom_details"]["Until"] == "2026-12-01"
    line.move(Verb.CLOSE, first.reference)
    assert not line.far.messages


def test_opsgenie_is_the_same_alert_for_the_same_thread(connect: Connect) -> None:
    line = connect("opsgenie")
    first, second = line.send(thread="fix:7"), line.send(key="news:2", thread="fix:7", title="x" * 500)
    assert first.reference == second.reference
    assert len(line.far.messages) == 1
    body = line.far.messages[first.reference]
    assert len(body["message"]) <= 130
    assert body["priority"] == "P1"
    line.move(Verb.CLOSE, first.reference, "fixed")
    assert not line.far.messages


@pytest.mark.parametrize("name", MESSAGES)
def test_acts_on_tickets_are_refused(connect: Connect, name: str) -> None:
    line = connect(name)
    with pytest.raises(RemoteFailure) as caught:
        line.do(Act(verb=Verb.OPEN, key="a"))
    assert caught.value.permanent
    assert line.changes("x") == []
    assert len(line.channel.check(line.settings, line.caller())) > 5
