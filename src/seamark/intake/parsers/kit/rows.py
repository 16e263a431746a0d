"""The reading of one report: what a parser may ask for besides its typed report."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

import msgspec

from seamark.core.errors import UnreadableReport
from seamark.intake.parsers.kit.source import Source
from seamark.intake.parsers.kit.split import Split
from seamark.intake.parsers.kit.tolerant import forgiving

T = TypeVar("T")


class Reading:
    """Handed to generators that take a second parameter."""

    def __init__(self, source: Source, split: Split | None = None) -> None:
        self.source = source
        self._split = split
        self._decoders: dict[Any, Any] = {}

    def rows(self, raw: msgspec.Raw, row: type[T], where: str = "$") -> Iterator[T]:
        """Yield the elements of an array that the report's struct keeps as `msgspec.Raw`.

        A small array is decoded at once, one that was lifted out of a large file element by element. `where`
        is the array's JSON path, for messages. An array that is missing or null yields nothing.
        """
        if len(raw) < 5 and bytes(raw) in {b"", b"null", b"[]"}:
            return
        if self._split is not None and (lifted := self._split.lifted(raw)) is not None:
            decode = self._decoder(row)
            for number, element in enumerate(lifted):
                try:
                    value = forgiving(decode, element)
                except msgspec.ValidationError as error:
                    raise invalid(error, f"{where}[{number}]") from None
                yield value
            return
        try:
            values = forgiving(self._decoder(list[row]), raw)  # type: ignore[valid-type]
        except msgspec.ValidationError as error:
            raise invalid(error, where) from None
        yield from values

    def streams(self, raw: msgspec.Raw) -> bool:
        """Tell whether `rows` would decode an array one by one, because it is part of a large file."""
        return self._split is not None and self._split.lifted(raw) is not None

    def _decoder(self, shape: Any) -> Any:
        if shape not in self._decoders:
            self._decoders[shape] = msgspec.json.Decoder(shape, strict=False).decode
        return self._decoders[shape]


def invalid(error: msgspec.ValidationError, where: str = "$") -> UnreadableReport:
    """Return the failure for a report that does not fit its type, with the path of the first wrong field."""
    text, _, place = str(error).partition(" - at `")
    path = place.rstrip("`") or "$"
    return UnreadableReport(text.replace("`", ""), where=where + path.removeprefix("$"))
