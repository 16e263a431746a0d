"""Messages: looked up by id, filled with their arguments, freed of links into the report itself."""

from __future__ import annotations

import re
from collections.abc import Mapping

from seamark.intake.parsers.formats.sarif.shape import Text
from seamark.intake.parsers.kit import first_line

_PLACEHOLDER = re.compile(r"\{(\d{1,3})\}|\{\{|\}\}")
_LINK = re.compile(r"\[((?:[^\[\]\\]|\\.)*)\]\((\d+)\)")
_ANY_LINK = re.compile(r"\[((?:[^\[\]\\]|\\.)*)\]\([^()\s]+\)")
_WRAPPED = 48
"""Length of a line from which on a line feed inside a sentence is layout."""
_LINE = 160
"""Longest message that is a title as it is."""


def resolve(message: Text | None, *tables: Mapping[str, Text] | None) -> str:
    """Return the text of a message; `tables` are asked for its id in turn."""
    if message is None:
        return ""
    text = message.text or message.markdown
    if not text and message.id:
        for table in tables:
            found = table.get(message.id) if table else None
            if found is not None and (found.text or found.markdown):
                text = found.text or found.markdown
                break
    if not text:
        return ""
    if message.arguments:
        text = fill(text, message.arguments)
    return _LINK.sub(r"\1", text) if "](" in text else text


def fill(text: str, arguments: list[str | None]) -> str:
    """Return a text with `{0}`, `{1}` … replaced; a placeholder without an argument stays."""

    def put(found: re.Match[str]) -> str:
        if found[1] is None:
            return found[0][0]
        number = int(found[1])
        return (arguments[number] or "") if number < len(arguments) else found[0]

    return _PLACEHOLDER.sub(put, text)


def headline(text: str) -> str:
    """Return a message as one line that can be a title."""
    if "](" in text:
        text = _ANY_LINK.sub(r"\1", text)
    return first_line(_unwrapped(text.strip()) if "\n" in text else text, _LINE)


def _unwrapped(text: str) -> str:
    """Return a text whose first sentence is not broken over several lines: some tools wrap at a fixed width."""
    paragraph = text.split("\n\n", 1)[0]
    first, _, rest = paragraph.partition("\n")
    if not rest or not len(first.rstrip()) >= _WRAPPED or first.rstrip().endswith((".", "!", "?", ":")):
        return text
    return " ".join(paragraph.split())


def labelled(text: str, label: str) -> str:
    """Return what follows a label on a line of its own."""
    line = next((line for line in text.splitlines() if line.startswith(label)), "")
    return first_line(line.removeprefix(label), _LINE)


def plain(text: Text | None) -> str:
    """Return the text of a rule's description, or its Markdown where it has no other."""
    return (text.text or text.markdown or "") if text is not None else ""
