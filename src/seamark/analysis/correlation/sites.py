"""Lines of one file at which findings stand: which lines speak of one issue. Pure.

A *site* is a line with the findings on it that mean the same. Sites become one issue only one-to-one: where a tool says the
same thing at two lines, it means two issues, and no third tool joins them. What two readings fit is left as a suggestion.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple

CLOSE_LINES: Final = 4
"""Lines within which tools point at one statement, or at a text and the call that runs it."""
FAR_LINES: Final = 12
"""Lines up to which only more than nearness makes two lines one: nothing else of the kind in the file, or a steady step."""
IMPORT_LINES: Final = 40
"""Lines between an import and its only use beyond which it is but a suggestion."""
_STEADY: Final = 5
"""Pairs with the same step that make it steady."""
_LONG_SPAN: Final = 15
_MOST_RIVALS: Final = 24
"""Following sites that are looked at from one: what a span of a thousand lines covers says nothing."""


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
    families: frozenset[str] = frozenset()
    imports: bool = False
    head: Site | None = None


_Tools = frozenset[tuple[str, str]]


class Bond(NamedTuple):
    """Two sites, why they may be one, and whether they are."""

    left: Site
    right: Site
    reason: str
    certain: bool


def bonds(sites: list[Site], scopes_differ: Callable[[Site, Site], bool]) -> list[Bond]:
    """Return the bonds between sites of one file that may mean the same problem, sorted by line."""
    if len(sites) < 2:
        return []
    return _File(sites, scopes_differ).run()


class _File:
    def __init__(self, sites: list[Site], scopes_differ: Callable[[Site, Site], bool]) -> None:
        self.sites = sites
        self.scopes_differ = scopes_differ
        self.found: list[Bond] = []
        self.by_head: dict[int, list[Site]] = defaultdict(list)
        self.voices = {id(site): site.voices for site in sites}

    def run(self) -> list[Bond]:
        self._import_blocks()
        self._nearest(self._overlapping, "one span contains the other")
        self._nearest(self._close, "a few lines apart")
        self._far()
        self._one_tool()
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
        first, second = self._head(left), self._head(right)
        if first is second:
            return
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

    def _candidates(self, measure: Callable[[Site, Site], int | None]) -> list[tuple[int, Site, Site]]:
        found = []
        for at, left in enumerate(self.sites):
            if left.imports:
                continue
            for right in self.sites[at + 1 : at + 1 + _MOST_RIVALS]:
                if right.line - left.end > FAR_LINES:
                    break
                if right.line == left.line:
                    continue  # judged when the line was
                if right.imports or self._apart(left, right) or self.scopes_differ(left, right):
                    continue
                if (measured := measure(left, right)) is not None:
                    found.append((measured, left, right))
        found.sort(key=lambda row: (row[0], row[1].line, row[2].line))
        return found

    @staticmethod
    def _overlapping(left: Site, right: Site) -> int | None:
        if right.line > left.end:
            return None
        return min(right.line - left.line, abs(left.end - right.end))

    @staticmethod
    def _close(left: Site, right: Site) -> int | None:
        gap = max(0, right.line - left.end)
        return gap if gap <= CLOSE_LINES else None

    def _nearest(self, measure: Callable[[Site, Site], int | None], reason: str) -> None:
        """Join what is nearest to each other, where no other site that excludes it is about as near."""
        rows = self._candidates(measure)
        of: dict[int, list[tuple[int, Site]]] = defaultdict(list)
        for measured, left, right in rows:
            of[id(left)].append((measured, right))
            of[id(right)].append((measured, left))
        for measured, left, right in rows:
            if self._head(left) is self._head(right) or self._apart(left, right):
                continue
            slack = measured + 1 if left.end - left.line < _LONG_SPAN else 10_000
            if self._rivalled(of[id(left)], right, left, slack) or self._rivalled(of[id(right)], left, right, slack):
                self.found.append(Bond(left, right, reason, certain=False))
            else:
                self._join(left, right, reason)

    def _rivalled(self, rows: list[tuple[int, Site]], chosen: Site, site: Site, slack: int) -> bool:
        """Tell whether another site could as well be the counterpart of `site`, and not both can."""
        return any(
            other is not chosen and measured <= slack and not self._apart(site, other) and self._apart(chosen, other)
            and self._head(chosen) is not self._head(other)
            for measured, other in rows
        )  # fmt: skip

    def _far(self) -> None:
        """Join what stands further apart: the only two of their kind in the file, or many pairs at one steady step."""
        heads = [site for site in self.sites if site.head is None and not site.imports]
        rows = self._candidates(lambda left, right: right.line - left.line)
        if len(heads) == 2:
            for _, left, right in rows[:1]:
                self._join(left, right, "the only two of their kind in the file")
            return
        steps: Counter[tuple[_Tools, _Tools, int]] = Counter()
        turned: Counter[frozenset[_Tools]] = Counter()
        for step, left, right in rows:
            steps[left.tools, right.tools, step] += 1
            turned[frozenset((left.tools, right.tools))] += 1
        for step, left, right in rows:
            if self._apart(left, right):
                continue
            support = steps[left.tools, right.tools, step]
            others = turned[frozenset((left.tools, right.tools))] - support
            if support >= _STEADY and support >= 2 * others:
                self._join(left, right, "at the same step as others in the file")
            else:
                self.found.append(Bond(left, right, "some lines apart", certain=False))

    def _one_tool(self) -> None:
        """Suggest neighbouring lines at which one tool says the same by different rules: rarely, they are one statement."""
        for left, right in zip(self.sites, self.sites[1:], strict=False):
            one, other = self._head(left), self._head(right)
            if left.imports or right.imports or one is other or right.line - left.end > CLOSE_LINES:
                continue
            shared = self.voices[id(one)] & self.voices[id(other)]
            if shared and all(stream >= 0 for _, _, stream in shared) and not self.scopes_differ(left, right):
                self.found.append(Bond(left, right, "one tool's different rules, a few lines apart", certain=False))

    def _imports_and_uses(self) -> None:
        """Join an import with what uses it, where that is one place before the next such import."""
        blocks = [site for site in self.sites if site.imports and site.head is None]
        if not blocks:
            return
        for site in self.sites:
            self.by_head[id(self._head(site))].append(site)
        known = {family for block in blocks for family in block.families}
        uses = [
            site
            for site in self.sites
            if not site.imports and site.head is None and not known.isdisjoint(self._said(site))
        ]
        served = [self._uses_of(at, blocks, uses) for at in range(len(blocks))]
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

    def _uses_of(self, at: int, blocks: list[Site], uses: list[Site]) -> list[Site]:
        """Return what may use an import: what speaks of the same family, before the next import that does."""
        mine = blocks[at].families
        stop = next((block.line for block in blocks[at + 1 :] if not mine.isdisjoint(block.families)), math.inf)
        return [site for site in uses if blocks[at].line <= site.line < stop and not mine.isdisjoint(self._said(site))]

    def _said(self, head: Site) -> set[str]:
        return {family for site in self.by_head[id(head)] for family in site.families}


def _in_step(imports: list[Site], uses: list[Site]) -> bool:
    """Tell whether each import has a use at about the same distance below it: then their order pairs them."""
    if len(imports) != len(uses):
        return False
    steps = [use.line - block.line for block, use in zip(imports, uses, strict=True)]
    return min(steps) >= 0 and max(steps) - min(steps) <= 2
