"""What stands in circles in a directed graph. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TypeVar

T = TypeVar("T", int, str)


def circles(edges: Mapping[T, Collection[T]]) -> list[frozenset[T]]:
    """Return the strongly connected parts of a graph, those of one node too (Tarjan's algorithm, without recursion).

    Every node is a key, with the nodes that its edges lead to. A part comes behind all that its edges lead to.
    """
    index: dict[T, int] = {}
    low: dict[T, int] = {}
    stack: list[T] = []
    held: set[T] = set()
    found: list[frozenset[T]] = []
    for root in sorted(edges):
        if root in index:
            continue
        walk = [(root, iter(sorted(edges[root])))]
        index[root] = low[root] = len(index)
        stack.append(root)
        held.add(root)
        while walk:
            node, targets = walk[-1]
            target = next(targets, None)
            if target is None:
                walk.pop()
                if walk:
                    low[walk[-1][0]] = min(low[walk[-1][0]], low[node])
                if low[node] == index[node]:
                    part: set[T] = set()
                    while node not in part:
                        part.add(stack.pop())
                    held -= part
                    found.append(frozenset(part))
            elif target not in index:
                index[target] = low[target] = len(index)
                stack.append(target)
                held.add(target)
                walk.append((target, iter(sorted(edges[target]))))
            elif target in held:
                low[node] = min(low[node], index[target])
    return found
