"""Why a score is another one than before: each factor that moved, with its points. Pure."""

from __future__ import annotations

from msgspec import Struct

from seamark.analysis.risk.factors import FACTORS, Factor
from seamark.analysis.risk.facts import Facts
from seamark.analysis.risk.limits import bounded, bounds
from seamark.analysis.risk.profile import Profile
from seamark.analysis.risk.sheet import in_tenths


class Change(Struct, frozen=True):
    """One reason for another score."""

    factor: str
    """A factor's name, `limits` for floors and ceilings, `profile` for other weights."""
    words: str
    """As in `EPSS 0.02 → 0.61`."""
    points: int
    """Tenths, negative where the score fell; never 0."""


def why(before: Facts, after: Facts, profile_before: Profile, profile_after: Profile) -> tuple[Change, ...]:
    """Return what moved a score, in the order of the factors; the points add up to the difference of the two scores.

    Facts change first, one factor after the other with the old weights and limits; then the limits that hold for them; then the
    profile. A factor that a floor or ceiling keeps from moving the score is not told.
    """
    values = {factor.name: factor.value(before) for factor in FACTORS}
    score = _bounded(values, before, profile_before)
    told: list[Change] = []
    for factor in FACTORS:
        new = factor.value(after)
        if new == values[factor.name]:
            continue
        values[factor.name] = new
        moved = _bounded(values, before, profile_before)
        told.append(Change(factor.name, _words(factor, before, after), moved - score))
        score = moved
    limited = _bounded(values, after, profile_before)
    told.append(Change("limits", _limits(values, before, after, profile_before), limited - score))
    last = _bounded(values, after, profile_after)
    told.append(Change("profile", f"profile {profile_before.title} → {profile_after.title}", last - limited))
    return tuple(change for change in told if change.points)


def _odds(values: dict[str, float | None], profile: Profile) -> float:
    odds = profile.intercept
    for factor in FACTORS:
        odds = odds + profile.weights.get(factor.name, 0.0) * (values[factor.name] or 0.0)
    return odds


def _bounded(values: dict[str, float | None], facts: Facts, profile: Profile) -> int:
    return bounded(in_tenths(_odds(values, profile)), facts, profile)


def _words(factor: Factor, before: Facts, after: Facts) -> str:
    return f"{factor.title} {_state(factor, before)} → {_state(factor, after)}"


def _state(factor: Factor, facts: Facts) -> str:
    return "unknown" if factor.value(facts) is None else factor.state(facts)


def _limits(values: dict[str, float | None], before: Facts, after: Facts, profile: Profile) -> str:
    """Return the words of the limits that hold now, or of those that held."""
    tenths = in_tenths(_odds(values, profile))
    if now := [bound.words for bound in bounds(tenths, after, profile)]:
        return ", ".join(now)
    held = [bound.words for bound in bounds(tenths, before, profile)]
    return ", ".join(f"no longer: {words}" for words in held)
