"""Which team a place is likely to be of: learnt from places whose team is known, and from who works there.

People who left count here: they answer for nothing any more, but what they made is still their team's.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Final

from msgspec import Struct

from seamark.intake.discovery.owners.authorship import Authorship

EVEN: Final = 0.3
"""How much a team's size is taken out: the power of its part in all that is known, by which its votes are divided."""

FLAT: Final = 0.7
"""The power of somebody's share: several people of a team count for more than one who does as much."""


class TeamShare(Struct, frozen=True):
    """One team's part in a file or folder."""

    team: str
    """As it was told."""
    share: float
    """From 0 to 1, of all teams."""
    people: int
    """How many of those who changed the place work mostly on this team's."""


class Teams:
    """Ranks teams for files and folders. `known` are paths with the teams that own them; paths without any teach nothing."""

    def __init__(self, authorship: Authorship, known: Iterable[tuple[str, Collection[str]]]) -> None:
        self._authorship = authorship
        self._works: dict[str, dict[str, float]] = {}
        """For each person how much of their work is which team's, the larger teams' reckoned lower."""
        self.home: dict[str, str] = {}
        """The team that most of somebody's work is for, by the person's key."""
        votes: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
        size: dict[str, float] = defaultdict(float)
        for path, teams in known:
            for share in self._authorship.ranked(path, everyone=True) if teams else ():
                part = math.pow(share.share, FLAT) / len(teams)
                for team in teams:
                    votes[share.person][team] += part
                    size[team] += part
        total = sum(size.values())
        for person, found in votes.items():
            whole = sum(found.values())
            self.home[person] = max(sorted(found), key=lambda team: found[team])
            self._works[person] = {
                team: part / whole / math.pow(size[team] / total, EVEN) for team, part in found.items()
            }
        self.teams = frozenset(size)
        """All that something is known of."""

    def ranked(self, path: str) -> list[TeamShare]:
        """Return the teams whose people changed a file or folder, the first most; empty where none of them did."""
        weight: dict[str, float] = defaultdict(float)
        people: dict[str, int] = defaultdict(int)
        for share in self._authorship.ranked(path, everyone=True):
            for team, part in self._works.get(share.person, {}).items():
                weight[team] += math.pow(share.share, FLAT) * part
            if home := self.home.get(share.person):
                people[home] += 1
        total = sum(weight.values())
        order = sorted(weight, key=lambda team: (-weight[team], team))
        return [TeamShare(team, weight[team] / total, people[team]) for team in order]
