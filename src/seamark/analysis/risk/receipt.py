"""The account of a score: every factor with its points, and they add up."""

from __future__ import annotations

from msgspec import Struct


class Part(Struct, frozen=True):
    """One line. `points` are tenths, negative where the factor lowers the score."""

    factor: str
    label: str
    detail: str
    source: str
    points: int


class Receipt(Struct, frozen=True):
    """Parts that add up to the score exactly, what is not known, and what would change it."""

    score: int
    """Tenths, 0 to 1000."""
    priority: int
    parts: tuple[Part, ...]
    unknown: tuple[str, ...]
    counterfactuals: tuple[tuple[str, int], ...]
    """Sentences with the score in tenths that would then hold."""
    reason: str
    """One line in plain words, most telling fact first."""
    profile: str
    """Name and version of the weights."""
