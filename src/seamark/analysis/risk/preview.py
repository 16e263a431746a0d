"""What another profile would move, before it is applied. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from seamark.analysis.risk.facts import Facts
from seamark.analysis.risk.profile import Profile
from seamark.analysis.risk.sheet import Sheet

PRIORITIES = 5
MOST_MOVES = 20


class Move(Struct, frozen=True):
    """How far one group of equal issues moves."""

    group: int
    """Its place in the groups that were given."""
    count: int
    """Issues in it."""
    before: int
    """Score in tenths."""
    after: int
    priority_before: int
    """0 (most urgent) to 4."""
    priority_after: int


class Preview(Struct, frozen=True):
    """Two profiles side by side. Counts are of issues, not of groups."""

    issues: int
    moved: int
    """Issues whose score differs."""
    raised: int
    """Issues whose priority becomes more urgent."""
    lowered: int
    """Issues whose priority becomes less urgent."""
    before: tuple[int, ...]
    """Issues of each priority, P0 first."""
    after: tuple[int, ...]
    flows: tuple[tuple[int, ...], ...]
    """`flows[a][b]` issues go from priority a to priority b; those that stay are on the diagonal."""
    moves: tuple[Move, ...]
    """The groups that move farthest, at most 20; among equal moves the larger group first."""


def preview(
    groups: Sequence[tuple[Facts, int]], before: Profile, after: Profile, *, sheet: Sheet | None = None
) -> Preview:
    """Score groups of equal issues (facts and their number) with both profiles, and tell what differs.

    Who previews the same groups again and again keeps their `Sheet` (of the facts, in the same order) and hands it in.
    """
    counts = np.array([count for _, count in groups], dtype=np.int64)
    kept = Sheet([one for one, _ in groups]) if sheet is None else sheet
    old, new = (kept.scores(profile).astype(np.int64) for profile in (before, after))
    old_priority, new_priority = _priorities(old, before), _priorities(new, after)
    flows = np.zeros((PRIORITIES, PRIORITIES), dtype=np.int64)
    np.add.at(flows, (old_priority, new_priority), counts)
    farthest = np.lexsort((np.arange(len(groups)), -counts, -np.abs(new - old)))[:MOST_MOVES]
    return Preview(
        issues=int(counts.sum()),
        moved=int(counts[old != new].sum()),
        raised=int(counts[new_priority < old_priority].sum()),
        lowered=int(counts[new_priority > old_priority].sum()),
        before=tuple(flows.sum(axis=1).tolist()),
        after=tuple(flows.sum(axis=0).tolist()),
        flows=tuple(tuple(row) for row in flows.tolist()),
        moves=tuple(
            Move(at, int(counts[at]), int(old[at]), int(new[at]), int(old_priority[at]), int(new_priority[at]))
            for at in farthest.tolist()
            if old[at] != new[at] or old_priority[at] != new_priority[at]
        ),
    )


def _priorities(tenths: NDArray[np.int64], profile: Profile) -> NDArray[np.int64]:
    bands = profile.bands
    rising = [round(least * 10) for least in (bands.P3, bands.P2, bands.P1, bands.P0)]
    return PRIORITIES - 1 - np.searchsorted(rising, tenths, "right")
