"""How many statements a page takes, on both databases alike."""

from __future__ import annotations

from django.test.utils import CaptureQueriesContext


def statements(asked: CaptureQueriesContext) -> int:
    """Return how many there were, without those that look for phrases, which PostgreSQL alone has."""
    return sum(
        "store_phrase" not in one["sql"] and not one["sql"].startswith("EXPLAIN") for one in asked.captured_queries
    )
