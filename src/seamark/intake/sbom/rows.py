"""Reads the elements of a document one by one, so that a wrong one costs itself and not the document."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

import msgspec

from seamark.core.errors import UnreadableReport
from seamark.intake.parsers.kit.probe import damaged
from seamark.intake.parsers.kit.rows import invalid
from seamark.intake.parsers.kit.tolerant import forgiving

T = TypeVar("T")
MOST_PROBLEMS = 50


class Problems:
    """Sentences about what is wrong with a document: the first fifty."""

    def __init__(self) -> None:
        self._sentences: dict[str, None] = {}

    def add(self, sentence: str) -> None:
        """Take note of a problem."""
        if len(self._sentences) < MOST_PROBLEMS:
            self._sentences[sentence[:500]] = None

    def told(self) -> tuple[str, ...]:
        """Return all of them."""
        return tuple(self._sentences)


def document(data: Any, kind: type[T]) -> T:
    """Return JSON as its struct. Raises `UnreadableReport`."""
    try:
        return forgiving(msgspec.json.Decoder(kind, strict=False).decode, data)
    except msgspec.ValidationError as error:
        raise invalid(error) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise damaged(error) from None
    except RecursionError:
        raise UnreadableReport("The JSON is nested too deeply for an SBOM") from None


def each(rows: Iterable[msgspec.Raw] | None, kind: type[T], where: str, problems: Problems) -> Iterator[T]:
    """Yield the rows that can be read; of the others there is a problem each."""
    decode = msgspec.json.Decoder(kind, strict=False).decode
    for number, row in enumerate(rows or ()):
        try:
            yield forgiving(decode, row)
        except msgspec.ValidationError as error:
            problems.add(f"{where}[{number}] was left out: {invalid(error, f'{where}[{number}]')}")
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            problems.add(f"{where}[{number}] was left out: {damaged(error)}")
