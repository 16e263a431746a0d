"""The reports of the most used scanners: the same by seed, read whole, and every one measured."""

from __future__ import annotations

from pathlib import Path

import pytest
from benchmarks.bench import Bench
from benchmarks.lines import JSON, LINES, XML
from benchmarks.measurements import rates
from benchmarks.measurements.parse import ours
from benchmarks.scanners import MAKERS

from benchmarks import reports
from seamark.core.finding import Finding
from seamark.intake.parsers.kit.read import open_report

COUNT = 120


@pytest.mark.parametrize("format", MAKERS)
def test_every_finding_is_read_and_a_seed_gives_the_same_bytes(tmp_path: Path, format: str) -> None:
    one, two, other = tmp_path / "1", tmp_path / "2", tmp_path / "3"
    MAKERS[format](one, COUNT)
    MAKERS[format](two, COUNT)
    MAKERS[format](other, COUNT, seed=2)
    assert one.read_bytes() == two.read_bytes() != other.read_bytes()
    opened = open_report(one)
    assert opened.parser.name == format
    found = [item for item in opened.items() if isinstance(item, Finding)]
    assert len(found) == COUNT
    assert all(
        (item.rule and item.title and item.severity_given) or format in {"gitleaks", "checkov"} for item in found
    )
    assert ours(str(one))["findings"] == COUNT


@pytest.mark.parametrize("format", MAKERS)
def test_the_limit_decodes_the_same_rows(tmp_path: Path, format: str) -> None:
    path = tmp_path / "report"
    MAKERS[format](path, COUNT)
    sample = rates.bare(str(path), format)
    assert 0 < sample["seconds"] < 5
    rows = {"zap": COUNT // 10, "dependency-check": COUNT // 4}.get(format, COUNT)
    assert sample["rows"] == rows


def test_every_line_is_measured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert {line.removeprefix("rate.") for line in LINES if line.startswith("rate.")} == {*JSON, *XML}
    assert {*rates.ROWS, *rates.ELEMENTS} == {*JSON, *XML}
    monkeypatch.setattr(reports, "HOME", tmp_path)
    monkeypatch.setattr(rates, "ROWS", {"gitleaks": rates.ROWS["gitleaks"]})
    monkeypatch.setattr(rates, "ELEMENTS", {})
    (found,) = rates.figures(Bench(100, 100, 1, ()))
    assert (found.line, found.size) == ("rate.gitleaks", 100)
    assert found.value > 0
    assert found.limit
