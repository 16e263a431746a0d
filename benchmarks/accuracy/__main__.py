"""Measures the cross-tool matcher on labelled data and compares with the committed figures. See docs/correlation.md."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.accuracy import labelled, packages
from benchmarks.accuracy.corpus import corpus
from benchmarks.accuracy.score import Score, score

FIGURES = Path(__file__).with_name("figures.json")
GAPS = (8, 25)
SEEDS = (1, 2, 3)


def measure(folder: Path) -> Iterator[tuple[str, Score]]:
    """Yield the name and the score of every labelled set that is there."""
    if (folder / "benchmark").is_dir():
        tuned, held = labelled.held_out(labelled.benchmark(folder / "benchmark"))
        strangers = labelled.nameless([*tuned, *held])
        for name, rows in (("tuned on", tuned), ("held out", held), ("without the table", strangers)):
            yield f"code, {name}", score(rows)
            for gap in GAPS:
                for seed in SEEDS:
                    yield f"code stacked {gap} apart, seed {seed}, {name}", score(labelled.stacked(rows, gap, seed))
    if (folder / "sca/anteather-image").is_dir():
        scanned = packages.image(folder / "sca/anteather-image")
        yield "packages, one row per CVE", packages.score(packages.apart(scanned))
        yield "packages, advisories whole", packages.score(scanned)


def worse(before: dict[str, dict[str, float]], now: dict[str, Score]) -> list[str]:
    """Return a sentence for every figure that fell below the committed one."""
    return [
        f"{name}: {what} fell from {before[name][what]} to {getattr(found, what)}"
        for name, found in now.items()
        for what in ("precision", "recall")
        if name in before and getattr(found, what) < before[name][what]
    ]


def _show(found: dict[str, Score]) -> None:
    table = Table("labelled set", "findings", "pairs", "precision", "recall", "suggested", "rightly")
    for name, one in found.items():
        row = (
            one.findings,
            one.pairs,
            f"{one.precision:.4f}",
            f"{one.recall:.4f}",
            one.suggested,
            f"{one.rightly:.2f}",
        )
        table.add_row(name, *map(str, row))
    Console(width=130).print(table)


def main(arguments: list[str] | None = None) -> int:
    """Measure, print, and compare or record."""
    words = argparse.ArgumentParser(prog="python -m benchmarks.accuracy", description=__doc__)
    words.add_argument("--record", action="store_true", help="write the figures as those to keep")
    given = words.parse_args(arguments)
    folder = corpus()
    if folder is None:
        sys.stdout.write("Skipped: the folder of labelled data is not there; SEAMARK_CORPUS names it.\n")
        return 0
    found = dict(measure(folder))
    if not found:
        sys.stdout.write(f"Skipped: {folder} holds none of the labelled sets.\n")
        return 0
    _show(found)
    if given.record:
        kept = {name: {"precision": one.precision, "recall": one.recall} for name, one in found.items()}
        FIGURES.write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")
        return 0
    fallen = worse(json.loads(FIGURES.read_text(encoding="utf-8")) if FIGURES.exists() else {}, found)
    for sentence in fallen:
        sys.stdout.write(f"{sentence}\n")
    return 1 if fallen else 0


if __name__ == "__main__":
    raise SystemExit(main())
