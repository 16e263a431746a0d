"""Tracking: properties that hold for any file and any edit."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seamark.analysis.correlation.chain import FAR, chain
from seamark.analysis.correlation.signals import Signals, pack, signals, unpack
from seamark.analysis.correlation.tracking import returned, track
from seamark.core.finding import Finding
from seamark.core.location import CodeLocation
from seamark.core.severity import Severity

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
def test_a_chain_keeps_the_order_and_stays_near(before: list[int], after: list[int]) -> None:
    pairs = chain([row(line) for line in before], [row(line) for line in after])
    assert [left for left, _ in pairs] == sorted({left for left, _ in pairs})
    assert [right for _, right in pairs] == sorted({right for _, right in pairs})
    assert all(abs(after[right] - before[left]) <= FAR for left, right in pairs)


def test_a_long_list_is_chained_in_reasonable_steps() -> None:
    before = list(range(10, 40_000, 10))
    after = [line + 5 for line in before if line % 700]
    pairs = chain([row(line) for line in before], [row(line) for line in after])
    assert len(pairs) >= len(after) * 0.98


@pytest.mark.parametrize(("files", "each"), [(1, 20_000), (200, 500), (20_000, 5)])
def test_many_findings_that_all_say_the_same_take_seconds(files: int, each: int) -> None:

    def side(moved: int) -> list[Signals]:
        return [
            Signals(loose=1000 + file, file=5000 + file, text=7, line=at * 3 + moved)
            for file in range(files)
            for at in range(1, each + 1)
        ]

    started = time.process_time()
    matches = track(side(0), side(11))
    assert time.process_time() - started < 60
    assert len(matches.pairs) + len(matches.old_left) == files * each


def shown(line: int, *, column: int, end_column: int, path: str = "a.py", code: str = "", around: int = 0) -> Signals:
    """Return the signals of a finding as a tool without code of its own reports it, or with `around` lines around it."""
    snippet = "\n".join([*(["before()"] * around), code, *(["after()"] * around)]) if code else ""
    return signals(
        Finding(
            rule="S101",
            title="Use of assert",
            severity=Severity.LOW,
            location=CodeLocation(
                path=path, line=line, column=column, end_line=line, end_column=end_column, snippet=snippet,
                snippet_line=line - around if around else None,
            ),
        )
    )  # fmt: skip


def test_signals_survive_their_packing() -> None:
    signs = shown(7, column=5, end_column=20, code="assert x", around=2)
    assert 0 not in (signs.code, signs.shape, signs.moved)
    assert unpack(pack(signs)) == signs
    assert unpack(pack(signs)[:72]) == signs._replace(column=0, code=0, shape=0), "as versions before stored them"


def test_code_is_told_apart_from_the_lines_around_it() -> None:
    near, far = (
        shown(7, column=1, end_column=9, code="assert x", around=1),
        shown(7, column=1, end_column=9, code="assert x", around=2),
    )
    assert near.code == far.code
    assert near.moved != far.moved


def test_extent_is_the_same_after_another_indentation() -> None:
    assert shown(7, column=5, end_column=20).shape == shown(9, column=9, end_column=24).shape
    assert shown(7, column=5, end_column=20).shape != shown(7, column=5, end_column=21).shape


def test_of_a_dense_run_the_extents_tell_which_one_was_taken_out() -> None:
    widths = [11, 15, 13, 19, 12]
    old = [shown(10 + at, column=5, end_column=5 + width) for at, width in enumerate(widths)]
    new = [shown(10 + at, column=5, end_column=5 + width) for at, width in enumerate(widths[:1] + widths[2:])]
    matches = track(old, new)
    assert sorted((left, right) for left, right, _ in matches.pairs) == [(0, 0), (2, 1), (3, 2), (4, 3)]
    assert matches.old_left == [1]


def test_what_is_equal_to_the_letter_by_chance_is_matched_with_what_it_was() -> None:
    widths = [11, 15, 11, 19]
    before = [shown(10 + at, column=5, end_column=5 + width) for at, width in enumerate(widths)]
    after = [shown(12 + at, column=5, end_column=5 + width) for at, width in enumerate(widths)]
    equal = [before[2]]
    assert equal == [after[0]]
    matches = track([before[0], before[1], before[3]], after[1:], equal)
    assert sorted((left, right) for left, right, _ in matches.pairs) == [(0, 3), (1, 0), (2, 2), (3, 1)]
    assert not matches.old_left
    assert not matches.new_left


def test_what_is_equal_to_the_letter_stays_where_nothing_speaks_for_another() -> None:
    equal = [shown(line, column=5, end_column=11) for line in (10, 11, 12)]
    matches = track([], [shown(13, column=5, end_column=11)], equal)
    assert matches.pairs == []
    assert (matches.old_left, matches.new_left) == ([], [0])


def test_of_a_dense_run_without_any_difference_nobody_knows_which_one_was_put_in() -> None:
    old = [shown(line, column=5, end_column=11) for line in (10, 11, 12, 40, 50)]
    new = [shown(line, column=5, end_column=11) for line in (10, 11, 12, 13, 41, 51)]
    matches = track(old, new)
    assert {(left, right) for left, right, _ in matches.pairs} >= {(3, 4), (4, 5)}, "what is below only moved"
    assert all(left >= 3 or new[right].line - old[left].line in {0, 1} for left, right, _ in matches.pairs)


def test_an_edited_line_between_others_keeps_its_finding() -> None:
    old = [shown(line, column=5, end_column=11, code=f"assert {line}") for line in (10, 20, 30)]
    new = [shown(line + 4, column=5, end_column=11, code=f"assert {line}") for line in (10, 20, 30)]
    new[1] = shown(24, column=5, end_column=15, code="assert twenty")
    assert sorted((left, right) for left, right, _ in track(old, new).pairs) == [(0, 0), (1, 1), (2, 2)]


def test_a_block_that_moves_to_a_known_file_is_followed_by_its_code() -> None:
    old = [shown(line, column=5, end_column=11, code=f"assert {line}") for line in (10, 20, 30)]
    stays = shown(3, column=1, end_column=7, path="b.py", code="assert me")
    new = [shown(line + 90, column=5, end_column=11, path="b.py", code=f"assert {line}") for line in (20, 30)]
    matches = track([*old, stays], [old[0], stays, *new])
    assert sorted((left, right) for left, right, _ in matches.pairs) == [(0, 0), (1, 2), (2, 3), (3, 1)]


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
