"""What it costs to compare a report with what ten other tools hold of the same files, beside the same import with nothing compared."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING
from unittest import mock

from benchmarks.bench import Bench, Figure, cpus, figure
from benchmarks.measurements.imports import bring_in, expect
from benchmarks.reports import report_of
from benchmarks.watch import Sample, peak_memory

if TYPE_CHECKING:
    from seamark.pipeline.ingest.placing import Placed, Placing
    from seamark.pipeline.ingest.rows import Prepared
    from seamark.store.models import Stream

TOOLS = 10
"""How many tools were there before."""


def hold(paths: list[str]) -> Sample:
    """Import the reports of the tools that were there before, one after the other, as the product does."""
    from django.db import connection

    found = [bring_in(path) for path in paths]
    with connection.cursor() as cursor:
        # What a server does on its own within a minute of a large import.
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")
    return {name: sum(sample[name] for sample in found) for name in ("findings", "issues", "seconds")}


def compared(path: str) -> Sample:
    """Import a report as the product does."""
    with peak_memory() as peaks:
        sample = bring_in(path)
    return {**sample, **peaks}


def apart(path: str) -> Sample:
    """Import a report with nothing compared."""
    with _nothing_compared():
        return compared(path)


@contextlib.contextmanager
def _nothing_compared() -> Iterator[None]:
    """Leave the look at what is stored out of the import: each new finding is an issue of its own."""
    from seamark.pipeline.ingest.placing import Placed, Placing

    def place(
        _self: Placing, _stream: Stream, fresh: Sequence[Prepared], _rules: Sequence[int], inherited: Mapping[int, int], *, now: datetime
    ) -> Placed:  # fmt: skip
        del now
        return Placed(list(range(len(fresh))), dict(inherited), set(inherited.values()), [], [], [])

    with mock.patch.object(Placing, "place", place):
        yield


def figures(bench: Bench) -> list[Figure]:
    """Return the lines of comparing."""
    found = []
    size = bench.size
    held = [str(report_of(tool, size)) for tool in range(1, TOOLS + 1)]
    path = str(report_of(TOOLS + 1, size, near=True))
    for databases in bench.databases:
        beside, alone = [], []
        with databases.fresh() as there:
            expect(bench.sample(hold, database=there, paths=held), findings=TOOLS * size)
            for _ in range(bench.runs):
                for function, samples in ((compared, beside), (apart, alone)):
                    with databases.fresh(like=there) as url:
                        samples.append(expect(bench.sample(function, database=url, path=path), new=size))
        found += _of_samples(bench, databases.name, beside, expect_all(alone, issues=size))
    return found


def expect_all(samples: list[Sample], **wanted: object) -> list[Sample]:
    """Return the samples; refuse one of an import that did something else than what was to be measured."""
    return [expect(sample, **wanted) for sample in samples]


def _of_samples(bench: Bench, database: str, beside: list[Sample], alone: list[Sample]) -> list[Figure]:
    size = bench.size
    by_cpu = sum(cpus(beside)) / (sum(cpus(alone)) or 1)
    joined = [float(sample["findings"] - sample["issues"]) for sample in beside]
    found = [
        figure(
            "correlation.time", size, [one["seconds"] for one in beside], database=database, cpu=cpus(beside),
            limits=[one["seconds"] for one in alone], note=f"by processor seconds {by_cpu:.2f} times the limit",
        ),
        figure("correlation.joined", size, joined, database=database, note=f"{TOOLS * size:,} findings of {TOOLS} tools were there"),
    ]  # fmt: skip
    if all("VmHWM" in sample for sample in (*beside, *alone)):
        peaks, limits = ([one["VmHWM"] for one in samples] for samples in (beside, alone))
        found.insert(1, figure("correlation.memory", size, peaks, database=database, limits=limits))
    else:
        bench.details.append("memory is measured on Linux only")
    return found
