"""Facts as Parquet, for DuckDB and for a company's own warehouse: a folder for each table, a part for each run, a schema with a version."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final

from seamark.core.errors import NotAllowed

VERSION: Final = 1
"""Of the schema. A column more leaves it; a column that goes or changes its meaning raises it."""
PIECE: Final = 50_000
"""Rows of one group."""
STATE: Final = "seamark-export.json"
"""Beside the tables: the version, and how far each was written."""
TABLES: Final[dict[str, dict[str, str]]] = {
    "issue_facts": {
        "id": "int64", "issue": "int64", "application": "int32", "day": "date32", "at": "timestamp", "change": "string", "by": "string",
        "open_change": "int16", "risk_change": "int32", "state": "string", "resolution": "string", "severity": "string",
        "priority": "int16", "risk": "int16", "kind": "string", "owner": "string", "due": "timestamp",
    },
    "tool_facts": {
        "id": "int64", "application": "int32", "day": "date32", "tool": "string", "findings": "int32", "issues": "int32",
        "unique_issues": "int32", "judged": "int32", "false_positives": "int32",
    },
    "applications": {"id": "int32", "slug": "string", "name": "string", "unit": "string", "criticality": "int16", "exposure": "string"},
}  # fmt: skip
"""The columns of each table. `issue_facts` grows by a part for each run; the others are written whole."""
GROWING: Final = frozenset({"issue_facts"})
Row = Mapping[str, Any]


class Folder:
    """Where an export lies: a folder of this machine, or an address of object storage such as `s3://bucket/path`.

    Raises `NotAllowed` where pyarrow is missing, the address is none, or another version lies there.
    """

    def __init__(self, place: str) -> None:
        self._arrow, fs = _arrow()
        try:
            found: tuple[Any, str] = fs.FileSystem.from_uri(place) if "://" in place else (fs.LocalFileSystem(), place)
        except (self._arrow.ArrowInvalid, OSError, ValueError) as error:
            raise NotAllowed(f"{place} is no folder and no address of object storage: {error}") from None
        self._files, self._root = found[0], found[1].rstrip("/")
        if "://" not in place:
            try:
                self._files.create_dir(self._root, recursive=True)
            except (OSError, ValueError) as error:
                raise NotAllowed(f"{place} cannot be made: {error}") from None
        self.state = self._read_state()

    def write(self, table: str, rows: Iterable[Row], last: int) -> int:
        """Write a part of a table and return how many rows it has. `last` is the number of the newest row in it."""
        schema = self._schema(table)
        waiting, written = iter(rows), 0
        first = list(islice(waiting, PIECE))
        if not first and table in GROWING:
            return 0
        name = f"part-{last:012}.parquet" if table in GROWING else "part-000000000000.parquet"
        self._files.create_dir(f"{self._root}/{table}", recursive=True)
        path = f"{self._root}/{table}/{name}"
        import pyarrow.parquet as pq

        # Written under another name first: who reads meanwhile sees whole parts only.
        with self._files.open_output_stream(f"{path}.new") as stream, pq.ParquetWriter(stream, schema, compression="zstd") as writer:  # fmt: skip
            for piece in _pieces(first, waiting):
                writer.write_table(self._table(schema, piece))
                written += len(piece)
        self._files.move(f"{path}.new", path)
        self.state["tables"][table] = {"through": last, "rows": self.state["tables"].get(table, {}).get("rows", 0) * (table in GROWING) + written}  # fmt: skip
        return written

    def through(self, table: str) -> int:
        """Return the number of the newest row that a table has."""
        return int(self.state["tables"].get(table, {}).get("through", 0))

    def finish(self) -> None:
        """Write down how far this run came. A run that is broken off writes its parts again, under the same names or later ones."""
        text = json.dumps({**self.state, "columns": TABLES}, indent=1, sort_keys=True).encode()
        with self._files.open_output_stream(f"{self._root}/{STATE}") as stream:
            stream.write(text)

    def _read_state(self) -> dict[str, Any]:
        try:
            with self._files.open_input_stream(f"{self._root}/{STATE}") as stream:
                found = json.loads(stream.read())
        except FileNotFoundError:
            return {"version": VERSION, "tables": {}}
        except (OSError, ValueError) as error:
            raise NotAllowed(f"{self._root}/{STATE} cannot be read: {error}") from None
        if not isinstance(found, dict) or found.get("version") != VERSION or not isinstance(found.get("tables"), dict):
            raise NotAllowed(f"{self._root} holds an export of another version: export into an empty folder")
        return found

    def _schema(self, table: str) -> Any:
        pa = self._arrow
        types = {
            "int64": pa.int64(), "int32": pa.int32(), "int16": pa.int16(), "string": pa.string(), "date32": pa.date32(),
            "timestamp": pa.timestamp("us", tz="UTC"),
        }  # fmt: skip
        fields = [pa.field(name, types[sort]) for name, sort in TABLES[table].items()]
        return pa.schema(fields, metadata={"seamark.schema": str(VERSION), "seamark.table": table})

    def _table(self, schema: Any, piece: Sequence[Row]) -> Any:
        columns = [self._arrow.array([row[field.name] for row in piece], field.type) for field in schema]
        return self._arrow.Table.from_arrays(columns, schema=schema)


def _arrow() -> tuple[Any, Any]:
    try:
        import pyarrow as pa
        from pyarrow import fs
    except ImportError:
        raise NotAllowed("The export takes pyarrow: install seamark[analytics]") from None
    return pa, fs


def _pieces(first: list[Row], waiting: Iterator[Row]) -> Iterator[list[Row]]:
    piece = first
    while piece:
        yield piece
        piece = list(islice(waiting, PIECE))
