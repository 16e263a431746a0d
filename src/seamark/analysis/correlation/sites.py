"""Lines of one file at which findings stand: which lines speak of one issue. Pure.

A *site* is a line with the findings on it that mean the same. Sites become one issue only one-to-one: where a tool says the
same thing at two lines, it means two issues, and no third tool joins them. What two readings fit is left as a suggestion.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import combinations
from typing import Final, NamedTuple

CLOSE_LINES: Final = 4
"""Lines within which tools point at one statement, or at a text and the call that runs it."""
FAR_LINES: Final = 12
"""Lines up to which only more than nearness makes two lines one: nothing else of the kind in the file, or a steady step."""
LONELY_LINES: Final = 20
"""Lines within which all that is said of a kind in a file is one, where nobody says it twice."""
_JITTER: Final = 2
"""Lines by which a step may differ from others and still be the same."""
IMPORT_LINES: Final = 40
"""Lines between an import and its only use beyond which it is but a suggestion."""
_STEADY: Final = 5
"""Pairs with the same step that make it steady."""
_FEW: Final = 3
"""Places of a kind in a file among which neighbours are suggested though nothing else speaks for them."""
_LONG_SPAN: Final = 15
_MOST_RIVALS: Final = 24
"""Following sites that are looked at from one: what a span of a thousand lines covers says nothing."""


_OVERLAP: Final = "one span contains the other"
_CLOSE: Final = "a few lines apart"

Voice = tuple[str, str, int]
"""Tool, role and stream; or tool, rule and -1."""


@dataclass(slots=True, eq=False)
class Site:
    """One line and what is on it."""

    line: int
    end: int
    voices: frozenset[Voice]
    """Who speaks: one stream says one issue at one line, and a tool's rule in whatever stream does."""
    tools: frozenset[tuple[str, str]]
    """Tools with their roles, by which steps between lines are compared."""
    members: list[int]
    imports: bool = False
    flow: set[int] = field(default_factory=set)
    """Other lines at which the way of its data begins or ends."""
    head: Site | None = None


_Tools = frozenset[tuple[str, str]]
_Pair = tuple[Site, Site]


class Bond(NamedTuple):
    """Two sites, why they may be one, and whether they are."""

    left: Site
    right: Site
    reason: str
    certain: bool


_Test = Callable[[Site, Site], bool]


def bonds(sites: list[Site], differ: _Test, concern: _Test, joined: Iterable[_Pair] = ()) -> list[Bond]:
    """Return the bonds between sites of one file that may mean the same problem, sorted by line.

    `differ` tells that two sites cannot be one; `concern` that one may be an import and the other its use, or an import of the same;
    `joined` are those that are one already.
    """
    return _File(sites, differ, concern).run(joined)


