"""One file a measurement: functions that are run in a fresh process, and `figures`, which asks for them."""

from collections.abc import Callable

from benchmarks.bench import Bench, Figure
from benchmarks.measurements import again, correlation, grown, imports, lists, memory, parse, rescore, storage

Measurement = Callable[[Bench], list[Figure]]

MEASUREMENTS: dict[str, Measurement] = {
    "parse": parse.figures,
    "import": imports.figures,
    "again": again.figures,
    "grown": grown.figures,
    "correlation": correlation.figures,
    "storage": storage.figures,
    "lists": lists.figures,
    "rescore": rescore.figures,
    "memory": memory.figures,
}
