"""What an import compares with what is there: all that may be one issue, and no more."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet

import pytest

from seamark.analysis.correlation.blocks import REACH, Members, Pick, to_compare

NEW, OTHER, THIRD = 1, 2, 3


def homes(profiles: AbstractSet[int]) -> Mapping[int, int]:
    """Let profiles be alike by their tens: 10, 11 and 12 mean the same."""
    return {profile: profile // 10 for profile in profiles}


def picked(fresh: int, *rows: tuple[int, int, int], wide: tuple[int, ...] = ()) -> Pick:
    """Return what is compared of rows of profile, line and stream, the new ones first."""
    profiles, lines, streams = zip(*rows, strict=True)
    return to_compare(Members(profiles, lines, streams, fresh, set(wide)), homes)


def test_what_stands_near_and_means_the_same_is_compared_and_read() -> None:
    assert picked(1, (10, 100, NEW), (11, 103, OTHER), (20, 101, OTHER)) == Pick([0, 1], [1])


@pytest.mark.parametrize(("lines", "near"), [(REACH, True), (-REACH, True), (REACH + 1, False), (-REACH - 1, False)])
def test_nothing_is_compared_where_all_others_stand_out_of_reach(lines: int, near: bool) -> None:
    assert picked(1, (10, 100, NEW), (11, 100 + lines, OTHER)) == (Pick([0, 1], [1]) if near else Pick([], []))


def test_what_stands_far_counts_by_its_line_where_something_else_is_near() -> None:
    assert picked(1, (10, 100, NEW), (11, 101, OTHER), (12, 900, THIRD)) == Pick([0, 1, 2], [1])


def test_a_neighbour_of_another_family_makes_nothing_near() -> None:
    assert picked(1, (10, 100, NEW), (20, 100, OTHER), (11, 900, THIRD)) == Pick([], [])


@pytest.mark.parametrize("wide", [0, 1])
def test_what_may_reach_far_is_compared_with_all_of_its_family(wide: int) -> None:
    assert picked(1, (10, 100, NEW), (11, 900, OTHER), wide=(wide,)) == Pick([0, 1], [])


@pytest.mark.parametrize("line", [0, 100])
def test_what_has_no_line_is_near_everything_of_its_family(line: int) -> None:
    assert picked(1, (10, line, NEW), (11, 100 - line, OTHER)) == Pick([0, 1], [1])


def test_one_stream_is_compared_with_itself_on_shared_lines_only() -> None:
    rows = ((10, 5, NEW), (20, 5, NEW), (10, 6, NEW), (10, 7, NEW), (30, 8, NEW), (30, 8, NEW))
    assert picked(4, *rows) == Pick([0, 1], []), "nor do two known ones on one line concern anything new"
    assert picked(1, (10, 5, NEW)) == Pick([], [])


def test_new_findings_of_one_line_are_compared_though_others_stand_far() -> None:
    assert picked(2, (10, 5, NEW), (11, 5, NEW), (12, 900, OTHER)) == Pick([0, 1], [])
