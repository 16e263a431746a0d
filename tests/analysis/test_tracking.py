"""Tracking: properties that hold for any file and any edit."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from seamark.analysis.correlation.signals import Signals
from seamark.analysis.correlation.tracking import FAR, alignment, returned, track

lines = st.lists(st.integers(1, 5000), min_size=1, max_size=30, unique=True).map(sorted)


def row(line: int, *, message: int = 7, code: int = 0, tool: int = 0, scope: int = 0) -> Signals:
    return Signals(
        tool=tool, context=code and code * 31, moved=code, scope=scope, place=1000 + line, loose=message, line=line
    )


def shifts(matches: list[tuple[int, int, str]], old: list[Signals], new: list[Signals]) -> set[int]:
    return {new[right].line - old[left].line for left, right, _ in matches}


@given(lines, st.integers(-300, 300))
def test_a_shift_of_the_whole_file_matches_everything_by_that_shift(places: list[int], shift: int) -> None:
    old = [row(line + 400) for line in places]
    new = [row(line + 400 + shift) for line in places]
    matches = track(old, new)
    assert not matches.old_left
    assert not matches.new_left
    assert shifts(matches.pairs, old, new) == {shift}


@given(lines, st.data())
def test_removing_some_of_equal_findings_keeps_the_others(places: list[int], data: st.DataObject) -> None:
    kept = data.draw(st.lists(st.sampled_from(places), unique=True, min_size=1).map(sorted))
    old, new = [row(line) for line in places], [row(line) for line in kept]
    matches = track(old, new)
    assert not matches.new_left
    assert shifts(matches.pairs, old, new) == {0}


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(1, 900)), max_size=40),
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(1, 900)), max_size=40),
)
def test_matching_is_one_to_one_and_complete(
    left: list[tuple[int, int, int]], right: list[tuple[int, int, int]]
) -> None:
    old = [row(line, tool=tool, code=code) for tool, code, line in left]
    new = [row(line, tool=tool, code=code) for tool, code, line in right]
    matches = track(old, new)
    lefts, rights = [pair[0] for pair in matches.pairs], [pair[1] for pair in matches.pairs]
    assert sorted([*lefts, *matches.old_left]) == list(range(len(old)))
    assert sorted([*rights, *matches.new_left]) == list(range(len(new)))


@given(lines, lines)
def test_an_alignment_keeps_the_order_and_stays_near(before: list[int], after: list[int]) -> None:
    pairs = alignment(before, after)
    assert [left for left, _ in pairs] == sorted({left for left, _ in pairs})
    assert [right for _, right in pairs] == sorted({right for _, right in pairs})
    assert all(abs(after[right] - before[left]) <= FAR for left, right in pairs)


def test_a_long_list_is_aligned_in_reasonable_steps() -> None:
    before = list(range(10, 40_000, 10))
    after = [line + 5 for line in before if line % 700]
    pairs = alignment(before, after)
    assert len(pairs) >= len(after) * 0.98


def test_two_findings_with_one_fingerprint_are_not_matched_by_it() -> None:
    matches = track([row(10, tool=5, message=1), row(900, tool=5, message=2)], [row(11, tool=5, message=2)])
    assert matches.pairs == []


def test_equal_code_in_two_files_that_are_both_renamed_is_left_open() -> None:
    def at(path: int) -> Signals:
        return Signals(context=50 + path, moved=9, place=70 + path, loose=80 + path, line=3)

    matches = track([at(1), at(2)], [at(3), at(4)])
    assert matches.pairs == []


def test_a_closed_finding_returns_once() -> None:
    closed = [row(10, code=3), row(10, code=3)]
    matches = returned(closed, [row(44, code=3)])
    assert [(left, right) for left, right, _ in matches.pairs] == [(1, 0)]


def in_file(file: int, texts: dict[int, int]) -> list[Signals]:
    return [
        Signals(place=file * 1000 + line, loose=file * 100 + text, line=line, file=file, text=text)
        for line, text in texts.items()
    ]


def test_a_renamed_file_without_any_code_is_known_by_what_is_said_of_it() -> None:
    old = in_file(1, {3: 7, 9: 8, 12: 7}) + in_file(2, {1: 5})
    new = in_file(4, {5: 7, 11: 8, 14: 7}) + in_file(2, {1: 5})
    matches = track(old, new)
    assert sorted((left, right) for left, right, _ in matches.pairs) == [(0, 0), (1, 1), (2, 2), (3, 3)]


def test_two_new_files_that_say_the_same_are_no_rename() -> None:
    matches = track(in_file(1, {3: 7, 9: 8}), in_file(4, {3: 7, 9: 8}) + in_file(5, {3: 7, 9: 8}))
    assert matches.pairs == []


def test_a_file_that_is_still_scanned_was_not_renamed() -> None:
    matches = track(in_file(1, {3: 7, 9: 8}) + in_file(1, {50: 6}), in_file(1, {50: 6}) + in_file(4, {3: 7, 9: 8}))
    assert [(left, right) for left, right, _ in matches.pairs] == [(2, 0)]
