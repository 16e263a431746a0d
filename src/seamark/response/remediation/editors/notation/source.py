"""A file as text, and pieces of it replaced: what is not replaced stays as it is, byte by byte."""

from __future__ import annotations

import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from msgspec import Struct

from seamark.core.errors import SeamarkError

LARGEST: Final = 20_000_000
"""Bytes of a file that is edited; lock files of large repositories stay below."""
_XML_ENCODING: Final = re.compile(
    rb"""\A<\?xml[^>]{0,80}encoding=["'](?:iso-8859-1|windows-1252|us-ascii)["']""", re.IGNORECASE
)


class UnsafeEdit(SeamarkError):
    """A change that cannot be made without guessing; nothing was changed. The sentence says what is in the way."""


class Splice(Struct, frozen=True, kw_only=True):
    """A piece of a file's text that is replaced: from `start` up to and without `end`, in characters."""

    path: str
    start: int
    end: int
    text: str
    leaves: int = 1
    """How many values of the file change by it, at most: an anchor of YAML may stand for several."""


@dataclass(frozen=True)
class Source:
    """A file's text, decoded so that encoding it gives the same bytes: byte order mark and line ends stay in it."""

    path: str
    text: str
    encoding: str = "utf-8"
    mark: bytes = b""

    @cached_property
    def newline(self) -> str:
        """The line end that most lines have."""
        pairs = self.text.count("\r\n")
        return "\r\n" if pairs * 2 > self.text.count("\n") else "\n"

    @cached_property
    def utf8(self) -> bytes:
        """The text as a parser of bytes takes it."""
        return self.text.encode("utf-8")

    @cached_property
    def _plain(self) -> bool:
        return len(self.utf8) == len(self.text)

    def at(self, byte: int) -> int:
        """Return the character at a byte of `utf8`."""
        return byte if self._plain else len(self.utf8[:byte].decode("utf-8", "ignore"))

    def line(self, position: int) -> int:
        """Return the line of a character, counted from 1."""
        return self.text.count("\n", 0, position) + 1

    def start_of_line(self, position: int) -> int:
        """Return where the line of a character starts."""
        return self.text.rfind("\n", 0, position) + 1

    def end_of_line(self, position: int) -> int:
        """Return where the line of a character ends: at its line end, or the end of the file."""
        end = self.text.find("\n", position)
        if end < 0:
            return len(self.text)
        return end - 1 if end > position and self.text[end - 1] == "\r" else end

    def indent(self, position: int) -> str:
        """Return the white space that the line of a character starts with."""
        start = self.start_of_line(position)
        found = re.compile(r"[ \t]*").match(self.text, start)
        return found[0] if found else ""

    def splice(self, start: int, end: int, text: str, leaves: int = 1) -> Splice:
        """Return a piece of this file with what replaces it."""
        return Splice(path=self.path, start=start, end=end, text=text, leaves=leaves)

    def encoded(self, text: str) -> bytes:
        """Return another text in the encoding of this file. Raises `UnsafeEdit` where it has no such characters."""
        try:
            return self.mark + text.encode(self.encoding)
        except UnicodeEncodeError:
            raise UnsafeEdit(
                f"{self.path} is written in {self.encoding}, which has no sign for what would be put in."
            ) from None


def source(path: str, data: bytes) -> Source:
    """Return a file's text. Raises `UnsafeEdit` for files that are too large or no text."""
    if len(data) > LARGEST:
        raise UnsafeEdit(f"{path} is larger than {LARGEST // 1_000_000} MB and is not edited.")
    for mark, encoding in ((BOM_UTF16_LE, "utf-16-le"), (BOM_UTF16_BE, "utf-16-be")):
        if data.startswith(mark):
            return _decoded(path, data[2:], encoding, mark)
    if b"\0" in data[:8000]:
        raise UnsafeEdit(f"{path} is no text file.")
    return _decoded(path, data, "latin-1" if _XML_ENCODING.match(data) else "utf-8", b"")


def _decoded(path: str, data: bytes, encoding: str, mark: bytes) -> Source:
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        raise UnsafeEdit(
            f"{path} is not written in UTF-8, so that it cannot be edited without changing other bytes."
        ) from None
    return Source(path, text, encoding, mark)


def spliced(text: str, splices: Iterable[Splice]) -> str:
    """Return a text with its pieces replaced. Raises `UnsafeEdit` where two pieces overlap and do not say the same."""
    parts: list[str] = []
    at = 0
    last: Splice | None = None
    for each in sorted(set(splices), key=lambda one: (one.start, one.end)):
        if each.start < at or (last is not None and last.start == each.start == last.end == each.end):
            raise UnsafeEdit(f"Two changes of {each.path} are about the same place.")
        parts += (text[at : each.start], each.text)
        at, last = each.end, each
    return "".join([*parts, text[at:]])


def lines(text: str) -> list[str]:
    """Return the lines of a text, as the plain values of formats that are read line by line."""
    return text.splitlines()
