"""From the bytes of a file to its documents: JSON, several JSON values in a row, YAML with one or more documents."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

import yaml

from seamark.core.errors import UnreadableReport
from seamark.intake.discovery.bounded import Loader
from seamark.intake.discovery.infrastructure.values import MOST_PARTS, fits
from seamark.intake.parsers.kit.source import from_bytes

LARGEST: Final = 512 * 1024**2
LARGEST_YAML: Final = 64 * 1024**2
MOST_DOCUMENTS: Final = 100_000
_DEEPEST: Final = 100
_SPACE: Final = re.compile(r"[ \t\r\n,]*")


def documents(data: bytes, name: str) -> list[Any]:
    """Return the documents of a file, packed with gzip or not. Raises `UnreadableReport`."""
    source = from_bytes(data, name)
    if source.archive or len(source) > LARGEST:
        raise UnreadableReport("That is an archive or too large", hint="give each dump as a file of its own")
    text = bytes(source.data).decode("utf-8", "replace")
    try:
        found = list(_json(text) if text.lstrip()[:1] in {"{", "["} else _yaml(text))
    except RecursionError:
        raise UnreadableReport("It is nested too deeply") from None
    if not found:
        raise UnreadableReport("It holds nothing")
    if any(_too_deep(each) for each in found):
        raise UnreadableReport("It is nested too deeply")
    return found


def _json(text: str) -> Iterator[Any]:
    decoder, at, count = json.JSONDecoder(), _skip(text, 0), 0
    while at < len(text):
        try:
            value, at = decoder.raw_decode(text, at)
        except ValueError as error:
            if not count and text.lstrip()[:1] == "{" and (flow := _flow(text)) is not None:
                yield flow
                return
            place = f"line {text.count(chr(10), 0, min(getattr(error, 'pos', 0), len(text))) + 1}"
            raise UnreadableReport("It is cut off or no valid JSON", where=place) from None
        count += 1
        if count > MOST_DOCUMENTS:
            raise UnreadableReport(f"It holds more than {MOST_DOCUMENTS:,} values")
        yield value
        at = _skip(text, at)


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _flow(text: str) -> Any | None:
    """Return a small file that begins like JSON and is YAML."""
    if len(text) > 1024**2:
        return None
    try:
        found = list(_yaml(text))
    except UnreadableReport:
        return None
    return found[0] if len(found) == 1 and isinstance(found[0], dict) else None


def _yaml(text: str) -> Iterator[Any]:
    if len(text) > LARGEST_YAML:
        raise UnreadableReport("It is too large for YAML", hint="write it with -o json")
    loader: Any = None
    try:
        loader = Loader(text)
        while loader.check_data():
            value = loader.get_data()
            if value is None:
                continue
            if not fits(value, MOST_PARTS):
                raise UnreadableReport("Its aliases make it too large", hint="write it with -o json")
            yield value
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"line {mark.line + 1}" if mark is not None else ""
        raise UnreadableReport("It is neither JSON nor valid YAML", where=place) from None
    except (ValueError, TypeError, AttributeError, LookupError, OverflowError):
        raise UnreadableReport("It is no YAML that can be read, or too large", hint="write it with -o json") from None
    finally:
        if loader is not None:
            loader.dispose()


def _too_deep(value: Any) -> bool:
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(_DEEPEST):
        level = [
            below
            for each in level
            for below in (each.values() if isinstance(each, dict) else each)
            if isinstance(below, dict | list)
        ]
    return bool(level)
