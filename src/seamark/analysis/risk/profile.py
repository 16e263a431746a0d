"""A version of the weights, written in YAML."""

from __future__ import annotations

import math
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import yaml
from msgspec import Struct

from seamark.analysis.risk.factors import FACTORS
from seamark.core.errors import InvalidSetting

CEILINGS = ("unreachable", "not_running", "revoked", "refuted")
"""What a profile can set a most score for; `limits.py` says when each holds."""
MOST_WEIGHT = 20.0
"""Log-odds: beyond it a factor is a switch, and a score of 0 or 100 whatever else is known."""


class Floors(Struct, frozen=True, forbid_unknown_fields=True):
    """Least scores, 0 to 100."""

    exploited: float = 0
    ransomware: float = 0


class Ceiling(Struct, frozen=True, forbid_unknown_fields=True):
    """A most score, 0 to 100, and what it takes to hold."""

    most: float
    confidence: float = 0.8
    """How sure the fact behind it must be, 0 to 1."""
    over_floors: bool = False
    """It holds even for what a floor keeps up."""


class Bands(Struct, frozen=True, forbid_unknown_fields=True):
    """Least score of each priority, 0 to 100; what is below P3 is P4."""

    P0: float
    P1: float
    P2: float
    P3: float


class Profile(Struct, frozen=True, forbid_unknown_fields=True):
    """Intercept and weights in log-odds, floors, ceilings and bands."""

    name: str
    version: int
    intercept: float
    weights: dict[str, float]
    bands: Bands
    floors: Floors = Floors()
    ceilings: dict[str, Ceiling] = {}

    @property
    def title(self) -> str:
        """Name and version, as receipts write them."""
        return f"{self.name} v{self.version}"

    def priority(self, tenths: int) -> int:
        """Return 0 (most urgent) to 4 for a score in tenths."""
        bands = self.bands
        for number, least in enumerate((bands.P0, bands.P1, bands.P2, bands.P3)):
            if tenths >= round(least * 10):
                return number
        return 4


def load_profile(content: object) -> Profile:
    """Return a profile from decoded YAML or JSON. Raises `InvalidSetting` saying what is wrong with it."""
    try:
        profile = msgspec.convert(content, Profile)
    except msgspec.ValidationError as error:
        raise InvalidSetting(f"The risk profile is not valid: {error}") from None
    _check_names(profile)
    _check_numbers(profile)
    return profile


def _check_names(profile: Profile) -> None:
    known = {factor.name for factor in FACTORS}
    if unknown := sorted(set(profile.weights) - known):
        raise InvalidSetting(
            f"The risk profile weighs unknown factors: {', '.join(unknown)}; there are {', '.join(sorted(known))}"
        )
    if unknown := sorted(set(profile.ceilings) - set(CEILINGS)):
        raise InvalidSetting(
            f"The risk profile has unknown ceilings: {', '.join(unknown)}; there are {', '.join(CEILINGS)}"
        )


def _check_numbers(profile: Profile) -> None:
    if any(weight < 0 for weight in profile.weights.values()):
        raise InvalidSetting("A weight of the risk profile is negative; a factor's direction is its own")
    for name, weight in {"intercept": profile.intercept, **profile.weights}.items():
        if not (math.isfinite(weight) and abs(weight) <= MOST_WEIGHT):
            raise InvalidSetting(
                f"The risk profile sets {name} to {weight}; log-odds lie between -{MOST_WEIGHT:g} and {MOST_WEIGHT:g}"
            )
    bands, floors = profile.bands, profile.floors
    if not 100 >= bands.P0 >= bands.P1 >= bands.P2 >= bands.P3 >= 0:
        raise InvalidSetting("The bands of the risk profile must fall from P0 to P3, between 100 and 0")
    if not (0 <= floors.exploited <= 100 and 0 <= floors.ransomware <= 100):
        raise InvalidSetting("A floor of the risk profile lies outside of 0 to 100")
    for name, ceiling in profile.ceilings.items():
        if not (0 <= ceiling.most <= 100 and 0 <= ceiling.confidence <= 1):
            raise InvalidSetting(
                f"The ceiling {name} of the risk profile is wrong: most lies in 0 to 100, confidence in 0 to 1"
            )


@cache
def default_profile() -> Profile:
    """Return the profile that comes with the product."""
    text = (Path(__file__).parent / "profiles" / "default.yaml").read_text("utf-8")
    content: Any = yaml.safe_load(text)
    return load_profile(content)
