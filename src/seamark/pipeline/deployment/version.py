"""Tells whether anything was written that a decision may depend on, for the price of reading the ends of a few indexes."""

from __future__ import annotations

import threading
from typing import Final

from django.db import connection

_TOLD: Final = ("scan", "event", "survey", "statement", "sbom", "relation")
"""Tables that only grow where scans, triage, surveys, attestations and inventories say something new."""
_NEWEST: Final = ", ".join(f"(SELECT MAX(id) FROM store_{table})" for table in _TOLD)  # noqa: S608 - names of ours
_FEEDS: Final = "(SELECT MAX(loaded_at) FROM store_feedstate)"
_BUNDLES: Final = "(SELECT MAX(synced_at) FROM store_bundle), (SELECT COUNT(*) FROM store_bundle WHERE active)"
_SINCE: Final = """
    SELECT MAX(number), MAX(CASE WHEN kind <> 'verdict' THEN number END) FROM store_ledgerentry WHERE number > %s
"""
Version = tuple[object, ...]


class _Decisions:
    """The number of the last entry of the ledger that is no verdict: waivers, triage, merges, grants, context.

    Verdicts are written by gates all the time and change nothing that they are made from. Only entries that came since the last
    look are read.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen = self._last = -1

    def last(self) -> int:
        with self._lock:
            with connection.cursor() as cursor:
                cursor.execute("SELECT MAX(number) FROM store_ledgerentry")
                size = cursor.fetchone()[0]
                size = -1 if size is None else size
                if self._seen < 0 or size < self._seen:
                    # The first look, or another database.
                    self._seen = self._last = size
                elif size > self._seen:
                    cursor.execute(_SINCE, [self._seen])
                    seen, told = cursor.fetchone()
                    self._seen, self._last = seen, told if told is not None else self._last
            return self._last


_DECISIONS = _Decisions()


def data_version() -> Version:
    """Return a value that differs from an earlier one where something was written in between. It means nothing elsewhere."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {_NEWEST}, {_FEEDS}, {_BUNDLES}")
        newest = tuple(cursor.fetchone())
    return (*newest, _DECISIONS.last())
