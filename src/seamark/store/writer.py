"""Writing rows by the hundred thousand: COPY on PostgreSQL, executemany on SQLite, one interface.

Only the ingest and re-scoring use this; everything else goes through the ORM. Columns are named as in the model; values are
plain Python values in the form that the database keeps (JSON as text).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection, models

Row = Sequence[Any]
WRITTEN_HERE_ONLY = frozenset({
    "store_evidencepart", "store_finding", "store_fix", "store_issue", "store_reportpart", "store_rule", "store_vulnerability",
    "store_vulnerabilityname",
})  # fmt: skip
"""Tables whose rows nobody adds but through this module, so that their numbers may be taken by the range."""


def reserve(model: type[models.Model], count: int) -> list[int]:
    """Return `count` fresh primary keys, rising. Call it inside the transaction that uses them."""
    if count == 0:
        return []
    table = model._meta.db_table  # noqa: SLF001 - Django's documented introspection
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql" and table in WRITTEN_HERE_ONLY:
            # A range at once. The lock keeps others who reserve from coming between the two steps.
            cursor.execute("SELECT pg_advisory_lock(8318)")
            try:
                cursor.execute(
                    "SELECT setval(s, nextval(s) + %s) FROM pg_get_serial_sequence(%s, 'id') AS s", [count - 1, table]
                )
                last = cursor.fetchone()[0]
            finally:
                cursor.execute("SELECT pg_advisory_unlock(8318)")
            return list(range(last - count + 1, last + 1))
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)", [table, count]
            )
            return [number for (number,) in cursor.fetchall()]
        # SQLite's writers are alone in their transaction, so that the next numbers are free.
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        row = cursor.fetchone()
        first = (row[0] if row else 0) + 1
        if row:
            cursor.execute("UPDATE sqlite_sequence SET seq = %s WHERE name = %s", [first + count - 1, table])
        else:
            cursor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", [table, first + count - 1])
        return list(range(first, first + count))


def _stored(model: type[models.Model], names: Sequence[str], rows: Sequence[Row]) -> list[Sequence[Any]]:
    """Return the columns of rows, with times in the form that SQLite keeps; PostgreSQL takes them as they are."""
    columns: list[Sequence[Any]] = list(zip(*rows, strict=True))
    if connection.vendor == "postgresql":
        return columns
    for at, name in enumerate(names):
        if isinstance(model._meta.get_field(name), models.DateTimeField):  # noqa: SLF001
            known = {value: connection.ops.adapt_datetimefield_value(value) for value in set(columns[at])}
            columns[at] = [known[value] for value in columns[at]]
    return columns


def _columns(model: type[models.Model], names: Sequence[str]) -> list[str]:
    fields = [model._meta.get_field(name) for name in names]  # noqa: SLF001
    return [connection.ops.quote_name(field.column) for field in fields]  # type: ignore[union-attr, arg-type]


_BLOCK = 4096


def insert(model: type[models.Model], names: Sequence[str], rows: Iterable[Row]) -> None:
    """Insert rows with the given columns, their `id` among them; a thousand or more at once."""
    table = connection.ops.quote_name(model._meta.db_table)  # noqa: SLF001
    waiting = iter(rows)
    while block := list(itertools.islice(waiting, _BLOCK)):
        # What nothing is known of by any row is left out: every value costs, and nothing is what the database puts there.
        filled = [
            (column, values)
            for column, values in zip(_columns(model, names), _stored(model, names, block), strict=True)
            if values[0] is not None or any(value is not None for value in values)
        ]
        columns = ", ".join(column for column, _ in filled)
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                _copy(copy, [values for _, values in filled])
        else:
            marks = ", ".join(["?"] * len(filled))
            sql = f"INSERT INTO {table} ({columns}) VALUES ({marks})"  # noqa: S608
            _sqlite_many(sql, zip(*(values for _, values in filled), strict=True))


def _copy(copy: Any, columns: Sequence[Sequence[Any]]) -> None:
    """Write columns in COPY's text form: a third of the time of row by row."""
    copy.write("\n".join(map("\t".join, zip(*map(_texts, columns), strict=True))) + "\n")


_ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r", "\x00": ""})


def _texts(column: Sequence[Any]) -> Iterable[str]:
    """Return a column's values as COPY reads them."""
    kinds = set(map(type, column))
    if kinds == {int}:
        return map(str, column)
    if kinds == {str}:
        whole = "".join(column)
        # Most columns of most blocks hold nothing to escape, which one look at the whole tells.
        if whole.isprintable() and "\\" not in whole:
            return column
    known: dict[Any, str] = {}
    # Columns that mix values with nothing, or hold the same few texts: each value is written out once.
    return [known[value] if value in known else known.setdefault(value, _text(value)) for value in column]


def _text(value: Any) -> str:
    if value is None:
        return "\\N"
    if isinstance(value, bytes):
        return "\\\\x" + value.hex()
    return str(value).translate(_ESCAPES)


def _sqlite_many(sql: str, rows: Iterable[Row]) -> None:
    """Run a statement for many rows on SQLite's own cursor: Django's would rewrite the statement for each."""
    connection.ensure_connection()
    assert connection.connection is not None  # noqa: S101 - ensured above
    with connection.wrap_database_errors:
        connection.connection.executemany(sql, rows)


def update(model: type[models.Model], names: Sequence[str], rows: Sequence[Row]) -> None:
    """Set the columns `names` of the rows whose ids come first: each row is `(id, value, …)`."""
    if not rows:
        return
    table = connection.ops.quote_name(model._meta.db_table)  # noqa: SLF001
    columns = _columns(model, names)
    numbers, *values = _stored(model, ["id", *names], rows)
    if connection.vendor != "postgresql":
        settings = ", ".join(f"{column} = ?" for column in columns)
        _sqlite_many(f"UPDATE {table} SET {settings} WHERE id = ?", zip(*values, numbers, strict=True))  # noqa: S608
        return
    chosen = ", ".join(["id", *columns])
    settings = ", ".join(f"{column} = fresh.{column}" for column in columns)
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE fresh ON COMMIT DROP AS SELECT {chosen} FROM {table} WITH NO DATA")  # noqa: S608
        with cursor.copy(f"COPY fresh ({chosen}) FROM STDIN") as copy:
            _copy(copy, [numbers, *values])
        cursor.execute(f"UPDATE {table} SET {settings} FROM fresh WHERE {table}.id = fresh.id")  # noqa: S608
        cursor.execute("DROP TABLE fresh")


def select_in(sql: str, values: Sequence[int | str], parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """Return the rows of a query whose `{values}` stands for a list of values, however long.

    PostgreSQL takes the list as one array; SQLite in pieces of 10,000. `parameters` come before the values.
    """
    found: list[tuple[Any, ...]] = []
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            if values:
                cursor.execute(sql.replace("{values}", "= ANY(%s)"), [*parameters, list(values)])
                found = cursor.fetchall()
            return found
        for at in range(0, len(values), 10_000):
            piece = values[at : at + 10_000]
            marks = ",".join(["%s"] * len(piece))
            cursor.execute(sql.replace("{values}", f"IN ({marks})"), [*parameters, *piece])
            found.extend(cursor.fetchall())
    return found
