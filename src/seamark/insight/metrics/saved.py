"""Dashboards under a name: filters that a person keeps, for themselves or for everybody."""

from __future__ import annotations

from typing import Final

from django.db import transaction
from django.db.models import Q

from seamark.core.errors import NotAllowed
from seamark.store.models import Dashboard, User

MOST: Final = 50
"""Dashboards that one person may keep."""


def listed(person: User) -> list[Dashboard]:
    """Return a person's own dashboards, and those that others share."""
    rows = Dashboard.objects.filter(Q(owner=person) | Q(shared=True)).select_related("owner")
    return list(rows.order_by("name", "pk")[: 4 * MOST])


@transaction.atomic
def save(person: User, name: str, query: str, *, shared: bool = False) -> Dashboard:
    """Keep filters under a name, instead of those that had it. Raises `NotAllowed`."""
    name = name.replace("\0", "").strip()
    if not name or len(name) > 100:
        raise NotAllowed("A name has 1 to 100 characters")
    own = Dashboard.objects.filter(owner=person)
    if not own.filter(name=name).exists() and own.count() >= MOST:
        raise NotAllowed(f"You have {MOST} dashboards: remove one first")
    row, _ = Dashboard.objects.update_or_create(
        owner=person, name=name, defaults={"query": query[:500], "shared": shared}
    )
    return row


def forget(person: User, number: int) -> str:
    """Remove a dashboard of one's own and return its name. Raises `NotAllowed`."""
    row = Dashboard.objects.filter(owner=person, pk=number).first()
    if row is None:
        raise NotAllowed("You have no such dashboard")
    row.delete()
    return row.name
