"""How long something lasts, by Kaplan and Meier: what still lasts counts as far as it was seen.

Whoever asks about a period has seen only a part of each life: what was open before it is at risk from the age that it had then (left
truncation), what is open at its end until the age that it has then (right censoring).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

Numbers = NDArray[Any]


class Survival(Struct, frozen=True):
    """The share that still lasts after 0, 1, 2 … whole units of time, 1.0 at first."""

    share: Numbers
    events: int
    """Ends that were seen."""
    lives: int

    @property
    def median(self) -> int | None:
        """Return after how many units no more than half last; None where more than half do for as long as was seen."""
        below = np.flatnonzero(self.share <= 0.5 + 1e-12)
        return int(below[0]) if below.size else None

    def mean(self, horizon: int) -> float | None:
        """Return the mean length, where none counts longer than `horizon` units; None where nothing was seen."""
        if not self.lives:
            return None
        seen = self.share[:horizon]
        # After the last age that was seen nothing is known: the curve stays where it was.
        return float(seen.sum()) + max(0, horizon - seen.size) * float(self.share[-1])


def survival(entry: Numbers, leave: Numbers, ended: Numbers) -> Survival:
    """Return the curve of lives that were watched from the age `entry` to the age `leave` (whole units, `leave` > `entry`).

    `ended` says which of them ended at `leave`; the others were lost from sight there.
    """
    if not leave.size:
        return Survival(np.ones(1), 0, 0)
    size = int(leave.max()) + 1
    entries = np.cumsum(np.bincount(entry, minlength=size))
    leaves = np.cumsum(np.bincount(leave, minlength=size))
    events = np.bincount(leave[ended], minlength=size)
    at_risk = np.ones(size)
    at_risk[1:] = np.maximum(1, entries[: size - 1] - leaves[: size - 1])
    return Survival(np.cumprod(1 - events / at_risk), int(ended.sum()), int(leave.size))
