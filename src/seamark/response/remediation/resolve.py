"""What a project would install after changes to it: a model of what its package manager does, with the least disturbance.

Locked versions stay where what asks for them still accepts them. A package that has to move gets what its manager would take: the
newest that fits, the lowest in NuGet, the greatest minimum in Go, the nearest wish in Maven. Where nobody can say what a version needs,
its needs are taken for those of the version before, and the outcome is `assumed`. The proof is made by the manager itself afterwards.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable
from typing import Final

from msgspec import Struct

from seamark.analysis.software.order import in_order, order_key
from seamark.intake.connectors.registries.release import Catalogue, Need, Release
from seamark.response.remediation.project import NESTED, Move, Node, Project, package_of
from seamark.response.remediation.ranges import is_prerelease, satisfies

_ROUNDS: Final = 60
_NEAREST: Final = frozenset({"maven", "nuget"})
"""Ecosystems in which the project's own word wins over everybody else's."""
_NEVER: Final = "the versions that the changes lead to do not settle"


class Resolved(Struct, frozen=True, kw_only=True):
    """What would be installed."""

    nodes: frozenset[Node] = frozenset()
    edges: dict[Node, tuple[Node, ...]] = {}
    conflict: str = ""
    """Why there is no such state; the rest then says nothing."""
    assumed: frozenset[str] = frozenset()
    """Packages of which it is not known what their new version needs."""
    names: dict[str, str] = {}
    """The ecosystem's own names of packages that were not installed before."""


class Resolver:
    """Resolves one project again and again. What was asked of the catalogue is kept."""

    def __init__(self, project: Project, catalogue: Catalogue) -> None:
        self.project, self._catalogue = project, catalogue
        self.names = {part.package: part.name for part in project.parts}
        self.locked: dict[str, list[str]] = {}
        for part in project.parts:
            self.locked.setdefault(part.package, []).append(part.version)
        self._several = project.ecosystem in NESTED or any(len(found) > 1 for found in self.locked.values())
        self.direct = {part.node for part in project.parts if part.direct}
        self.roots = _roots(project)
        self._releases: dict[str, tuple[Release, ...] | None] = {}
        self._needs: dict[Node, tuple[tuple[str, str], ...] | None] = {}
        self._fitting: dict[tuple[str, frozenset[str]], str] = {}
        above: dict[str, set[Node]] = {}
        for source, targets in project.edges.items():
            for package, _ in targets:
                above.setdefault(package, set()).add(source)
        self._requirers = {package: frozenset(found) for package, found in above.items()}

    def releases(self, package: str) -> tuple[Release, ...] | None:
        """Return what was published of a package; None where nobody can say."""
        if package not in self._releases:
            name = self.names.get(package)
            self._releases[package] = None if name is None else self._catalogue.releases(self.project.ecosystem, name)
        return self._releases[package]

    def needs(self, node: Node) -> tuple[tuple[str, str], ...] | None:
        """Return packages and ranges that a version asks for; None where nobody can say."""
        if node not in self._needs:
            name = self.names.get(node[0])
            told = None if name is None else self._catalogue.needs(self.project.ecosystem, name, node[1])
            self._needs[node] = None if told is None else tuple(self._need(one) for one in told)
        return self._needs[node]

    def _need(self, one: Need) -> tuple[str, str]:
        package = package_of(self.project.ecosystem, one.name)
        self.names.setdefault(package, one.name)
        return package, one.wanted

    def accepts(self, wanted: str, version: str) -> bool:
        """Tell whether a range takes a version; one that is not understood takes none that it did not have."""
        return satisfies(self.project.ecosystem, wanted, version) is True

    def stable(self, package: str) -> list[str]:
        """Return the versions that may be chosen, lowest first: neither taken back nor ahead of their release."""
        kind = self.project.ecosystem
        found = {
            one.version for one in self.releases(package) or () if not one.yanked and not is_prerelease(kind, one.version) and order_key(kind, one.version) is not None
        }  # fmt: skip
        return sorted(found, key=lambda one: order_key(kind, one))

    def resolve(self, moves: Collection[Move]) -> Resolved:
        """Return what would be installed after these moves."""
        if self._several:
            return _Nested(self, moves).run()
        return _Flat(self, moves).run()

    def fitting(self, package: str, ranges: Iterable[str]) -> str:
        """Return the version that the manager takes for these ranges where none is locked; empty where none fits."""
        key = package, frozenset(ranges)
        if key not in self._fitting:
            self._fitting[key] = self._fit(package, key[1])
        return self._fitting[key]

    def _fit(self, package: str, ranges: frozenset[str]) -> str:
        kind = self.project.ecosystem
        if kind == "golang":
            lowest = [one.removeprefix(">=").strip() for one in ranges if order_key(kind, one.removeprefix(">=").strip()) is not None]  # fmt: skip
            return max(lowest, key=lambda one: order_key(kind, one), default="")
        fitting = [one for one in self.stable(package) if all(self.accepts(wanted, one) for wanted in ranges)]
        if not fitting:
            return ""
        return fitting[0] if kind == "nuget" else fitting[-1]

    def requirers(self, package: str) -> frozenset[Node]:
        """Return who asks for a package now."""
        return self._requirers.get(package, frozenset())

    def unchanged(self, package: str, requirers: Collection[Node]) -> bool:
        """Tell whether a package is asked for by the very versions that ask for it now."""
        return self.requirers(package) == frozenset(requirers)


