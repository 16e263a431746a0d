"""Which of several sayings counts: what people set in Seamark, then `seamark.yaml`, then the catalogue, then what was discovered."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from msgspec import Struct

PEOPLE: Final = "people"
"""The origin of what somebody set by hand, in the UI or by API."""
PRECEDENCE: Final = (PEOPLE, "seamark.yaml", "catalog")
"""From the strongest; whatever else says something is discovered, and comes after these."""


class Said(Struct, frozen=True, kw_only=True):
    """One saying of a value."""

    value: Any
    origin: str
    at: str = ""
    """The place (`seamark.yaml:8`) or the person."""
    confidence: float = 1.0


class Settled(Struct, frozen=True):
    """The value that counts, and all that was said, the strongest first."""

    value: Any
    said: tuple[Said, ...]

    @property
    def origin(self) -> str:
        """Return who says what counts."""
        return self.said[0].origin


def settle(values: Iterable[Said]) -> Settled | None:
    """Return what counts of several sayings of one fact, None where nobody says anything.

    `None` as a value says nothing. Among equals the surer one counts, then the one that comes first.
    """
    said = sorted(
        (each for each in values if each.value is not None), key=lambda each: (_rank(each.origin), -each.confidence)
    )
    return Settled(said[0].value, tuple(said)) if said else None


def _rank(origin: str) -> int:
    return PRECEDENCE.index(origin) if origin in PRECEDENCE else len(PRECEDENCE)
