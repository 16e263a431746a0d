"""What every new database connection needs."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, Final

from django.db import connection as default
from django.db.backends.signals import connection_created
from django.dispatch import receiver

_LITTLE: Final = 20
"""Milliseconds that a short write of another process may take."""


@receiver(connection_created)
def prepare(connection: Any, **_: object) -> None:
    """Let SQLite keep its temporary structures in memory and a useful part of the file in its cache."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA temp_store=MEMORY")
            cursor.execute("PRAGMA cache_size=-16384")
            cursor.execute("PRAGMA mmap_size=268435456")


@contextlib.contextmanager
def waiting_little() -> Iterator[None]:
    """Let a write fail soon while SQLite is locked by more than another short write: for what may as well be left undone."""
    if default.vendor != "sqlite":
        yield
        return
    with default.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout")
        patience = int(cursor.fetchone()[0])
        cursor.execute(f"PRAGMA busy_timeout = {_LITTLE}")
        try:
            yield
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {patience}")
