"""How the default weights of EPSS and CVSS were set: a grid, halves against halves, and two fits that share nothing.

`python -m benchmarks.weights CORPUS/intel` prints what docs/risk.md tells.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from seamark.analysis.risk import Facts, Profile, default_profile
from seamark.analysis.risk.engine import log_odds
from seamark.analysis.risk.factors import FACTORS
from seamark.analysis.risk.known_then import Then, known_then
from seamark.intake.connectors.feeds.catalogue import read_feed
from seamark.intake.connectors.feeds.statements import Known

DAY = date(2025, 8, 28)
EFFORTS = (0.01, 0.05, 0.1)
EPSS_WEIGHTS = (1.1, 1.5, 2.0, 2.4, 2.7, 3.0, 3.5, 4.0, 5.0)
CVSS_WEIGHTS = (0.0, 0.3, 0.45, 0.6)
Floats = NDArray[np.float64]


def ranks(values: Floats, positives: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the place, counted from 1, of each positive; the last one where several share it."""
    return np.searchsorted(np.sort(-values), -values[positives], "right")


def covered(places: NDArray[np.int64], flaws: int) -> list[int]:
    """Return how many of these places lie within each effort."""
    return [int((places <= int(effort * flaws)).sum()) for effort in EFFORTS]


def fit(columns: Floats, hits: Floats) -> tuple[Floats, Floats]:
    """Return coefficients and standard errors of a logistic regression, the intercept first, by Newton's method."""
    rows = np.column_stack([np.ones(len(columns)), columns])
    found = np.zeros(rows.shape[1])
    found[0] = np.log(hits.mean() / (1 - hits.mean()))
    for _ in range(40):
        chance = 1 / (1 + np.exp(-rows @ found))
        curvature = rows.T @ (rows * (chance * (1 - chance))[:, None])
        found = found + np.linalg.solve(curvature, rows.T @ (hits - chance))
    return found, np.sqrt(np.diag(np.linalg.inv(curvature)))


def weighed(profile: Profile, epss: float, cvss: float) -> Profile:
    """Return the profile with other weights."""
    return msgspec.structs.replace(profile, weights=profile.weights | {"epss": epss, "cvss": cvss})


def column(then: Then, names: Iterable[str], factor: str) -> Floats:
    """Return a factor's values, 0 where it is not known."""
    (value,) = (one.value for one in FACTORS if one.name == factor)
    return np.array([value(then.facts[name]) or 0.0 for name in names])


def main(folder: Path) -> None:
    """Print the figures."""
    later = read_feed(folder / "kev-2026-01-29.json")
    records = read_feed(folder / "vulnrichment-2025-01-24.csv.gz")
    nvd = read_feed(folder / "nvd-cves_2025-07-30_a_2025-08-29.csv")
    then = known_then(
        DAY,
        read_feed(folder / "epss-2025-08-28.csv.gz"),
        read_feed(folder / "kev-2025-08-25.json"),
        later,
        [records, nvd],
    )
    names = sorted(then.facts)
    facts = [then.facts[name] for name in names]
    positives = np.array([number for number, name in enumerate(names) if name in then.later])
    epss = column(then, names, "epss")
    # Factors add up: one pass without EPSS and CVSS is enough for the grid.
    rest, cvss = log_odds(facts, weighed(default_profile(), 0, 0)), column(then, names, "cvss")
    grid = {(e, c): ranks(rest + e * epss + c * cvss, positives) for e in EPSS_WEIGHTS for c in CVSS_WEIGHTS}
    alone = ranks(epss, positives)
    _say("covered at 1, 5, 10 %; EPSS only", covered(alone, len(names)))
    for weights, places in grid.items():
        _say("  epss, cvss", weights, covered(places, len(names)))
    ours = rest + default_profile().weights["epss"] * epss + default_profile().weights["cvss"] * cvss
    ssvc = ranks(ours + 0.3 * _words(facts, "automatable") + 0.4 * _words(facts, "impact"), positives)
    _say("default weights, and 0.3 and 0.4 for SSVC's words beside EPSS and CVSS", covered(ssvc, len(names)))
    _halves(grid, alone, len(names))
    hits = np.zeros(len(names))
    hits[positives] = 1
    _tell("EPSS over its scale", *fit(epss[:, None], hits))
    listed = {one.name: one.kev_added for one in later.entries}
    rows = [one for one in records.entries if one.cvss is not None and listed.get(one.name, "9") > "2025-01-24"]
    told = np.array([_told(one) for one in rows], dtype=np.float64)
    hits = np.array([float(one.name in listed) for one in rows])
    _say(f"Vulnrichment: {len(rows)} rated CVEs, {int(hits.sum())} listed later")
    _tell("CVSS over 5 points", *fit(told[:, :1], hits))
    _tell("CVSS over 5 points, public exploit", *fit(told[:, :2], hits))
    _tell("CVSS over 5 points, public exploit, automatable, total impact", *fit(told, hits))


SSVC = {"automatable": {"yes": 1.0, "no": -0.3}, "impact": {"total": 0.5, "partial": -0.5}}


def _words(facts: Iterable[Facts], field: str) -> Floats:
    return np.array([SSVC[field].get(getattr(one, field), 0.0) for one in facts])


def _told(one: Known) -> list[float]:
    """Return CVSS over 5 points, and 1 for a public exploit, an attack that can be automated, and total impact."""
    ssvc = one.ssvc.split("/")
    return [(one.cvss or 0) / 50 - 1, float(ssvc[0] in {"poc", "active"}), float("yes" in ssvc), float("total" in ssvc)]


def _halves(grid: dict[tuple[float, float], NDArray[np.int64]], alone: NDArray[np.int64], flaws: int) -> None:
    dice = np.random.default_rng(7)
    gains, picks = [], Counter[tuple[float, float]]()
    for _ in range(1000):
        half = np.zeros(len(alone), dtype=bool)
        half[dice.permutation(len(alone))[: len(alone) // 2]] = True
        best = max(grid, key=lambda weights: sum(covered(grid[weights][half], flaws)))
        picks[best] += 1
        gains.append(np.subtract(covered(grid[best][~half], flaws), covered(alone[~half], flaws)))
    _say(
        "chosen on one half, more than EPSS on the other, on average",
        np.mean(gains, axis=0).round(2),
        picks.most_common(3),
    )
    second = np.arange(len(alone)) % 2 == 0
    weights = default_profile().weights
    ours = grid[weights["epss"], weights["cvss"]]
    for half in (second, ~second):
        _say("every second name", covered(ours[half], flaws), "EPSS only", covered(alone[half], flaws))


def _say(*words: object) -> None:
    sys.stdout.write(" ".join(str(word) for word in words) + "\n")


def _tell(words: str, found: Floats, errors: Floats) -> None:
    _say(words, [f"{value:.2f} ± {error:.2f}" for value, error in zip(found[1:], errors[1:], strict=True)])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
