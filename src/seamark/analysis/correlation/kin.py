"""Which rules may speak of the same problem, looked up by what they mean. Pure.

A tool has hundreds of rules and speaks of a few dozen weaknesses: only these are compared with those of other tools.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Set as AbstractSet

from seamark.analysis.correlation.evidence import Profile, likeness


class Kin:
    """Numbers for what profiles mean, and which of them are alike by at least `least`; more than 0 where that is 0."""

    def __init__(self, least: float = 0.0) -> None:
        self._least = least
        self._meanings: dict[Profile, int] = {}
        self._speaking: dict[Profile, int] = {}
        """Those that may mean the same as another rule: of the others nothing is known but the rule."""
        self._by_rule: dict[tuple[str, str], set[int]] = defaultdict(set)
        self._kin: list[set[int]] = []

    def number(self, profile: Profile) -> int:
        """Return the number of what a profile means; a tool's rules of one family or of the same weaknesses have one number."""
        meaning = profile
        if not profile.configuration and (profile.family or profile.cwes):
            # As if by a rule that no other meaning has.
            told = f"{profile.family} {profile.cwes}"
            meaning = profile._replace(rule=told, role="", listed=False)
        number = self._meanings.get(meaning)
        if number is None:
            number = self._meanings[meaning] = len(self._kin)
            self._kin.append({number})
            if meaning.family or meaning.cwes:
                self._befriend(number, {at for other, at in self._speaking.items() if self._alike(meaning, other)})
                self._speaking[meaning] = number
        same = self._by_rule[profile.tool, profile.rule]
        if number not in same:
            # A rule is kin to itself, whatever weaknesses its findings name.
            self._befriend(number, same)
            same.add(number)
        return number

    def of(self, number: int) -> AbstractSet[int]:
        """Return the numbers of what is alike, the number itself among them."""
        return self._kin[number]

    def homes(self, numbers: AbstractSet[int]) -> dict[int, int]:
        """Return for each of some numbers the least one that it is alike to, also through others of them."""
        home: dict[int, int] = {}
        left = set(numbers)
        for first in sorted(numbers):
            if first not in left:
                continue
            left.discard(first)
            waiting = [first]
            while waiting:
                number = waiting.pop()
                home[number] = first
                near = self._kin[number] & left
                left -= near
                waiting += near
        return home

    def _alike(self, left: Profile, right: Profile) -> bool:
        sure = likeness(left, right)[1]
        return sure > 0 and sure >= self._least

    def _befriend(self, number: int, kin: AbstractSet[int]) -> None:
        self._kin[number] |= kin
        for at in kin:
            self._kin[at].add(number)
