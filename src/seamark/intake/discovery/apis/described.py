"""What descriptions of APIs have in common, and those of a tree."""

from __future__ import annotations

import re
from typing import Any, Final, NamedTuple

import msgspec

from seamark.intake.discovery.tree import Tree

LARGEST: Final = 8_000_000
"""Characters of a description that is read."""
MOST_OPERATIONS: Final = 5_000
MOST_FIELDS: Final = 300


class Field(NamedTuple):
    """A field that goes in or out."""

    name: str
    type: str = ""
    """As the description writes it: `string`, `date`, `email` …"""
    classes: tuple[str, ...] = ()
    """Data classes that the description itself declares."""
    holder: str = ""
    """The type or message that has the field, where known."""


class Operation(NamedTuple):
    """One thing that an API does."""

    method: str
    """An HTTP method; `QUERY`, `MUTATION`, `SUBSCRIPTION`, `SEND` or `RECEIVE` for what is none; `POST` for gRPC."""
    path: str
    """From the root, with `{name}` for parameters; `/package.Service/Method` for gRPC; a field's or channel's name."""
    line: int
    name: str = ""
    authenticated: bool | None = None
    """Whether the description demands it; None where it does not say."""
    schemes: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    fields: tuple[Field, ...] = ()
    """Fields of request and answer."""
    request_fields: tuple[str, ...] = ()
    service: str = ""
    """The service of a `.proto` file that has the method."""


class Description(NamedTuple):
    """A file that describes an API."""

    path: str
    style: str
    """`openapi`, `asyncapi`, `graphql` or `grpc`."""
    title: str = ""
    version: str = ""
    servers: tuple[str, ...] = ()
    operations: tuple[Operation, ...] = ()
    line: int = 1


_ASIDE: Final = re.compile(
    r"(?:^|/)(?:tests?|__tests__|specs?|testdata|fixtures?|mocks?|__mocks__|e2e|cypress)/|(?:_test|\.test|\.spec)\.\w+$"
)


def is_fixture(path: str) -> bool:
    """Tell whether a description is there for tests. Those below `docs/` count: many projects keep theirs there."""
    return _ASIDE.search(path) is not None


def load(tree: Tree, path: str) -> Any:
    """Return what a JSON file, or the first document of a YAML file, says; None where it is broken or too large."""
    text = tree.text(path)
    if text is None or len(text) > LARGEST:
        return None
    if text.lstrip()[:1] == "{":
        try:
            return msgspec.json.decode(text)
        except (msgspec.DecodeError, RecursionError):
            tree.trouble(path, "is not valid JSON")
            return None
    return next((document.value for document in tree.documents(path)), None)


def words(value: Any, most: int = 200) -> str:
    """Return a title or version as text, empty for what is none."""
    return str(value)[:most] if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


_BRACES: Final = re.compile(r"[{}]")


def braces(text: str) -> dict[int, int]:
    """Return where each opening brace of a text is closed; those that are not closed end with the text."""
    found: dict[int, int] = {}
    waiting: list[int] = []
    for match in _BRACES.finditer(text):
        if match[0] == "{":
            waiting.append(match.start())
        elif waiting:
            found[waiting.pop()] = match.start()
    return found | dict.fromkeys(waiting, len(text))
