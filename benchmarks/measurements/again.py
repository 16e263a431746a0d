"""Importing again: the next scan with 1 % changed, and the very same file; in time, and in rows that the database writes."""

from __future__ import annotations

import time

from benchmarks.bench import Bench, Figure, cpus, figure, rates
from benchmarks.measurements.imports import bring_in, expect
from benchmarks.reports import report
from benchmarks.watch import Sample

CHANGED = 0.01


def bring_in_again(path: str) -> Sample:
    """Import a file, and count the rows that were inserted, updated and deleted for it."""
    before = rows_written()
    sample = bring_in(path)
    sample["rows"] = rows_written() - before
    return sample


def rows_written() -> int:
    """Return how many rows were written to the database's tables so far: on SQLite by this connection, on PostgreSQL by all."""
    from django.db import connection

    connection.ensure_connection()
    if connection.vendor == "sqlite":
        return int(connection.connection.total_changes)
    with connection.cursor() as cursor:
        if connection.connection.info.server_version >= 150000:
            cursor.execute("SELECT pg_stat_force_next_flush()")
        else:
            time.sleep(1.5)
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute("SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0) FROM pg_stat_user_tables")
        return int(cursor.fetchone()[0])


def figures(bench: Bench) -> list[Figure]:
    """Return the lines of importing again."""
    found = []
    path, other = str(report("sarif", bench.size)), str(report("sarif", bench.size, changed=CHANGED))
    changes = round(bench.size * CHANGED)
    for databases in bench.databases:
        first, changed, same = [], [], []
        for _ in range(bench.runs):
            with databases.fresh() as url:
                first.append(expect(bench.sample(bring_in, database=url, path=path), new=bench.size))
                sample = bench.sample(bring_in_again, database=url, path=other)
                changed.append(expect(sample, findings=bench.size, new=0, unchanged=bench.size))
                sample = bench.sample(bring_in_again, database=url, path=other)
                same.append(expect(sample, findings=bench.size, repeated=True))
        name, size = databases.name, bench.size
        rows = [[float(one["rows"]) for one in samples] for samples in (changed, same)]
        found += [
            figure("again.changed", size, rates(changed), database=name, cpu=cpus(changed), limits=rates(first)),
            figure("again.rows", size, rows[0], database=name, limits=[changes]),
            figure("again.same", size, rates(same), database=name, cpu=cpus(same), limits=rates(first)),
            figure("again.same.rows", size, rows[1], database=name),
        ]
    return found
