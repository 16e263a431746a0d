"""How near two weaknesses are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seamark.analysis.correlation.weakness import MOST_STEPS, ancestors, distance, similarity, weaknesses

NUMBERS = st.sampled_from(sorted(weaknesses()))


def test_the_list_is_complete_and_without_categories():
    known = weaknesses()
    assert len(known) > 900
    assert known[89].name.startswith("Improper Neutralization of Special Elements used in an SQL")
    assert known[89].parents == (943,)
    assert 264 not in known, "a category is no weakness"
    assert 1000 not in known, "a view is no weakness"
    assert known[20].discouraged
    assert not known[89].discouraged


def test_ancestors_carry_their_distance():
    assert ancestors(564, 2) == {564: 0, 89: 1, 943: 2}
    assert 707 in ancestors(79)


@pytest.mark.parametrize(
    ("left", "right", "steps"),
    [(89, 89, 0), (89, 564, 1), (77, 78, 1), (94, 95, 1), (330, 338, 1), (35, 22, 2), (259, 321, 2)],
)
def test_near_weaknesses(left, right, steps):
    assert distance(left, right) == steps
    assert similarity(left, right) >= 0.7


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (89, 79),
        (89, 90),
        (22, 601),
        (502, 95),
        (326, 295),
        (89, 20),
        (20, 20),
        (693, 693),
        (89, 999_999),
        (999_999, 999_999),
    ],
)
def test_general_or_unknown_weaknesses_make_no_family(left, right):
    assert similarity(left, right) == 0.0


@pytest.mark.parametrize(
    ("left", "right"),
    [(22, 73), (611, 776), (614, 1004), (326, 327), (335, 338), (639, 862), (209, 497), (93, 117), (120, 676)],
)
def test_kin_that_the_hierarchy_does_not_show(left, right):
    assert distance(left, right) is None
    assert similarity(left, right) == 0.8


@given(NUMBERS, NUMBERS)
def test_nearness_is_mutual_and_bounded(left, right):
    assert similarity(left, right) == similarity(right, left)
    assert 0.0 <= similarity(left, right) <= 1.0
    steps = distance(left, right)
    assert steps == distance(right, left)
    assert steps is None or 0 <= steps <= MOST_STEPS
