"""What a pack holds beside its framework's standing: what had been decided, and each application's inventory and VEX."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

from django.utils import timezone

from seamark.insight.exports.pack.archive import File
from seamark.insight.exports.pack.shapes import Period
from seamark.pipeline.compliance.pack_decisions import decisions
from seamark.pipeline.compliance.pack_software import documents
from seamark.pipeline.compliance.scope import Scope, applications
from seamark.store.access import Visible
from seamark.store.models import Application

MOST_PRODUCTS: Final = 50
"""Applications of which a pack holds inventories and VEX; a larger scope is asked for application by application."""
Tell = Callable[[], None]
"""Hears that the work went on by a step."""


def unheard() -> None:
    """Tell nobody."""


def produced(
    visible: Visible, scope: Scope, period: Period, at: datetime | None, tell: Tell = unheard
) -> tuple[list[File], list[str]]:
    """Return the files as they were at a time, now where none is given, and what a reader has to know of them.

    `tell` hears of each application.
    """
    files, notes = decisions(visible, scope, period, at or timezone.now())
    rows = products(visible, scope, at)
    if len(rows) > MOST_PRODUCTS:
        rows = []
        notes.append(
            f"Inventories and VEX are left out: there are more than {MOST_PRODUCTS} applications. Packs of single ones hold them."
        )
    for row in rows:
        found, told = documents(visible, row, at)
        files += found
        notes += told
        tell()
    return files, notes


def products(visible: Visible, scope: Scope, at: datetime | None) -> list[Application]:
    """Return the applications of a scope that there were at a time; one more than a pack holds where there are too many."""
    rows = applications(visible, scope)
    rows = rows.filter(created_at__lte=at) if at is not None else rows
    return list(rows.order_by("slug")[: MOST_PRODUCTS + 1])
