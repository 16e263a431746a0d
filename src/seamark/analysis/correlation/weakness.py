"""How near two weaknesses are to each other, by MITRE's research view (CWE-1000). Pure.

Two weaknesses are kin where one is an ancestor of the other, or both have a common ancestor, within two steps and without
passing a class so general that it says nothing. A few kinships that people see and the view does not are named here.
"""

from __future__ import annotations

from functools import cache, lru_cache
from importlib.resources import files
from typing import Final

import msgspec

MOST_STEPS: Final = 2
"""Steps through the nearest common ancestor beyond which two weaknesses are no family."""

TOO_GENERAL: Final = frozenset({
    20, 74, 116, 118, 119, 200, 269, 284, 285, 287, 311, 330, 345, 400, 404, 435, 436, 441, 664, 665, 668, 669, 682, 691, 693,
    697, 703, 704, 706, 707, 710, 732, 754, 755, 829, 913, 943, 1391,
})  # fmt: skip
"""Classes above too many unlike weaknesses: one may be a finding's own weakness, but makes no siblings kin."""

_SAY_NOTHING: Final = frozenset({20, 74, 116, 200, 284, 435, 664, 668, 682, 691, 693, 697, 703, 707, 710})
"""Weaknesses that, even where two tools both give them, do not say that they mean the same."""

_KIN: Final = (
    {22, 23, 24, 35, 36, 73, 98},  # which file is opened
    {611, 776, 827},  # what an XML parser loads
    {614, 1004, 1275},  # how a cookie is set
    {326, 327, 780, 1240},  # which cipher is used, and how strongly
    {256, 259, 321, 522, 540, 547, 798},  # a secret where it does not belong
    {295, 296, 297, 298, 299, 599},  # whom a connection trusts
    {311, 312, 319, 523},  # what travels or rests in the clear
    {185, 400, 407, 730, 1333},  # how long a pattern takes
    {377, 378, 379},  # temporary files
    {915, 1321},  # which attributes a caller sets
    {94, 95, 96, 1336},  # what is evaluated
    {11, 215, 489},  # debug features left on
    {183, 346, 942, 1385},  # which origins are trusted
    {330, 331, 335, 336, 337, 338},  # how random a number is
    {285, 566, 639, 862, 863},  # whether the caller may do it
    {209, 210, 497, 550},  # what an error tells
    {93, 117},  # line breaks in what is logged
    {119, 120, 121, 122, 787, 788},  # writes past the end
    {120, 242, 676},  # functions that do not know how much they write
)
_BY_STEPS: Final = (1.0, 0.9, 0.7)
_KIN_SIMILARITY: Final = 0.8


class _Weaknesses(msgspec.Struct):
    version: str
    weaknesses: dict[str, tuple[str | int, ...]]


class Weakness(msgspec.Struct, frozen=True):
    """One entry of the list."""

    name: str
    discouraged: bool
    """MITRE advises against giving it to a single flaw: it is too general, or it names something else."""
    parents: tuple[int, ...]


@cache
def weaknesses() -> dict[int, Weakness]:
    """Return MITRE's list by number, without views and categories."""
    data = files("seamark.analysis.correlation").joinpath("data/cwe.json").read_bytes()
    rows = msgspec.json.decode(data, type=_Weaknesses).weaknesses
    return {
        int(number): Weakness(
            name=str(row[0]), discouraged=row[1] == "!", parents=tuple(at for at in row[2:] if isinstance(at, int))
        )
        for number, row in rows.items()
    }


@lru_cache(maxsize=4096)
def ancestors(number: int, steps: int = 99) -> dict[int, int]:
    """Return a weakness and what is above it, each with its distance, up to `steps` away."""
    found = {number: 0}
    edge = [number]
    for distance in range(1, steps + 1):
        edge = [
            parent
            for child in edge
            if (known := weaknesses().get(child)) is not None
            for parent in known.parents
            if parent not in found
        ]
        if not edge:
            break
        found.update(dict.fromkeys(edge, distance))
    return found


@lru_cache(maxsize=65536)
def distance(left: int, right: int) -> int | None:
    """Return the steps between two weaknesses through their nearest common ancestor, None where they are no family."""
    if left not in weaknesses() or right not in weaknesses():
        return None
    if left == right:
        return 0
    above, over = ancestors(left, MOST_STEPS), ancestors(right, MOST_STEPS)
    ways = [
        above[at] + over[at]
        for at in above.keys() & over.keys()
        if at not in TOO_GENERAL or (at in {left, right} and at not in _SAY_NOTHING)
    ]
    return min((way for way in ways if way <= MOST_STEPS), default=None)


@lru_cache(maxsize=65536)
def similarity(left: int, right: int) -> float:
    """Return how likely two weaknesses mean the same problem, from 0 (unrelated) to 1 (the same)."""
    if left in _SAY_NOTHING or right in _SAY_NOTHING:
        return 0.0
    steps = distance(left, right)
    near = 0.0 if steps is None else _BY_STEPS[steps]
    if near < _KIN_SIMILARITY and any(left in kin and right in kin for kin in _KIN):
        return _KIN_SIMILARITY
    return near


@lru_cache(maxsize=65536)
def specific(numbers: tuple[int, ...]) -> tuple[int, ...]:
    """Return those weaknesses, sorted, that say what is wrong: known ones, and no class above everything."""
    return tuple(sorted({number for number in numbers if number in weaknesses() and number not in _SAY_NOTHING}))
