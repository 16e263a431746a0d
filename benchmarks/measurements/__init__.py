"""One file a measurement: functions that are run in a fresh process, and `figures`, which asks for them."""

from collections.abc import Callable

from benchmarks.bench import Bench, Figure
from benchmarks.measurements import (
    again,
    correlation,
    deploy,
    gate,
    graph,
    grown,
    imports,
    ledger,
    lists,
    memory,
    parse,
    rates,
    rescore,
    reweigh,
    storage,
)

Measurement = Callable[[Bench], list[Figure]]


def _parse(bench: Bench) -> list[Figure]:
    return parse.figures(bench) + rates.figures(bench)


def _rescore(bench: Bench) -> list[Figure]:
    return rescore.figures(bench) + reweigh.figures(bench)


MEASUREMENTS: dict[str, Measurement] = {
    "parse": _parse,
    "gate": gate.figures,
    "import": imports.figures,
    "again": again.figures,
    "grown": grown.figures,
    "correlation": correlation.figures,
    "storage": storage.figures,
    "lists": lists.figures,
    "rescore": _rescore,
    "graph": graph.figures,
    "ledger": ledger.figures,
    "deploy": deploy.figures,
    "memory": memory.figures,
}
