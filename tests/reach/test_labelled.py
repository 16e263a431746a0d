"""The labelled projects: no reachable package is called unreachable, and most unreachable ones are recognised."""

from __future__ import annotations

from collections import Counter

import pytest

from seamark.intake.reach.model import Reach

from .measure import Case, cases, judged

CASES = cases()


@pytest.mark.parametrize("case", [case for case in CASES if case.reachable], ids=lambda case: case.name)
def test_no_reachable_package_is_called_unreachable(case: Case) -> None:
    answer = judged(case)
    assert answer.reach is not Reach.UNREACHABLE, f"{case.why} Said: {answer.why}"


def test_most_unreachable_packages_are_recognised() -> None:
    unreachable = [case for case in CASES if not case.reachable]
    missed = [case.name for case in unreachable if judged(case).reach is not Reach.UNREACHABLE]
    assert len(missed) <= 0.3 * len(unreachable), missed


def test_the_set_is_large_and_even() -> None:
    languages = Counter(case.name.partition("/")[0] for case in CASES)
    assert set(languages) == {"python", "javascript", "go", "java"}
    assert len(CASES) >= 60
    assert all(count >= 15 for count in languages.values())
    assert sum(case.reachable for case in CASES) >= len(CASES) / 2
    assert all(case.why for case in CASES)
