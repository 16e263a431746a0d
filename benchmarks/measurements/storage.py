"""What a finding costs on the disk, indexes, evidence and the kept report included."""

from __future__ import annotations

from benchmarks.bench import Bench, Figure, figure
from benchmarks.measurements.imports import FORMATS, bring_in, expect
from benchmarks.reports import report
from benchmarks.watch import Sample


def weigh() -> Sample:
    """Return the bytes of the database, and the largest of its tables with their indexes."""
    from django.db import connection

    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT relname, pg_total_relation_size(relid) FROM pg_stat_user_tables ORDER BY 2 DESC, 1")
            tables = dict(cursor.fetchall())
            return {"bytes": sum(tables.values()), "tables": dict(list(tables.items())[:6])}
        cursor.execute(
            "SELECT (page_count - freelist_count) * page_size FROM pragma_page_count, pragma_freelist_count, pragma_page_size"
        )
        size = int(cursor.fetchone()[0])
        return {"bytes": size, "tables": {}}


def figures(bench: Bench) -> list[Figure]:
    """Return the lines of storage: one run, since the same report takes the same place."""
    found = []
    for databases in bench.databases:
        for format in FORMATS:
            path = str(report(format, bench.size))
            with databases.fresh() as url:
                expect(bench.sample(bring_in, database=url, path=path), new=bench.size)
                sample = bench.sample(weigh, database=url)
            each = {name.removeprefix("store_"): size // bench.size for name, size in sample["tables"].items()}
            note = ", ".join(f"{name} {size:,}" for name, size in each.items() if size)
            found.append(
                figure(f"storage.{format}", bench.size, [sample["bytes"] / bench.size], database=databases.name, note=note)
            )  # fmt: skip
    return found
