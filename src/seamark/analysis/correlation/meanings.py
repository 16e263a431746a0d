"""What rules are about and how far they are alike, looked up once for all findings that name them. Pure."""

from __future__ import annotations

from operator import itemgetter
from typing import Final

from seamark.analysis.correlation import evidence
from seamark.analysis.correlation.evidence import Profile, Reason, Sighting
from seamark.analysis.correlation.kin import Kin

_MOST_RULES: Final = 20_000
"""Rules, and titles of findings, that are remembered: where tools give findings titles of their own there is no end to them."""
_rule_of = itemgetter(*map(Sighting._fields.index, ("tool", "rule", "cwes", "kind", "title")))


class Meanings:
    """Numbers for what rules are about. One may serve any number of comparisons."""

    def __init__(self) -> None:
        self.kin = Kin(evidence.SIBLING_WEAKNESS)
        self.known: list[Profile] = []
        """By number."""
        self.kinds: list[int] = []
        """By number, the number of its meaning among its kin."""
        self._numbers: dict[Profile, int] = {}
        self._rules: tuple[dict[tuple[object, ...], int], dict[tuple[object, ...], int]] = ({}, {})
        self._likeness: dict[tuple[int, int], Reason] = {}

    def of(self, one: Sighting) -> int:
        """Return the number of what a finding's rule is about."""
        configuration = evidence.is_configuration(one.kind, one.path)
        rules = self._rules[configuration]
        rule = _rule_of(one)
        number = rules.get(rule)
        if number is None:
            if len(rules) > _MOST_RULES:
                rules.clear()
            number = rules[rule] = self._number(one, configuration=configuration)
        return number

    def _number(self, one: Sighting, *, configuration: bool) -> int:
        """Return the number of a profile. Its title is looked at only where that may change the answer."""
        secret = one.kind == "secret"
        told = evidence.profile(one.tool, one.rule, one.cwes, secret=secret, configuration=configuration)
        if one.title and evidence.asks_for_title(told) and (not told.cwes or evidence.title_tells(one.title)):
            told = evidence.profile(one.tool, one.rule, one.cwes, secret=False, configuration=False, title=one.title)
        number = self._numbers.get(told)
        if number is None:
            number = self._numbers[told] = len(self.known)
            self.known.append(told)
            self.kinds.append(self.kin.number(told))
        return number

    def like(self, left: int, right: int) -> Reason:
        """Return how far two rules speak of the same problem, and why."""
        if left > right:
            left, right = right, left
        one, other = self.known[left], self.known[right]
        # Of two tools, the meanings decide; of one tool, the rules do.
        pair = (~left, ~right) if one.tool == other.tool else (self.kinds[left], self.kinds[right])
        reason = self._likeness.get(pair)
        if reason is None:
            reason = self._likeness[pair] = evidence.likeness(one, other)
        return reason
