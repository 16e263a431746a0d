"""The measurement of comparing: reports of tools that meet in the same files, and an import that compares nothing beside one that does."""

from __future__ import annotations

from pathlib import Path

import pytest
from benchmarks.bench import Bench
from benchmarks.generate import DRIFT, NEAR, sarif_of
from benchmarks.measurements import correlation

from benchmarks import reports
from seamark.core.finding import Finding
from seamark.core.location import CodeLocation
from seamark.intake.parsers.kit.read import open_report
from seamark.store.models import Issue, Match

COUNT, TOOLS = 400, 4
Spot = tuple[str, int, int]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Return the reports of three tools, and of a fourth of which some findings lie near theirs."""
    folder = tmp_path_factory.mktemp("reports")
    for tool in range(1, TOOLS + 1):
        sarif_of(folder / str(tool), COUNT, tool=tool, near=tool == TOOLS)
    return [str(folder / str(tool)) for tool in range(1, TOOLS + 1)]


def spots(path: str) -> list[Spot]:
    """Return file, line and weakness of every finding."""
    found = []
    for item in open_report(path).items():
        if isinstance(item, Finding):
            assert isinstance(item.location, CodeLocation)
            assert item.location.line is not None
            weakness = item.about.cwes[0] if item.about is not None else 0
            found.append((item.location.path, item.location.line, weakness))
    return found


def met(mine: list[Spot], others: list[Spot]) -> float:
    """Return the share of findings that lie near one of others, of the same weakness."""
    near = {(path, line + by, weakness) for path, line, weakness in others for by in range(-DRIFT, DRIFT + 1)}
    return sum(one in near for one in mine) / len(mine)


def test_tools_name_the_same_files_and_meet_as_often_as_is_asked_for(made: list[str]) -> None:
    mine, *others = spots(made[-1]), *(spots(path) for path in made[:-1])
    theirs = [spot for other in others for spot in other]
    assert len(mine) == COUNT
    assert {path for path, _, _ in mine} == {path for path, _, _ in theirs}
    assert NEAR * 0.7 < met(mine, theirs) < NEAR * 1.4
    assert met(others[0], others[1]) < 0.1, "by chance hardly any do"
    assert len(set(mine)) > COUNT * 0.9


def test_a_tool_gives_the_same_report_each_time(made: list[str], tmp_path: Path) -> None:
    sarif_of(tmp_path / "again", COUNT, tool=TOOLS, near=True)
    assert (tmp_path / "again").read_bytes() == Path(made[-1]).read_bytes()


@pytest.mark.django_db
def test_the_import_beside_it_compares_nothing(made: list[str]) -> None:
    assert correlation.hold(made[:-1])["findings"] == COUNT * (TOOLS - 1)
    Match.objects.all().delete()
    before = Issue.objects.count()
    sample = correlation.apart(made[-1])
    assert sample["findings"] == sample["new"] == sample["issues"] == COUNT
    assert Issue.objects.count() == before + COUNT
    assert not Match.objects.exists()


@pytest.mark.django_db
def test_the_import_that_is_measured_compares(made: list[str]) -> None:
    correlation.hold(made[:-1])
    sample = correlation.compared(made[-1])
    assert sample["new"] == COUNT
    assert COUNT * 0.1 < sample["findings"] - sample["issues"] < COUNT * 0.5, "many of those that lie near join"
    assert sample["seconds"] > 0


def test_an_import_of_something_else_is_refused() -> None:
    with pytest.raises(RuntimeError, match="issues"):
        correlation.expect_all([{"issues": 3}], issues=4)


def test_figures_are_put_beside_the_import_that_compares_nothing() -> None:
    def sample(seconds: float, issues: int, peak: float) -> dict[str, float]:
        return {
            "seconds": seconds,
            "cpu": seconds,
            "findings": 10,
            "issues": issues,
            "VmHWM": peak,
            "RssAnon": peak / 2,
        }

    bench = Bench(10, 10, 1, ())
    found = correlation._of_samples(bench, "correlation", "sqlite", [sample(3, 7, 250)], [sample(2, 10, 200)])
    time, memory, joined = found
    assert (time.value, time.limit, time.met) == (3, 2, True)
    assert time.note == "by processor seconds 1.50 times the limit"
    assert (memory.value, memory.limit, memory.met) == (250, 200, True)
    assert memory.note == "of this the process's own: 125 and 100 MB"
    assert joined.value == 3


def test_reports_of_tools_are_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(reports, "HOME", tmp_path)
    path = reports.report_of(2, 50, near=True)
    made = path.stat().st_mtime_ns
    assert reports.report_of(2, 50, near=True).stat().st_mtime_ns == made
    assert reports.report_of(2, 50) != path