class _Flat:
    """One version of a package in a project."""

    def __init__(self, resolver: Resolver, moves: Collection[Move]) -> None:
        self._resolver, self._project = resolver, resolver.project
        self._moves = {one.package: one for one in moves}
        self._crowded = len(self._moves) != len(moves)
        self._assumed: set[str] = set()
        self._versions: dict[str, str] = {package: versions[0] for package, versions in resolver.locked.items()}
        self._versions |= {package: move.version for package, move in self._moves.items()}
        self._edges: dict[Node, tuple[Node, ...]] = {}

    def run(self) -> Resolved:
        if self._crowded:
            return Resolved(conflict="one package would have two versions")
        for _ in range(_ROUNDS):
            order, asked = self._walk()
            chosen = dict(self._versions)
            for package in order:
                version = self._choose(package, asked.get(package, []))
                if not version:
                    return Resolved(conflict=self._no_version(package, asked.get(package, [])))
                chosen[package] = version
            if chosen == self._versions:
                return self._settled(order, asked)
            self._versions = chosen
        return Resolved(conflict=_NEVER)

    def _walk(self) -> tuple[list[str], dict[str, list[tuple[Node, str | None]]]]:
        """Return the packages that are reached, nearest first, and who asks for each with which range; None is a range not known."""
        directs = [part.package for part in self._project.parts if part.direct] or [
            part.package for part in self._project.parts
        ]
        order, asked = list(dict.fromkeys(directs)), {}  # type: ignore[var-annotated]
        seen, waiting = set(order), deque(order)
        while waiting:
            package = waiting.popleft()
            node = package, self._versions.get(package, "")
            for target, wanted in self._needed(node):
                asked.setdefault(target, []).append((node, wanted))
                if target not in seen:
                    seen.add(target)
                    order.append(target)
                    waiting.append(target)
        return order, asked

    def _needed(self, node: Node) -> list[tuple[str, str | None]]:
        package, version = node
        known = self._resolver.needs(node) if version else None
        old = version in self._resolver.locked.get(package, ())
        if old:
            ranges = dict(known or ())
            # What is locked is what its manager made of it: ranges for other platforms do not count.
            return [(target, ranges.get(target)) for target, _ in self._project.edges.get(node, ())]
        if known is not None:
            return list(known)
        self._assumed.add(package)
        before = self._resolver.locked.get(package, [""])[0]
        return [(target, None) for target, _ in self._project.edges.get((package, before), ())]

    def _choose(self, package: str, asked: list[tuple[Node, str | None]]) -> str:
        kind, resolver = self._project.ecosystem, self._resolver
        move, locked = self._moves.get(package), resolver.locked.get(package, [])
        if move is not None:
            return move.version if self._allowed(move, asked) else ""
        ranges = [wanted for _, wanted in asked if wanted is not None]
        if kind == "golang" and locked:
            return self._greatest(locked[0], ranges)
        direct = bool(locked) and (package, locked[0]) in resolver.direct
        fits = bool(locked) and all(resolver.accepts(wanted, locked[0]) for wanted in ranges)
        if locked and (resolver.unchanged(package, [node for node, _ in asked]) or (direct and kind in _NEAREST)):
            return locked[0]
        if kind == "maven":
            return locked[0] if self._is_managed(package, locked) else self._nearest(package, locked, asked)
        if fits:
            return locked[0]
        if any(wanted is None for _, wanted in asked):
            self._assumed.add(package)
        if direct:
            own = self._project.wanted.get(package)
            # What the manifest writes without a range stays until a move says otherwise.
            return resolver.fitting(package, [*ranges, own]) if own else ""
        return resolver.fitting(package, ranges)

    def _is_managed(self, package: str, locked: list[str]) -> bool:
        """Tell whether a version is set by Maven's `dependencyManagement`: none of those who ask for it wants it."""
        wishes = [wanted for node in self._resolver.requirers(package) for target, wanted in self._resolver.needs(node) or () if target == package]  # fmt: skip
        return bool(locked and wishes) and locked[0] not in wishes

    def _greatest(self, locked: str, ranges: list[str]) -> str:
        lowest = self._resolver.fitting("", ranges) if ranges else ""
        key = order_key("golang", lowest) if lowest else None
        mine = order_key("golang", locked)
        return lowest if key is not None and mine is not None and key > mine else locked

    def _nearest(self, package: str, locked: list[str], asked: list[tuple[Node, str | None]]) -> str:
        wanted = asked[0][1] if asked else None
        if wanted is None:
            return locked[0] if locked else ""
        return wanted if wanted and wanted[0] not in "[(" else self._resolver.fitting(package, [wanted])

    def _allowed(self, move: Move, asked: list[tuple[Node, str | None]]) -> bool:
        """Tell whether others bear with a version that is set."""
        if self._project.ecosystem == "golang":
            lowest = self._resolver.fitting("", [wanted for _, wanted in asked if wanted])
            low, mine = order_key("golang", lowest), order_key("golang", move.version)
            return low is None or mine is None or low <= mine
        if self._project.ecosystem in _NEAREST and (move.package, move.from_version) in self._resolver.direct:
            # The nearest wins, and nothing is nearer than the project itself.
            return True
        if move.forced and self._project.may_force:
            return True
        known = [wanted for _, wanted in asked if wanted is not None]
        return all(self._resolver.accepts(wanted, move.version) for wanted in known)

    def _no_version(self, package: str, asked: list[tuple[Node, str | None]]) -> str:
        name = self._resolver.names.get(package, package)
        who = ", ".join(sorted({f"{self._resolver.names.get(node[0], node[0])} {node[1]} wants {wanted}" for node, wanted in asked if wanted}))  # fmt: skip
        return f"no version of {name} fits: {who[:300]}" if who else f"no version of {name} is known"

    def _settled(self, order: list[str], asked: dict[str, list[tuple[Node, str | None]]]) -> Resolved:
        edges: dict[Node, list[Node]] = {}
        for package in order:
            for node, _ in asked.get(package, ()):
                edges.setdefault(node, []).append((package, self._versions[package]))
        return Resolved(
            nodes=frozenset((package, self._versions[package]) for package in order), edges={node: tuple(found) for node, found in edges.items()},
            assumed=frozenset(self._assumed & set(order)), names=self._resolver.names,
        )  # fmt: skip


