"""The recorded runs: one JSON line each in history.jsonl."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from msgspec import Struct

from benchmarks import machine
from benchmarks.bench import Figure
from benchmarks.databases import Databases

PATH = Path(__file__).resolve().parent / "history.jsonl"


class Run(Struct, omit_defaults=True, kw_only=True):
    """One run of the benchmark."""

    date: str
    revision: str
    python: str
    cores: int
    processor: str
    runs: int
    load: float
    """Load average when it began."""
    databases: tuple[str, ...] = ()
    figures: tuple[Figure, ...]


def run_of(figures: Sequence[Figure], databases: Sequence[Databases], *, runs: int, load: float) -> Run:
    """Return the record of what was just measured here."""
    return Run(
        date=datetime.now(UTC).isoformat(timespec="minutes"), revision=machine.revision(), python=platform.python_version(),
        cores=machine.cores(), processor=machine.processor(), runs=runs, load=round(load, 1),
        databases=tuple(one.version for one in databases), figures=tuple(figures),
    )  # fmt: skip


def append(run: Run, path: Path = PATH) -> None:
    """Add a run to the record."""
    with path.open("ab") as file:
        file.write(msgspec.json.encode(run) + b"\n")


def recorded(path: Path = PATH) -> list[Run]:
    """Return all recorded runs, the oldest first."""
    if not path.exists():
        return []
    return [msgspec.json.decode(line, type=Run) for line in path.read_bytes().splitlines() if line.strip()]


def latest(runs: Sequence[Run]) -> list[tuple[Run, Figure]]:
    """Return for each line, database and size the figure of the newest run that has it, in the order of the lines."""
    newest: dict[tuple[str, str, int], tuple[Run, Figure]] = {}
    for run in runs:
        for figure in run.figures:
            newest[figure.line, figure.database, figure.size] = run, figure
    from benchmarks.lines import LINES

    order = list(LINES)
    return [
        newest[key]
        for key in sorted(newest, key=lambda key: (order.index(key[0]) if key[0] in LINES else -1, key[1], key[2]))
        if key[0] in LINES
    ]
