"""A first import where others hold ten times as many findings already, beside one into an empty database."""

from __future__ import annotations

from benchmarks.bench import Bench, Figure, cpus, figure, rates
from benchmarks.measurements.imports import bring_in, expect
from benchmarks.reports import report

TIMES = 10


def figures(bench: Bench) -> list[Figure]:
    """Return the line of the grown database."""
    found = []
    path = str(report("sarif", bench.size))
    for databases in bench.databases:
        empty, grown = [], []
        with databases.fresh() as held:
            for number in range(TIMES):
                bench.sample(bring_in, database=held, path=path, application=f"Held {number}")
            for run in range(bench.runs):
                with databases.fresh() as url:
                    empty.append(bench.sample(bring_in, database=url, path=path))
                sample = bench.sample(bring_in, database=held, path=path, application=f"New {run}")
                grown.append(expect(sample, findings=bench.size, new=bench.size))
        found.append(
            figure("grown.import", bench.size, rates(grown), database=databases.name, cpu=cpus(grown), limits=rates(empty))
        )  # fmt: skip
    return found
