"""How much memory the import of a report of 1 GB takes."""

from __future__ import annotations

from benchmarks.bench import Bench, Figure, cpus, figure, rates
from benchmarks.measurements.imports import bring_in, expect
from benchmarks.reports import report
from benchmarks.watch import Sample, peak_memory


def bring_in_watched(path: str) -> Sample:
    """Import a file, and tell the largest memory that the process had."""
    with peak_memory() as peaks:
        sample = bring_in(path)
    return {**sample, **peaks}


def figures(bench: Bench) -> list[Figure]:
    """Return the lines of memory. One run a database: a peak hardly varies, and a gigabyte takes its time."""
    found = []
    path = report("sarif", bench.large)
    for databases in bench.databases:
        with databases.fresh() as url:
            sample = expect(bench.sample(bring_in_watched, database=url, path=str(path)), findings=bench.large)
        name, size = databases.name, bench.large
        if "VmHWM" not in sample:
            bench.details.append("memory is measured on Linux only")
            continue
        note = f"{path.stat().st_size / 1e6:,.0f} MB"
        found += [
            figure("memory.peak", size, [sample["VmHWM"]], database=name, note=note),
            figure("memory.own", size, [sample["RssAnon"]], database=name),
            figure("memory.rate", size, rates([sample]), database=name, cpu=cpus([sample])),
        ]
    return found
