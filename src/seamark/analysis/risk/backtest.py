"""Was what the profile put first exploited later? Ranks all flaws of a day by what was known on it, and counts what came after.

Pure: facts and later listings in, figures out. Equal values are not told apart by anything that the ranking does not know: those
that share the last place of an effort count in proportion, as drawing lots does on average.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from seamark.analysis.risk.engine import log_odds, score
from seamark.analysis.risk.factors import NEUTRAL_CVSS
from seamark.analysis.risk.facts import Facts
from seamark.analysis.risk.profile import Profile
from seamark.core.severity import Severity

EFFORTS = (0.01, 0.05, 0.10, 0.20)
STRATEGIES = ("profile", "EPSS only", "CVSS only", "KEV only")
_Z = 1.959963984540054
_UNSCORED = Severity.HIGH


class Measure(Struct, frozen=True):
    """What a strategy found with an effort."""

    strategy: str
    effort: float
    """Share of the flaws that are mended, 0 to 1."""
    mended: int
    covered: float
    """Flaws exploited later among the mended; a fraction where the last place is shared."""
    coverage: float
    """Their share of all that were exploited later, 0 to 1."""
    low: float
    high: float
    """95 % interval of the coverage, after Wilson."""
    efficiency: float
    """Share of the mended flaws that were exploited later."""
    tied: int
    """Flaws that share the last place, those beyond the effort too; 1 where none does."""


class BackTest(Struct, frozen=True):
    """The outcome for one day."""

    as_of: str
    profile: str
    flaws: int
    positives: int
    measures: tuple[Measure, ...]
    curves: dict[str, tuple[tuple[float, float], ...]]
    """For each strategy, effort and coverage, both 0 to 1."""


def severity_of(cvss: int | None) -> Severity:
    """Return the word that tools give a CVSS score in tenths; high where there is none, as unknown must not mean safe."""
    return _UNSCORED if cvss is None else Severity.from_cvss(cvss / 10)


def backtest(
    facts: Mapping[str, Facts], later: set[str], profile: Profile, *, as_of: str, efforts: Sequence[float] = EFFORTS
) -> BackTest:
    """Rank flaws, by name, with what was known on a day, and measure which of those exploited `later` came first."""
    names = sorted(facts)
    rows = [facts[name] for name in names]
    labels = np.fromiter((name in later for name in names), dtype=np.int64, count=len(names))
    ranked = {
        "profile": _places(score(rows, profile).astype(np.float64), log_odds(rows, profile)),
        "EPSS only": _column(-1.0 if one.epss is None else one.epss for one in rows),
        "CVSS only": _column(float(NEUTRAL_CVSS if one.cvss is None else one.cvss) for one in rows),
        "KEV only": _column(float(bool(one.kev_added)) for one in rows),
    }
    tallies = {name: _Tally(ranked[name], labels) for name in STRATEGIES}
    return BackTest(
        as_of=as_of,
        profile=f"{profile.name} v{profile.version}",
        flaws=len(names),
        positives=int(labels.sum()),
        measures=tuple(_measure(name, tally, effort) for name, tally in tallies.items() for effort in efforts),
        curves={name: tally.curve() for name, tally in tallies.items()},
    )


def _column(values: object) -> NDArray[np.float64]:
    return np.array(list(values), dtype=np.float64)  # type: ignore[call-overload]


def _places(tenths: NDArray[np.float64], odds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return one number for each: the score, and among equal scores the log-odds before rounding."""
    if not len(tenths):
        return tenths
    order = np.lexsort((odds, tenths))
    fresh = np.ones(len(order), dtype=np.float64)
    fresh[1:] = (np.diff(tenths[order]) != 0) | (np.diff(odds[order]) != 0)
    places = np.empty(len(order), dtype=np.float64)
    places[order] = np.cumsum(fresh)
    return places


class _Tally:
    """How many flaws, and how many positives, have each value or a higher one."""

    def __init__(self, values: NDArray[np.float64], labels: NDArray[np.int64]) -> None:
        self.flaws, self.positives = len(values), int(labels.sum())
        _, group = np.unique(-values, return_inverse=True)
        self._sizes = np.bincount(group)
        self._seen = np.concatenate(([0], np.cumsum(self._sizes)))
        self._hits = np.concatenate(([0], np.cumsum(np.bincount(group, weights=labels))))

    def covered(self, mended: int) -> tuple[float, int]:
        """Return the positives among the first so many, and how many flaws share the last place."""
        if mended <= 0:
            return 0.0, 1
        at = int(np.searchsorted(self._seen, mended)) - 1
        share = (mended - self._seen[at]) / self._sizes[at]
        return float(self._hits[at] + share * (self._hits[at + 1] - self._hits[at])), int(self._sizes[at])

    def curve(self, points: int = 120) -> tuple[tuple[float, float], ...]:
        """Return coverage from 0.1 % effort to all of it, in even steps of the logarithm."""
        if not self.positives:
            return ()
        efforts = [10 ** (-3 + 3 * step / points) for step in range(points + 1)]
        return tuple((e, self.covered(min(self.flaws, round(e * self.flaws)))[0] / self.positives) for e in efforts)


def _measure(strategy: str, tally: _Tally, effort: float) -> Measure:
    mended = math.floor(effort * tally.flaws + 1e-9)
    covered, tied = tally.covered(mended)
    low, high = wilson(covered, tally.positives)
    return Measure(
        strategy, effort, mended, covered, covered / tally.positives if tally.positives else 0.0, low, high,
        covered / mended if mended else 0.0, tied,
    )  # fmt: skip


def wilson(hits: float, of: int) -> tuple[float, float]:
    """Return the 95 % interval of a share; from 0 to 1 where nothing was counted."""
    if not of:
        return 0.0, 1.0
    share, square = hits / of, _Z * _Z
    centre = (share + square / (2 * of)) / (1 + square / of)
    reach = _Z / (1 + square / of) * math.sqrt(share * (1 - share) / of + square / (4 * of * of))
    return max(0.0, centre - reach), min(1.0, centre + reach)
