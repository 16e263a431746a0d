"""Scoring anew after a feed: a new EPSS value for every CVE that the company has."""

from __future__ import annotations

from benchmarks.bench import Bench, Figure, cpus, figure, rates
from benchmarks.measurements.lists import fill
from benchmarks.watch import Sample, Watch, server_cpu


def rescore(date: str, add: float) -> Sample:
    """Load a feed in which every CVE of the database has moved by `add`."""
    from django.db import connection

    from seamark.intake.connectors.feeds.statements import Feed, Known
    from seamark.pipeline.intelligence import load
    from seamark.store.models import VulnerabilityName

    names = VulnerabilityName.objects.order_by("id").values_list("name", flat=True)
    entries = tuple(
        Known(name=name, epss=(at * 37 % 1000 / 1000 + add) % 1, percentile=0.5, epss_date=date)
        for at, name in enumerate(names)
    )
    backend = connection.connection.info.backend_pid if connection.vendor == "postgresql" else 0
    before = server_cpu(backend) if backend else None
    with Watch() as watch:
        loaded = load(Feed("EPSS", date, f"EPSS {date}", entries))
    after = server_cpu(backend) if backend else None
    return watch.sample(
        findings=loaded.rescored, server_cpu=after - before if after is not None and before is not None else None
    )


def figures(bench: Bench) -> list[Figure]:
    """Return the line of scoring anew."""
    found = []
    for databases in bench.databases:
        with databases.fresh() as url:
            bench.sample(fill, database=url, count=bench.size)
            samples = [
                bench.sample(rescore, database=url, date=f"2026-11-{run + 1:02}", add=0.1 * (run + 1))
                for run in range(bench.runs)
            ]
        scored = samples[0]["findings"]
        found.append(
            figure(
                "rescore", bench.size, rates(samples), database=databases.name, cpu=cpus(samples),
                note=f"{scored:,} of {bench.size:,} issues have a CVE and need work",
            )
        )  # fmt: skip
    return found
