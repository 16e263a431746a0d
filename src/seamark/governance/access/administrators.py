"""There is always somebody left who administers everything."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from django.db import transaction
from django.db.models import Q, QuerySet

from seamark.core.errors import NotAllowed
from seamark.store.models import Grant, User
from seamark.store.models.people import Role


def administrators() -> QuerySet[User]:
    """Return the people who hold the role admin on everything, alone or in a group, and can log in."""
    grants = Grant.objects.filter(role=Role.ADMIN, unit=None, application=None)
    held = Q(pk__in=grants.values("user")) | Q(teams__in=grants.exclude(group=None).values("group"))
    return User.objects.filter(held, is_active=True, is_service=False).distinct()


@contextlib.contextmanager
def keeping_one() -> Iterator[None]:
    """Undo a change that would leave nobody who administers everything. Raises `NotAllowed`."""
    with transaction.atomic():
        # Two changes at once, each of which leaves the other's administrator, wait for each other here.
        rows = Grant.objects.select_for_update().filter(role=Role.ADMIN, unit=None, application=None)
        list(rows.order_by("pk").values_list("pk", flat=True))
        there = administrators().exists()
        yield
        if there and not administrators().exists():
            raise NotAllowed("This would leave nobody who administers everything; make somebody else admin first")
