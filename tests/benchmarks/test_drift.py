"""The accuracy of tracking on seeded edits, and the measuring itself: truth from git, and what counts as wrong."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from benchmarks.drift import synthetic
from benchmarks.drift.__main__ import by_seed
from benchmarks.drift.repositories import Change, Repository
from benchmarks.drift.score import Score
from benchmarks.drift.trackers import TRACKERS, by_key, ours
from benchmarks.drift.truth import mapped, truth_of
from benchmarks.drift.values import Step, Truth, place

from seamark.core.finding import Finding
from seamark.core.location import CodeLocation
from seamark.core.severity import Severity

OURS, CHECKOUT, BY_LINE = (
    "Seamark, equal findings as neighbours",
    "Seamark, with a checkout at hand",
    "rule + file + line",
)


@pytest.mark.parametrize("code", [True, False])
@pytest.mark.parametrize("name", synthetic.ALONE)
def test_a_harmless_edit_alone_splits_and_confuses_nothing(name: str, code: bool) -> None:
    scores = by_seed({name: synthetic.ALONE[name]}, code=code, steps=20, most=1)
    assert scores[OURS].same > 500
    assert (scores[OURS].split, scores[OURS].wrong) == (0, 0)
    assert scores[BY_LINE].split > 200, "the edit does something"


@pytest.mark.parametrize("code", [True, False])
def test_any_mixture_of_edits_stays_within_the_targets(code: bool) -> None:
    scores = by_seed(synthetic.EDITS, code=code)
    assert scores[OURS].findings > 5000
    assert scores[OURS].split * 3 <= scores[BY_LINE].split
    assert scores[OURS].wrong_share <= 0.005
    assert scores[CHECKOUT].split_per_thousand < 2
    assert scores[CHECKOUT].wrong_share < 0.001


def test_the_same_seed_gives_the_same_history() -> None:
    once, again = (list(synthetic.history(3, 12, synthetic.EDITS, code=True)) for _ in range(2))
    assert once == again
    assert once != list(synthetic.history(4, 12, synthetic.EDITS, code=True))


def finding(path: str, line: int, rule: str = "S1") -> Finding:
    return Finding(
        rule=rule, title="Do not", severity=Severity.LOW, location=CodeLocation(path=path, line=line, column=1)
    )


def test_a_score_counts_splits_and_wrong_carries_but_nothing_undecided() -> None:
    score = Score()
    score.add(Truth({0: 0, 1: 1, 2: 2}, {(3, 3)}), [(0, 0), (1, 2), (3, 3), (4, 4)], 5)
    assert (score.split, score.wrong, score.carried, score.undecided) == (2, 2, 4, 1)
    assert score.split_per_thousand == 400
    assert score.wrong_share == 0.5


def test_a_line_is_mapped_through_insertions_removals_and_changes() -> None:
    hunks = [(2, 0, 3, 2), (5, 1, 8, 3), (9, 2, 13, 0)]
    assert [mapped(line, hunks) for line in (1, 2, 3, 5, 6, 9, 10, 11)] == [1, 2, 5, None, 10, None, None, 13]


OLD = """\
import os
run(os.environ["FIRST_COMMAND"])
run(os.environ["SECOND_COMMAND"])
def away():
    run(os.environ["A_COMMAND_THAT_MOVES"])
run("x")
"""
NEW = """\
import os
import sys
if sys.argv:
    run(os.environ["FIRST_COMMAND"])
    run(os.environ["SECOND_COMMAND"], check=True)
print("quite another thing")
"""
OTHER = """\
def here():
    run(os.environ["A_COMMAND_THAT_MOVES"])
"""


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    def git(*words: str) -> None:
        who = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", "-C", str(tmp_path), *who, *words], check=True, capture_output=True)

    git("init", "--quiet")
    for files in ({"a.py": OLD, "b.py": "x = 1\n" * 9}, {"a.py": NEW, "c.py": "x = 1\n" * 9, "d.py": OTHER}):
        for path in tmp_path.glob("*.py"):
            path.unlink()
        for name, text in files.items():
            (tmp_path / name).write_text(text, "utf-8")
        git("add", "--all")
        git("commit", "--quiet", "-m", "step")
    return Repository(tmp_path)


def test_git_tells_what_was_kept_edited_moved_and_renamed(repository: Repository) -> None:
    before, after = repository.commits(2)
    changes = repository.changes(before, after)
    assert {(change.old_path, change.new_path) for change in changes} == {
        ("a.py", "a.py"),
        ("b.py", "c.py"),
        ("", "d.py"),
    }
    step = Step(
        old=[*(finding("a.py", line) for line in (2, 3, 5, 6)), finding("b.py", 4)],
        new=[
            *(finding("a.py", line) for line in (4, 5)),
            finding("c.py", 4),
            finding("d.py", 2),
            finding("a.py", 6, "S2"),
        ],
        old_files={"a.py": OLD.split("\n"), "b.py": ["x = 1"] * 9},
        new_files={"a.py": NEW.split("\n"), "c.py": ["x = 1"] * 9, "d.py": OTHER.split("\n")},
    )
    truth = truth_of(step, changes, repository)
    assert truth.same == {0: 0, 1: 1, 2: 3, 4: 2}
    assert not truth.undecided


def test_a_short_statement_elsewhere_is_undecided(repository: Repository) -> None:
    change = Change("a.py", repository.changes(*repository.commits(2))[0].old_blob, "", "")
    step = Step([finding("a.py", 6)], [finding("e.py", 1)], {"a.py": OLD.split("\n")}, {"e.py": ['run("x")']})
    truth = truth_of(step, [change], repository)
    assert truth.same == {}
    assert truth.undecided == {(0, 0)}


def test_a_tracker_by_key_takes_each_finding_once() -> None:
    step = Step([finding("a.py", 1)], [finding("a.py", 1), finding("a.py", 1)], {}, {})
    assert by_key(lambda one, _: place(one).line)(step) == [(0, 0)]
    assert len(ours(step)) == 1
    assert set(TRACKERS) >= {OURS, CHECKOUT, BY_LINE}
