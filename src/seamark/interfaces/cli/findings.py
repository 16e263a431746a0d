"""How findings that were just read are listed, by all commands that read reports without keeping them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from seamark.interfaces.cli import output
from seamark.interfaces.cli.table import Column

IN_MEMORY = 64 * 1024**2
"""Bytes of findings that are kept in memory before they are printed; more goes to a file."""
COLUMNS = (
    Column("Severity", least=8),
    Column("Rule", least=8, most=30, fit="cut start"),
    Column("Title", least=10, most=90),
    Column("Place", least=12, most=70, fit="cut start"),
)


def show_findings(lines: Iterable[bytes]) -> None:
    """Print findings, given as lines of JSON, as a table."""
    rows = (msgspec.json.decode(line) for line in lines)
    output.table(
        COLUMNS,
        (
            (
                output.severity(row["severity"]),
                output.text(row["rule"]),
                output.text(row["title"]),
                output.text(_place(row)),
            )
            for row in rows
        ),
    )


def _place(row: dict[str, Any]) -> str:
    location = row["location"]
    if location.get("path"):
        return f"{location['path']}:{location['line']}" if location.get("line") else str(location["path"])
    for key in ("url", "resource", "image"):
        if location.get(key):
            return str(location[key])
    if location.get("host"):
        return f"{location['host']}:{location['port']}" if location.get("port") else str(location["host"])
    component = row["component"]
    return f"{component['name']} {component['version'] or ''}".strip() if component else ""
