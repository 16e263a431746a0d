"""Protocol buffers: services with their methods, and messages with their fields."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Final

from seamark.intake.discovery.apis.described import (
    LARGEST,
    MOST_FIELDS,
    MOST_OPERATIONS,
    Description,
    Field,
    Operation,
    braces,
    is_fixture,
)
from seamark.intake.discovery.tree import Tree

_NOISE: Final = re.compile(r"//[^\n]*|/\*[\s\S]*?\*/")
_PACKAGE: Final = re.compile(r"^[ \t]*package\s+([\w.]+)\s*;", re.MULTILINE)
_BLOCK: Final = re.compile(r"\b(service|message)\s+(\w+)\s*\{")
_RPC: Final = re.compile(
    r"\brpc\s+(\w+)\s*\(\s*(?:stream\s+)?([\w.]+)\s*\)\s*returns\s*\(\s*(?:stream\s+)?([\w.]+)\s*\)"
)
_TYPED: Final = re.compile(r"(?:(?:optional|repeated|required)\s+)?([\w.]+|map\s*<[^<>]{1,200}>)\s+(\w+)\s*=\s*\d+")
MOST_BLOCKS: Final = 10_000
_LONGEST_BLOCK: Final = 200_000
"""Characters of a message or service."""
_DEEPEST_BLOCK: Final = 6
"""Messages inside of messages that are read."""
_DEEPEST: Final = 3
"""Levels of messages inside of messages whose fields belong to a method."""


def protos(tree: Tree) -> tuple[Description, ...]:
    """Return the `.proto` files of a tree that declare services; ask with `tree.once(protos)`."""
    found = []
    for path in tree.matching("*.proto"):
        text = tree.text(path)
        if (
            text is None
            or len(text) > LARGEST
            or is_fixture(path)
            or path.startswith(_WELL_KNOWN)
            or "/google/" in path
        ):
            continue
        plain = _NOISE.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)
        package = match[1] if (match := _PACKAGE.search(plain)) else ""
        messages = {name: fields_of(body) for kind, name, _, body in blocks(plain) if kind == "message"}
        operations = [
            operation
            for kind, name, line, body in blocks(plain)
            if kind == "service"
            for operation in _methods(package, name, line, body, messages)
        ]
        if operations:
            found.append(Description(path, "grpc", package, operations=tuple(operations[:MOST_OPERATIONS])))
    return tuple(found)


_WELL_KNOWN: Final = ("google/", "grpc/health/")


def blocks(plain: str) -> Iterator[tuple[str, str, int, str]]:
    """Yield kind, name, line and body of the services and messages of a file without comments."""
    line, last = 1, 0
    ends = braces(plain)
    around: list[int] = []
    for match in islice(_BLOCK.finditer(plain), MOST_BLOCKS):
        while around and around[-1] < match.start():
            around.pop()
        around.append(ends[match.end() - 1])
        if len(around) > _DEEPEST_BLOCK:
            continue
        line += plain.count("\n", last, match.start())
        last = match.start()
        yield (
            match[1],
            match[2],
            line + plain.count("\n", match.start(), match.end()),
            plain[match.end() : min(ends[match.end() - 1], match.end() + _LONGEST_BLOCK)],
        )


def fields_of(body: str) -> list[Field]:
    """Return the fields of a message's body, those of messages inside of it among them."""
    return [Field(name, kind) for kind, name in _TYPED.findall(body) if kind not in {"option", "reserved", "return"}][
        :MOST_FIELDS
    ]


def _methods(package: str, service: str, line: int, body: str, messages: dict[str, list[Field]]) -> Iterator[Operation]:
    whole = f"{package}.{service}" if package else service
    for match in _RPC.finditer(body):
        asked = list(_unfold(match[2], messages))
        fields = [*asked, *_unfold(match[3], messages)]
        yield Operation(
            "POST", f"/{whole}/{match[1]}", line + body.count("\n", 0, match.start()), match[1], fields=tuple(dict.fromkeys(fields))[:MOST_FIELDS],
            request_fields=tuple(dict.fromkeys(field.name for field in asked))[:MOST_FIELDS], service=service,
        )  # fmt: skip


def _unfold(name: str, messages: dict[str, list[Field]]) -> Iterator[Field]:
    waiting, seen = [(name, 0)], set()
    while waiting:
        kind, depth = waiting.pop(0)
        kind = kind.rpartition(".")[2]
        if kind in seen or depth > _DEEPEST:
            continue
        seen.add(kind)
        for field in messages.get(kind, ()):
            yield field._replace(holder=kind)
            waiting.append((field.type, depth + 1))
