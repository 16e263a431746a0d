"""Which AI tools there are and how they show, from `tools.yaml`."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import Any, Final

import msgspec
import yaml
from msgspec import Struct


class Author(Struct, frozen=True):
    """A tool as an author: expressions for name and address in lower case."""

    tool: str
    name: str
    address: str


class Trailer(Struct, frozen=True, rename={"excluded": "not"}):
    """A trailer that says that a tool wrote the change; expressions for its value in lower case."""

    name: str
    value: str = ""
    excluded: str = ""


class Line(Struct, frozen=True):
    """What a tool writes into messages."""

    tool: str
    line: str


class ConfigFile(Struct, frozen=True):
    """A file that configures agents, by its name or the end of its path."""

    name: str
    kind: str
    tool: str = ""
    only: str = ""
    """It counts only where it has `servers` or `approving` settings: others have files of that name too."""
    beside: str = ""
    """It counts only where this file is in the same folder."""


class Approving(Struct, frozen=True):
    """A setting by which an agent acts without asking; any value but false and empty where none are told."""

    key: str
    values: list[Any] = []


class Tools(Struct, frozen=True):
    """All that `tools.yaml` says."""

    authors: list[Author]
    trailers: list[Trailer]
    messages: list[Line]
    notes: list[str]
    traces: list[str]
    files: list[ConfigFile]
    server_keys: list[str]
    approving: list[Approving]
    server_approving: list[str]


@cache
def tools() -> Tools:
    """Return the known tools."""
    text = files("seamark.intake.discovery.agents").joinpath("tools.yaml").read_text("utf-8")
    return msgspec.convert(yaml.safe_load(text), Tools)


@cache
def _authors() -> list[tuple[str, re.Pattern[str], re.Pattern[str]]]:
    return [(each.tool, re.compile(each.name), re.compile(each.address)) for each in tools().authors]


def tool_of(name: str, email: str) -> str:
    """Return the tool that an author of this name and address is, empty for people."""
    name, email = name.strip().lower(), email.strip().lower()
    for tool, names, addresses in _authors():
        if names.search(name) or addresses.search(email):
            return tool
    return ""


@cache
def _trailers() -> dict[str, tuple[re.Pattern[str], re.Pattern[str] | None]]:
    return {
        each.name: (re.compile(each.value), re.compile(each.excluded) if each.excluded else None)
        for each in tools().trailers
    }


_TRAILER: Final = re.compile(r"^([A-Za-z][A-Za-z0-9-]{1,40}):[ \t]+(\S[^\r\n]{0,300})", re.MULTILINE)
_BY: Final = re.compile(r"([^<\n]{0,200})<([^<>\s]{1,300})>")


def message_says(message: str) -> str:
    """Return why a commit's message tells of a tool, as a sentence's end (`names Acme as co-author`); empty where it does not."""
    *_, last = re.split(r"\n[ \t\r]*\n", "\n\n" + message.strip())
    for name, value in _TRAILER.findall(message):
        key, lower = name.lower(), value.strip().lower()
        if key == "co-authored-by" and (by := _BY.match(value)) and (tool := tool_of(by[1], by[2])):
            return f"names {tool} as co-author"
        known = _trailers().get(key)
        # Trailers stand in the last paragraph; further up, `Agent: ...` is prose.
        if known and f"{name}:" in last and known[0].search(lower) and not (known[1] and known[1].search(lower)):
            return f"has the trailer {name}: {value.strip()[:80]}"
    lower = message.lower()
    for each in tools().messages:
        if re.search(each.line, lower):
            return f"says that it was made with {each.tool}"
    return ""
