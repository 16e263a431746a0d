"""Which findings of different tools are one issue. Pure: takes plain values, returns positions with reasons.

Candidates are found by asset and place. Within a place, the meaning of the rules decides; in a file, the order and the
distance of the lines as well. The order in which findings are given changes nothing.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Final, NamedTuple

from seamark.analysis.correlation import evidence
from seamark.analysis.correlation.evidence import MERGE, SUGGEST, Reason, Sighting, agreement, confidence
from seamark.analysis.correlation.groups import Groups
from seamark.analysis.correlation.meanings import Meanings
from seamark.analysis.correlation.sites import CLOSE_LINES, Bond, Site, Voice, bonds

__all__ = ["Link", "Outcome", "Sighting", "match"]


_CROWD = 3
"""Columns of one line at which one rule fires, beyond which only the column says what is one."""
_PLACE_FIRST: Final = (
    "line", "end_line", "column", "tool", "rule", "method", "parameter", "resource", "cwes", "stream", "kind", "scope", "title", "snippet", "flow",
)  # fmt: skip
_order = itemgetter(*map(Sighting._fields.index, _PLACE_FIRST))
_ONE_CLUSTER: Final = 0.84
"""Confidence of what would be merged, were it not for another finding that people set apart."""


_TWICE: Final[list[Reason]] = [("same line", evidence.SAME_LINE), ("same rule", evidence.SAME_FAMILY)]


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


def match(
    sightings: Sequence[Sighting],
    apart: Callable[[int, int], bool] | None = None,
    together: Iterable[tuple[int, int]] = (),
    meanings: Meanings | None = None,
) -> Outcome:
    """Return which findings are one issue, and which may be.

    `apart` tells that two findings, by their positions, must not be one issue: no cluster holds such a pair, not even through a
    third finding. It has to be symmetrical. `together` are pairs that are one issue already, whatever the evidence says; only `apart`
    outweighs them. Whoever calls this many times over gives `meanings`, so that rules are looked up once.
    """
    return _Matcher(sightings, apart, meanings or Meanings()).run(together)


class _Matcher:
    def __init__(
        self, sightings: Sequence[Sighting], apart: Callable[[int, int], bool] | None, meanings: Meanings
    ) -> None:
        self.all = sightings
        self.apart = apart
        self.meanings = meanings
        self.groups = Groups(len(sightings), apart)
        self.outcome = Outcome()
        self._known = meanings.known
        self._like = meanings.like
        self._voices: dict[tuple[int, int], tuple[frozenset[Voice], frozenset[tuple[str, str]]]] = {}
        self._of: list[int] = []
        self._given = False

    def run(self, together: Iterable[tuple[int, int]] = ()) -> Outcome:
        for left, right in sorted(together, key=lambda pair: sorted((self._order(pair[0]), self._order(pair[1])))):
            self._given = True
            self.groups.join(left, right)
        lines: dict[tuple[str, str], list[int]] = defaultdict(list)
        places: dict[tuple[str, ...], list[int]] = defaultdict(list)
        for at, one in enumerate(self.all):
            if one.flaw and one.component:
                places["package", one.asset, one.flaw, one.component].append(at)
            elif one.url:
                places["web", one.asset, one.url].append(at)
            elif one.path and one.line:
                lines[one.asset, one.path].append(at)
            elif one.resource or one.path:
                places["resource", one.asset, one.resource or one.path].append(at)
        self._of = [0] * len(self.all)
        for key in sorted(places):
            if len(places[key]) > 1:
                self._at_place(key[0], sorted(self._profiled(places[key]), key=self._order))
        for where in sorted(lines):
            if len(lines[where]) > 1:
                self._in_file(self._profiled(lines[where]))
        for where in sorted(lines):
            if lineless := places.get(("resource", *where)):
                self._without_line(
                    *(sorted(self._profiled(some), key=self._order) for some in (lineless, lines[where]))
                )
        return self._settle()

    def _order(self, at: int) -> tuple[object, ...]:
        said: tuple[object, ...] = _order(self.all[at])
        return said

    def _profiled(self, members: list[int]) -> list[int]:
        """Look up what the rules of members are about."""
        for at in members:
            self._of[at] = self.meanings.of(self.all[at])
        return members

    def _link(self, left: int, right: int, reasons: list[Reason]) -> bool:
        """Merge two findings, or suggest it, as the reasons demand; tell whether they are merged."""
        sure = confidence(reasons)
        if sure < SUGGEST:
            return False
        if sure >= MERGE:
            if self.groups.head(left) == self.groups.head(right):
                return True
            if self.groups.join(left, right):
                self.outcome.merges.append(Link(left, right, sure, tuple(reasons)))
                return True
            reasons = [*reasons, ("set apart from another of its findings", _ONE_CLUSTER - sure)]
            sure = _ONE_CLUSTER
        if self.apart is None or not self.apart(left, right):
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
        by_line: dict[int, list[int]] = defaultdict(list)
        for at in members:
            by_line[self.all[at].line].append(at)
        sites: list[Site] = []
        for _, found in sorted(by_line.items()):
            if len(found) == 1:
                sites.append(self._site(found))
                continue
            # In an order that only depends on what they say.
            found.sort(key=self._order)
            if len(found) > _CROWD and self._crowded(found):
                self._on_crowded_line(found)
            else:
                sites.extend(self._on_line(found))
        if len(sites) < 2:
            return
        for group in self._families(sites):
            if len(group) > 1:
                for bond in bonds(group, self._differ, self._concern, self._joined(group)):
                    self._bind(bond)

    def _joined(self, sites: list[Site]) -> list[tuple[Site, Site]]:
        """Return the pairs of sites that hold findings of one issue already."""
        if not self._given:
            return []
        head = self.groups.head
        first: dict[int, Site] = {}
        pairs: list[tuple[Site, Site]] = []
        for site in sites:
            heads = [head(site.members[0])] if len(site.members) == 1 else sorted({head(at) for at in site.members})
            pairs += [(there, site) for one in heads if (there := first.setdefault(one, site)) is not site]
        return pairs

    def _without_line(self, lineless: list[int], members: list[int]) -> None:
        """Link what names a file but no line with the one issue of its kind in the file."""
        for at in lineless:
            kin = [to for to in members if self._like(self._of[at], self._of[to])[1] >= evidence.NEAR_WEAKNESS]
            if not kin or len({self.groups.head(to) for to in kin}) > 1:
                continue
            own = self._voice(at)[0]
            if all(own.isdisjoint(self._voice(to)[0]) for to in kin):
                best = max(kin, key=lambda to: self._like(self._of[at], self._of[to])[1])
                reasons = [
                    ("the only one of its kind in the file", evidence.CLOSE),
                    self._like(self._of[at], self._of[best]),
                ]
                self._link(best, at, reasons)

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
        by_profile: dict[int, list[int]] = defaultdict(list)
        for at in members:
            by_profile[self._of[at]].append(at)
        for found in by_profile.values():
            for at in found[1:]:
                self._link(found[0], at, _TWICE)
        if len(by_profile) == 1:
            return [self._site(members)]
        groups = [([number], by_profile[number]) for number in sorted(by_profile, key=self._known.__getitem__)]
        if len(groups) == 2:  # nearly always
            (_, ours), (_, theirs) = groups
            if not self._like(self._of[ours[0]], self._of[theirs[0]])[1]:
                return [self._site(ours), self._site(theirs)]
            if self._link(ours[0], theirs[0], self._line_reasons(ours[0], theirs[0])):
                return [self._site(ours + theirs)]
            return [self._site(ours), self._site(theirs)]
        return self._many_on_line(groups)

    def _many_on_line(self, groups: list[tuple[list[int], list[int]]]) -> Iterable[Site]:
        """Return the sites of a line at which more than two rules fire, by (their numbers, their findings)."""
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

    def _voice(self, at: int) -> tuple[frozenset[Voice], frozenset[tuple[str, str]]]:
        number, stream = self._of[at], self.all[at].stream
        said = self._voices.get((number, stream))
        if said is None:
            one = self._known[number]
            voices = frozenset(((one.tool, one.role, stream), (one.tool, one.rule, -1)))
            said = self._voices[number, stream] = (voices, frozenset(((one.tool, one.role),)))
        return said

    def _site(self, members: list[int]) -> Site:
        first = members[0]
        voices, tools = self._voice(first)
        one, known = self.all[first], self._known[self._of[first]]
        line, end, imports = one.line, max(one.line, one.end_line), known.role == "imports"
        flow = set(one.flow)
        for at in members[1:]:
            other = self._voice(at)
            voices, tools = voices | other[0], tools | other[1]
            known = self._known[self._of[at]]
            imports = imports and known.role == "imports"
            end = max(end, self.all[at].end_line)
            flow.update(self.all[at].flow)
        return Site(line, end, voices, tools, members, imports, flow)

    def _families(self, sites: list[Site]) -> Iterable[list[Site]]:
        """Return the sites of a file by what they speak of: what is alike through a third is of one family."""
        kinds = self.meanings.kinds
        present = {kinds[self._of[at]] for site in sites for at in site.members}
        if len(present) == 1:
            return [sites]
        home = self.meanings.kin.homes(present)
        families: dict[int, list[Site]] = defaultdict(list)
        for site in sites:
            families[home[kinds[self._of[site.members[0]]]]].append(site)
        return families.values()

    def _differ(self, left: Site, right: Site) -> bool:
        """Tell whether two lines are of different functions, or set apart; in configuration, far lines must be of one resource."""
        if self.apart is not None and all(self.apart(one, other) for one in left.members for other in right.members):
            return True
        first, second = self.all[left.members[0]], self.all[right.members[0]]
        far = right.line - left.end > CLOSE_LINES
        if far and self._known[self._of[left.members[0]]].configuration:
            return evidence.scopes_agree(first, second) is not True
        if not first.scope and len(left.members) == 1:
            return False
        return any(
            evidence.scopes_agree(self.all[one], self.all[other]) is False
            for one in left.members
            if self.all[one].scope
            for other in right.members
            if self.all[other].scope
        )

    def _concern(self, left: Site, right: Site) -> bool:
        """Tell whether what stands at two lines may be an import and its use, or two imports of one thing."""
        pairs = {(self._of[one], self._of[other]) for one in left.members for other in right.members}
        return any(evidence.concern(self._known[one], self._known[other]) for one, other in pairs)

    def _bind(self, bond: Bond) -> None:
        """Link the two findings of a bond that are most alike."""
        best, left, right = evidence.NOTHING, -1, -1
        for one in bond.left.members:
            for other in bond.right.members:
                alike = self._like(self._of[one], self._of[other])
                if alike[1] > best[1] and (self.apart is None or not self.apart(one, other)):
                    best, left, right = alike, one, other
        if left < 0:
            return
        near = evidence.UNCLEAR
        if bond.certain:
            near = evidence.SAME_SPAN if bond.reason.startswith("one span") else evidence.CLOSE
        self._link(left, right, [(bond.reason, near), best, *agreement(self.all[left], self.all[right])])

    def _settle(self) -> Outcome:
        outcome, head = self.outcome, self.groups.head
        outcome.clusters = self.groups.clusters()
        outcome.suggestions = [link for link in outcome.suggestions if head(link.left) != head(link.right)]
        return outcome
