"""Which moves are worth weighing: bumps, refreshes of a lock, overrides; and which of them bear on each other."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from seamark.analysis.software.order import compare, in_order
from seamark.response.remediation.flaws import Flaw
from seamark.response.remediation.project import Move, Node
from seamark.response.remediation.scale import Scale

MOST_VERSIONS: Final = 8
"""Of each package, where all would be too many to weigh against each other."""
MOST_PROBED: Final = 60
MOST_GROUPS: Final = 24
"""Up to so many packages in a project, every version of each of them is weighed."""
_ROUNDS: Final = 3

Groups = dict[Node, tuple[Move, ...]]
"""The moves of each installed version; at most one of them is made."""


def candidates(scale: Scale) -> Groups:
    """Return the moves that may take part in the best plan."""
    project = scale.project
    direct = scale.resolver.direct
    vulnerable = [part.node for part in project.parts if scale.book.of(part.node)]
    ancestors = _ancestors(scale, vulnerable)
    small = len(project.parts) <= MOST_GROUPS
    if small:
        # New wishes of packages that lead to no flaw today may still move one that has it.
        ancestors = [part.node for part in project.parts if part.node not in vulnerable]
    groups: Groups = {}
    for node in (*vulnerable, *ancestors):
        if node in groups or not (node in vulnerable or node in direct or small or not project.may_force):
            continue
        versions = above(scale, node)
        if node not in direct and node not in vulnerable and not scale.resolver.releases(node[0]):
            continue
        groups[node] = _moves(scale, node, versions)
    _unblock(scale, groups)
    return {node: kept for node, moves in groups.items() if (kept := _telling(scale, moves, small=small))}


def above(scale: Scale, node: Node) -> list[str]:
    """Return the versions above an installed one, lowest first: those of the registry, else those that advisories name as fixed."""
    package, version = node
    kind = scale.project.ecosystem
    known = scale.resolver.releases(package)
    found = scale.resolver.stable(package) if known is not None else in_order(kind, scale.book.named(package, version))
    return [one for one in found if compare(kind, version, one) == -1]


def _ancestors(scale: Scale, vulnerable: Iterable[Node]) -> list[Node]:
    """Return what leads to vulnerable versions, nearest first, themselves left out."""
    into: dict[Node, list[Node]] = {}
    for source, targets in scale.project.edges.items():
        for target in targets:
            into.setdefault(target, []).append(source)
    installed = {part.node for part in scale.project.parts}
    order, seen = list(vulnerable), set(vulnerable)
    for node in order:
        fresh = [one for one in into.get(node, ()) if one in installed and one not in seen]
        seen.update(fresh)
        order += fresh
    return [node for node in order if node not in set(vulnerable)]


def _moves(scale: Scale, node: Node, versions: Iterable[str]) -> tuple[Move, ...]:
    package, version = node
    direct = node in scale.resolver.direct
    found = []
    for to in versions:
        if direct or scale.project.lock or not scale.project.may_force:
            found.append(Move(package, version, to))
        if not direct and scale.project.may_force:
            found.append(Move(package, version, to, forced=True))
    return tuple(found)


def _unblock(scale: Scale, groups: Groups) -> None:
    """Add the packages of the project that new versions of others ask to be newer than they are."""
    direct = dict(scale.resolver.direct)
    for _ in range(_ROUNDS):
        fresh: dict[Node, set[str]] = {}
        for moves in list(groups.values()):
            for move in moves[:MOST_PROBED]:
                for package, wanted in scale.resolver.needs((move.package, move.version)) or ():
                    node = package, direct.get(package, "")
                    if node in groups or not node[1] or scale.resolver.accepts(wanted, node[1]):
                        continue
                    fitting = [one for one in above(scale, node) if scale.resolver.accepts(wanted, one)]
                    fresh.setdefault(node, set()).update(fitting[:1] + fitting[-1:])
        if not fresh:
            return
        for node, versions in fresh.items():
            groups[node] = _moves(scale, node, in_order(scale.project.ecosystem, versions))


def _telling(scale: Scale, moves: tuple[Move, ...], *, small: bool) -> tuple[Move, ...]:
    """Leave out versions that do what a lower one does, where there are many."""
    if len(moves) <= MOST_VERSIONS and small:
        return moves
    before = _held(scale, (part.node for part in scale.project.parts))
    kept: dict[object, Move] = {}
    worth: dict[Move, float] = {}
    for move in _spread(moves):
        found = scale.weigh(frozenset([move]))
        # A flaw is gone with the last copy that has it: what rids one copy of it counts, even where it clears nothing by itself.
        after = before if found.conflict else _held(scale, found.resolved.nodes)
        gone, come = before - after, after - before
        if not found.conflict and not gone and not come:
            continue
        worth[move] = scale.risk(flaw for _, flaw in gone) - scale.risk(flaw for _, flaw in come)
        key = (move.forced, found.conflict or (gone, come))
        if key not in kept or scale.effort([move]) < scale.effort([kept[key]]):
            kept[key] = move
    feasible = [one for one in kept.values() if not scale.weigh(frozenset([one])).conflict]
    ranked = sorted(
        feasible, key=lambda one: (-scale.weigh(frozenset([one])).gain, -worth[one], scale.effort([one]), one)
    )
    return tuple(ranked[:MOST_VERSIONS]) + tuple(one for one in kept.values() if one not in feasible)[:2]


def _held(scale: Scale, nodes: Iterable[Node]) -> frozenset[tuple[Node, Flaw]]:
    """Return which installed version has which flaw."""
    return frozenset(
        (node, flaw) for node in nodes for flaw in scale.book.of(node, scale.resolver.names.get(node[0], ""))
    )


def _spread(moves: tuple[Move, ...]) -> tuple[Move, ...]:
    """Return at most so many: the nearest and the newest, and evenly between."""
    if len(moves) <= MOST_PROBED:
        return moves
    step = len(moves) / MOST_PROBED
    return tuple(dict.fromkeys((*moves[:10], *(moves[int(at * step)] for at in range(MOST_PROBED - 12)), *moves[-2:])))


def parts(scale: Scale, groups: Groups) -> list[list[Node]]:
    """Return the groups that bear on each other, together: what else is moved changes nothing for them."""
    below = _descendants(scale)
    owner: dict[str, Node] = {}
    parent = {node: node for node in groups}

    def top(node: Node) -> Node:
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    for node, moves in groups.items():
        for package in reach(scale, moves, below):
            parent[top(node)] = top(owner.setdefault(package, node))
    found: dict[Node, list[Node]] = {}
    for node in groups:
        found.setdefault(top(node), []).append(node)
    return list(found.values())


def reach(scale: Scale, moves: Iterable[Move], below: dict[str, frozenset[str]]) -> frozenset[str]:
    """Return the packages on which moves may bear: themselves, what they change, and all below that, before and after."""
    found: set[str] = set()
    installed = {part.node for part in scale.project.parts}
    for move in moves:
        told = scale.weigh(frozenset([move])).resolved
        changed = {move.package} | {package for package, _ in told.nodes ^ installed} if told.nodes else {move.package}
        needed = {package for package, _ in scale.resolver.needs((move.package, move.version)) or ()}
        waiting = list(changed | needed)
        after: dict[str, set[str]] = {}
        for source, targets in told.edges.items():
            after.setdefault(source[0], set()).update(package for package, _ in targets)
        seen: set[str] = set()
        while waiting:
            package = waiting.pop()
            if package not in seen:
                seen.add(package)
                waiting += after.get(package, ())
                waiting += below.get(package, ())
        found |= seen
    return frozenset(found)


def descendants(scale: Scale) -> dict[str, frozenset[str]]:
    """Return the packages that each one needs directly, as it is installed."""
    return _descendants(scale)


def _descendants(scale: Scale) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for (package, _), targets in scale.project.edges.items():
        found.setdefault(package, set()).update(target for target, _ in targets)
    return {package: frozenset(targets) for package, targets in found.items()}
