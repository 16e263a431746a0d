"""Circles of a graph, against the definition: two nodes are in one part where each reaches the other."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from seamark.analysis.graph.circles import circles


def reached(edges: dict[int, set[int]], start: int) -> set[int]:
    found, waiting = {start}, [start]
    while waiting:
        fresh = edges[waiting.pop()] - found
        found |= fresh
        waiting += fresh
    return found


@given(
    st.integers(1, 12).flatmap(lambda size: st.lists(st.sets(st.integers(0, size - 1)), min_size=size, max_size=size))
)
def test_a_part_is_what_reaches_each_other_and_comes_behind_what_it_leads_to(targets: list[set[int]]) -> None:
    edges = dict(enumerate(targets))
    reach = {node: reached(edges, node) for node in edges}
    found = circles(edges)
    assert set(found) == {frozenset(other for other in reach[node] if node in reach[other]) for node in edges}
    place = {node: at for at, part in enumerate(found) for node in part}
    assert all(place[target] <= place[node] for node in edges for target in edges[node])


def test_a_long_chain_needs_no_recursion() -> None:
    chain = {number: {number + 1} for number in range(20_000)} | {20_000: {10_000}}
    assert [len(part) for part in circles(chain) if len(part) > 1] == [10_001]
    assert circles({"a": set(), "b": {"a"}}) == [frozenset("a"), frozenset("b")]
