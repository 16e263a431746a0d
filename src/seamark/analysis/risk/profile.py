"""A version of the weights, written in YAML."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import yaml
from msgspec import Struct

from seamark.analysis.risk.factors import FACTORS
from seamark.core.errors import InvalidSetting


class Floors(Struct, frozen=True, forbid_unknown_fields=True):
    """Least scores, 0 to 100."""

    exploited: float = 0
    ransomware: float = 0


class Bands(Struct, frozen=True, forbid_unknown_fields=True):
    """Least score of each priority, 0 to 100; what is below P3 is P4."""

    P0: float
    P1: float
    P2: float
    P3: float


class Profile(Struct, frozen=True, forbid_unknown_fields=True):
    """Intercept and weights in log-odds, floors and bands."""

    name: str
    version: int
    intercept: float
    weights: dict[str, float]
    bands: Bands
    floors: Floors = Floors()

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
    known = {factor.name for factor in FACTORS}
    if unknown := sorted(set(profile.weights) - known):
        raise InvalidSetting(
            f"The risk profile weighs unknown factors: {', '.join(unknown)}; there are {', '.join(sorted(known))}"
        )
    if any(weight < 0 for weight in profile.weights.values()):
        raise InvalidSetting("A weight of the risk profile is negative; a factor's direction is its own")
    bands = profile.bands
    if not 100 >= bands.P0 >= bands.P1 >= bands.P2 >= bands.P3 >= 0:
        raise InvalidSetting("The bands of the risk profile must fall from P0 to P3, between 100 and 0")
    return profile


@cache
def default_profile() -> Profile:
    """Return the profile that comes with the product."""
    text = (Path(__file__).parent / "profiles" / "default.yaml").read_text("utf-8")
    content: Any = yaml.safe_load(text)
    return load_profile(content)
