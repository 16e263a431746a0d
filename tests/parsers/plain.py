"""Items as plain values: for golden files, and to prove that an item keeps to its own types."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import msgspec

from seamark.core.finding import Finding
from seamark.core.report import Item
from seamark.core.severity import Severity


def plain(item: Item) -> dict[str, Any]:
    """Return an item with its type's name, the severity as a word, and sets in order."""
    values = msgspec.to_builtins(item, order="deterministic")
    if isinstance(item, Finding):
        values["severity"] = Severity(values["severity"]).word
    return {"item": type(item).__name__, **values}


def pretty(values: Any) -> str:
    """Return JSON that reads well in a diff."""
    return json.dumps(values, indent=2, ensure_ascii=False) + "\n"


def prove(items: Iterable[Item]) -> None:
    """Fail where a field of an item holds what its type does not allow, or text that cannot be stored."""
    for item in items:
        encoded = msgspec.json.encode(item)
        assert msgspec.json.decode(encoded, type=type(item)) == item
