"""What we read out of real reports, beside an established platform: nothing crashes, and no figure falls."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from seamark.core.finding import Finding
from seamark.core.location import CodeLocation
from seamark.core.severity import Severity
from tests.conformance import oracle
from tests.conformance.oracle import Verdict


@pytest.fixture(scope="module")
def found(corpus: Path) -> list[Verdict]:
    """Return the comparison of every report."""
    return list(oracle.verdicts(corpus))


@pytest.mark.corpus
def test_no_parser_crashes(found: list[Verdict]) -> None:
    assert len(found) > 800
    assert [f"{one.file}: {one.error}" for one in found if one.error.startswith("BUG")] == []


@pytest.mark.corpus
def test_every_deviation_is_of_a_report_and_needed(found: list[Verdict]) -> None:
    assert set(oracle.deviations()) <= {one.file for one in found}
    assert [one.file for one in found if one.needless] == []


@pytest.mark.corpus
@pytest.mark.parametrize("name", oracle.floors())
def test_no_figure_falls(found: list[Verdict], name: str) -> None:
    assert oracle.figures(found)[name] >= oracle.floors()[name], "see python -m tests.conformance.oracle --table"


def test_floors_only_rise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oracle, "FLOORS", tmp_path / "floors.toml")
    assert oracle.floors() == {}
    oracle.raise_floors({"detected": 5, "line": 7})
    oracle.raise_floors({"detected": 4, "line": 8})
    assert oracle.floors() == {"detected": 5, "line": 8}


def _finding(title: str, line: int, severity: Severity = Severity.HIGH) -> Finding:
    return Finding(rule="r", title=title, severity=severity, location=CodeLocation(path="src/a.py", line=line))


def _row(title: str, line: int, severity: str = "High") -> oracle.Said:
    other = {"title": title, "severity": severity, "file_path": "a.py", "line": line}
    return other, oracle._said(other, None)


def test_a_finding_that_agrees_in_all_is_not_taken_by_another() -> None:
    ours = [_finding("One", 3), _finding("One", 9)]
    theirs = [_row("One", 4), _row("One", 3), _row("One", 9, "Low")]
    assert oracle._agreement(ours, theirs) == {"severity": (2, 3), "file": (2, 3), "line": (1, 3)}


def test_weaknesses_that_the_report_does_not_hold_are_not_compared() -> None:
    other = {"title": "One", "severity": "High", "cwes": [79, 1035]}
    assert oracle._said(other, {79})["cwes"] == {79}
    assert oracle._said(other, None)["cwes"] == {79, 1035}
    assert "cwes" not in oracle._said(other, {7})


@pytest.mark.parametrize(
    ("theirs", "ours", "same"),
    [
        ("src/a.py", "./a.py", True),
        ("src/ba.py", "a.py", False),
        ("shop:1.0 (debian 12.1)", "registry.example/shop:1.0", True),
        ("shop > web > parse", "web>parse", True),
        ("shop > web > parse", "web", False),
        ("a.py", "", False),
    ],
)
def test_places_are_the_same_however_they_are_written(theirs: str, ours: str, same: bool) -> None:
    assert oracle._same_path(theirs, ours) is same


def _verdict(ours: int, theirs: int, *, reason: str = "", **excused: tuple[int, int]) -> Verdict:
    return Verdict("a.json", "A", "a", "", ours, theirs, {"line": (1, 2)}, reason, excused)


def test_a_deviation_that_excuses_nothing_is_told() -> None:
    assert _verdict(2, 2, reason="merged").needless
    assert _verdict(2, 2, reason="graded", severity=(2, 2)).needless
    assert _verdict(2, 2, reason="not compared", severity=(0, 0)).needless
    assert _verdict(1, 2, reason="merged, and graded alike", count=(0, 1), severity=(2, 2)).needless
    assert not _verdict(2, 2, reason="graded", severity=(1, 2)).needless
    assert not _verdict(1, 2, reason="merged", count=(0, 1)).needless
    assert not _verdict(2, 2).needless


def test_a_reason_for_other_fields_is_none_for_the_count() -> None:
    assert not _verdict(1, 2, reason="graded", severity=(1, 2)).counted
    assert _verdict(1, 2, reason="merged", count=(0, 1)).counted
    assert _verdict(2, 2, reason="graded", severity=(1, 2)).counted


def test_figures_and_table() -> None:
    found = [_verdict(2, 2), _verdict(1, 2), _verdict(1, 2, reason="graded", count=(0, 1), severity=(1, 3))]
    assert oracle.figures(found) == {
        "detected": 3, "counted": 2, "severity": 1, "ids": 0, "cwes": 0, "file": 0, "line": 3,
    }  # fmt: skip
    head, line, everything = oracle.table(found)
    assert head.split() == ["tool", "reports", "read", "counts", *oracle.FIELDS]
    assert line.split() == ["A", "3", "3", "2", "-", "-", "-", "-", "50.0", "%"]
    assert everything.split()[1:] == line.split()[1:]


def test_a_reason_has_to_be_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oracle, "DEVIATIONS", tmp_path)
    (tmp_path / "a.toml").write_text('["a.json"]\nreason = "different"\n', "utf-8")
    with pytest.raises(AssertionError, match="no reason"):
        oracle.deviations()


def test_deviations_name_compared_fields_only() -> None:
    for path in oracle.DEVIATIONS.glob("*.toml"):
        for entry in tomllib.loads(path.read_text("utf-8")).values():
            assert set(entry) <= {"reason", "fields"}
            assert set(entry.get("fields", ())) <= {"count", *oracle.FIELDS}
