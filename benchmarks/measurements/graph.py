"""Questions to a graph of as many nodes as the run's size, and five times as many relations."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from functools import partial

from benchmarks.bench import Bench, Figure, figure
from benchmarks.watch import Sample

STARTS = 60


def fill(count: int) -> Sample:
    """Write the graph."""
    from django.db import connection

    from benchmarks import estate

    start = time.perf_counter()
    written = estate.fill(count)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return {"seconds": time.perf_counter() - start, "findings": written}


def ask(count: int) -> Sample:
    """Time the blast radius of packages of all degrees of fame, and the ways from them to data and to the internet."""
    from benchmarks import estate
    from seamark.analysis.graph.asked import Asked
    from seamark.analysis.graph.lens import Lens
    from seamark.core.assets import AssetKind
    from seamark.store.access import everything

    there = estate.nodes(count)
    packages = there[AssetKind.PACKAGE].tolist()
    starts = packages[:3] + packages[3 :: max(1, len(packages) // STARTS)]
    classes = there[AssetKind.DATA_CLASS].tolist()
    asked = Asked(everything())
    asked.radius(starts[:1], Lens.IMPACT)
    times: dict[str, list[float]] = {"blast": [], "path": [], "exposure": []}
    reached: list[int] = []

    def timed(what: str, call: Callable[[], object]) -> object:
        begin = time.perf_counter()
        answer = call()
        times[what].append((time.perf_counter() - begin) * 1000)
        return answer

    for start in starts:
        found = timed("blast", partial(asked.radius, [start], Lens.IMPACT))
        reached.append(found.total)  # type: ignore[attr-defined]
        timed("path", partial(asked.path, [start], classes))
        timed("exposure", partial(asked.exposure, [start]))
    return {**{name: sorted(each) for name, each in times.items()}, "reached": statistics.median(reached)}


def ask_all(count: int) -> Sample:
    """Time the load of all relations into memory, and exact blast radii in them, however far they reach."""
    from benchmarks import estate
    from seamark.analysis.graph.lens import Lens
    from seamark.analysis.graph.stored import whole
    from seamark.analysis.graph.walk import reach
    from seamark.core.assets import AssetKind
    from seamark.store.graph import Edges

    begin = time.perf_counter()
    graph = whole(Edges())
    loaded = time.perf_counter() - begin
    packages = estate.nodes(count)[AssetKind.PACKAGE].tolist()
    reach(graph, packages[:1], Lens.IMPACT, most=graph.size)
    times, most = [], 0
    for start in packages[:: max(1, len(packages) // STARTS)]:
        begin = time.perf_counter()
        most = max(most, len(reach(graph, [start], Lens.IMPACT, most=graph.size).nodes))
        times.append((time.perf_counter() - begin) * 1000)
    return {"loaded": loaded, "times": sorted(times), "most": most}


def _p95(values: list[float]) -> float:
    return values[min(len(values) - 1, round(len(values) * 0.95))]


def figures(bench: Bench) -> list[Figure]:
    """Return the lines of the graph's questions."""
    found = []
    for databases in bench.databases:
        with databases.fresh() as url:
            relations = bench.sample(fill, database=url, count=bench.size)["findings"]
            samples = [bench.sample(ask, database=url, count=bench.size) for _ in range(bench.runs)]
            everything = [bench.sample(ask_all, database=url, count=bench.size) for _ in range(bench.runs)]
        note = f"{bench.size:,} assets, {relations:,} relations"
        for name in ("blast", "path", "exposure"):
            values = [_p95(sample[name]) for sample in samples]
            found.append(figure(f"graph.{name}", bench.size, values, database=databases.name, note=note))
        most = max(sample["most"] for sample in everything)
        values = [_p95(sample["times"]) for sample in everything]
        found.append(
            figure("graph.exact", bench.size, values, database=databases.name, note=f"up to {most:,} assets reached")
        )
        found.append(
            figure(
                "graph.load",
                bench.size,
                [sample["loaded"] for sample in everything],
                database=databases.name,
                note=note,
            )
        )
    return found
