"""In which order to mend what stands on each other. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import NamedTuple

from seamark.analysis.graph.circles import circles


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
    members = dict(enumerate(circles(needs)))
    group_of = {node: group for group, found in members.items() for node in found}
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
