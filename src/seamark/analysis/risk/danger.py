"""How dangerous a weakness is as such: its place in MITRE's yearly list of the 25 most dangerous ones, or that of what it is a case of."""

from __future__ import annotations

from functools import cache, lru_cache
from importlib.resources import files
from typing import Final

import msgspec
from msgspec import Struct

from seamark.analysis.correlation.weakness import TOO_GENERAL, ancestors

MOST_STEPS: Final = 2
"""Steps upwards to a listed weakness; farther away it says little of this one."""
PER_STEP: Final = 0.8
"""Share of the danger that is left one step below the listed weakness."""


class _List(Struct):
    source: str
    years: dict[str, list[int]]


class Danger(Struct, frozen=True):
    """The danger of a weakness and the listed weakness that it comes from."""

    value: float
    """0 to 1: 1 for first place in every year, 0 for none."""
    listed: int
    """The weakness in the list: itself or one above it."""


@cache
def listed() -> dict[int, float]:
    """Return the danger of the listed weaknesses: the mean of their places, 1 for the first, 0 where it is not in a year's list."""
    content = files("seamark.analysis.risk").joinpath("data/top25.json").read_bytes()
    years = msgspec.json.decode(content, type=_List).years.values()
    found: dict[int, float] = {}
    for places in years:
        for place, number in enumerate(places):
            found[number] = found.get(number, 0.0) + (1 - place / len(places)) / len(years)
    return found


@cache
def years() -> str:
    """Return the years of the lists, as in `2023 to 2025`."""
    content = files("seamark.analysis.risk").joinpath("data/top25.json").read_bytes()
    names = sorted(msgspec.json.decode(content, type=_List).years)
    return f"{names[0]} to {names[-1]}"


@lru_cache(maxsize=4096)
def danger(number: int) -> Danger | None:
    """Return the danger of a weakness, None where neither it nor a fitting one above it is in the lists."""
    above = [
        Danger(listed()[at] * PER_STEP**steps, at)
        for at, steps in ancestors(number, MOST_STEPS).items()
        if at in listed() and (steps == 0 or at not in TOO_GENERAL)
    ]
    return max(above, key=lambda one: (one.value, -one.listed), default=None)
