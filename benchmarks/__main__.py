"""Measures Seamark beside its limits and prints a table. See docs/performance.md."""

from __future__ import annotations

import argparse
import contextlib
import sys

from rich.console import Console

from benchmarks import databases, history, machine, show
from benchmarks.bench import Bench, Figure
from benchmarks.measurements import MEASUREMENTS

SIZES = {"10k": 10_000, "100k": 100_000, "1m": 1_000_000}
WHERE = {"sqlite": databases.sqlite, "postgresql": databases.postgresql}


def _arguments() -> argparse.Namespace:
    words = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    words.add_argument(
        "--size", choices=SIZES, help="findings or issues (default 100k; memory alone 1m, a file of 1.15 GB)"
    )
    words.add_argument("--database", choices=(*WHERE, "both"), default="both")
    words.add_argument(
        "--only",
        choices=MEASUREMENTS,
        nargs="+",
        help="leave out everything else (without it memory is part of --size 1m only)",
    )
    words.add_argument("--runs", type=int, default=3, metavar="N", help="how often each is measured (default 3)")
    words.add_argument(
        "--record", action="store_true", help="add the run to benchmarks/history.jsonl, and write the docs anew"
    )
    words.add_argument("--docs", action="store_true", help="only write the tables of docs/performance.md anew")
    given = words.parse_args()
    if given.runs < 1:
        words.error("--runs must be at least 1")
    return given


def main() -> int:
    """Return the exit code: 0 also where a target is missed, since the machine may be to blame."""
    given = _arguments()
    # A table in a file or a pipe needs no regard to a window.
    console, errors = Console(width=None if sys.stdout.isatty() else 170), Console(stderr=True)
    if given.docs:
        _write_docs()
        return 0
    wanted = given.only or [name for name in MEASUREMENTS if name != "memory" or given.size == "1m"]
    size = SIZES[given.size or "100k"]
    load = machine.load()
    _warn(errors)
    with contextlib.ExitStack() as stack:
        chosen = list(WHERE) if given.database == "both" else [given.database]
        needed = chosen if set(wanted) - {"parse", "gate"} else []
        there = [stack.enter_context(WHERE[name]()) for name in needed]
        if None in there:
            errors.print("There is no PostgreSQL on this machine: it is left out", style="yellow")
        found = [one for one in there if one is not None]
        bench = Bench(
            size, SIZES[given.size or "1m"], given.runs, found, tell=lambda text: errors.print(f"· {text}", style="dim")
        )
        figures = _measure(bench, wanted)
        show.table(figures, console)
        for line in bench.details:
            console.print(f"  {line}", style="dim")
        _warn(errors)
        if given.record:
            history.append(history.run_of(figures, found, runs=given.runs, load=load))
            _write_docs()
    return 0


def _measure(bench: Bench, wanted: list[str]) -> list[Figure]:
    figures: list[Figure] = []
    for name in MEASUREMENTS:
        if name in wanted:
            figures += MEASUREMENTS[name](bench)
    return figures


def _warn(console: Console) -> None:
    if warning := machine.busy():
        console.print(warning, style="bold yellow")


def _write_docs() -> None:
    page = show.DOCS.read_text("utf-8")
    show.DOCS.write_text(show.page_of(page, history.recorded()), "utf-8")


if __name__ == "__main__":
    sys.exit(main())
