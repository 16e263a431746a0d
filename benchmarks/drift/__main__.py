"""Measures how findings are tracked over the history of real repositories, and over seeded edits of our own example."""

from __future__ import annotations

import argparse
import os
import sys
from collections import defaultdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.drift import scanning, synthetic
from benchmarks.drift.score import Score
from benchmarks.drift.trackers import TRACKERS
from benchmarks.drift.walk import walk


def _arguments() -> argparse.Namespace:
    words = argparse.ArgumentParser(prog="python -m benchmarks.drift", description=__doc__)
    words.add_argument("repositories", nargs="*", type=Path, help="clones, bare or not (default: those of SEAMARK_DRIFT_REPOSITORIES)")  # fmt: skip
    words.add_argument("--commits", type=int, default=250, metavar="N", help="commits of each that touch Python files (default 250)")  # fmt: skip
    words.add_argument("--step", type=int, default=1, metavar="N", help="scan every N-th of them (default 1)")
    words.add_argument("--tools", type=Path, metavar="FOLDER", help="where bandit and ruff are, if not beside Python or on the PATH")  # fmt: skip
    given = words.parse_args()
    if not given.repositories:
        listed = os.environ.get("SEAMARK_DRIFT_REPOSITORIES", "")
        given.repositories = [Path(one) for one in listed.split(os.pathsep) if one]
    return given


def _table(console: Console, title: str, scores: dict[str, Score]) -> None:
    table = Table(title=title, title_justify="left")
    for name in (
        "tracked by",
        "steps",
        "findings",
        "undecided",
        "false new+fixed",
        "per 1,000",
        "carries",
        "wrong",
        "share",
    ):
        table.add_column(name, justify="left" if name == "tracked by" else "right")
    for name, one in scores.items():
        table.add_row(name, *map(str, (one.steps, one.findings, f"{one.undecided / max(one.findings, 1):.2%}", one.split, f"{one.split_per_thousand:.2f}", one.carried, one.wrong, f"{one.wrong_share:.3%}")))  # fmt: skip
    console.print(table)


def by_seed(edits: dict[str, synthetic.Edit], *, code: bool, steps: int = 60, most: int = 4) -> dict[str, Score]:
    """Return the scores of every tracker over seeded edits of our own example."""
    scores = {name: Score() for name in TRACKERS}
    for step, truth in synthetic.history(1, steps, edits, code=code, most=most):
        for name, tracker in TRACKERS.items():
            scores[name].add(truth, tracker(step), len(step.new))
    return scores


def main() -> int:
    """Return the exit code."""
    given = _arguments()
    console = Console(width=None if sys.stdout.isatty() else 170)
    if given.repositories and (lacking := scanning.missing(given.tools)):
        console.print(
            f"Not installed: {', '.join(lacking)}. Put them into an environment and name its bin with --tools."
        )
        return 2
    for code in (True, False):
        _table(
            console, f"seeded edits, report {'with' if code else 'without'} code", by_seed(synthetic.EDITS, code=code)
        )
    for folder in given.repositories:
        totals: dict[str, dict[str, Score]] = defaultdict(lambda: {name: Score() for name in TRACKERS})
        for _, tool, step, truth in walk(folder, given.commits, given.step, given.tools):
            for name, tracker in TRACKERS.items():
                totals[tool][name].add(truth, tracker(step), len(step.new))
        for tool, scores in totals.items():
            _table(
                console,
                f"{folder.parent.name or folder.name}, {tool}, {given.commits} commits, every {given.step}",
                scores,
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
