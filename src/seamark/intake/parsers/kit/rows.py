"""The reading of one report: what a parser may ask for besides its typed report."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator
from hashlib import blake2b
from typing import Any, TypeVar

import msgspec

from seamark import __version__
from seamark.core.errors import UnreadableReport
from seamark.core.report import Repeated
from seamark.intake.parsers.kit.source import Source
from seamark.intake.parsers.kit.split import Split, rows_of
from seamark.intake.parsers.kit.tolerant import forgiving

T = TypeVar("T")
_LONG = struct.Struct("<q")


class Reading:
    """Handed to generators that take a second parameter."""

    def __init__(self, source: Source, split: Split | None = None) -> None:
        self.source = source
        self._split = split
        self._decoders: dict[Any, Any] = {}
        self.known: Callable[[int], bool] | None = None
        """Set by whoever reads: tells the rows that need not be read again."""
        self.row = 0
        """Hash of the row that `fresh` has just handed out; 0 outside of it."""

    def rows(self, raw: msgspec.Raw, row: type[T], where: str = "$") -> Iterator[T]:
        """Yield the elements of an array that the report's struct keeps as `msgspec.Raw`.

        A small array is decoded at once, one that was lifted out of a large file some hundred rows at a time. `where`
        is the array's JSON path, for messages. An array that is missing or null yields nothing.
        """
        if len(raw) < 5 and bytes(raw) in {b"", b"null", b"[]"}:
            return
        if self._split is not None and (pieces := self._split.runs(raw)) is not None:
            yield from self._of_pieces(pieces, row, where)
            return
        try:
            values = forgiving(self._decoder(list[row]), raw)  # type: ignore[valid-type]
        except msgspec.ValidationError as error:
            raise invalid(error, where) from None
        yield from values

    def _of_pieces(self, pieces: Iterator[bytes], row: type[T], where: str) -> Iterator[T]:
        decode = self._decoder(list[row])  # type: ignore[valid-type]
        number = 0
        for piece in pieces:
            try:
                values = decode(piece)
            except (msgspec.MsgspecError, UnicodeDecodeError):
                for element in rows_of(piece):
                    yield self._one(self._decoder(row), element, f"{where}[{number}]")
                    number += 1
                continue
            number += len(values)
            yield from values

    def fresh(self, raw: msgspec.Raw, row: type[T], where: str, context: bytes) -> Iterator[T | Repeated]:
        """Yield the elements of an array like `rows`, but a `Repeated` in place of each that the reader knows already.

        `context` is everything outside of a row that bears on the findings read from it (rules, base paths): a row
        counts as known only together with it. Each row has to be used up before the next is asked for.
        """
        if self.known is None:
            yield from self.rows(raw, row, where)
            return
        key = blake2b(context + __version__.encode(), digest_size=32).digest()
        unpack, known, decode = _LONG.unpack, self.known, self._decoder(row)
        for number, element in enumerate(self._raw_rows(raw)):
            (found,) = unpack(blake2b(element, digest_size=8, key=key).digest())
            if known(found):
                yield Repeated(found)
                continue
            self.row = found
            try:
                value = decode(element)
            except (msgspec.MsgspecError, UnicodeDecodeError):
                value = self._one(decode, element, f"{where}[{number}]")
            yield value
        self.row = 0

    def _raw_rows(self, raw: msgspec.Raw) -> Iterable[bytes | msgspec.Raw]:
        if len(raw) < 5 and bytes(raw) in {b"", b"null", b"[]"}:
            return ()
        lifted = self._split.lifted(raw) if self._split is not None else None
        return lifted if lifted is not None else forgiving(self._decoder(list[msgspec.Raw]), raw)

    @staticmethod
    def _one(decode: Any, element: bytes | msgspec.Raw, where: str) -> Any:
        """Return one row, repaired where only a strict decoder refuses it. Raises `UnreadableReport` that names its place."""
        try:
            return forgiving(decode, element)
        except msgspec.ValidationError as error:
            raise invalid(error, where) from None

    def streams(self, raw: msgspec.Raw) -> bool:
        """Tell whether `rows` would decode an array one by one, because it is part of a large file."""
        return self._split is not None and self._split.runs(raw) is not None

    def _decoder(self, shape: Any) -> Any:
        if shape not in self._decoders:
            self._decoders[shape] = msgspec.json.Decoder(shape, strict=False).decode
        return self._decoders[shape]


def invalid(error: msgspec.ValidationError, where: str = "$") -> UnreadableReport:
    """Return the failure for a report that does not fit its type, with the path of the first wrong field."""
    text, _, place = str(error).partition(" - at `")
    path = place.rstrip("`") or "$"
    return UnreadableReport(text.replace("`", ""), where=where + path.removeprefix("$"))
