"""SQL over an exported folder, by DuckDB: it reads the folder's tables and nothing else, and fetches nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from seamark.core.errors import NotAllowed, NotFound
from seamark.insight.exports.parquet import STATE, TABLES

MOST_ROWS: Final = 10_000
_MEMORY: Final = "1GB"


class Reply(Struct, frozen=True, kw_only=True):
    """What a question found."""

    columns: list[str]
    rows: list[tuple[Any, ...]]
    more: bool
    """There are more rows than are returned."""


def query(folder: Path, sql: str, *, most: int = MOST_ROWS) -> Reply:
    """Ask a question of the tables `issue_facts`, `tool_facts` and `applications`. Raises `NotAllowed` for what DuckDB refuses."""
    try:
        import duckdb
    except ImportError:
        raise NotAllowed("Questions take DuckDB: install seamark[analytics]") from None
    if not (folder / STATE).is_file():
        raise NotFound(f"{folder} holds no export: make one with seamark metrics export {folder}")
    with duckdb.connect(":memory:") as database:
        database.execute(f"SET memory_limit='{_MEMORY}'")
        database.execute("SET autoinstall_known_extensions=false")
        database.execute("SET autoload_known_extensions=false")
        for table in TABLES:
            parts = sorted(str(one) for one in (folder / table).glob("part-*.parquet"))
            if parts:
                # Read before the door is shut: afterwards not even the folder is open.
                database.read_parquet(parts).create(table)
        database.execute("SET enable_external_access=false")
        database.execute("SET lock_configuration=true")
        try:
            found = database.execute(sql)
            columns = [str(one[0]) for one in found.description or ()]
            rows = found.fetchmany(most + 1) if columns else []
        except duckdb.Error as error:
            raise NotAllowed(f"DuckDB refuses that: {error}") from None
    return Reply(columns=columns, rows=rows[:most], more=len(rows) > most)
