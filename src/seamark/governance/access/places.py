"""Where a grant holds, and what somebody must hold there to give it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from seamark.core.errors import NotAllowed
from seamark.store.access import Visible, visible_to
from seamark.store.models import Application, BusinessUnit, Grant, Token, User
from seamark.store.permissions import Permission, needed, permissions_of


class Place(NamedTuple):
    """A business unit with those below it, an application, or everything where both are None."""

    unit: BusinessUnit | None = None
    application: Application | None = None

    def __str__(self) -> str:
        if self.application is not None:
            return f"application {self.application.slug}"
        return f"unit {self.unit.name}" if self.unit is not None else "everything"


EVERYWHERE = Place()


def place_of(grant: Grant) -> Place:
    """Return where a grant holds."""
    return Place(grant.unit, grant.application)


def holds(seen: Visible, right: Permission, place: Place) -> bool:
    """Tell whether a right is held on all of a place."""
    if place.application is not None:
        return seen.may(right, place.application)
    return seen.may_in(right, place.unit) if place.unit is not None else seen.may(right)


def check_right(actor: User | None, right: Permission, place: Place = EVERYWHERE) -> None:
    """Refuse those who lack a right. Whoever holds the database (None) has all. Raises `NotAllowed`."""
    if actor is not None and not holds(visible_to(actor), right, place):
        raise NotAllowed(needed(right, place))


def check_covers(actor: User | None, rights: Iterable[Permission], place: Place) -> None:
    """Refuse to hand on what somebody does not hold themselves. Raises `NotAllowed`."""
    if actor is None:
        return
    seen = visible_to(actor)
    if lacking := sorted(right for right in rights if not holds(seen, right, place)):
        raise NotAllowed(f"Nobody gives more than they hold: on {place} you lack {', '.join(lacking)}")


def check_above(actor: User | None, account: User) -> None:
    """Refuse to act on an account that may do more than the actor, as who holds it could do. Raises `NotAllowed`."""
    if actor is None or actor.pk == account.pk:
        return
    # What an account that is switched off was granted counts too: it may be switched on again.
    for grant in grants_of(account):
        check_covers(actor, permissions_of(grant), place_of(grant))


def grants_of(account: User) -> list[Grant]:
    """Return what an account was granted, alone and in its groups."""
    rows = Grant.objects.filter(user=account) | Grant.objects.filter(group__members=account)
    return list(rows.select_related("custom", "unit", "application", "group", "user").distinct().order_by("pk"))


def reach_of(token: Token) -> frozenset[int] | None:
    """Return the applications that a token is limited to; None for all of its owner's."""
    return frozenset(token.applications) if token.applications else None
