"""JSON with the place of every value."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from seamark.response.remediation.editors.notation.source import Source, Splice, UnsafeEdit

DEEPEST: Final = 200
_SPACE: Final = re.compile(r"[ \t\r\n]*")
_STRING: Final = re.compile(r'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*+"')
_OTHER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null")


@dataclass(slots=True)
class Json:
    """A value, from `start` up to and without `end`; strings with their quotes."""

    start: int
    end: int = 0
    value: Any = None
    """Of strings, numbers and the like."""
    members: list[tuple[Json, Json]] | None = None
    """Keys and values of an object."""
    items: list[Json] = field(default_factory=list)

    def get(self, *keys: str) -> Json | None:
        """Return the value under a way of keys, None where a step is missing. Of keys that are given twice the last one counts."""
        node: Json | None = self
        for key in keys:
            if node is None or node.members is None:
                return None
            node = next((value for name, value in reversed(node.members) if name.value == key), None)
        return node

    def pairs(self) -> Iterator[tuple[str, Json]]:
        """Yield keys and values; nothing where this is no object."""
        for name, value in self.members or ():
            yield name.value, value

    @property
    def string(self) -> str:
        """The text of a string, empty for anything else."""
        return self.value if isinstance(self.value, str) else ""


def read_json(source: Source) -> Json:
    """Return what a file holds. Raises `UnsafeEdit` for what is no JSON, comments included."""
    text = source.text
    start = 1 if text.startswith("\ufeff") else 0
    try:
        node, at = _value(text, _skip(text, start), 0)
    except (IndexError, ValueError):
        raise UnsafeEdit(f"{source.path} is no JSON that can be read.") from None
    if _skip(text, at) != len(text):
        raise UnsafeEdit(f"{source.path} goes on after its JSON ends.")
    return node


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _value(text: str, at: int, depth: int) -> tuple[Json, int]:
    if depth > DEEPEST:
        raise ValueError
    sign = text[at]
    if sign == '"':
        node = _string(text, at)
        return node, node.end
    if sign in "{[":
        return _nested(text, at, depth, sign)
    found = _OTHER.match(text, at)
    if found is None:
        raise ValueError
    return Json(at, found.end(), json.loads(found[0])), found.end()


def _nested(text: str, at: int, depth: int, sign: str) -> tuple[Json, int]:
    node = Json(at)
    members: list[tuple[Json, Json]] = []
    closing = "}" if sign == "{" else "]"
    at = _skip(text, at + 1)
    while text[at] != closing:
        key = None
        if sign == "{":
            key = _string(text, at)
            at = _skip(text, key.end)
            if text[at] != ":":
                raise ValueError
            at = _skip(text, at + 1)
        value, at = _value(text, at, depth + 1)
        if key is None:
            node.items.append(value)
        else:
            members.append((key, value))
        at = _skip(text, at)
        if text[at] == ",":
            at = _skip(text, at + 1)
            if text[at] == closing:
                raise ValueError
        elif text[at] != closing:
            raise ValueError
    node.end = at + 1
    if sign == "{":
        node.members = members
    return node, node.end


def _string(text: str, at: int) -> Json:
    found = _STRING.match(text, at)
    if found is None:
        raise ValueError
    return Json(at, found.end(), json.loads(found[0]))


def set_string(source: Source, node: Json, value: str) -> Splice:
    """Return the piece that makes a string say something else."""
    return source.splice(node.start, node.end, json.dumps(value, ensure_ascii=False))


def add_member(source: Source, node: Json, key: str, value: Any) -> Splice:
    """Return the piece that adds a member at the end of an object, laid out as the others are."""
    text, name = source.text, json.dumps(key, ensure_ascii=False)
    unit = indent_unit(source)
    if node.members:
        first, last = node.members[0][0], node.members[-1][1]
        before = text[node.start + 1 : first.start]
        if "\n" in before:
            inner = before[before.rfind("\n") + 1 :]
            return source.splice(
                last.end, last.end, f",{source.newline}{inner}{name}: {_laid(value, inner, unit, source.newline)}"
            )
        return source.splice(last.end, last.end, f", {name}: {json.dumps(value, ensure_ascii=False)}")
    outer = source.indent(node.start)
    inner = outer + unit
    body = f"{source.newline}{inner}{name}: {_laid(value, inner, unit, source.newline)}{source.newline}{outer}"
    return source.splice(node.start + 1, node.end - 1, body)


def _laid(value: Any, indent: str, unit: str, newline: str) -> str:
    return json.dumps(value, ensure_ascii=False, indent=unit).replace("\n", newline + indent)


def indent_unit(source: Source) -> str:
    """Return what one level is indented by, two spaces where the file does not show it."""
    found = re.search(r"\{\s*?\n([ \t]+)", source.text)
    return found[1] if found else "  "


def plain(text: str) -> object:
    """Return the plain values of a text. Raises `ValueError` where it cannot be read."""
    return json.loads(text.removeprefix("\ufeff"))
