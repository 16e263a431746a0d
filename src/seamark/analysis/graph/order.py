"""In which order to mend what stands on each other. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import NamedTuple


class Turn(NamedTuple):
    """A step of an order: nodes that can be mended at the same time, and those that wait for each other in a circle."""

    nodes: tuple[int, ...]
    circles: tuple[tuple[int, ...], ...]


def turns(nodes: Collection[int], stands_on: Iterable[tuple[int, int]]) -> list[Turn]:
    """Return the order in which nothing is mended before what it stands on.

    `stands_on` are pairs of a dependent and what it depends on; those with other nodes are passed over. Nodes that depend
    on each other in a circle share a turn and are named.
    """
    needs: dict[int, set[int]] = {node: set() for node in nodes}
    for dependent, base in stands_on:
        if dependent in needs and base in needs and dependent != base:
            needs[dependent].add(base)
    group_of = _circles(needs)
    members: dict[int, list[int]] = defaultdict(list)
    for node, group in group_of.items():
        members[group].append(node)
    waits = {
        group: {group_of[base] for node in found for base in needs[node]} - {group} for group, found in members.items()
    }
    waiting_for: dict[int, list[int]] = defaultdict(list)
    for group, bases in waits.items():
        for base in bases:
            waiting_for[base].append(group)
    open_bases = {group: len(bases) for group, bases in waits.items()}
    ready = [group for group, count in open_bases.items() if not count]
    found: list[Turn] = []
    while ready:
        now = sorted(tuple(sorted(members[group])) for group in ready)
        found.append(
            Turn(tuple(sorted(node for each in now for node in each)), tuple(each for each in now if len(each) > 1))
        )
        following: list[int] = []
        for group in ready:
            for later in waiting_for[group]:
                open_bases[later] -= 1
                if not open_bases[later]:
                    following.append(later)
        ready = following
    return found


def _circles(needs: dict[int, set[int]]) -> dict[int, int]:
    """Return each node's group: nodes that reach each other share one (Tarjan's algorithm, without recursion)."""
    index: dict[int, int] = {}
    low: dict[int, int] = {}
    stack: list[int] = []
    on_stack: set[int] = set()
    group: dict[int, int] = {}
    for root in sorted(needs):
        if root in index:
            continue
        work = [(root, iter(sorted(needs[root])))]
        index[root] = low[root] = len(index)
        stack.append(root)
        on_stack.add(root)
        while work:
            node, rest = work[-1]
            following = next((each for each in rest if each not in index or each in on_stack), None)
            if following is None:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    while True:
                        member = stack.pop()
                        on_stack.discard(member)
                        group[member] = node
                        if member == node:
                            break
            elif following in index:
                low[node] = min(low[node], index[following])
            else:
                index[following] = low[following] = len(index)
                stack.append(following)
                on_stack.add(following)
                work.append((following, iter(sorted(needs[following]))))
    return group
