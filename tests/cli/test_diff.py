"""`seamark diff`: two states of reports, side by side."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.pipeline.reports import RULES, hit, sarif, write

from .conftest import Command


@pytest.fixture
def states(tmp_path: Path) -> tuple[Path, Path]:
    old = [
        hit(line=10, snippet="run(a)"),
        hit(RULES[1], line=20, snippet="open(b)"),
        hit(RULES[2], "gone.py", 3, snippet="md5(c)"),
    ]
    new = [
        hit(line=14, snippet="run(a)"),
        hit(RULES[1], line=20, snippet="open(b)"),
        hit(RULES[2], "come.py", 9, snippet="sha1(d)"),
    ]
    return write(tmp_path / "old.sarif", sarif(old)), write(tmp_path / "new.sarif", sarif(new))


def told(out: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(out)
    return found


@pytest.mark.parametrize("dashes", [True, False])
def test_new_fixed_moved_and_unchanged(seamark: Command, states: tuple[Path, Path], dashes: bool) -> None:
    words = [states[0], "--", states[1]] if dashes else list(states)
    result = seamark("diff", *words, "--json")
    assert (result.code, result.err) == (0, "")
    found = told(result.out)
    assert [one["location"]["path"] for one in found["new"]] == ["come.py"]
    assert [one["location"]["path"] for one in found["fixed"]] == ["gone.py"]
    assert [(one["before"]["location"]["line"], one["after"]["location"]["line"]) for one in found["moved"]] == [
        (10, 14)
    ]
    assert (found["unchanged"], found["gone_without_proof"]) == (1, [])


def test_people_get_a_line_each_and_a_sum(seamark: Command, states: tuple[Path, Path]) -> None:
    lines = seamark("diff", *states).out.splitlines()
    assert [line.split()[0] for line in lines] == ["New", "Fixed", "Moved", "1"]
    assert lines[-1] == "1 new, 1 fixed, 1 moved, 0 gone without proof, 1 unchanged"


def test_a_failed_scan_fixes_nothing(seamark: Command, states: tuple[Path, Path], tmp_path: Path) -> None:
    failed = write(tmp_path / "failed.sarif", sarif([], success=False))
    found = told(seamark("diff", states[0], failed, "--json").out)
    assert (found["fixed"], len(found["gone_without_proof"])) == ([], 3)
    assert found["gone_without_proof"][0]["reason"].startswith("The scan failed")


def test_a_tool_that_did_not_look_again_fixes_nothing(
    seamark: Command, states: tuple[Path, Path], tmp_path: Path
) -> None:
    other = write(tmp_path / "other.sarif", sarif([], tool="Other"))
    found = told(seamark("diff", states[0], "--", other, "--json").out)
    assert {one["reason"] for one in found["gone_without_proof"]} == {"The tool did not look again"}


def test_several_reports_on_each_side(seamark: Command, states: tuple[Path, Path], tmp_path: Path) -> None:
    extra = write(tmp_path / "extra.sarif", sarif([hit()], tool="Other"))
    found = told(seamark("diff", states[0], extra, "--", states[1], extra, "--json").out)
    assert found["unchanged"] == 2


@pytest.mark.parametrize("words", [[], ["a"], ["a", "b", "c"], ["--", "b"], ["a", "--"]])
def test_sides_that_are_not_told_apart_are_asked_for(seamark: Command, words: list[str]) -> None:
    result = seamark("diff", *words)
    assert result.code == 2
    assert "OLD... -- NEW..." in result.err


def test_an_unreadable_report_ends_it(seamark: Command, states: tuple[Path, Path], tmp_path: Path) -> None:
    unknown = write(tmp_path / "x.json", {"hello": 1})
    assert seamark("diff", states[0], tmp_path / "none.sarif").code == 2
    assert seamark("diff", states[0], unknown).code == 3
