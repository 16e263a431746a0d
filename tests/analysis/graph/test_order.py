"""Orders of mending: nothing before what it stands on, circles named."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from seamark.analysis.graph.order import turns


@given(st.sets(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=40))
def test_everything_comes_once_and_after_what_it_stands_on(pairs: set[tuple[int, int]]) -> None:
    found = turns(range(10), pairs)
    turn_of = {node: at for at, turn in enumerate(found) for node in turn.nodes}
    assert sorted(node for turn in found for node in turn.nodes) == list(range(10))
    circle_of = {node: circle for turn in found for circle in turn.circles for node in circle}
    for dependent, base in pairs:
        if dependent == base:
            continue
        together = circle_of.get(dependent) is not None and circle_of.get(dependent) == circle_of.get(base)
        assert together or turn_of[base] < turn_of[dependent]


def test_a_circle_shares_its_turn_and_is_named() -> None:
    found = turns([1, 2, 3, 4], [(1, 2), (2, 3), (3, 2), (3, 4)])
    assert [(turn.nodes, turn.circles) for turn in found] == [((4,), ()), ((2, 3), ((2, 3),)), ((1,), ())]


def test_others_than_the_asked_do_not_count() -> None:
    assert [turn.nodes for turn in turns([1, 2], [(1, 7), (7, 2), (1, 1)])] == [(1, 2)]


def test_a_long_chain_needs_no_recursion() -> None:
    length = 5000
    found = turns(range(length), [(n, n + 1) for n in range(length - 1)])
    assert [turn.nodes for turn in found] == [(n,) for n in reversed(range(length))]
