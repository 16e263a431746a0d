"""Walks against a plain breadth-first search, their bounds, and what the lenses mean."""

from __future__ import annotations

import itertools
from collections import deque

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seamark.analysis.graph.lens import STEPS, Lens
from seamark.analysis.graph.memory import KINDS, Arrays
from seamark.analysis.graph.walk import nearest, reach
from seamark.core.assets import RelationKind

EDGES = st.lists(st.tuples(st.integers(0, 14), st.sampled_from(list(RelationKind)), st.integers(0, 14)), max_size=60)


def graph(edges: list[tuple[int, RelationKind, int]], size: int = 0) -> Arrays:
    return Arrays([s for s, _, _ in edges], [t for _, _, t in edges], [KINDS[k] for _, k, _ in edges], size)


def plain(edges: list[tuple[int, RelationKind, int]], start: int, lens: Lens) -> dict[int, int]:
    ways = {(kind, forward) for kind, forward in STEPS[lens]}
    steps = [(s, t) for s, k, t in edges if (k, True) in ways] + [(t, s) for s, k, t in edges if (k, False) in ways]
    depth, waiting = {start: 0}, deque([start])
    while waiting:
        node = waiting.popleft()
        for source, target in steps:
            if source == node and target not in depth:
                depth[target] = depth[node] + 1
                waiting.append(target)
    return depth


@given(EDGES, st.integers(0, 14), st.sampled_from(list(Lens)))
def test_a_walk_finds_what_a_plain_search_finds(
    edges: list[tuple[int, RelationKind, int]], start: int, lens: Lens
) -> None:
    found = reach(graph(edges, 15), [start], lens)
    assert dict(zip(found.nodes.tolist(), found.depths.tolist(), strict=True)) == plain(edges, start, lens)
    assert found.complete


@given(EDGES, st.integers(0, 14), st.sampled_from(list(Lens)))
def test_every_path_is_made_of_edges_and_as_long_as_its_depth(
    edges: list[tuple[int, RelationKind, int]], start: int, lens: Lens
) -> None:
    found = reach(graph(edges, 15), [start], lens)
    ways = {(kind, forward) for kind, forward in STEPS[lens]}
    for node, depth in zip(found.nodes.tolist(), found.depths.tolist(), strict=True):
        path = found.path(node)
        assert (path[0], path[-1], len(path)) == (start, node, depth + 1)
        for here, there in itertools.pairwise(path):
            assert any(
                ((s, t) == (here, there) and (k, True) in ways) or ((t, s) == (here, there) and (k, False) in ways)
                for s, k, t in edges
            )


@given(EDGES, st.integers(0, 14))
def test_what_a_flaw_reaches_has_it_among_its_origins(edges: list[tuple[int, RelationKind, int]], start: int) -> None:
    whole = graph(edges, 15)
    for node in reach(whole, [start], Lens.IMPACT).nodes.tolist():
        assert start in reach(whole, [node], Lens.ORIGIN).nodes.tolist()
    for node in reach(whole, [start], Lens.ACCESS).nodes.tolist():
        assert start in reach(whole, [node], Lens.APPROACH).nodes.tolist()


def test_the_bound_of_nodes_is_kept_and_told() -> None:
    star = graph([(0, RelationKind.CALLS, n) for n in range(1, 50)])
    found = reach(star, [0], Lens.IMPACT, most=10)
    assert (len(found.nodes), found.complete) == (10, False)
    assert found.nodes.tolist() == list(range(10))
    assert reach(star, [0], Lens.IMPACT, most=50).complete


def test_the_bound_of_steps_is_kept_and_told() -> None:
    chain = graph([(n, RelationKind.CALLS, n + 1) for n in range(40)])
    found = reach(chain, [0], Lens.IMPACT, deepest=5)
    assert (found.nodes.tolist(), found.complete) == ([0, 1, 2, 3, 4, 5], False)
    assert reach(chain, [36], Lens.IMPACT, deepest=4).complete


def test_of_two_ways_the_one_over_the_lower_number_is_kept() -> None:
    both = graph([(0, RelationKind.CALLS, n) for n in (2, 1)] + [(n, RelationKind.CALLS, 3) for n in (2, 1)])
    assert reach(both, [0], Lens.IMPACT).path(3) == [0, 1, 3]
    many = graph([(n, RelationKind.CALLS, 40) for n in range(40)])
    assert reach(many, range(5, 40), Lens.IMPACT).path(40) == [5, 40]


def test_starts_that_do_not_exist_reach_nothing() -> None:
    found = reach(graph([(0, RelationKind.CALLS, 1)]), [-1, 99], Lens.NEAR)
    assert (len(found.nodes), found.complete, found.path(99)) == (0, True, [])


def test_the_nearest_of_the_wanted_is_found_with_its_way() -> None:
    chain = graph([(n, RelationKind.CALLS, n + 1) for n in range(6)])
    assert nearest(chain, [0], {3, 5}, Lens.IMPACT) == [0, 1, 2, 3]
    assert nearest(chain, [0], np.array([False] * 4 + [True] * 3), Lens.IMPACT) == [0, 1, 2, 3, 4]
    assert nearest(chain, [3], {1}, Lens.IMPACT) == []


@pytest.mark.parametrize("kind", [RelationKind.OWNS, RelationKind.CONTAINS])
def test_who_stands_outside_does_not_come_to_a_part_through_its_whole(kind: RelationKind) -> None:
    assert reach(graph([(0, kind, 1)]), [0], Lens.ACCESS).nodes.tolist() == [0]


def test_a_vulnerable_package_reaches_the_data_behind_its_workload() -> None:
    k = RelationKind
    package, manifest, service, image, workload, store, data, domain = range(8)
    chain = graph([
        (manifest, k.DEPENDS_ON, package), (service, k.CONTAINS, manifest), (image, k.BUILT_FROM, service), (workload, k.RUNS, image),
        (workload, k.READS, store), (store, k.HANDLES, data), (domain, k.EXPOSES, workload), (service, k.DEPENDS_ON, manifest),
    ])  # fmt: skip
    assert nearest(chain, [package], {data}, Lens.IMPACT) == [package, manifest, service, image, workload, store, data]
    assert nearest(chain, [domain], {package}, Lens.ACCESS) == [domain, workload, image, service, manifest, package]
