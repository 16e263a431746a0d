"""What it costs to compare a report with what other tools hold of the same files, beside the same import with nothing compared."""

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
"""How many reports were there before."""
SCENES = {"correlation.one": 1, "correlation": TOOLS}
"""How many of those reports are of the same files, by the name of the lines; the others are of other applications."""


def hold(paths: list[str], same: int = TOOLS) -> Sample:
    """Import the reports that were there before as the product does, the first `same` of them into the application that is measured."""
    from django.db import connection

    found = [bring_in(path, "Shop" if at < same else f"Other {at}") for at, path in enumerate(paths)]
    with connection.cursor() as cursor:
        # What PostgreSQL does on its own within a minute of a large import.
        cursor.execute("ANALYZE")
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
    for scene, same in SCENES.items():
        tools = [*range(1, same + 1), *range(same + 2, TOOLS + 2)]
        held = [str(report_of(tool, size)) for tool in tools]
        path = str(report_of(same + 1, size, near=True))
        for databases in bench.databases:
            beside: list[Sample] = []
            alone: list[Sample] = []
            with databases.fresh() as there:
                expect(bench.sample(hold, database=there, paths=held, same=same), findings=TOOLS * size)
                for _ in range(bench.runs):
                    for function, samples in ((compared, beside), (apart, alone)):
                        with databases.fresh(like=there) as url:
                            samples.append(expect(bench.sample(function, database=url, path=path), new=size))
            found += _of_samples(bench, scene, databases.name, beside, expect_all(alone, issues=size))
    return found


def expect_all(samples: list[Sample], **wanted: object) -> list[Sample]:
    """Return the samples; refuse one of an import that did something else than what was to be measured."""
    return [expect(sample, **wanted) for sample in samples]


def _of_samples(bench: Bench, scene: str, database: str, beside: list[Sample], alone: list[Sample]) -> list[Figure]:
    size = bench.size
    by_cpu = sum(cpus(beside)) / (sum(cpus(alone)) or 1)
    joined = [float(sample["findings"] - sample["issues"]) for sample in beside]
    found = [
        figure(
            f"{scene}.time", size, [one["seconds"] for one in beside], database=database, cpu=cpus(beside),
            limits=[one["seconds"] for one in alone], note=f"by processor seconds {by_cpu:.2f} times the limit",
        ),
        figure(f"{scene}.joined", size, joined, database=database, note=f"{TOOLS * size:,} findings were there, {SCENES[scene] * size:,} of them of the same files"),
    ]  # fmt: skip
    if all("VmHWM" in sample for sample in (*beside, *alone)):
        peaks, limits = ([one["VmHWM"] for one in samples] for samples in (beside, alone))
        own = " and ".join(f"{max(one['RssAnon'] for one in samples):,.0f}" for samples in (beside, alone))
        note = f"of this the process's own: {own} MB"
        found.insert(1, figure(f"{scene}.memory", size, peaks, database=database, limits=limits, note=note))
    else:
        bench.details.append("memory is measured on Linux only")
    return found
