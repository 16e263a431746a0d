"""Measures identity: the cross-tool matcher on labelled data and tracking over seeded edits; compares with the committed figures.

See docs/correlation.md.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.accuracy import labelled, packages, samples, tracking
from benchmarks.accuracy.corpus import corpus
from benchmarks.accuracy.score import Score, score
from benchmarks.accuracy.whole import whole
from benchmarks.drift.score import Score as Tracked

FIGURES = Path(__file__).with_name("figures.json")
GAPS = (8, 25)
SEEDS = (1, 2, 3)
LESS_IS_BETTER = frozenset({"false pairs per 1,000", "wrong carries"})

Figures = dict[str, dict[str, float]]


def measure(folder: Path) -> Iterator[tuple[str, Score]]:
    """Yield the name and the score of every labelled set that is there."""
    if (folder / "benchmark").is_dir():
        yield from _code(labelled.benchmark(folder / "benchmark"))
        yield "code, through seamark correlate", whole(folder / "benchmark")
        if (folder / "benchmark/utils_samples").is_dir():
            yield "small reports of many tools", score(samples.samples(folder / "benchmark/utils_samples"))
    if (folder / "sca/anteather-image").is_dir():
        scanned = packages.image(folder / "sca/anteather-image")
        yield "packages, one row per CVE", packages.score(packages.apart(scanned))
        yield "packages, advisories whole", packages.score(scanned)


def _code(rows: list[labelled.Labelled]) -> Iterator[tuple[str, Score]]:
    tuned, held = labelled.held_out(rows)
    everything = [*tuned, *held]
    yield from _with_stacks("tuned on", tuned)
    yield from _with_stacks("held out", held)
    yield from _with_stacks("without the table", labelled.nameless(everything))
    for seed in SEEDS:
        yield from _with_stacks(f"two tools unknown, draw {seed}", labelled.strangers(everything, seed)[0], SEEDS[:1])
        yield from _with_stacks(f"tools that overlook most, draw {seed}", labelled.thinned(everything, seed), SEEDS[:1])
        yield from _with_stacks(f"lines told differently, draw {seed}", labelled.shifted(everything, seed), SEEDS[:1])


def _with_stacks(
    name: str, rows: list[labelled.Labelled], seeds: tuple[int, ...] = SEEDS
) -> Iterator[tuple[str, Score]]:
    yield f"code, {name}", score(rows)
    for gap in GAPS:
        for seed in seeds:
            yield f"code stacked {gap} apart, seed {seed}, {name}", score(labelled.stacked(rows, gap, seed))


def worse(before: Mapping[str, Mapping[str, float]], now: Mapping[str, Mapping[str, float]]) -> list[str]:
    """Return a sentence for every figure that is worse than the committed one."""
    return [
        f"{name}: {what} went from {before[name][what]} to {value}"
        for name, found in now.items()
        for what, value in found.items()
        if name in before and what in before[name] and (value - before[name][what]) * _better(what) < 0
    ]


def _better(what: str) -> int:
    return -1 if what in LESS_IS_BETTER else 1


def _show(console: Console, found: dict[str, Score]) -> None:
    table = Table("labelled set", "findings", "pairs", "precision", "recall", "suggested", "rightly")
    for name, one in found.items():
        rightly = f"{one.rightly:.2f}" if one.suggested else ""
        row = (one.findings, one.pairs, f"{one.precision:.4f}", f"{one.recall:.4f}", one.suggested, rightly)
        table.add_row(name, *map(str, row))
    console.print(table)


def _show_tracking(console: Console, found: dict[str, tuple[Tracked, Tracked]]) -> None:
    table = Table(
        "seeded edits", "findings", "false new+fixed per 1,000", "by file and line", "wrong carries", "by file and line"
    )
    for name, (ours, other) in found.items():
        table.add_row(
            name, str(ours.findings), f"{ours.split_per_thousand:.2f}", f"{other.split_per_thousand:.2f}",
            f"{ours.wrong_share:.3%}", f"{other.wrong_share:.3%}",
        )  # fmt: skip
    console.print(table)


def main(arguments: list[str] | None = None) -> int:
    """Measure, print, and compare or record."""
    words = argparse.ArgumentParser(prog="python -m benchmarks.accuracy", description=__doc__)
    words.add_argument("--record", action="store_true", help="write the figures as those to keep")
    given = words.parse_args(arguments)
    console = Console(width=150)
    tracked = {name: (ours, other) for name, ours, other in tracking.measure()}
    _show_tracking(console, tracked)
    folder = corpus()
    found = dict(measure(folder)) if folder else {}
    if found:
        _show(console, found)
    else:
        sys.stdout.write("No labelled data: the matcher was not measured. SEAMARK_CORPUS names the folder.\n")
    figures: Figures = {
        name: {"false pairs per 1,000": round(one.split_per_thousand, 2), "wrong carries": round(one.wrong_share, 5)}
        for name, (one, _) in tracked.items()
    } | {name: {"precision": one.precision, "recall": one.recall} for name, one in found.items()}
    kept: Figures = json.loads(FIGURES.read_text(encoding="utf-8")) if FIGURES.exists() else {}
    if given.record:
        FIGURES.write_text(json.dumps(figures if found else kept | figures, indent=2) + "\n", encoding="utf-8")
        return 0
    fallen = worse(kept, figures)
    for sentence in fallen:
        sys.stdout.write(f"{sentence}\n")
    return 1 if fallen else 0


if __name__ == "__main__":
    raise SystemExit(main())
