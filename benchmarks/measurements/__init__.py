"""One file a measurement: functions that are run in a fresh process, and `figures`, which asks for them."""

from collections.abc import Callable

from benchmarks.bench import Bench, Figure
from benchmarks.measurements import (
    again,
    correlation,
    graph,
    grown,
    imports,
    lists,
    memory,
    parse,
    rates,
    rescore,
    storage,
)

Measurement = Callable[[Bench], list[Figure]]


def _parse(bench: Bench) -> list[Figure]:
    return parse.figures(bench) + rates.figures(bench)


MEASUREMENTS: dict[str, Measurement] = {
    "parse": _parse,
    "import": imports.figures,
    "again": again.figures,
    "grown": grown.figures,
    "correlation": correlation.figures,
    "storage": storage.figures,
    "lists": lists.figures,
    "rescore": rescore.figures,
    "graph": graph.figures,
    "memory": memory.figures,
}
