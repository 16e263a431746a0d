"""From facts to scores and receipts. Pure; scores of many issues are computed as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from seamark.analysis.risk.factors import FACTORS
from seamark.analysis.risk.facts import Facts
from seamark.analysis.risk.limits import bounded, bounds
from seamark.analysis.risk.profile import Profile
from seamark.analysis.risk.reason import reason
from seamark.analysis.risk.receipt import Part, Receipt
from seamark.analysis.risk.sheet import Sheet, in_tenths

__all__ = ["ENGINE", "log_odds", "reason", "receipt", "score"]

ENGINE: Final = 2
"""Counts up whenever the same facts and profile may give another score or receipt."""
MOST_COUNTERFACTUALS = 5
LEAST_MOVE = 10
"""Tenths: what moves a score less is not told."""


def score(facts: Sequence[Facts], profile: Profile) -> NDArray[np.int16]:
    """Return the scores of many issues in tenths, 0 to 1000. Equal facts are computed once."""
    unique: dict[Facts, int] = {}
    rows = np.fromiter((unique.setdefault(one, len(unique)) for one in facts), dtype=np.int64, count=len(facts))
    if not unique:
        return np.zeros(0, dtype=np.int16)
    return Sheet(tuple(unique)).scores(profile)[rows]


def log_odds(facts: Sequence[Facts], profile: Profile) -> NDArray[np.float64]:
    """Return the log-odds of many issues before floors, ceilings and rounding."""
    return Sheet(facts).log_odds(profile)


def receipt(facts: Facts, profile: Profile) -> Receipt:
    """Return the account of one issue's score. Its parts add up to the score exactly."""
    before, parts, unknown = _weighed(facts, profile)
    for bound in bounds(before, facts, profile):
        parts.append(Part(bound.kind, bound.words, bound.detail, f"profile {profile.title}", bound.after - before))
        before = bound.after
    return Receipt(
        score=before,
        priority=profile.priority(before),
        parts=tuple(parts),
        unknown=unknown,
        counterfactuals=_counterfactuals(facts, profile, before),
        reason=reason(facts),
        profile=profile.title,
    )


def _weighed(facts: Facts, profile: Profile) -> tuple[int, list[Part], tuple[str, ...]]:
    """Return the score before floors and ceilings, its parts, and what is not known, that which weighs most first."""
    odds = profile.intercept
    before = in_tenths(odds)
    start = "an issue of which nothing else is known"
    parts = [Part("start", "Starting point", start, f"profile {profile.title}", before)]
    unknown: list[tuple[float, str]] = []
    for factor in FACTORS:
        weight = profile.weights.get(factor.name, 0.0)
        value = factor.value(facts)
        if not weight:
            continue
        if value is None:
            if sentence := factor.missing(facts):
                unknown.append((weight, sentence))
            continue
        odds = odds + weight * value
        after = in_tenths(odds)
        if after != before or abs(value) > 0.01:
            parts.append(Part(factor.name, *factor.told(facts), after - before))
        before = after
    return before, parts, tuple(sentence for _, sentence in sorted(unknown, key=lambda one: -one[0]))


def _counterfactuals(facts: Facts, profile: Profile, now: int) -> tuple[tuple[str, int], ...]:
    """Return what would move the score most, as the factors name it, with the score that would then hold."""
    changes = [change for factor in FACTORS for change in factor.what_ifs(facts)]
    moved = [(sentence, _scored(changed, profile)) for sentence, changed in changes]
    told = sorted(moved, key=lambda one: -abs(one[1] - now))[:MOST_COUNTERFACTUALS]
    return tuple((sentence, tenths) for sentence, tenths in told if abs(tenths - now) >= LEAST_MOVE)


def _scored(facts: Facts, profile: Profile) -> int:
    odds = profile.intercept
    for factor in FACTORS:
        odds = odds + profile.weights.get(factor.name, 0.0) * (factor.value(facts) or 0.0)
    return bounded(in_tenths(odds), facts, profile)
