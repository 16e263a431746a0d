"""Figures, the record and the page that is written from it."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from benchmarks.bench import Bench, figure
from benchmarks.lines import LINES
from benchmarks.measurements import MEASUREMENTS, lists, parse
from rich.console import Console

from benchmarks import history, machine, show


def run(**more: Any) -> history.Run:
    told: dict[str, Any] = {
        "date": "2026-11-01T10:00+00:00", "revision": "abc", "python": "3.11.7", "cores": 2, "processor": "Acme", "runs": 3,
        "load": 0.2, "databases": ("SQLite 3.45",), "figures": (figure("import.sarif", 100, [10_000.0, 30_000.0, 20_000.0], database="sqlite", limits=[40_000.0]),),
    }  # fmt: skip
    return history.Run(**(told | more))


def test_a_figure_is_the_median_with_its_limit_and_verdict() -> None:
    (one,) = run().figures
    assert (one.value, one.low, one.high, one.ratio, one.met) == (20_000, 10_000, 30_000, 0.5, True)
    assert figure("import.sarif", 100, [19_999.0]).met is True, "four digits count"
    assert figure("import.sarif", 100, [19_990.0]).met is False
    assert figure("parse.sarif", 100, [2.1], limits=[1.0]).met is False
    assert figure("parse.sarif", 100, [1.9], limits=[1.0]).met is True
    assert figure("parse.sarif", 100, [1.9]).met is None, "without its limit nothing is judged"
    assert figure("again.rows", 100, [3.0], limits=[1.0]).met is None


def test_lines_are_named_once_and_say_what_they_are() -> None:
    assert len({line.title for line in LINES.values()}) == len(LINES)
    for line in LINES.values():
        assert line.sentence.endswith(".")
        assert line.judged == "value" or line.limit, f"{line.key} is judged by a limit that it does not have"


def test_the_record_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    assert history.recorded(path) == []
    history.append(run(), path)
    history.append(run(revision="def"), path)
    assert [one.revision for one in history.recorded(path)] == ["abc", "def"]
    assert history.recorded(path)[0] == run()
    assert len(path.read_text().splitlines()) == 2


def test_a_run_is_recorded_with_where_it_took_place(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    history.append(history.run_of(run().figures, [], runs=2, load=0.25), path)
    (told,) = history.recorded(path)
    assert told.figures == run().figures
    assert (told.runs, told.load, told.cores) == (2, 0.2, machine.cores())
    assert told.python.startswith("3.")
    assert told.processor
    assert len(path.read_bytes()) < 600, "lines stay small"


def test_the_newest_figure_of_each_line_and_database_is_shown() -> None:
    later = run(revision="def", figures=(figure("import.sarif", 100, [25_000.0], database="sqlite"),))
    other = run(
        revision="ghi",
        figures=(
            figure("parse.sarif", 100, [1.0], limits=[0.5]),
            figure("import.sarif", 100, [9.0], database="postgresql"),
        ),
    )
    found = [(told.revision, one.line, one.database) for told, one in history.latest([run(), later, other])]
    assert found == [
        ("ghi", "parse.sarif", ""),
        ("ghi", "import.sarif", "postgresql"),
        ("def", "import.sarif", "sqlite"),
    ]
    block = show.figures_block([run(), later, other])
    assert "25,000 findings/s" in block
    assert "| 20,000 findings/s |" not in block.replace(LINES["import.sarif"].goal, "")
    assert "revision def" in block
    assert "revision abc" not in block


def test_a_table_for_people_has_every_figure() -> None:
    console = Console(file=io.StringIO(), width=200)
    show.table(run().figures, console)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    for words in (
        "first import, SARIF",
        "sqlite",
        "20,000",
        "10,000 to 30,000",
        "0.50",
        "met",
        LINES["import.sarif"].limit,
    ):
        assert words in text


def test_the_page_is_what_the_record_says() -> None:
    page = show.DOCS.read_text("utf-8")
    assert show.page_of(page, history.recorded()) == page, "write it anew: python -m benchmarks --docs"
    for name in MEASUREMENTS:
        assert f"`{name}`" in page, f"--only {name} is not explained"


def test_a_page_without_its_block_is_refused() -> None:
    with pytest.raises(ValueError, match="lines"):
        show.page_of("# Performance", [])


def test_figures_come_from_fresh_processes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The whole way of one measurement, its own processes included."""
    from benchmarks import reports

    monkeypatch.setattr(reports, "HOME", tmp_path)
    monkeypatch.delitem(parse.SHAPES, "trivy")
    told: list[str] = []
    found = parse.figures(Bench(100, 100, 1, (), tell=told.append))
    assert [one.line for one in found] == ["parse.sarif", "parse.sarif.bare"]
    assert all(one.value > 0 and one.limit and one.ratio for one in found)
    assert told


def test_lists_are_judged_by_the_slowest_question() -> None:
    runs = [{"fast": [1.0] * 99, "slow": [10.0, 200.0]}, {"fast": [1.0] * 99, "slow": [10.0, 300.0]}]
    bench = Bench(10, 10, 2, ())
    typical, p95, worst = lists._of_runs(bench, "lists", "sqlite", runs)
    assert (typical.value, p95.value) == (1, 1)
    assert (worst.low, worst.high, worst.note, worst.met) == (200, 300, "slow", False)
    assert "slow" in bench.details[0]


def test_a_busy_machine_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "cores", lambda: 2)
    monkeypatch.setattr(machine, "load", lambda: 0.9)
    assert machine.busy() == ""
    monkeypatch.setattr(machine, "load", lambda: 1.4)
    assert "1.4" in machine.busy()
