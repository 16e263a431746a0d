"""Requests against what the vendors publish of their APIs."""

from __future__ import annotations

import re

import jsonschema
import pytest

from seamark.response.actions.contract import Button, Verb
from seamark.response.actions.linear import QUERIES
from seamark.response.actions.rendering.adf import adf
from seamark.response.actions.slack import blocks
from seamark.response.actions.teams import card

from .conftest import Connect, Line, message
from .descriptions import adf_schema, github, operation, read_card, resolved, typed
from .fakes.far import Asked

TEXT = """# Why

It is **urgent** and *known*, ~~not~~ `code` with [a link](https://example.org/x?a=1&b=2) and ![an image](https://example.org/i.png).
hard\\
break

> quoted
>
> 1. list in a quotation

1. one
   - deeper

     ```
     code in a list
     ```
2. two

   # heading in a list

| a | b |
|---|---|
| 1 | **2** |

---

```python
print("<b>")
```

- [ ] [**bold `code` in a link**](https://example.org)
-
"""


def live(line: Line) -> list[Asked]:
    """Lead a ticket through its life, and return what was asked for."""
    reference = line.open(text=TEXT).reference
    line.open()
    line.update(reference, text=TEXT, labels=("security", "new"))
    line.move(Verb.COMMENT, reference, TEXT, key="c1")
    line.move(Verb.CLOSE, reference, "The fix is in.")
    line.move(Verb.REOPEN, reference, "It is back.")
    line.changes(reference)
    line.channel.check(line.settings, line.caller())
    return list(line.far.asked)


def test_github_describes_every_request(connect: Connect) -> None:
    requests = live(connect("github"))
    bodies = 0
    for asked in requests:
        _, described = operation(asked.method, asked.path)
        known = {one["name"]: one for one in map(resolved, described.get("parameters", [])) if one["in"] == "query"}
        assert set(asked.query) <= set(known), asked
        for name, value in asked.query.items():
            options = resolved(known[name]["schema"]).get("enum")
            assert options is None or value in options, (name, value)
        if asked.body is not None:
            schema = resolved(described["requestBody"]["content"]["application/json"]["schema"])
            assert set(asked.body) <= set(schema["properties"]), asked
            validator = jsonschema.Draft202012Validator({**schema, "components": github()["components"]})
            assert not list(validator.iter_errors(asked.body)), asked
            bodies += 1
    assert bodies >= 6


def test_github_describes_what_the_far_side_of_the_tests_answers(connect: Connect) -> None:
    """The fields that the channel reads are those of the description, and the refusals have the statuses of it."""
    _, one = operation("GET", "/repos/acme/pay/issues/1")
    schema = resolved(one["responses"]["200"]["content"]["application/json"]["schema"])
    assert {"number", "state", "state_reason", "body", "html_url", "labels", "pull_request"} <= set(
        schema["properties"]
    )
    assert "410" in one["responses"]
    _, comments = operation("GET", "/repos/acme/pay/issues/comments")
    rows = resolved(comments["responses"]["200"]["content"]["application/json"]["schema"])
    assert {"id", "body", "user", "created_at", "issue_url", "html_url"} <= set(resolved(rows["items"])["properties"])
    _, token = operation("POST", "/app/installations/42/access_tokens")
    assert "201" in token["responses"]


HOSTILE = [
    "",
    " ",
    "\x00\u202e",
    "- ",
    "> ",
    "```",
    "|a|\n|-|",
    "# ",
    "***",
    "[](https://x.example)",
    "**",
    "<b>x</b>",
    "1. - > # x",
    "`` ` ``",
]


@pytest.mark.parametrize("text", [TEXT, TEXT * 200, "word " * 30_000, *HOSTILE, "> " * 60 + "x", "- " * 60 + "x"])
def test_documents_are_what_atlassian_describes(text: str) -> None:
    errors = list(jsonschema.Draft4Validator(adf_schema()).iter_errors(adf(text)))
    assert not errors, [one.message[:300] for one in errors]


def test_documents_that_are_none_are_told_apart() -> None:
    wrong = {"type": "doc", "version": 1, "content": [{"type": "paragraph", "content": [{"type": "txt", "text": "x"}]}]}
    assert list(jsonschema.Draft4Validator(adf_schema()).iter_errors(wrong))


def test_cards_are_read_by_microsofts_own_reader() -> None:
    for one in (
        message(text=TEXT),
        message(text="", facts=(), url="", urgent=False),
        *(message(text=text, title=text or "t") for text in HOSTILE),
    ):
        made = card(one)
        read = read_card(made)
        assert read["said"] == []
        assert (read["version"], read["items"]) == ("1.5", len(made["body"]))
        kept = read["made"]["body"]
        assert [len(block.get("inlines", block.get("items"))) for block in kept] == [
            len(block.get("inlines", block.get("items"))) for block in made["body"]
        ]
    assert read_card(
        {
            **card(message()),
            "body": [{"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": "a", "weight": "Heavy"}]}],
        }
    )["said"]


