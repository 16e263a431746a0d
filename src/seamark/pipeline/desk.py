"""What a person keeps for their daily work: when they last looked, the columns of their list, views with a name."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db import IntegrityError, transaction
from django.db.models import Case, Q, Value, When

from seamark.core.errors import NotAllowed
from seamark.store.models import Preference, SavedView, User
from seamark.store.query import parse
from seamark.store.query.fields import condition_of

VISIT: Final = timedelta(minutes=30)
"""Whoever looks again within this time is still on the same visit."""
MOST_VIEWS: Final = 50
MOST_SHOWN: Final = 80
NAME: Final = 60


def preference(person: User) -> Preference:
    """Return what a person chose; the usual where they chose nothing. It may not be stored yet."""
    found = Preference.objects.filter(user=person.pk).first()
    return found if found is not None else Preference(user=person)


def look(person: User, now: datetime) -> Preference:
    """Note that a person looks at Today, and return what is kept: `looked_before` is their visit before this one."""
    kept, _ = Preference.objects.get_or_create(user=person)
    if kept.looked_at is None or now - kept.looked_at > VISIT:
        kept.looked_before, kept.looked_at = kept.looked_at, now
        kept.save(update_fields=["looked_before", "looked_at"])
    return kept


def put_tour_away(person: User, *, toured: bool = True) -> None:
    """Remember that a person has seen the tour, or wants it again."""
    Preference.objects.update_or_create(user=person, defaults={"toured": toured})


def choose_columns(person: User, names: Sequence[str]) -> None:
    """Keep the columns that a person wants to see."""
    Preference.objects.update_or_create(user=person, defaults={"columns": list(names)})


def views_of(person: User) -> list[SavedView]:
    """Return a person's views and those that others share; their own first, each by name, `MOST_SHOWN` at most."""
    reached = Q(owner=person.pk) | Q(shared=True, owner__is_active=True)
    own = Case(When(owner=person.pk, then=Value(0)), default=Value(1))
    rows = SavedView.objects.filter(reached).select_related("owner")
    return list(rows.order_by(own, "name", "id")[:MOST_SHOWN])


def save_view(person: User, name: str, query: str, *, shared: bool = False) -> SavedView:
    """Keep a query under a name; the person's view of that name is replaced. Raises `NotAllowed` and `InvalidQuery`."""
    name = name.replace("\0", "").strip()
    if not name or len(name) > NAME:
        raise NotAllowed(f"A view needs a name of at most {NAME} characters")
    for term in parse(query).terms:
        condition_of(term)
    kept = SavedView.objects.filter(owner=person.pk)
    if kept.exclude(name=name).count() >= MOST_VIEWS:
        raise NotAllowed(f"{MOST_VIEWS} views are kept for one person at most: remove one first")
    try:
        with transaction.atomic():
            return SavedView.objects.update_or_create(
                owner=person, name=name, defaults={"query": query, "shared": shared}
            )[0]
    except IntegrityError:
        raise NotAllowed("The view was saved at the same moment elsewhere: look again") from None


def forget_view(person: User, number: int) -> str:
    """Remove a view of the person's own and return its name. Raises `NotAllowed`."""
    found = SavedView.objects.filter(owner=person.pk, pk=number).first()
    if found is None:
        raise NotAllowed("There is no such view of yours")
    found.delete()
    return found.name
