"""What a fix costs, and what a sequence of fixes removes. Pure.

Effort is a number of steps, by the kind of change: it orders fixes among each other and promises no hours.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import Final, NamedTuple

from seamark.analysis.correlation.fixes import BASE_IMAGE, CODE, CONFIGURATION, REPLACE, ROTATE, UPGRADE

EFFORT: Final = {CONFIGURATION: 1, ROTATE: 2, UPGRADE: 2, BASE_IMAGE: 3, CODE: 4, REPLACE: 8}
"""Steps of each kind of fix."""
USUAL: Final = 4
"""Steps of a kind that is not named."""
COMMON: Final = 24
"""Divided by any number of steps without a rest, so that an order by whole numbers is exact."""
MARKS: Final = (50, 80, 95)
"""Percentages of the risk at which the curve is read."""
POINTS: Final = 60


def effort_of(kind: str, target: str) -> int:
    """Return the steps of a fix; an upgrade to which no version is named is a replacement."""
    return EFFORT[REPLACE] if kind == UPGRADE and not target else EFFORT.get(kind, USUAL)


def worth_per_step(removed: int, effort: int) -> int:
    """Return the risk removed per step as a whole number that orders exactly."""
    return removed * COMMON // effort


class Mark(NamedTuple):
    """So many of the first fixes remove so many percent of the risk."""

    percent: int
    fixes: int


class Curve(NamedTuple):
    """The share of the risk that the first fixes remove: `points` are (number of fixes, share from 0 to 1)."""

    points: list[tuple[int, float]]
    marks: list[Mark]
    fixes: int


def curve_of(removed: Sequence[int]) -> Curve | None:
    """Return the curve of fixes in their order, None where they remove nothing."""
    sums = list(accumulate(removed))
    if not sums or sums[-1] <= 0:
        return None
    whole, number = sums[-1], len(sums)
    marks = [
        Mark(percent, next(at for at, one in enumerate(sums, 1) if one * 100 >= whole * percent)) for percent in MARKS
    ]
    shown = {round(number * step / POINTS) for step in range(POINTS + 1)} | {mark.fixes for mark in marks} | {1}
    points = [(at, sums[at - 1] / whole if at else 0.0) for at in sorted(shown)]
    return Curve(points, marks, number)
