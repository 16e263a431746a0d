"""Floors and ceilings: what a score may not pass, whatever its factors say.

Ceilings come first, floors after them: what is exploited in the wild keeps its least score even where a tool says that the code
is not reached or that nothing runs it, since such a verdict can be wrong and the exploit is not. Ceilings that stand over floors
come last: of a revoked secret or a refuted finding nothing is left to exploit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from seamark.analysis.risk.facts import Facts
from seamark.analysis.risk.profile import Profile
from seamark.core.kind import Reach, Verification

MOST = 1000


@dataclass(frozen=True)
class CeilingRule:
    """When a ceiling of the profile can hold."""

    name: str
    """As the profile names it."""
    definition: str
    words: str
    """For the receipt."""
    fact: str
    """Whose certainty it asks for."""
    holds: Callable[[Facts], bool]
    certainty: float
    """How sure the fact is by its own definition, where nobody states it; 0 where only a statement counts."""


@dataclass(frozen=True)
class FloorRule:
    """When a floor of the profile holds."""

    name: str
    definition: str
    words: str
    holds: Callable[[Facts], bool]


CEILINGS: tuple[CeilingRule, ...] = (
    CeilingRule(
        "unreachable", "The vulnerable code cannot run.", "Most for what is not reachable", "reach",
        lambda f: f.reach is Reach.UNREACHABLE, 0.0,
    ),
    CeilingRule(
        "not_running", "It runs nowhere, and all places were looked at.", "Most for what is not running", "deployed",
        lambda f: f.deployed == "not_running", 0.9,
    ),
    CeilingRule(
        "revoked", "The secret was tried and opens nothing.", "Most for a revoked secret", "secret_state",
        lambda f: f.secret_state == "revoked", 1.0,  # noqa: S105 - a state
    ),
    CeilingRule(
        "refuted", "The tool proved that there is no problem.", "Most for what is refuted", "verification",
        lambda f: f.verification is Verification.REFUTED, 1.0,
    ),
)  # fmt: skip
FLOORS: tuple[FloorRule, ...] = (
    FloorRule(
        "ransomware",
        "Ransomware uses it.",
        "Least score for ransomware's choice",
        lambda f: bool(f.kev_added and f.ransomware),
    ),
    FloorRule(
        "exploited", "It is exploited in the wild.", "Least score for what is exploited", lambda f: bool(f.kev_added)
    ),
)
"""The highest one that holds counts."""


class Bound(Struct, frozen=True):
    """One limit that moves a score."""

    kind: str
    """`floor` or `ceiling`."""
    words: str
    detail: str
    after: int
    """The score behind it, in tenths."""


def certainty(rule: CeilingRule, facts: Facts) -> float:
    """Return how sure the fact behind a ceiling is, 0 to 1; 0 where the ceiling does not hold at all."""
    return dict(facts.certainty).get(rule.fact, rule.certainty) if rule.holds(facts) else 0.0


def bounds(tenths: int, facts: Facts, profile: Profile) -> list[Bound]:
    """Return the limits that move a score, in the order in which they do."""
    moved: list[Bound] = []
    moved += _lowered(tenths, facts, profile, over_floors=False)
    tenths = moved[-1].after if moved else tenths
    least, words = max(
        ((round(getattr(profile.floors, rule.name) * 10), rule.words) for rule in FLOORS if rule.holds(facts)),
        default=(0, ""),
        key=lambda one: one[0],
    )
    if least > tenths:
        moved.append(Bound("floor", words, "", least))
        tenths = least
    return moved + _lowered(tenths, facts, profile, over_floors=True)


def bounded(tenths: int, facts: Facts, profile: Profile) -> int:
    """Return a score within its floors and ceilings."""
    moved = bounds(tenths, facts, profile)
    return moved[-1].after if moved else tenths


def _lowered(tenths: int, facts: Facts, profile: Profile, *, over_floors: bool) -> list[Bound]:
    """Return the lowest ceiling that lies below the score, if any."""
    lowest: Bound | None = None
    for rule in CEILINGS:
        limit = profile.ceilings.get(rule.name)
        if limit is None or limit.over_floors is not over_floors:
            continue
        sure, most = certainty(rule, facts), round(limit.most * 10)
        if sure >= limit.confidence and sure > 0 and most < (lowest.after if lowest else tenths):
            where = dict(facts.origins).get(rule.fact)
            lowest = Bound("ceiling", rule.words, f"{sure * 100:.0f} % sure" + (f", {where}" if where else ""), most)
    return [lowest] if lowest else []


class Limits:
    """The same for many facts at once; made once, used with any profile."""

    def __init__(self, facts: Sequence[Facts]) -> None:
        self._floors = {rule.name: _mask(rule.holds, facts) for rule in FLOORS}
        self._sure = {
            rule.name: np.fromiter((certainty(rule, one) for one in facts), dtype=np.float64, count=len(facts))
            for rule in CEILINGS
        }

    def applied(self, tenths: NDArray[np.int64], profile: Profile) -> NDArray[np.int64]:
        """Return scores within their floors and ceilings."""
        least = np.zeros_like(tenths)
        for name, holds in self._floors.items():
            least = np.maximum(least, np.where(holds, round(getattr(profile.floors, name) * 10), 0))
        floored = np.maximum(np.minimum(tenths, self._most(tenths, profile, over_floors=False)), least)
        return np.minimum(floored, self._most(tenths, profile, over_floors=True))

    def _most(self, tenths: NDArray[np.int64], profile: Profile, *, over_floors: bool) -> NDArray[np.int64]:
        most = np.full_like(tenths, MOST)
        for name, limit in profile.ceilings.items():
            if limit.over_floors is over_floors:
                sure = self._sure[name]
                holds = (sure >= limit.confidence) & (sure > 0)
                most = np.minimum(most, np.where(holds, round(limit.most * 10), MOST))
        return most


def _mask(holds: Callable[[Facts], bool], facts: Sequence[Facts]) -> NDArray[np.bool_]:
    return np.fromiter((holds(one) for one in facts), dtype=np.bool_, count=len(facts))
