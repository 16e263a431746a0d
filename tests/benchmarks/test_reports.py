"""The generated reports: the same by seed, read by our parsers, and changed by exactly the share that is asked for."""

from __future__ import annotations

from pathlib import Path

import pytest
from benchmarks.generate import MAKERS
from benchmarks.measurements import floor

from benchmarks import reports
from seamark.core.finding import Finding
from seamark.core.report import Run
from seamark.intake.parsers.kit.read import open_report

COUNT = 200


def make(path: Path, format: str, **how: float) -> Path:
    MAKERS[format](path, COUNT, **how)
    return path


def findings(path: Path) -> list[Finding]:
    return [item for item in open_report(path).items() if isinstance(item, Finding)]


@pytest.mark.parametrize("format", MAKERS)
def test_a_seed_gives_the_same_bytes_and_another_seed_others(tmp_path: Path, format: str) -> None:
    one, two = make(tmp_path / "1", format, seed=4), make(tmp_path / "2", format, seed=4)
    assert one.read_bytes() == two.read_bytes()
    assert make(tmp_path / "3", format, seed=5).read_bytes() != one.read_bytes()


@pytest.mark.parametrize("format", MAKERS)
def test_our_parser_recognises_it_and_reads_every_finding(tmp_path: Path, format: str) -> None:
    path = make(tmp_path / "report", format)
    opened = open_report(path)
    assert opened.parser.name == format
    items = list(opened.items())
    assert sum(isinstance(item, Finding) for item in items) == COUNT
    (run,) = [item for item in items if isinstance(item, Run)]
    assert run.successful is not False
    assert all(found.location and found.rule and found.title for found in items if isinstance(found, Finding))


@pytest.mark.parametrize("format", MAKERS)
@pytest.mark.parametrize("share", [0.01, 0.25])
def test_the_asked_share_differs_and_nothing_else(tmp_path: Path, format: str, share: float) -> None:
    before, after = findings(make(tmp_path / "1", format)), findings(make(tmp_path / "2", format, changed=share))
    differing = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    assert len(differing) == round(COUNT * share)
    assert all(old.fingerprints == new.fingerprints and old.rule == new.rule for old, new in differing)


@pytest.mark.parametrize("format", MAKERS)
def test_the_floor_finds_its_keys(tmp_path: Path, format: str) -> None:
    """The floor is only a floor if its upsert meets no key twice."""
    path = str(make(tmp_path / "report", format))
    sample = floor.floor(path, format, f"sqlite:///{tmp_path / 'floor.sqlite3'}")
    assert sample["findings"] == COUNT


def test_reports_are_kept_until_the_generator_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports, "HOME", tmp_path)
    path = reports.report("sarif", 20)
    made = path.stat().st_mtime_ns
    assert reports.report("sarif", 20).stat().st_mtime_ns == made
    assert reports.report("sarif", 20, changed=0.1) != path
    other = tmp_path / "generate.py"
    other.write_text("another generator")
    monkeypatch.setattr(reports.generate, "__file__", str(other))
    assert reports.report("sarif", 20) != path
    assert not path.exists(), "a stale report is taken away"
