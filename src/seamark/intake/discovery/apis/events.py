"""AsyncAPI 2 and 3."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from seamark.intake.discovery.apis.described import (
    MOST_OPERATIONS,
    Description,
    Field,
    Operation,
    is_fixture,
    load,
    words,
)
from seamark.intake.discovery.apis.rest import fields_of
from seamark.intake.discovery.openapi import deref
from seamark.intake.discovery.tree import Tree


def asyncapi(tree: Tree) -> tuple[Description, ...]:
    """Return the AsyncAPI documents of a tree; ask with `tree.once(asyncapi)`."""
    found = []
    for path in tree.matching("*.json", "*.yaml", "*.yml"):
        if is_fixture(path):
            continue
        data = tree.data(path)
        if data is None or b"asyncapi" not in data[:4000]:
            continue
        document = load(tree, path)
        if isinstance(document, dict) and "asyncapi" in document and isinstance(document.get("channels"), dict):
            info = document.get("info")
            info = info if isinstance(info, dict) else {}
            servers = document.get("servers")
            hosts = [
                words(each.get("url") or each.get("host"), 500)
                for each in (servers.values() if isinstance(servers, dict) else ())
                if isinstance(each, dict)
            ]
            found.append(
                Description(
                    path,
                    "asyncapi",
                    words(info.get("title")),
                    words(info.get("version")),
                    tuple(filter(None, hosts)),
                    tuple(_operations(document, tree.text(path) or ""))[:MOST_OPERATIONS],
                )
            )
    return tuple(found)


def _operations(document: dict[str, Any], text: str) -> Iterator[Operation]:
    for name, given in document["channels"].items():
        channel = deref(document, given)
        if not isinstance(name, str) or not isinstance(channel, dict):
            continue
        line = text[: max(text.find(name + ":"), text.find(f'"{name}"'), 0)].count("\n") + 1
        # Version 2 says it from the client's side: what others may publish is received here.
        for word, method in (("publish", "RECEIVE"), ("subscribe", "SEND")):
            operation = channel.get(word)
            if isinstance(operation, dict):
                yield Operation(
                    method, name, line, words(operation.get("operationId")), fields=tuple(_payload(document, operation.get("message")))
                )  # fmt: skip
    operations = document.get("operations")
    for name, operation in operations.items() if isinstance(operations, dict) else ():
        if not isinstance(operation, dict) or operation.get("action") not in {"send", "receive"}:
            continue
        channel = deref(document, operation.get("channel"))
        if not isinstance(channel, dict):
            continue
        reference = operation["channel"].get("$ref", "") if isinstance(operation.get("channel"), dict) else ""
        address = words(channel.get("address")) or str(reference).rpartition("/")[2] or str(name)
        messages = channel.get("messages")
        fields = [
            field
            for message in (messages.values() if isinstance(messages, dict) else ())
            for field in _payload(document, message)
        ]
        line = text[: max(text.find(f"{name}:"), text.find(f'"{name}"'), 0)].count("\n") + 1
        yield Operation(str(operation["action"]).upper(), address, line, str(name), fields=tuple(fields))


def _payload(document: Any, message: Any) -> Iterator[Field]:
    node = deref(document, message)
    several = node.get("oneOf") if isinstance(node, dict) else None
    for each in several[:20] if isinstance(several, list) else [node]:
        inner = deref(document, each)
        if isinstance(inner, dict):
            yield from fields_of(document, inner.get("payload"))
