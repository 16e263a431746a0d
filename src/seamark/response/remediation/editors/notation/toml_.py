"""TOML with the place of every value. The standard library's reader says whether a file is right; this one says where things stand."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from seamark.response.remediation.editors.notation.source import Source, Splice, UnsafeEdit

_BLANK: Final = re.compile(r"[ \t]*")
_FILL: Final = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_KEY: Final = re.compile(r"""[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'""")
_STRING: Final = re.compile(
    r"""\"\"\"(?:[^\\]|\\.)*?\"{3,5}(?!")|'''.*?'{3,5}(?!')|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'""", re.DOTALL
)
_OTHER: Final = re.compile(r"[^\s,\]}#]+(?: [0-9][0-9:.]+[^\s,\]}#]*)?")
Path = tuple[str | int, ...]


@dataclass(slots=True)
class Toml:
    """A value, from `start` up to and without `end`; strings with their quotes."""

    start: int
    end: int = 0
    string: str | None = None
    """The text of a string, None for anything else."""
    items: list[Toml] | None = None
    members: list[tuple[tuple[str, ...], Toml]] | None = None
    """Of an inline table."""


@dataclass(slots=True)
class Table:
    """A table with a heading, or the head of the file: where its lines are."""

    path: Path
    start: int
    body: int
    """Where the line after its heading starts."""
    end: int = 0
    """Where its last entry's line ends; without entries, its heading's."""


@dataclass(slots=True)
class Document:
    """What a file holds: tables, and every value by its path. Tables of an array carry their number in it."""

    tables: list[Table] = field(default_factory=list)
    values: list[tuple[Path, Toml]] = field(default_factory=list)
    _index: dict[Path, Toml] = field(default_factory=dict)

    def get(self, *path: str | int) -> Toml | None:
        """Return the value at a path, inline tables included; None where there is none."""
        if not self._index:
            self._index.update(self.walk())
        return self._index.get(path)

    def table(self, *path: str | int) -> Table | None:
        """Return the table with a heading, None where there is none."""
        return next((each for each in self.tables if each.path == path), None)

    def walk(self) -> Iterator[tuple[Path, Toml]]:
        """Yield all values with their paths, those of inline tables and arrays after what they stand in."""
        for path, node in self.values:
            yield from _walk(path, node)


def _walk(path: Path, node: Toml) -> Iterator[tuple[Path, Toml]]:
    yield path, node
    for number, each in enumerate(node.items or ()):
        yield from _walk((*path, number), each)
    for key, each in node.members or ():
        yield from _walk((*path, *key), each)


def read_toml(source: Source) -> Document:
    """Return what a file holds. Raises `UnsafeEdit` for what is no TOML."""
    try:
        tomllib.loads(source.text.removeprefix("\ufeff").replace("\r\n", "\n"))
        return _Reader(source.text).document()
    except (ValueError, IndexError, RecursionError):
        raise UnsafeEdit(f"{source.path} is no TOML that can be read.") from None


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.found = Document()
        self.arrays: dict[Path, int] = {}

    def document(self) -> Document:
        at = 1 if self.text.startswith("\ufeff") else 0
        table = Table((), at, at, at)
        self.found.tables.append(table)
        while (at := self._match(_FILL, at)) < len(self.text):
            if self.text[at] == "[":
                table = self._heading(at)
                at = table.end
            else:
                key, at = self._key(at)
                at = self._expect("=", at)
                node = self._value(self._match(_BLANK, at))
                self.found.values.append(((*table.path, *key), node))
                at = table.end = node.end
        return self.found

    def _heading(self, start: int) -> Table:
        double = self.text.startswith("[[", start)
        key, at = self._key(self._match(_BLANK, start + 1 + double))
        at = self._expect("]]" if double else "]", at)
        path: Path = ()
        for part in key[:-1] if double else key:
            path = (*path, part)
            if path in self.arrays:
                path = (*path, self.arrays[path])
        if double:
            array = (*path, key[-1])
            self.arrays[array] = self.arrays.get(array, -1) + 1
            path = (*array, self.arrays[array])
        line = self.text.find("\n", at)
        table = Table(path, start, line + 1 if line >= 0 else len(self.text), at)
        self.found.tables.append(table)
        return table

    def _match(self, pattern: re.Pattern[str], at: int) -> int:
        found = pattern.match(self.text, at)
        if found is None:
            raise ValueError
        return found.end()

    def _expect(self, sign: str, at: int) -> int:
        at = self._match(_BLANK, at)
        if not self.text.startswith(sign, at):
            raise ValueError
        return at + len(sign)

    def _key(self, at: int) -> tuple[tuple[str, ...], int]:
        parts: list[str] = []
        while True:
            end = self._match(_KEY, self._match(_BLANK, at))
            part = self.text[self._match(_BLANK, at) : end]
            parts.append(_plain(part) if part[0] in "\"'" else part)
            at = self._match(_BLANK, end)
            if not self.text.startswith(".", at):
                return tuple(parts), at
            at += 1

    def _value(self, at: int) -> Toml:
        sign = self.text[at]
        if sign in "\"'":
            end = self._match(_STRING, at)
            return Toml(at, end, _plain(self.text[at:end]))
        if sign == "[":
            items: list[Toml] = []
            node = Toml(at, items=items)
            at = self._match(_FILL, at + 1)
            while self.text[at] != "]":
                value = self._value(at)
                items.append(value)
                at = self._match(_FILL, value.end)
                if self.text[at] == ",":
                    at = self._match(_FILL, at + 1)
            node.end = at + 1
            return node
        if sign == "{":
            members: list[tuple[tuple[str, ...], Toml]] = []
            start, at = at, self._match(_FILL, at + 1)
            while self.text[at] != "}":
                key, at = self._key(at)
                value = self._value(self._match(_BLANK, self._expect("=", at)))
                members.append((key, value))
                at = self._match(_FILL, value.end)
                if self.text[at] == ",":
                    at = self._match(_FILL, at + 1)
            return Toml(start, at + 1, members=members)
        return Toml(at, self._match(_OTHER, at))


def _plain(written: str) -> str:
    value = tomllib.loads(f"x = {written}".replace("\r\n", "\n"))["x"]
    return str(value)


def set_string(source: Source, node: Toml, value: str) -> Splice:
    """Return the piece that makes a string say something else, between the quotes it has. Raises `UnsafeEdit` where they do not do."""
    written = source.text[node.start : node.end]
    quote = written[:3] if written[:3] in {'"""', "'''"} else written[:1]
    if any(each in value for each in "\\\"'\n\r"):
        quote = '"' if quote == '"' else quote
        if quote in value or "\\" in value or "\n" in value or "\r" in value:
            raise UnsafeEdit(f"{source.path} would need a string with quotes on line {source.line(node.start)}.")
    return source.splice(node.start + len(quote), node.end - len(quote), value)


def add_item(source: Source, node: Toml, written: str) -> Splice:
    """Return the piece that adds an item, already written as TOML, at the end of an array, laid out as the others are."""
    if not node.items:
        return source.splice(node.start, node.end, f"[{written}]")
    last = node.items[-1]
    trailing = source.text[last.end : node.end]
    if "\n" in source.text[node.start : node.items[0].start]:
        comma = "" if re.match(r"\s*,", trailing) else ","
        at = last.end + (trailing.index(",") + 1 if not comma else 0)
        return source.splice(
            at, at, f"{comma}{source.newline}{source.indent(last.start)}{written}" + ("," if not comma else "")
        )
    return source.splice(last.end, last.end, f", {written}")


def inside(source: Source, node: Toml, start: int, end: int, text: str) -> Splice:
    """Return the piece that replaces a part of a string's text. Raises `UnsafeEdit` where the string is written with escapes."""
    written = source.text[node.start : node.end]
    quote = 3 if written[:3] in {'"""', "'''"} else 1
    if written[quote:-quote] != node.string or any(sign in text for sign in "\\\"'"):
        raise UnsafeEdit(f"{source.path} writes line {source.line(node.start)} in a way that cannot be edited.")
    return source.splice(node.start + quote + start, node.start + quote + end, text)


def plain(text: str) -> object:
    """Return the plain values of a text. Raises `ValueError` where it cannot be read."""
    return tomllib.loads(text.removeprefix("\ufeff").replace("\r\n", "\n"))
