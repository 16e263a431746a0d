"""Facts as columns of numbers: worked out once, weighed by any number of profiles."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from seamark.analysis.risk.factors import FACTORS
from seamark.analysis.risk.facts import Facts
from seamark.analysis.risk.limits import Limits
from seamark.analysis.risk.profile import Profile

_MOST_ODDS = 60.0
"""Log-odds beyond which a score in tenths is 0 or 1000 anyway, and the exponential would overflow."""


def in_tenths(log_odds: float) -> int:
    """Return the score in tenths, 0 to 1000, of log-odds."""
    return round(1000 / (1 + math.exp(-max(-_MOST_ODDS, min(_MOST_ODDS, log_odds)))))


class Sheet:
    """The factors' values of many facts, a row each. A slider moves over one of these."""

    def __init__(self, facts: Sequence[Facts]) -> None:
        self._size = len(facts)
        self._columns: dict[str, NDArray[np.float64]] = {}
        for factor in FACTORS:
            value = factor.value
            column = np.fromiter((value(one) or 0.0 for one in facts), dtype=np.float64, count=self._size)
            if column.any():
                self._columns[factor.name] = column
        self._limits = Limits(facts)

    def log_odds(self, profile: Profile) -> NDArray[np.float64]:
        """Return the log-odds before floors, ceilings and rounding."""
        # Added up factor by factor, in the order of the receipt, so that both round alike.
        total = np.full(self._size, float(profile.intercept))
        for name, column in self._columns.items():
            total = total + profile.weights.get(name, 0.0) * column
        return total

    def scores(self, profile: Profile) -> NDArray[np.int16]:
        """Return the scores in tenths, 0 to 1000."""
        # `math.exp` of each, as the receipt has it: NumPy's may differ in the last place.
        tenths = np.fromiter(map(in_tenths, self.log_odds(profile).tolist()), dtype=np.int64, count=self._size)
        return self._limits.applied(tenths, profile).astype(np.int16)
