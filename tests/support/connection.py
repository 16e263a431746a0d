"""The connection of a test's own transaction, kept open while answers end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.signals import request_finished, request_started
from django.db import close_old_connections


@contextmanager
def connection_kept() -> Iterator[None]:
    """Begin and end requests without closing the database's connection, as Django's own test client does around each of its requests.

    Needed where an application is called without that client, and where a streamed answer of it is closed by the test: on PostgreSQL the test's transaction would be gone with the connection.
    """
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    try:
        yield
    finally:
        for signal in signals:
            signal.connect(close_old_connections)
