"""The figures for people: a table on the terminal, and the tables of docs/performance.md."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from benchmarks.bench import Figure
from benchmarks.history import Run, latest
from benchmarks.lines import LINES

DOCS = Path(__file__).resolve().parent.parent / "docs" / "performance.md"
_VERDICTS = {True: "met", False: "missed", None: ""}
_STYLES = {True: "green", False: "bold red", None: "dim"}


def number(value: float | None) -> str:
    """Write a number for people: three or four digits."""
    if value is None:
        return ""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def spread(figure: Figure) -> str:
    """Write the least and the most of the runs, where they differ."""
    return "" if figure.low == figure.high else f"{number(figure.low)} to {number(figure.high)}"


def table(figures: Sequence[Figure], console: Console) -> None:
    """Print the figures."""
    grid = Table(title="Measured beside its limits", title_justify="left", header_style="bold", pad_edge=False)
    for name in ("what", "database", "of", "median", "unit", "least to most", "CPU s", "limit", "ratio", "target", ""):
        grid.add_column(name, justify="left" if name in {"what", "database", "unit", "target", ""} else "right")
    for one in figures:
        ratio = "" if one.ratio is None else f"{one.ratio:.2f}"
        verdict = Text(_VERDICTS[one.met], style=_STYLES[one.met])
        grid.add_row(
            one.about.title, one.database, f"{one.size:,}", number(one.value), one.about.unit, spread(one), number(one.cpu),
            number(one.limit), ratio, one.about.goal, verdict,
        )  # fmt: skip
    console.print(grid)
    limits = {one.about.title: one.about.limit for one in figures if one.limit is not None}
    for beside in dict.fromkeys(limits.values()):
        titles = ", ".join(title for title, limit in limits.items() if limit == beside)
        console.print(Text(f"  limit of {titles}: {beside}", style="dim"))
    for one in figures:
        if one.note:
            console.print(Text(f"  {one.about.title} ({one.database or 'no database'}): {one.note}", style="dim"))


def lines_block() -> str:
    """Return the docs' list of what is measured."""
    rows = ["| line | what it is | beside | target |", "|---|---|---|---|"]
    rows += [
        f"| {line.title} ({line.unit}) | {line.sentence} | {line.limit or 'nothing'} | {line.goal} |"
        for line in LINES.values()
    ]
    return "\n".join(rows)


def figures_block(runs: Sequence[Run]) -> str:
    """Return the docs' table of the newest recorded figures, with where they were taken."""
    found = latest(runs)
    if not found:
        return "No run is recorded yet."
    rows = [
        "| line | database | of | median | least to most | CPU s | limit | ratio | target | | run |",
        "|---|---|---:|---:|---:|---:|---:|---:|---|---|---|",
    ]
    used: list[Run] = []
    for run, one in found:
        if run not in used:
            used.append(run)
        ratio = "" if one.ratio is None else f"{one.ratio:.2f}"
        cells = (
            one.about.title, one.database, f"{one.size:,}", f"{number(one.value)} {one.about.unit}", spread(one), number(one.cpu),
            number(one.limit), ratio, one.about.goal, _VERDICTS[one.met], str(used.index(run) + 1),
        )  # fmt: skip
        rows.append(f"| {' | '.join(cells)} |")
    places = [
        f"{at}. {run.date}, revision {run.revision or 'unknown'}, Python {run.python}, {', '.join(run.databases) or 'no database'}, "
        f"{run.cores} cores ({run.processor}), {run.runs} runs a figure, load {run.load:g} at the start"
        for at, run in enumerate(used, start=1)
    ]
    return "\n".join([*rows, "", "Runs:", "", *places])


def with_block(page: str, name: str, content: str) -> str:
    """Return a page with the text between the marks of a block replaced."""
    start, end = f"<!-- {name}: written by `python -m benchmarks --docs` -->", f"<!-- end of {name} -->"
    head, found, rest = page.partition(start)
    _, closed, tail = rest.partition(end)
    if not found or not closed:
        raise ValueError(f"The page has no block called {name}")
    return f"{head}{start}\n\n{content}\n\n{end}{tail}"


def page_of(page: str, runs: Sequence[Run]) -> str:
    """Return docs/performance.md as it should be for these recorded runs."""
    return with_block(with_block(page, "lines", lines_block()), "figures", figures_block(runs))
