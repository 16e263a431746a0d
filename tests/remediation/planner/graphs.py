"""Projects, registries and advisories made at random, and the best plan found by trying everything."""

from __future__ import annotations

import itertools
import random

from seamark.core.advisory import Advisory, Affected, Span
from seamark.core.component import make_purl
from seamark.core.severity import Severity
from seamark.intake.connectors.registries.release import Known, Need
from seamark.response.remediation.flaws import Book
from seamark.response.remediation.project import Move, Node, Part, Project, package_of
from seamark.response.remediation.resolve import Resolver
from seamark.response.remediation.scale import Moves, Scale

VERSIONS = ("1.0.0", "1.1.0", "1.2.0", "2.0.0", "2.1.0", "3.0.0")
RANGES = {
    "npm": ("^{v}", "~{v}", ">={v}", "*"), "pypi": ("=={v}", ">={v}", "~={v}", ""), "gem": ("~> {v}", ">= {v}", ""), "cargo": ("{v}", "^{v}", ">={v}"),
    "maven": ("{v}",), "golang": ("v{v}",), "nuget": ("{v}", "[{v}, )"), "composer": ("^{v}", "~{v}", "*"),
}  # fmt: skip


def name_of(ecosystem: str, number: int) -> str:
    return {"maven": f"org.acme/p{number}", "golang": f"acme.example/p{number}", "composer": f"acme/p{number}"}.get(ecosystem, f"p{number}")  # fmt: skip


def written(ecosystem: str, version: str) -> str:
    return f"v{version}" if ecosystem == "golang" else version


class World:
    """A registry, advisories, and a project that is locked as its manager would have locked it."""

    def __init__(self, seed: int, ecosystem: str, packages: int, *, versions: int = 3, flaws: int = 5, direct: int = 3, needs: int = 2) -> None:  # fmt: skip
        self.random = random.Random(seed)
        self.ecosystem = ecosystem
        names = [name_of(ecosystem, number) for number in range(packages)]
        self.published: dict[tuple[str, str], dict[str, tuple[Need, ...]]] = {}
        for number, name in enumerate(names):
            kept = [written(ecosystem, one) for one in sorted(self.random.sample(VERSIONS, versions))]
            self.published[ecosystem, name] = dict.fromkeys(kept, ())
            for version in kept:
                below = names[number + 1 :]
                wanted = self.random.sample(below, min(len(below), self.random.randint(0, needs)))
                self.published[ecosystem, name][version] = tuple(Need(one, "") for one in wanted)
        for releases in self.published.values():
            for version, wants in releases.items():
                releases[version] = tuple(Need(one.name, self._range(one.name)) for one in wants)
        self.catalogue = Known(self.published)
        self.advisories = tuple(self._advisory(number, names) for number in range(flaws))
        self.project = self._project(names[:direct])

    def _range(self, name: str) -> str:
        version = self.random.choice(list(self.published[self.ecosystem, name])).removeprefix("v")
        return self.random.choice(RANGES[self.ecosystem]).format(v=version)

    def _advisory(self, number: int, names: list[str]) -> Advisory:
        name = self.random.choice(names)
        versions = list(self.published[self.ecosystem, name])
        at = self.random.randrange(len(versions))
        end = self.random.randrange(at, len(versions) + 1)
        events = [("introduced", "0" if self.random.random() < 0.6 else versions[at].removeprefix("v"))]
        if end < len(versions):
            events.append(("fixed", versions[end].removeprefix("v")))
        return Advisory(
            id=f"OSV-{number}", aliases=(f"CVE-2026-{1000 + number}",), severity=self.random.choice(list(Severity)),
            affected=(Affected(package=package_of(self.ecosystem, name), spans=(Span(events=tuple(events)),)),),
        )  # fmt: skip

    def _project(self, directs: list[str]) -> Project:
        """Install the lowest versions of the direct dependencies, with what their manager takes for the rest."""
        parts = tuple(
            self._part(name, next(iter(self.published[self.ecosystem, name])), direct=True) for name in directs
        )
        bare = Project(
            place="acme//lock", ecosystem=self.ecosystem, parts=parts, lock="lock", manifests=("manifest", "lock")
        )
        # Each one set anew, so that the resolver asks what it needs rather than what is locked.
        empty = Project(place="acme//lock", ecosystem=self.ecosystem, lock="lock", parts=tuple(
            Part(package=one.package, name=one.name, version="0.0.0" if self.ecosystem != "golang" else "v0.0.0", direct=True) for one in parts
        ))  # fmt: skip
        found = Resolver(empty, self.catalogue).resolve([Move(one.package, empty.parts[0].version, one.version) for one in parts])  # fmt: skip
        if found.conflict:
            return bare
        names = found.names
        whole = tuple(
            self._part(names[package], version, direct=(package, version) in {one.node for one in parts})
            for package, version in sorted(found.nodes)
        )
        return Project(place="acme//lock", ecosystem=self.ecosystem, parts=whole, edges=dict(found.edges), lock="lock", manifests=("manifest", "lock"))  # fmt: skip

    def _part(self, name: str, version: str, *, direct: bool) -> Part:
        return Part(
            package=package_of(self.ecosystem, name), name=name, version=version, purl=make_purl(self.ecosystem, name, version), direct=direct
        )  # fmt: skip

    def scale(self) -> Scale:
        return Scale(self.project, self.catalogue, Book(self.project, self.advisories))


def every_move(world: World) -> dict[Node, list[Move]]:
    """Return all moves of all installed packages: any newer version, in every form that the ecosystem has."""
    scale, found = world.scale(), {}
    kind = world.ecosystem
    for part in world.project.parts:
        newer = [one for one in world.published[kind, part.name] if list(world.published[kind, part.name]).index(one) > list(world.published[kind, part.name]).index(part.version)]  # fmt: skip
        forms = [False] if part.node in scale.resolver.direct else [False, True] if world.project.may_force else [False]
        found[part.node] = [Move(part.package, part.version, to, forced) for to in newer for forced in forms]
    return found


def brute(world: World) -> tuple[tuple[float, int, float], Moves, int]:
    """Return the best rank of all sets of moves there are, one such set, and how many there were."""
    scale = world.scale()
    best: tuple[float, int, float] = (0.0, 0, 0.0)
    kept: Moves = frozenset()
    count = 0
    for picked in itertools.product(*[(None, *moves) for moves in every_move(world).values()]):
        moves = frozenset(one for one in picked if one is not None)
        count += 1
        rank = scale.rank(moves)
        if rank is not None and rank > best:
            best, kept = rank, moves
    return best, kept, count