def test_messages_are_typed_as_slack_publishes(connect: Connect) -> None:
    line = connect("slack")
    buttons = (
        Button("Accept", "accept", "SM-7", "primary"),
        Button("Not ours", "reassign", "SM-7"),
        Button("No", "dismiss", "SM-7", "danger"),
    )
    first = line.send(text=TEXT, buttons=buttons).reference
    line.send(key="n2", text=TEXT, reference=first)
    sent = [one.body for one in line.far.of("POST /chat.postMessage")]
    looked = [
        {**one.query, "limit": int(one.query["limit"]), "include_all_metadata": True}
        for one in line.far.of("GET /conversations.")
    ]
    hook = line.channel.settings(webhook=f"{line.far.url}/services/T1/B1/secret")
    line.settings = hook
    line.send(key="n3", text=TEXT, buttons=buttons)
    by_hook = line.far.of("POST /services")[0].body
    imports = """import type { ChatPostMessageArguments, ConversationsHistoryArguments, ConversationsRepliesArguments } from '@slack/web-api';
type Block = NonNullable<Extract<ChatPostMessageArguments, { blocks: unknown }>['blocks']>[number];"""
    values = [("ChatPostMessageArguments", one) for one in sent]
    values += [("ConversationsHistoryArguments", looked[0]), ("ConversationsRepliesArguments", looked[1])]
    values += [
        ("Block[]", by_hook["blocks"]),
        *(("Block[]", blocks(message(text=text, title=text))) for text in HOSTILE),
    ]
    assert typed("slack", imports, values) == []
    wrong = {**sent[0], "blocks": [{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}]}
    assert typed(
        "slack_wrong",
        imports,
        [("ChatPostMessageArguments", wrong), ("ChatPostMessageArguments", {**sent[0], "threads": "x"})],
    )


def test_events_are_typed_as_pagerduty_publishes(connect: Connect) -> None:
    line = connect("pagerduty")
    line.send(text=TEXT)
    sent = line.far.asked[0].body
    # The name and address of the client are in the API's documentation only.
    imports = "import type { EventPayloadV2 } from '@pagerduty/pdjs/build/src/events.js';\ntype Event = EventPayloadV2 & { client?: string; client_url?: string };"
    assert typed("pagerduty", imports, [("Event", sent)]) == []
    assert typed("pagerduty_wrong", imports, [("Event", {**sent, "payload": {**sent["payload"], "severity": "high"}})])


def test_bodies_are_typed_as_microsoft_publishes(connect: Connect) -> None:
    asked = live(connect("azure_boards"))
    imports = """import type { CommentCreate, Wiql } from 'azure-devops-node-api/interfaces/WorkItemTrackingInterfaces.js';
import type { JsonPatchOperation, Operation } from 'azure-devops-node-api/interfaces/common/VSSInterfaces.js';
type Patch = (Omit<JsonPatchOperation, 'op'> & { op: Lowercase<keyof typeof Operation> })[];"""
    values = [("Patch", one.body) for one in asked if isinstance(one.body, list)]
    values += [("Wiql", one.body) for one in asked if one.path.endswith("/wiql")]
    values += [("CommentCreate", one.body) for one in asked if one.path.endswith("/comments") and one.method == "POST"]
    assert len(values) >= 7
    assert typed("azure", imports, values) == []
    assert typed("azure_wrong", imports, [("Patch", [{"op": "put", "path": "/x"}]), ("CommentCreate", {"body": "x"})])


def test_variables_and_fields_are_typed_as_linear_publishes(connect: Connect) -> None:
    asked = live(connect("linear"))
    inputs = {
        "IssueCreateInput": "IssueCreateInput",
        "IssueUpdateInput": "IssueUpdateInput",
        "CommentCreateInput": "CommentCreateInput",
    }
    imports = "import { LinearDocument as L } from '@linear/sdk';"
    values = [
        (f"L.{inputs[kind[1]]}", one.body["variables"]["input"])
        for one in asked if one.body and (kind := re.search(r"\$input: (\w+)!", one.body["query"]))
    ]  # fmt: skip
    assert len(values) >= 6
    shapes = {
        "L.Issue": "id identifier url trashed state labels updatedAt history comments assignee priority",
        "L.IssueHistory": "id createdAt actor toState fromAssignee toAssignee toPriority",
        "L.Comment": "id body createdAt user", "L.WorkflowState": "id name type position", "L.User": "id email name",
        "L.Team": "id name states labels", "L.IssueFilter": "id", "L.CommentFilter": "id", "L.UserFilter": "email",
        "L.IssuePayload": "success issue", "L.CommentPayload": "success comment",
    }  # fmt: skip
    said = " ".join(QUERIES.values())
    values += [
        (f"keyof {kind}", name)
        for kind, names in shapes.items()
        for name in names.split()
        if re.search(rf"\b{name}\b", said)
    ]
    assert typed("linear", imports, values) == []
    assert typed(
        "linear_wrong", imports, [("L.IssueCreateInput", {"teamId": "x", "titel": "x"}), ("keyof L.Issue", "titel")]
    )
