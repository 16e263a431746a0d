"""The least that an import of every row could cost on this machine: decode, bulk insert, one upsert, four indexes, one commit.

It keeps no report, makes no issues, computes no identity and no scores. Python's garbage collector rests, as it does in the product.
"""

from __future__ import annotations

import contextlib
import gc
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import msgspec
import psycopg

from benchmarks.measurements.parse import SHAPES, SarifLog, TrivyReport
from benchmarks.reports import warm
from benchmarks.watch import Sample, Watch

Row = tuple[int, int, int, str, str, int, str, int, str, str, str, int]
_COLUMNS = "key, stream, scan, rule, title, severity, path, line, component, scope, fingerprint, state"
_TABLE = """(key bigint {primary}, stream bigint NOT NULL, scan bigint NOT NULL, rule text NOT NULL, title text NOT NULL,
 severity smallint NOT NULL, path text NOT NULL, line integer NOT NULL, component text NOT NULL, scope text NOT NULL,
 fingerprint text NOT NULL, state smallint NOT NULL)"""
_INDEXES = ("stream, state", "severity", "path", "fingerprint")
_CHANGES = ", ".join(
    f"{name} = excluded.{name}" for name in ("scan", "title", "severity", "path", "line", "component", "scope", "state")
)
_LEVELS = {"error": 4, "warning": 3, "note": 2, "CRITICAL": 5, "HIGH": 4, "MEDIUM": 3, "LOW": 2}


def floor(path: str, format: str, url: str) -> Sample:
    """Write all findings of a report in the cheapest way into the database of that URL."""
    warm(Path(path))
    gc.disable()
    try:
        if url.startswith("sqlite:"):
            return _sqlite(path, format, url.removeprefix("sqlite:///"))
        return _postgresql(path, format, url)
    finally:
        gc.enable()


def _rows(path: str, format: str) -> Iterator[Row]:
    decoded = msgspec.json.Decoder(SHAPES[format]).decode(Path(path).read_bytes())
    return _of_sarif(decoded) if format == "sarif" else _of_trivy(decoded)


def _key(hexadecimal: str) -> int:
    return int(hexadecimal, 16) - 2**63


def _of_sarif(log: SarifLog) -> Iterator[Row]:
    for one in log.runs[0].results:
        place = (one.locations or [])[0]
        physical, logical = place.physical_location, (place.logical_locations or [])[0]
        assert physical is not None  # noqa: S101 - the generator writes it
        assert physical.artifact_location is not None  # noqa: S101
        assert physical.region is not None  # noqa: S101
        assert one.message is not None  # noqa: S101
        mark = str((one.partial_fingerprints or {})["primaryLocationLineHash"])
        yield (
            _key(mark[:16]), 1, 1, one.rule_id or "", one.message.text or "", _LEVELS[one.level or "note"],
            physical.artifact_location.uri or "", physical.region.start_line or 0, "", logical.fully_qualified_name or "", mark, 1,
        )  # fmt: skip


def _of_trivy(report: TrivyReport) -> Iterator[Row]:
    for one in report.results[0].vulnerabilities:
        assert one.pkg_identifier is not None  # noqa: S101 - the generator writes it
        mark = one.pkg_identifier.uid
        yield (
            _key(mark), 1, 1, one.vulnerability_id, one.title, _LEVELS[one.severity], one.pkg_name, 0, one.pkg_id,
            one.fixed_version, mark, 1,
        )  # fmt: skip


def _sqlite(path: str, format: str, database: str) -> Sample:
    marks = ", ".join("?" * 12)
    with contextlib.closing(sqlite3.connect(database, isolation_level=None)) as file:
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "temp_store=MEMORY", "cache_size=-65536"):
            file.execute(f"PRAGMA {pragma}")
        file.execute(f"CREATE TABLE floor {_TABLE.format(primary='PRIMARY KEY')}")
        for at, columns in enumerate(_INDEXES):
            file.execute(f"CREATE INDEX floor_{at} ON floor ({columns})")
        upsert = f"INSERT INTO floor ({_COLUMNS}) VALUES ({marks}) ON CONFLICT (key) DO UPDATE SET {_CHANGES}"  # noqa: S608
        with Watch() as watch:
            file.execute("BEGIN IMMEDIATE")
            file.executemany(upsert, _rows(path, format))
            file.execute("COMMIT")
        (count,) = file.execute("SELECT count(*) FROM floor").fetchone()
    return watch.sample(findings=count)


def _postgresql(path: str, format: str, url: str) -> Sample:
    with psycopg.connect(url) as server:
        server.execute(f"CREATE TABLE floor {_TABLE.format(primary='PRIMARY KEY')}".encode())
        server.execute(f"CREATE UNLOGGED TABLE staging {_TABLE.format(primary='')}".encode())
        for at, columns in enumerate(_INDEXES):
            server.execute(f"CREATE INDEX floor_{at} ON floor ({columns})".encode())
        server.commit()
        upsert = f"INSERT INTO floor SELECT * FROM staging ON CONFLICT (key) DO UPDATE SET {_CHANGES}"  # noqa: S608
        with Watch() as watch:
            rows = _rows(path, format)
            # COPY's text form, all rows in one piece; the generator writes nothing that would have to be escaped.
            text = "\n".join(["\t".join(map(str, row)) for row in rows])
            with server.cursor() as cursor, cursor.copy(f"COPY staging ({_COLUMNS}) FROM STDIN".encode()) as copy:
                copy.write(text + "\n")
            server.execute(upsert.encode())
            server.commit()
        found = server.execute("SELECT count(*) FROM floor").fetchone()
    return watch.sample(findings=found[0] if found else 0)