class _File:
    def __init__(self, sites: list[Site], differ: _Test, concern: _Test) -> None:
        self.sites = sites
        self.differ = differ
        self.concern = concern
        self.found: list[Bond] = []
        self.voices = {id(site): site.voices for site in sites}
        self.near: list[_Pair] = []
        self.meetings: set[tuple[Voice, Voice]] | None = None

    def run(self, joined: Iterable[tuple[Site, Site]]) -> list[Bond]:
        for left, right in joined:
            self._one(left, right)
        imports = any(site.imports for site in self.sites)
        if imports:
            self._import_blocks()
        self.near = self._pairs()
        if lonely := self._lonely():
            for left, right in sorted(combinations(lonely, 2), key=lambda pair: pair[1].line - pair[0].line):
                self._join(left, right, _reason(left, right))
        else:
            self._nearest(
                [(_overlap(*pair), *pair) for pair in self.near if pair[1].line <= pair[0].end],
                _OVERLAP,
            )
            self._nearest([(_gap(*pair), *pair) for pair in self.near if _gap(*pair) <= CLOSE_LINES], _CLOSE)
            self._along_flows()
            self._far()
        if imports:
            self._imports_and_uses()
        told: dict[tuple[int, int], Bond] = {}
        for bond in self.found:
            told.setdefault((id(bond.left), id(bond.right)), bond)
        return list(told.values())

    def _head(self, site: Site) -> Site:
        while site.head is not None:
            site = site.head
        return site

    def _join(self, left: Site, right: Site, reason: str) -> None:
        self.found.append(Bond(left, right, reason, certain=True))
        self._one(left, right)

    def _one(self, left: Site, right: Site) -> None:
        first, second = self._head(left), self._head(right)
        if first is not second:
            second.head = first
            self.voices[id(first)] |= self.voices[id(second)]

    def _apart(self, left: Site, right: Site) -> bool:
        """Tell whether two sites cannot be one: a tool says the same thing at both."""
        first, second = self._head(left), self._head(right)
        return first is second or not self.voices[id(first)].isdisjoint(self.voices[id(second)])

    def _import_blocks(self) -> None:
        last: Site | None = None
        for site in self.sites:
            if not site.imports:
                continue
            if last is not None and site.line - last.line <= 2:
                self._join(last, site, "imports side by side")
            last = site

    def _pairs(self) -> list[_Pair]:
        """Return the sites that are near enough to be one, the upper first, and that nothing forbids to be."""
        found = []
        sites = self.sites
        for at, left in enumerate(sites):
            if left.imports:
                continue
            line, limit, voices = left.line, left.end + FAR_LINES, left.voices
            for right in sites[at + 1 : at + 1 + _MOST_RIVALS]:
                if right.line > limit:
                    break
                if right.line == line or right.imports or not voices.isdisjoint(right.voices):
                    continue  # what stands on one line was judged when the line was
                if not self.differ(left, right):
                    found.append((left, right))
        return found

    def _nearest(self, rows: list[tuple[int, Site, Site]], reason: str) -> None:
        """Join what is nearest to each other, where no other site that excludes it is about as near."""
        rows = [row for row in rows if not self._apart(row[1], row[2])]
        if len(rows) == 1:
            self._join(rows[0][1], rows[0][2], reason)
            return
        rows.sort(key=_by_distance)
        of: dict[int, list[tuple[int, Site]]] = defaultdict(list)
        for measured, left, right in rows:
            of[id(left)].append((measured, right))
            of[id(right)].append((measured, left))
        for measured, left, right in rows:
            if self._apart(left, right):
                continue
            slack = measured + 1 if left.end - left.line < _LONG_SPAN else 10_000
            if self._rivalled(of[id(left)], right, left, slack) or self._rivalled(of[id(right)], left, right, slack):
                self.found.append(Bond(left, right, reason, certain=False))
            else:
                self._join(left, right, reason)

    def _along_flows(self) -> None:
        """Join what stands where the way of another's data begins or ends: one tool points at the source, one at the sink."""
        flows = [site for site in self.sites if site.flow and not site.imports]
        if not flows:
            return
        at_line: dict[int, list[Site]] = defaultdict(list)
        for site in self.sites:
            if not site.imports:
                at_line[site.line].append(site)
        pairs = [
            (site, other) if site.line < other.line else (other, site)
            for site in flows
            for line in sorted(site.flow)
            for other in at_line[line]
        ]
        told = {(id(left), id(right)): (0, left, right) for left, right in pairs if not self.differ(left, right)}
        rows = list(told.values())
        self._nearest(rows, "at an end of the other's data flow")

    def _rivalled(self, rows: list[tuple[int, Site]], chosen: Site, site: Site, slack: int) -> bool:
        """Tell whether another site could as well be the counterpart of `site`, and not both can."""
        return any(
            other is not chosen and measured <= slack and not self._apart(site, other) and self._apart(chosen, other)
            and self._head(chosen) is not self._head(other)
            for measured, other in rows
        )  # fmt: skip

    def _far(self) -> None:
        """Join what stands further apart: the only two of their kind in the file, or many pairs at one steady step."""
        rows = sorted(
            ((right.line - left.line, left, right) for left, right in self.near if not self._apart(left, right)),
            key=_by_distance,
        )
        if not rows:
            return
        steps: Counter[tuple[_Tools, _Tools, int]] = Counter()
        turned: Counter[frozenset[_Tools]] = Counter()
        for step, left, right in rows:
            steps[left.tools, right.tools, step] += 1
            turned[frozenset((left.tools, right.tools))] += 1
        few = sum(site.head is None and not site.imports for site in self.sites) <= _FEW
        for step, left, right in rows:
            if self._apart(left, right):
                continue
            support = sum(steps[left.tools, right.tools, step + more] for more in range(-_JITTER, _JITTER + 1))
            others = turned[frozenset((left.tools, right.tools))] - support
            if support >= _STEADY and support >= 2 * others:
                self._join(left, right, "at the same step as others in the file")
            elif support > others and (few or support > 1) and not self._met(left, right):
                self.found.append(Bond(left, right, "some lines apart", certain=False))

    def _lonely(self) -> list[Site]:
        """Return all places of a file that has one problem of the kind, else nothing: nobody speaks of two, and all are near."""
        heads = [site for site in self.sites if not site.imports]
        if len(heads) < 2 or heads[-1].line - heads[0].end > LONELY_LINES:
            return []
        said: set[Voice] = set()
        for above, site in zip([None, *heads], heads, strict=False):
            if not said.isdisjoint(site.voices) or (above is not None and above.line == site.line):
                return []  # what stands on one line was judged when the line was
            said |= site.voices
        return [] if any(self.differ(left, right) for left, right in combinations(heads, 2)) else heads

    def _met(self, left: Site, right: Site) -> bool:
        """Tell whether two rules speak of one place elsewhere in the file: then what they say lines apart is of two."""
        if self.meetings is None:
            self.meetings = set()
            for voices in {id(site): self.voices[id(site)] for site in map(self._head, self.sites)}.values():
                rules = sorted(rule for rule in voices if rule[2] < 0)
                self.meetings.update((one, other) for one in rules for other in rules if one != other)
        return any(
            (one, other) in self.meetings for one in left.voices if one[2] < 0 for other in right.voices if other[2] < 0
        )

    def _imports_and_uses(self) -> None:
        """Join an import with what uses it, where that is one place before the next such import."""
        blocks = [site for site in self.sites if site.imports and site.head is None]
        heads = [site for site in self.sites if not site.imports and site.head is None]
        if not blocks or not heads:
            return
        parts: dict[int, list[Site]] = defaultdict(list)
        for site in self.sites:
            parts[id(self._head(site))].append(site)
        of = {id(block): [use for use in heads if self._any_concerns(block, parts[id(use)])] for block in blocks}
        wanted = {id(use) for mine in of.values() for use in mine}
        uses = [use for use in heads if id(use) in wanted]
        served = [self._uses_of(at, blocks, of[id(block)]) for at, block in enumerate(blocks)]
        interleaved = any(not mine for mine in served) and len(blocks) > 1
        if interleaved and _in_step(blocks, uses):
            served = [[use] for use in uses]
            interleaved = False
        for block, mine in zip(blocks, served, strict=True):
            if not mine:
                continue
            if len(mine) == 1 and not interleaved and mine[0].line - block.line <= IMPORT_LINES:
                self._join(block, mine[0], "an import and its only use")
            else:
                self.found.append(Bond(block, mine[0], "an import and its first use", certain=False))

    def _any_concerns(self, block: Site, parts: list[Site]) -> bool:
        return any(self.concern(block, part) for part in parts)

    def _uses_of(self, at: int, blocks: list[Site], uses: list[Site]) -> list[Site]:
        """Return those uses of an import that stand before the next import of the same."""
        block = blocks[at]
        stop = next((later.line for later in blocks[at + 1 :] if self.concern(block, later)), math.inf)
        return [site for site in uses if block.line <= site.line < stop]


def _reason(left: Site, right: Site) -> str:
    if right.line <= left.end:
        return _OVERLAP
    return _CLOSE if right.line - left.end <= CLOSE_LINES else "the only ones of their kind in the file"


def _overlap(left: Site, right: Site) -> int:
    return min(right.line - left.line, abs(left.end - right.end))


def _gap(left: Site, right: Site) -> int:
    return max(0, right.line - left.end)


def _by_distance(row: tuple[int, Site, Site]) -> tuple[int, int, int]:
    return row[0], row[1].line, row[2].line


def _in_step(imports: list[Site], uses: list[Site]) -> bool:
    """Tell whether each import has a use at about the same distance below it: then their order pairs them."""
    if len(imports) != len(uses):
        return False
    steps = [use.line - block.line for block, use in zip(imports, uses, strict=True)]
    return min(steps) >= 0 and max(steps) - min(steps) <= 2
