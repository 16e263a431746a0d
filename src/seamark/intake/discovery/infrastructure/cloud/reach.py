"""From where something can be reached."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

ANYWHERE: Final = frozenset({"0.0.0.0/0", "::/0", "*", "Internet", "Any", "0.0.0.0"})  # noqa: S104 - nothing is bound here
"""Ranges that hold every address, as the clouds write them."""


class Reach(Struct, frozen=True):
    """From where something can be reached (`internet`, `internal`, `none`), why, and how sure that is."""

    level: str
    why: str
    confidence: float = 1.0
