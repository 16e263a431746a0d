"""Which findings of a block are worth comparing, by what is known of them without reading them. Pure.

Most of what stands in one file cannot be one issue: a tool that speaks of two lines speaks of two issues, and rules that have nothing
in common meet nowhere. Only the rest has to be loaded and matched.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple


class Member(NamedTuple):
    """What a row tells of a finding."""

    profile: int
    """Number of what its rule is about."""
    line: int
    stream: int
    fresh: bool
    """New, so that nothing has compared it with anything yet."""


Kin = Callable[[int], AbstractSet[int]]
"""Returns the profiles that may mean the same problem as one."""


def to_compare(members: Sequence[Member], kin: Kin) -> list[int]:
    """Return the positions of the findings that have to be compared."""
    if len(members) < 2 or not any(one.fresh for one in members):
        return []
    streams = {one.stream for one in members}
    if len(streams) == 1:
        return _on_shared_lines(members, range(len(members)))
    wanted: list[int] = []
    for family in _families(members, kin):
        if not any(members[at].fresh for at in family):
            continue
        spoken = {members[at].stream for at in family}
        wanted += family if len(spoken) > 1 else _on_shared_lines(members, family)
    return sorted(wanted)


def _on_shared_lines(members: Sequence[Member], positions: Sequence[int]) -> list[int]:
    lines = Counter(members[at].line for at in positions)
    if len(lines) == len(positions):
        return []
    return [at for at in positions if lines[members[at].line] > 1]


def _families(members: Sequence[Member], kin: Kin) -> list[list[int]]:
    """Return the positions by family: profiles that are kin, also through a third."""
    by_profile: dict[int, list[int]] = defaultdict(list)
    for at, one in enumerate(members):
        by_profile[one.profile].append(at)
    left = set(by_profile)
    families = []
    for profile in by_profile:
        if profile not in left:
            continue
        left.discard(profile)
        found, waiting = [profile], [profile]
        while waiting:
            near = kin(waiting.pop()) & left
            left -= near
            found += near
            waiting += near
        families.append(sorted(at for one in found for at in by_profile[one]))
    return families
