"""The first import of a report into an empty database, end to end, beside the floor."""

from __future__ import annotations

from pathlib import Path

from benchmarks.bench import Bench, Figure, cpus, figure, rates
from benchmarks.measurements.floor import floor
from benchmarks.reports import report, warm
from benchmarks.watch import Sample, Watch, server_cpu

FORMATS = ("sarif", "trivy")


def bring_in(path: str, application: str = "Shop") -> Sample:
    """Import a file in the way of the command line, and tell what came of it."""
    from django.db import connection

    from seamark.intake.parsers.kit.registry import parsers
    from seamark.pipeline.imports import import_file
    from seamark.pipeline.target import Target

    parsers()
    warm(Path(path))
    connection.ensure_connection()
    target = Target(application=application, repository=f"git.example/bench/{application.lower()}", ref="main")
    backend = connection.connection.info.backend_pid if connection.vendor == "postgresql" else 0
    before = server_cpu(backend) if backend else None
    with Watch() as watch:
        outcome = import_file(Path(path), target)
    after = server_cpu(backend) if backend else None
    return watch.sample(
        findings=outcome.findings, new=outcome.new, unchanged=outcome.unchanged, repeated=outcome.repeated, issues=outcome.issues,
        server_cpu=after - before if after is not None and before is not None else None,
    )  # fmt: skip


def expect(sample: Sample, **wanted: object) -> Sample:
    """Return the sample; refuse one of an import that did something else than what was to be measured."""
    other = {name: sample[name] for name, value in wanted.items() if sample[name] != value}
    if other:
        raise RuntimeError(f"The import had {other} where {wanted} was expected")
    return sample


def figures(bench: Bench) -> list[Figure]:
    """Return the lines of the first import."""
    found = []
    for databases in bench.databases:
        for format in FORMATS:
            path = str(report(format, bench.size))
            took, least = [], []
            for _ in range(bench.runs):
                with databases.fresh() as url:
                    sample = bench.sample(bring_in, database=url, path=path)
                    took.append(expect(sample, findings=bench.size, new=bench.size))
                with databases.fresh() as url:
                    least.append(expect(bench.sample(floor, path=path, format=format, url=url), findings=bench.size))
            found.append(
                figure(
                    f"import.{format}", bench.size, rates(took), database=databases.name, cpu=cpus(took), limits=rates(least)
                )
            )  # fmt: skip
    return found
