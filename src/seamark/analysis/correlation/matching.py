"""Which findings of different tools are one issue. Pure: takes plain values, returns positions with reasons.

Candidates are found by asset and place. Within a place, the meaning of the rules decides; in a file, the order and the
distance of the lines as well. The order in which findings are given changes nothing.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from seamark.analysis.correlation import evidence
from seamark.analysis.correlation.evidence import MERGE, SUGGEST, Profile, Reason, Sighting, agreement, confidence
from seamark.analysis.correlation.sites import CLOSE_LINES, Bond, Site, bonds

__all__ = ["Link", "Outcome", "Sighting", "match"]


_CROWD = 3
"""Columns of one line at which one rule fires, beyond which only the column says what is one."""


class Link(NamedTuple):
    """Two findings, how sure it is that they are one issue, and why."""

    left: int
    right: int
    confidence: float
    reasons: tuple[Reason, ...]


@dataclass(slots=True)
class Outcome:
    """Positions of the findings of each issue that has several, the links that made it, and what is left to people."""

    clusters: list[list[int]] = field(default_factory=list)
    merges: list[Link] = field(default_factory=list)
    suggestions: list[Link] = field(default_factory=list)


def match(sightings: Sequence[Sighting]) -> Outcome:
    """Return which findings are one issue, and which may be."""
    return _Matcher(sightings).run()


class _Matcher:
    def __init__(self, sightings: Sequence[Sighting]) -> None:
        self.all = sightings
        self.parent = list(range(len(sightings)))
        self.outcome = Outcome()
        self._profiles: dict[tuple[str, str, tuple[int, ...], bool, bool], int] = {}
        self._known: list[Profile] = []
        self._likeness: dict[tuple[int, int], Reason] = {}
        self._of: list[int] = []

    def run(self) -> Outcome:
        lines: dict[tuple[str, str], list[int]] = defaultdict(list)
        places: dict[tuple[str, ...], list[int]] = defaultdict(list)
        for at, one in enumerate(self.all):
            self._of.append(self._profile(one))
            if one.flaw and one.component:
                places["package", one.asset, one.flaw, one.component].append(at)
            elif one.url:
                places["web", one.asset, one.url].append(at)
            elif one.path and one.line:
                lines[one.asset, one.path].append(at)
            elif one.resource or one.path:
                places["resource", one.asset, one.resource or one.path].append(at)
        for key in sorted(places):
            if len(places[key]) > 1:
                self._at_place(key[0], sorted(places[key], key=self._order))
        for where in sorted(lines):
            if len(lines[where]) > 1:
                self._in_file(sorted(lines[where], key=self._order))
        return self._settle()

    def _order(self, at: int) -> tuple[object, ...]:
        one = self.all[at]
        return (
            one.line,
            one.end_line,
            one.column,
            one.tool,
            one.rule,
            one.method,
            one.parameter,
            one.resource,
            one.cwes,
            one.stream,
        )

    def _profile(self, one: Sighting) -> int:
        """Return the number of what a finding's rule is about."""
        configuration = evidence.is_configuration(one.kind, one.path)
        secret = one.kind == "secret"
        key = (one.tool, one.rule, one.cwes, secret, configuration)
        number = self._profiles.get(key)
        if number is None:
            number = self._profiles[key] = len(self._known)
            known = evidence.profile(one.tool, one.rule, one.cwes, secret=secret, configuration=configuration)
            self._known.append(known)
        return number

    def _like(self, left: int, right: int) -> Reason:
        key = (left, right) if left <= right else (right, left)
        reason = self._likeness.get(key)
        if reason is None:
            reason = self._likeness[key] = evidence.likeness(self._known[key[0]], self._known[key[1]])
        return reason

    def _head(self, at: int) -> int:
        while self.parent[at] != at:
            self.parent[at] = self.parent[self.parent[at]]
            at = self.parent[at]
        return at

    def _link(self, left: int, right: int, reasons: list[Reason]) -> bool:
        """Merge two findings, or suggest it, as the reasons demand; tell whether they are merged."""
        sure = confidence(reasons)
        if sure >= MERGE:
            self.outcome.merges.append(Link(left, right, sure, tuple(reasons)))
            self.parent[self._head(right)] = self._head(left)
            return True
        if sure >= SUGGEST:
            self.outcome.suggestions.append(Link(left, right, sure, tuple(reasons)))
        return False

    def _at_place(self, sort: str, members: list[int]) -> None:
        """Link findings at one place that has no lines: each with the first that it agrees with."""
        groups: list[list[int]] = []
        for at in members:
            for group in groups:
                reasons = self._place_reasons(sort, group[0], at)
                if reasons and self._link(group[0], at, reasons):
                    group.append(at)
                    break
            else:
                groups.append([at])

    def _place_reasons(self, sort: str, left: int, right: int) -> list[Reason]:
        if sort == "package":
            return [("same flaw", evidence.SAME_FLAW), ("same package", evidence.SAME_PACKAGE)]
        alike = self._like(self._of[left], self._of[right])
        if not alike[1]:
            return []
        one, other = self.all[left], self.all[right]
        if sort == "resource":
            return [("same resource", evidence.SAME_RESOURCE), alike]
        if one.method and other.method and one.method != other.method:
            return []
        if one.parameter != other.parameter:
            return [] if one.parameter and other.parameter else [("same route", evidence.SAME_ROUTE), alike]
        named = ("same parameter", evidence.SAME_PARAMETER) if one.parameter else ("neither names a parameter", 0.1)
        return [("same route", evidence.SAME_ROUTE), named, alike]

    def _in_file(self, members: list[int]) -> None:
        """Link what stands on one line, and then lines with each other."""
        sites: list[Site] = []
        start = 0
        for stop in range(1, len(members) + 1):
            if stop == len(members) or self.all[members[stop]].line != self.all[members[start]].line:
                line = members[start:stop]
                start = stop
                if len(line) > _CROWD and self._crowded(line):
                    self._on_crowded_line(line)
                else:
                    sites.extend(self._on_line(line))
        for group in self._families(sites):
            for bond in bonds(group, self._scopes_differ):
                self._bind(bond)

    def _crowded(self, members: list[int]) -> bool:
        """Tell whether a line is no place: one rule fires on it many times over, as in minified code."""
        places = {(self._of[at], self.all[at].stream, self.all[at].column) for at in members}
        return max(Counter(rule for rule, _, _ in places).values()) > _CROWD

    def _on_crowded_line(self, members: list[int]) -> None:
        columns: dict[int, list[int]] = defaultdict(list)
        for at in members:
            columns[self.all[at].column].append(at)
        for found in columns.values():
            self._on_line(found)

    def _on_line(self, members: list[int]) -> Iterable[Site]:
        """Return the sites of one line: findings that mean the same, each with every other."""
        if len(members) == 1:
            return [self._site(members)]
        by_profile: dict[int, list[int]] = defaultdict(list)
        for at in members:
            by_profile[self._of[at]].append(at)
        groups = [
            ([number], found) for number, found in sorted(by_profile.items(), key=lambda item: self._known[item[0]])
        ]
        for _, found in groups:
            for at in found[1:]:
                self._link(found[0], at, [("same line", evidence.SAME_LINE), ("same rule", evidence.SAME_FAMILY)])
        pairs = sorted(
            (-reason[1], left, right) for left in range(len(groups)) for right in range(left + 1, len(groups))
             if (reason := self._like(groups[left][0][0], groups[right][0][0]))[1]
        )  # fmt: skip
        home = list(range(len(groups)))
        for _, left, right in pairs:
            one, other = home[left], home[right]
            if one == other:
                continue
            at, to = groups[left][1][0], groups[right][1][0]
            every = all(self._like(a, b)[1] for a in groups[one][0] for b in groups[other][0])
            reasons = self._line_reasons(at, to)
            if every and self._link(at, to, reasons):
                first, second = min(one, other), max(one, other)
                groups[first] = (groups[first][0] + groups[second][0], groups[first][1] + groups[second][1])
                home = [first if place == second else place for place in home]
        return [self._site(groups[place][1]) for place in sorted(set(home))]

    def _line_reasons(self, left: int, right: int) -> list[Reason]:
        reasons = [("same line", evidence.SAME_LINE), self._like(self._of[left], self._of[right])]
        return reasons + agreement(self.all[left], self.all[right])

    def _site(self, members: list[int]) -> Site:
        known = [self._known[self._of[at]] for at in members]
        line = self.all[members[0]].line
        return Site(
            line=line,
            end=max(line, *(self.all[at].end_line for at in members)),
            voices=frozenset(
                voice
                for at, one in zip(members, known, strict=True)
                for voice in ((one.tool, one.role, self.all[at].stream), (one.tool, one.rule, -1))
            ),
            tools=frozenset((one.tool, one.role) for one in known),
            members=members,
            families=frozenset(one.family for one in known if one.family),
            imports=all(one.role == "imports" for one in known),
        )

    def _families(self, sites: list[Site]) -> list[list[Site]]:
        """Return the sites of a file by what they speak of: what is alike through a third is of one family."""
        present = sorted({self._of[at] for site in sites for at in site.members}, key=self._known.__getitem__)
        head = {number: number for number in present}

        def find(number: int) -> int:
            while head[number] != number:
                number = head[number]
            return number

        for at, left in enumerate(present):
            for right in present[at + 1 :]:
                if self._like(left, right)[1] >= evidence.SIBLING_WEAKNESS:
                    head[find(right)] = find(left)
        groups: dict[int, list[Site]] = defaultdict(list)
        for site in sites:
            groups[find(self._of[site.members[0]])].append(site)
        return list(groups.values())

    def _scopes_differ(self, left: Site, right: Site) -> bool:
        """Tell whether two lines are of different functions; in configuration, far lines must be of one resource."""
        first, second = self.all[left.members[0]], self.all[right.members[0]]
        far = right.line - left.end > CLOSE_LINES
        if far and self._known[self._of[left.members[0]]].configuration:
            return evidence.scopes_agree(first, second) is not True
        return any(
            evidence.scopes_agree(self.all[one], self.all[other]) is False
            for one in left.members
            if self.all[one].scope
            for other in right.members
            if self.all[other].scope
        )

    def _bind(self, bond: Bond) -> None:
        """Link the two findings of a bond that are most alike."""
        best = max(
            ((self._like(self._of[left], self._of[right]), -at, left, right)
             for at, (left, right) in enumerate((a, b) for a in bond.left.members for b in bond.right.members)),
            key=lambda row: (row[0][1], row[1]),
        )  # fmt: skip
        alike, _, left, right = best
        if not alike[1]:
            return
        near = evidence.UNCLEAR
        if bond.certain:
            near = evidence.SAME_SPAN if bond.reason.startswith("one span") else evidence.CLOSE
        self._link(left, right, [(bond.reason, near), alike, *agreement(self.all[left], self.all[right])])

    def _settle(self) -> Outcome:
        clusters: dict[int, list[int]] = defaultdict(list)
        for at in range(len(self.all)):
            clusters[self._head(at)].append(at)
        outcome = self.outcome
        outcome.clusters = [members for members in clusters.values() if len(members) > 1]
        outcome.suggestions = [link for link in outcome.suggestions if self._head(link.left) != self._head(link.right)]
        return outcome
