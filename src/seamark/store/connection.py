"""What every new database connection needs."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from django.db import connection as default
from django.db.backends.signals import connection_created
from django.dispatch import receiver


@receiver(connection_created)
def prepare(connection: Any, **_: object) -> None:
    """Let SQLite keep its temporary structures in memory and a useful part of the file in its cache."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA temp_store=MEMORY")
            cursor.execute("PRAGMA cache_size=-16384")
            cursor.execute("PRAGMA mmap_size=268435456")


@contextlib.contextmanager
def without_waiting() -> Iterator[None]:
    """Let a write fail at once while SQLite is locked: for what may as well be left undone."""
    if default.vendor != "sqlite":
        yield
        return
    with default.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout")
        patience = int(cursor.fetchone()[0])
        cursor.execute("PRAGMA busy_timeout = 0")
        try:
            yield
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {patience}")
