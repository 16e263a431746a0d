"""Which findings of a block are worth comparing, by what is known of them without reading them. Pure.

Most of what stands in one file cannot be one issue: a tool that speaks of two lines speaks of two issues, and rules that have nothing
in common meet nowhere. Only the rest has to be matched, and only what stands near a new finding has to be read for that.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Final, NamedTuple

from seamark.analysis.correlation.sites import IMPORT_LINES

REACH: Final = IMPORT_LINES + 5
"""Lines within which one finding may be joined to another by more than its line and its rule."""


class Members(NamedTuple):
    """What rows tell of the findings of a block, by position."""

    profiles: Sequence[int]
    """Numbers of what their rules are about."""
    lines: Sequence[int]
    """0 where there is none."""
    streams: Sequence[int]
    fresh: int
    """How many, the first ones, are new, so that nothing has compared them with anything yet."""
    wide: AbstractSet[int]
    """Those that may be joined to what stands further away than `REACH`, or to another one of their own stream."""


class Pick(NamedTuple):
    """Positions of what has to be compared, and of those among the known ones of which all that they say counts."""

    compared: list[int]
    near: list[int]


Homes = Callable[[AbstractSet[int]], Mapping[int, int]]
"""Returns for profiles the one that stands for all that they may be alike to, also through others of them."""


def to_compare(members: Members, homes: Homes) -> Pick:
    """Return which findings have to be compared."""
    found = Pick([], [])
    count = len(members.profiles)
    if count < 2 or not members.fresh:
        return found
    if members.streams.count(members.streams[0]) == count:
        _pick(members, _on_shared_lines(members, range(count)), found)
        return found
    for family in _families(members, homes):
        # The new ones stand in front.
        if family[0] >= members.fresh:
            continue
        first = members.streams[family[0]]
        alone = all(members.streams[at] == first for at in family) or _nothing_near(members, family)
        _pick(members, _on_shared_lines(members, family) if alone else family, found)
    return found


def _on_shared_lines(members: Members, positions: Sequence[int]) -> Sequence[int]:
    """Return the positions, sorted, whose line they share with a new one."""
    lines = Counter(members.lines[at] for at in positions)
    if len(lines) == len(positions):
        return ()
    new = {members.lines[at] for at in positions if at < members.fresh}
    return [at for at in positions if (line := members.lines[at]) in new and lines[line] > 1]


def _families(members: Members, homes: Homes) -> list[list[int]]:
    """Return the positions by family: profiles that are kin, also through a third."""
    home = homes(set(members.profiles))
    families: dict[int, list[int]] = defaultdict(list)
    for at, profile in enumerate(members.profiles):
        families[home[profile]].append(at)
    return list(families.values())


def _pick(members: Members, positions: Sequence[int], found: Pick) -> None:
    """Add positions of one family, the new ones first, to what is found."""
    found.compared.extend(positions)
    found.near.extend(_near(members, positions))


def _near(members: Members, positions: Sequence[int]) -> Iterator[int]:
    """Yield the known ones of a family that stand near a new one. What has no line is near."""
    lines, cut = members.lines, bisect_left(positions, members.fresh)
    there = sorted(lines[at] for at in positions[:cut])
    for at in positions[cut:]:
        line = lines[at]
        nearest = bisect_left(there, line - REACH)
        if not line or not there[0] or (nearest < len(there) and there[nearest] <= line + REACH):
            yield at


def _nothing_near(members: Members, family: Sequence[int]) -> bool:
    """Tell whether what others say of a family stands too far from all that is new to be one with it."""
    if not members.wide.isdisjoint(family):
        return False
    return next(_near(members, family), None) is None
