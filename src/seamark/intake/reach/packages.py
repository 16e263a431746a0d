"""The packages that manifests and lock files list, and what leads from one to another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Final

from seamark.core.assets import Listing
from seamark.core.component import parse_purl
from seamark.intake.reach.names import canonical, data, word_list

_WITH_EDGES: Final = (
    "package-lock.json",
    "npm-shrinkwrap.json",
    "yarn.lock",
    "pnpm-lock.yaml",
    "bun.lock",
    "poetry.lock",
    "uv.lock",
    "pdm.lock",
)
"""Lock files that say of each package what it needs."""
_ASIDE: Final = frozenset({"development", "test"})


class Packages:
    """What one ecosystem's listings say together."""

    def __init__(self, listings: Iterable[Listing], ecosystem: str) -> None:
        self.ecosystem = ecosystem
        self.scopes: defaultdict[str, set[str]] = defaultdict(set)
        self._edges: defaultdict[str, set[str]] = defaultdict(set)
        self._told: set[str] = set()
        for listing in listings:
            if listing.ecosystem == ecosystem:
                self._take(listing)
        self.names = frozenset(self.scopes)

    def _take(self, listing: Listing) -> None:
        names = {
            each.ref: canonical(self.ecosystem, _name(each.purl, self.ecosystem) or each.name)
            for each in listing.components
        }
        told = listing.manifest.key.endswith(_WITH_EDGES)
        for each in listing.components:
            # A manifest beside a lock file gives the scope that the lock file works out better.
            self.scopes[names[each.ref]].add(each.scope or "runtime")
            if told:
                self._told.add(names[each.ref])
        for edge in listing.edges:
            if edge.ref in names:
                self._edges[names[edge.ref]].update(names[target] for target in edge.targets if target in names)

    def is_aside(self, name: str) -> bool:
        """Tell whether a package is installed for development or tests only, as far as that is certain."""
        scopes = self.scopes.get(name, set())
        return bool(scopes) and scopes <= _ASIDE and (name in self._told or self.ecosystem == "maven")

    def leads(self, start: str, target: str) -> list[str] | None:
        """Return the way on which one package needs another, empty where it does not; None where that is not known."""
        needs = data("needs").get(self.ecosystem, {})
        optional = word_list("needs", "optional", self.ecosystem)
        sought_at_run_time = target in optional
        before: dict[str, str] = {start: ""}
        waiting, open_ended = [start], False
        while waiting:
            here = waiting.pop(0)
            table = self._table(needs, here)
            if table is None and (here not in self._told or sought_at_run_time):
                # What only the table names and nobody lists is there for the sake of others, and needs nothing else.
                open_ended |= here == start or here in self.names
            further = {canonical(self.ecosystem, each) for each in (table or "").split()} | self._edges.get(here, set())
            for each in sorted(further - before.keys()):
                if each == target or (each.endswith("*") and target.startswith(each[:-1])):
                    before[target] = here
                    return _way(before, target)
                if each.endswith("*") or (each in optional and each not in self.names):
                    continue
                before[each] = here
                waiting.append(each)
        return None if open_ended else []

    def _table(self, needs: dict[str, str], name: str) -> str | None:
        if name in needs:
            return needs[name]
        if self.ecosystem == "maven" and name.startswith("org.springframework"):
            return needs["org.springframework*"]
        if self.ecosystem == "golang":
            head, _, last = name.rpartition("/")
            if last[:1] == "v" and last[1:].isdecimal():
                return needs.get(head)
        return None


def _way(before: dict[str, str], target: str) -> list[str]:
    way = [target]
    while before[way[-1]]:
        way.append(before[way[-1]])
    return way[::-1]


def _name(purl: str, ecosystem: str) -> str:
    parsed = parse_purl(purl) if purl else None
    if parsed is None:
        return ""
    between = ":" if ecosystem == "maven" else "/"
    return f"{parsed.namespace}{between}{parsed.name}" if parsed.namespace else parsed.name
