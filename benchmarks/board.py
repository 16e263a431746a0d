"""Measures the executive dashboard and the quarterly pack: `python -m benchmarks.board 1000000`. The load of the machine is told beside."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys

from benchmarks.child import run_fresh
from benchmarks.databases import Databases, postgresql, sqlite
from benchmarks.measurements import board


def main() -> int:
    """Print, for each database, how long it takes to record the facts, to show the dashboard, and to make a pack."""
    words = argparse.ArgumentParser(prog="python -m benchmarks.board", description=__doc__)
    words.add_argument(
        "issues", type=int, nargs="?", default=1_000_000, help="issues, over three years (default 1,000,000)"
    )
    words.add_argument("--database", choices=["sqlite", "postgresql"], action="append", help="only this one")
    words.add_argument("--runs", type=int, default=7, metavar="N", help="times that each page is asked for (default 7)")
    given = words.parse_args()
    with contextlib.ExitStack() as stack:
        for name, opened in (("sqlite", sqlite), ("postgresql", postgresql)):
            if given.database and name not in given.database:
                continue
            databases = stack.enter_context(opened())
            if databases is not None:
                _measure(databases, given.issues, given.runs)
    return 0


def _measure(databases: Databases, issues: int, runs: int) -> None:
    with databases.fresh() as url:
        _say(f"{databases.version}, {issues:,} issues, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
        filled = run_fresh(board.fill, database=url, count=issues)
        _say(f"  written in {filled['seconds']:.0f} s, {filled['events']:,} events")
        told = run_fresh(board.record, database=url)
        _say(
            f"  facts: {told['facts']:,} in {told['first']:.0f} s at first; a pass without changes {told['again']:.1f} s"
        )
        seen = run_fresh(board.look, database=url, runs=runs)
        periods = ", ".join(f"{period}: {1000 * took:.0f} ms" for period, took in seen["warm"].items())
        _say(
            f"  dashboard: first in a process {1000 * seen['cold']:.0f} ms; then by period {periods}; slowest {1000 * seen['worst']:.0f} ms; processor time of a page {1000 * seen['cpu']:.0f} ms"
        )
        _say(f"  list of open issues {1000 * seen['list']:.0f} ms (load {seen['load']:.1f})")
        made = run_fresh(board.pack, database=url)
        _say(f"  quarterly pack: PDF {made['pdf']:.1f} s, PPTX {made['pptx']:.1f} s")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
