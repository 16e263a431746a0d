"""A plan: the chosen moves in the order in which they pay, what each clears, and what cannot be cleared, with why."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations, zip_longest
from typing import Final

from msgspec import Struct

from seamark.core.advisory import Advisory
from seamark.intake.connectors.registries.release import Catalogue, Offline
from seamark.response.remediation.change import Change, ChangeKind
from seamark.response.remediation.flaws import Book, Flaw, Risks
from seamark.response.remediation.impact import Distance, distance
from seamark.response.remediation.options import Option, options
from seamark.response.remediation.plan.candidates import Groups, above, candidates
from seamark.response.remediation.plan.choose import MOST_STATES, choose
from seamark.response.remediation.project import SYSTEMS, Move, Node, Project
from seamark.response.remediation.scale import Moves, Scale

_MOST_TOGETHER: Final = 16
"""Up to so many moves, pairs that only help together are found."""


class Step(Struct, frozen=True, kw_only=True):
    """One change of a plan, and what it adds to those before it."""

    move: Move
    change: Change
    clears: tuple[Flaw, ...] = ()
    introduces: tuple[Flaw, ...] = ()
    """Flaws that are there after it and were not before; another step may remove them again."""
    removed: float = 0.0
    introduced: float = 0.0
    distance: Distance = Distance.UNKNOWN
    hints: tuple[str, ...] = ()
    effort: float = 0.0
    moves_too: tuple[tuple[str, str, str], ...] = ()
    """What else gets another version: package, before, after; empty texts stand for what comes or goes."""
    assumed: bool = False
    unknown: str = ""
    """Why it cannot be told what the new version brings; empty where it can."""
    together: int = 0
    """Steps of one number only pay together; 0 stands for one that pays alone."""

    @property
    def gain(self) -> float:
        """Risk removed less risk introduced."""
        return round(self.removed - self.introduced, 6)


class Unfixed(Struct, frozen=True, kw_only=True):
    """A flaw that stays, and why."""

    flaw: Flaw
    versions: tuple[str, ...]
    why: str
    no_fix: bool
    """Whether there is no version without it; else it could be cleared, at a price that does not pay or with more changes elsewhere."""
    risk: float


class Offered(Struct, frozen=True):
    """What may be chosen for one vulnerable package."""

    package: str
    name: str
    version: str
    direct: bool
    options: tuple[Option, ...]


class Plan(Struct, frozen=True, kw_only=True):
    """What to change in one project."""

    project: str
    """Its place."""
    ecosystem: str
    steps: tuple[Step, ...] = ()
    offered: tuple[Offered, ...] = ()
    unfixed: tuple[Unfixed, ...] = ()
    flaws: int = 0
    """Flaws before."""
    risk_before: float = 0.0
    risk_after: float = 0.0
    proven: bool = True
    """Whether it is proven that no other set of changes is better."""
    after: tuple[Node, ...] = ()
    """What is installed afterwards, as far as it can be told."""
    names: dict[str, str] = {}
    """How the ecosystem writes the packages that the plan names."""

    @property
    def cleared(self) -> tuple[Flaw, ...]:
        """What the plan claims to clear."""
        stays = {one.flaw for one in self.unfixed}
        return tuple(sorted({flaw for step in self.steps for flaw in step.clears} - stays))


def plan(
    project: Project, advisories: Iterable[Advisory], catalogue: Catalogue | None = None, *, risks: Risks | None = None, most_changes: int | None = None,
    most_states: int = MOST_STATES,
) -> Plan:  # fmt: skip
    """Return the smallest set of changes that removes most risk of one project, ordered by what each removes.

    Without a catalogue only versions that advisories name are known, and what a new version needs is taken for unchanged. `risks` weighs
    flaws by package and name; `most_changes` cuts the plan behind so many.
    """
    scale = Scale(project, catalogue or Offline(), Book(project, advisories, risks))
    groups = candidates(scale)
    chosen = choose(scale, groups, most_states=most_states)
    steps = ordered(scale, chosen.moves)
    proven = chosen.proven
    if most_changes is not None and len(steps) > most_changes:
        steps, proven = _cut(steps, most_changes), False
    moves = frozenset(step.move for step in steps)
    end = scale.weigh(moves)
    installed = end.resolved.nodes if moves else frozenset(part.node for part in project.parts)
    return Plan(
        project=project.place, ecosystem=project.ecosystem, steps=steps, offered=_offered(scale),
        unfixed=tuple(_unfixed(scale, groups, moves, end.left, installed)), flaws=len(scale.before), risk_before=round(scale.risk(scale.before), 4),
        risk_after=round(scale.risk(end.left), 4), proven=proven, after=tuple(sorted(installed)),
        names={package: scale.resolver.names.get(package, package) for package, _ in (*installed, *(part.node for part in project.parts))},
    )  # fmt: skip


def _cut(steps: tuple[Step, ...], most: int) -> tuple[Step, ...]:
    """Return the first steps, and no part of those that only pay together."""
    kept = steps[:most]
    torn = steps[most].together
    while torn and kept and kept[-1].together == torn:
        kept = kept[:-1]
    return kept


def ordered(scale: Scale, moves: Moves) -> tuple[Step, ...]:
    """Return moves in the order in which they pay best: (risk removed less risk introduced) / changes."""
    done: Moves = frozenset()
    steps: list[Step] = []
    bundle = 0
    while rest := moves - done:
        fresh = _next(scale, done, rest)
        bundle += len(fresh) > 1
        for move in sorted(fresh):
            # Of a bundle the last one gets the effect: none of them has it alone.
            last = move == max(fresh)
            steps.append(_step(scale, done, fresh if last else frozenset(), move, bundle if len(fresh) > 1 else 0))
        done |= fresh
    return tuple(steps)


def _next(scale: Scale, done: Moves, rest: Moves) -> Moves:
    base = scale.weigh(done).gain
    sizes = (1, 2) if len(rest) <= _MOST_TOGETHER else (1,)
    best: tuple[float, float, list[Move]] | None = None
    for size in sizes:
        for picked in combinations(sorted(rest), size):
            found = scale.weigh(done | frozenset(picked))
            if found.conflict or found.gain <= base:
                continue
            rate = ((found.gain - base) / size, -scale.effort(picked), list(picked))
            if best is None or rate[:2] > best[:2]:
                best = rate
    return frozenset(best[2]) if best is not None else rest


def _step(scale: Scale, done: Moves, fresh: Moves, move: Move, bundle: int) -> Step:
    was, now = scale.weigh(done), scale.weigh(done | fresh)
    gone, come = was.left - now.left, now.left - was.left
    before = was.resolved.nodes or frozenset(part.node for part in scale.project.parts)
    after = now.resolved.nodes or before
    return Step(
        move=move, change=change_of(scale.project, move, scale.resolver.names.get(move.package, move.package)), clears=tuple(sorted(gone)),
        introduces=tuple(sorted(come)), removed=round(scale.risk(gone), 6), introduced=round(scale.risk(come), 6),
        distance=distance(scale.project.ecosystem, move.from_version, move.version), hints=scale.hints(move), effort=round(scale.effort([move]), 2),
        moves_too=_moved(before, after, {one.package for one in fresh}), assumed=bool(now.resolved.assumed), together=bundle,
    )  # fmt: skip


def _moved(before: frozenset[Node], after: frozenset[Node], asked: set[str]) -> tuple[tuple[str, str, str], ...]:
    gone, come = sorted(before - after), sorted(after - before)
    found = []
    for package in sorted({node[0] for node in (*gone, *come)} - asked):
        old, new = [one for name, one in gone if name == package], [one for name, one in come if name == package]
        found += [(package, one, other) for one, other in zip_longest(old, new, fillvalue="")]
    return tuple(found)


def change_of(project: Project, move: Move, name: str) -> Change:
    """Return what an editor has to do for a move. What no manifest names is changed in the lock only."""
    direct = any(part.direct and part.node == move.node for part in project.parts)
    manifests = project.manifests
    if not direct and not move.forced and project.lock:
        manifests = (project.lock,)
    kind = ChangeKind.IMAGE if project.ecosystem in SYSTEMS and project.manifests else move.kind
    return Change(
        ecosystem=project.ecosystem, manager=project.manager, name=name, from_version=move.from_version, to_version=move.version,
        manifests=manifests, kind=kind,
    )  # fmt: skip


def _offered(scale: Scale) -> tuple[Offered, ...]:
    found = []
    for part in scale.project.parts:
        if scale.book.of(part.node):
            known = scale.resolver.releases(part.package) is not None
            offers = options(scale, part.node, above(scale, part.node), known=known)
            found.append(Offered(part.package, part.name, part.version, part.direct, offers))
    return tuple(found)


def _unfixed(scale: Scale, groups: Groups, moves: Moves, left: frozenset[Flaw], installed: frozenset[Node]) -> Iterable[Unfixed]:  # fmt: skip
    for flaw in sorted(left, key=lambda one: (-scale.risk([one]), one)):
        versions = tuple(sorted(version for package, version in installed if package == flaw.package and flaw in scale.book.of((package, version))))  # fmt: skip
        why, no_fix = _why(scale, groups, moves, flaw, versions)
        yield Unfixed(flaw=flaw, versions=versions, why=why, no_fix=no_fix, risk=scale.risk([flaw]))


def _why(scale: Scale, groups: Groups, moves: Moves, flaw: Flaw, versions: tuple[str, ...]) -> tuple[str, bool]:
    """Return why a flaw stays, and whether there is no version without it."""
    name = scale.resolver.names.get(flaw.package, flaw.package)
    if flaw not in scale.before:
        return f"a change that clears more brings it in {name} {', '.join(versions)}", False
    node = next((part.node for part in scale.project.parts if part.package == flaw.package and flaw in scale.book.of(part.node)), (flaw.package, ""))  # fmt: skip
    newer, fixed = above(scale, node), scale.book.fixed_in(flaw)
    known = scale.resolver.releases(flaw.package) is not None
    free = [one for one in newer if flaw not in scale.book.of((flaw.package, one))]
    if not free:
        if known and newer:
            missing = [
                one
                for one in fixed
                if one not in {release.version for release in scale.resolver.releases(flaw.package) or ()}
            ]
            told = f"; {', '.join(missing[:3])} would be, and is not published" if missing else ""
            return f"no version is without it: the newest, {newer[-1]}, is affected{told}", True
        if known:
            return f"{name} {node[1]} is the newest version, and is affected", True
        return ("its advisories name no version in which it is fixed" if not fixed else f"its advisories name {', '.join(fixed[:3])} as fixed, none above {node[1]}"), True  # fmt: skip
    mine = [one for group in groups.values() for one in group if one.package == flaw.package and one.version in free]
    feasible = [one for one in mine if not scale.weigh(moves | {one}).conflict and not scale.weigh(frozenset([one])).conflict]  # fmt: skip
    if not feasible:
        conflicts = [scale.weigh(frozenset([one])).conflict for one in mine]
        told = f": {conflicts[0]}" if conflicts and conflicts[0] else ""
        return f"{free[0]} is without it, and cannot be installed{told}", False
    brought = min((scale.weigh(frozenset([one])).introduced for one in feasible), key=len)
    if brought:
        return f"{free[0]} is without it, and brings {', '.join(one.name for one in sorted(brought)[:3])}", False
    return f"{free[0]} is without it, and not every copy of {name} can move there", False