class _Nested:
    """Each requirer gets a version of its own, shared where one fits."""

    def __init__(self, resolver: Resolver, moves: Collection[Move]) -> None:
        self._resolver, self._project = resolver, resolver.project
        self._moves = {one.node: one for one in moves}
        self._crowded = len(self._moves) != len(moves)
        self._assumed: set[str] = set()

    def run(self) -> Resolved:
        if self._crowded:
            return Resolved(conflict="one package would have two versions")
        start = self._start()
        chosen: dict[str, list[str]] = {}
        edges: dict[Node, tuple[Node, ...]] = {}
        waiting = deque(start)
        seen = set(start)
        for package, version in start:
            chosen.setdefault(package, []).append(version)
        while waiting:
            node = waiting.popleft()
            targets = []
            for package, wanted, before in self._needed(node):
                version = self._version(package, wanted, before, chosen)
                if not version:
                    return Resolved(conflict=self._refused(package, wanted))
                target = package, version
                targets.append(target)
                if target not in seen:
                    seen.add(target)
                    chosen.setdefault(package, []).append(version)
                    waiting.append(target)
            edges[node] = tuple(targets)
        return Resolved(
            nodes=frozenset(seen), edges=edges, assumed=frozenset(self._assumed), names=self._resolver.names
        )

    def _start(self) -> list[Node]:
        return list(
            dict.fromkeys((package, self._moved((package, version))) for package, version in self._resolver.roots)
        )

    def _moved(self, node: Node) -> str:
        move = self._moves.get(node)
        return move.version if move is not None else node[1]

    def _needed(self, node: Node) -> list[tuple[str, str | None, str]]:
        """Return what a version needs: package, range where it is known, and the version that is locked for it."""
        package, version = node
        known = self._resolver.needs(node)
        locked = self._resolver.locked.get(package, ())
        if version in locked:
            ranges = dict(known or ())
            return [(target, ranges.get(target), before) for target, before in self._project.edges.get(node, ())]
        if known is not None:
            return [(target, wanted, "") for target, wanted in known]
        self._assumed.add(package)
        sources = [
            one.from_version for one in self._moves.values() if one.package == package and one.version == version
        ]
        before = sources[0] if sources else next(iter(locked), "")
        return [(target, None, old) for target, old in self._project.edges.get((package, before), ())]

    def _version(self, package: str, wanted: str | None, before: str, chosen: dict[str, list[str]]) -> str:
        move = self._moves.get((package, before)) if before else None
        if move is not None:
            if move.forced or (package, before) in self._resolver.direct:
                return self._set(wanted, move)
            return move.version if wanted is not None and self._resolver.accepts(wanted, move.version) else ""
        if before:
            return before
        forced = next((one for one in self._moves.values() if one.package == package and one.forced and wanted is not None and self._resolver.accepts(wanted, one.from_version)), None)  # fmt: skip
        if forced is not None:
            return forced.version
        here = [one for one in dict.fromkeys((*self._after(package), *chosen.get(package, ()))) if not wanted or self._resolver.accepts(wanted, one)]  # fmt: skip
        if here:
            return in_order(self._project.ecosystem, here)[-1]
        return self._resolver.fitting(package, [wanted] if wanted else [])

    def _after(self, package: str) -> list[str]:
        """Return the versions of a package that were installed, as they are after the moves."""
        return [self._moved((package, version)) for version in self._resolver.locked.get(package, ())]

    def _set(self, wanted: str | None, move: Move) -> str:
        if move.forced:
            return move.version
        # The project's own copy moved; this requirer keeps the one that fits it.
        if wanted is not None and self._resolver.accepts(wanted, move.version):
            return move.version
        return move.from_version

    def _refused(self, package: str, wanted: str | None) -> str:
        name = self._resolver.names.get(package, package)
        return f"no version of {name} fits {wanted}" if wanted else f"what {name} has to fit is not known"


def _roots(project: Project) -> list[Node]:
    """Return what the project itself asks for, and what nothing is known to ask for: that stays as long as nobody changes it."""
    roots = [part.node for part in project.parts if part.direct]
    reached, waiting = set(roots), list(roots)
    for part in project.parts:
        while waiting:
            for target in project.edges.get(waiting.pop(), ()):
                if target not in reached:
                    reached.add(target)
                    waiting.append(target)
        if part.node not in reached:
            roots.append(part.node)
            reached.add(part.node)
            waiting.append(part.node)
    return roots
