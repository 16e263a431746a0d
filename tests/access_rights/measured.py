"""Measures, for the matrix: facts of the shop, and a dashboard of each person's own."""

from __future__ import annotations

from typing import Any

from seamark.insight.metrics import columns, saved
from seamark.pipeline.metrics import recording
from seamark.store.models import User

ASKED = {"/api/v1/metrics/compared": "?day=2026-06-01"}
"""What an address needs behind it."""


def of_measures() -> dict[str, Any]:
    """Record facts of what there is."""
    columns.forget()
    recording.record()
    return {"analytics-pack form": "pptx", "analytics-list name": "open", "/metrics/lists name": "open"}


def own(person: User) -> dict[str, Any]:
    """Return what belongs to one person."""
    return {"analytics-forget number": saved.save(person, "mine", "period=30").pk}


def body(name: str, method: str) -> dict[str, Any]:
    """Return what to send."""
    sent: dict[tuple[str, str], dict[str, Any]] = {
        ("analytics-costs", "POST"): {"chance": "0.05"},
        ("analytics-save", "POST"): {"name": "new", "query": "period=30"},
        ("/metrics/costs", "PATCH"): {"chance": 0.05},
    }
    return sent.get((name, method), {})
