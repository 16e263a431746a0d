"""Grants: a role for a person, a group or a service account, on everything, in a business unit or on an application."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from seamark.core.errors import NotAllowed
from seamark.governance.access.administrators import keeping_one
from seamark.governance.access.changes import tell
from seamark.governance.access.places import EVERYWHERE, Place, check_covers, check_right, place_of
from seamark.governance.access.roles import NamedRole
from seamark.governance.ledger.attested import removed, row_of
from seamark.store.models import Grant, Group, User
from seamark.store.permissions import Permission, permissions_of


@transaction.atomic
def give(actor: User | None, holder: User | Group, role: NamedRole, place: Place = EVERYWHERE) -> Grant:
    """Give a role, and return the grant; the one that there is where it was given before.

    Raises `NotAllowed` for those who do not manage people there, or hold less there than they would give.
    """
    check_right(actor, Permission.USER_MANAGE, place)
    check_covers(actor, role.permissions, place)
    if isinstance(holder, User) and not holder.is_active:
        raise NotAllowed(f"{holder.get_username()} is switched off")
    who = {"user": holder} if isinstance(holder, User) else {"group": holder}
    what: dict[str, Any] = {
        **who, "role": "" if role.custom else role.name, "custom": role.custom, "unit": place.unit, "application": place.application
    }  # fmt: skip
    # Of two at once the second waits here, and finds what the first one made.
    type(holder).objects.select_for_update().get(pk=holder.pk)
    found = Grant.objects.filter(**what).first()
    if found is not None:
        return found
    row = Grant.objects.create(**what)
    _tell(actor, row, role.name, given=True)
    return row


def withdraw(actor: User | None, grant: Grant) -> None:
    """Take a role away. Raises `NotAllowed` for those who do not manage people there, and for the last administrator."""
    place = place_of(grant)
    check_right(actor, Permission.USER_MANAGE, place)
    check_covers(actor, permissions_of(grant), place)
    with keeping_one():
        _tell(actor, grant, role_of(grant), given=False)
        Grant.objects.filter(pk=grant.pk).delete()


def withdraw_all(actor: User | None, holder: User | Group) -> None:
    """Take all roles of a holder away, for one who leaves. The caller has checked the right, and keeps an administrator."""
    for grant in Grant.objects.filter(**{"user" if isinstance(holder, User) else "group": holder}):
        _tell(actor, grant, role_of(grant), given=False)
        Grant.objects.filter(pk=grant.pk).delete()


def role_of(grant: Grant) -> str:
    """Return the name of a grant's role."""
    return grant.custom.name if grant.custom is not None else str(grant.role)


def holder_of(grant: Grant) -> str:
    """Return who holds a grant: `user mia`, `group payments`."""
    return f"user {grant.user.get_username()}" if grant.user is not None else f"group {grant.group}"


def _tell(actor: User | None, row: Grant, role: str, *, given: bool) -> None:
    told = {"role": role, "on": str(place_of(row))}
    tell(
        "grant", holder_of(row), actor=actor, before=None if given else told, after=told if given else None, application=row.application,
        body={**told, "granted": given}, rows=[row_of(row) if given else removed(row)],
    )  # fmt: skip
