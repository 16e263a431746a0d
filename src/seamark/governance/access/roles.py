"""Roles: those that come with the product, and those that an installation makes for itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

from django.db import transaction

from seamark.core.errors import NotAllowed, NotFound
from seamark.governance.access.changes import tell
from seamark.governance.access.places import EVERYWHERE, check_covers, check_right, place_of
from seamark.governance.ledger.attested import removed, row_of
from seamark.store.models import CustomRole, Grant, User
from seamark.store.models.people import Role
from seamark.store.permissions import ROLES, Permission, known

LONGEST_NAME: Final = 60
LONGEST_DESCRIPTION: Final = 300


class NamedRole(NamedTuple):
    """A role of either sort."""

    name: str
    permissions: frozenset[Permission]
    custom: CustomRole | None = None


def named(name: str) -> NamedRole:
    """Return the role of a name, in any case. Raises `NotFound`."""
    wanted = name.strip().lower()
    if wanted in Role.values:
        return NamedRole(wanted, ROLES[Role(wanted)])
    row = CustomRole.objects.filter(name=wanted).first()
    if row is None:
        names = [*Role.values, *CustomRole.objects.order_by("name").values_list("name", flat=True)[:30]]
        raise NotFound(f"There is no role {name!r}", hint=f"there are {', '.join(names)}")
    return NamedRole(row.name, known(row.permissions), row)


@transaction.atomic
def create(actor: User | None, name: str, permissions: Iterable[str], description: str = "") -> CustomRole:
    """Make a role. Raises `NotAllowed` without `user.manage`, for rights that the actor lacks, or a name that is taken."""
    check_right(actor, Permission.USER_MANAGE)
    rights = _checked(permissions)
    check_covers(actor, rights, EVERYWHERE)
    name = _name(name)
    row = CustomRole.objects.create(name=name, description=_described(description), permissions=sorted(rights))
    _tell(actor, row, None, _state(row))
    return row


@transaction.atomic
def edit(actor: User | None, row: CustomRole, permissions: Iterable[str], description: str | None = None) -> CustomRole:
    """Give a role these rights and no others, for everybody who holds it, at once. Raises `NotAllowed`."""
    check_right(actor, Permission.USER_MANAGE)
    rights = _checked(permissions)
    row = CustomRole.objects.select_for_update().get(pk=row.pk)
    check_covers(actor, rights - known(row.permissions), EVERYWHERE)
    before = _state(row)
    row.permissions = sorted(rights)
    if description is not None:
        row.description = _described(description)
    if _state(row) != before:
        row.save(update_fields=["permissions", "description"])
        _tell(actor, row, before, _state(row))
    return row


@transaction.atomic
def remove(actor: User | None, row: CustomRole) -> None:
    """Remove a role that nobody holds. Raises `NotAllowed`."""
    check_right(actor, Permission.USER_MANAGE)
    held = list(Grant.objects.filter(custom=row).select_related("user", "group", "unit", "application")[:4])
    if held:
        shown = ", ".join(f"{one.user or one.group} on {place_of(one)}" for one in held[:3])
        raise NotAllowed(f"The role {row.name} is held: {shown}{' and more' if len(held) > 3 else ''}")
    before, gone = _state(row), removed(row)
    tell("role", f"role {row.name}", actor=actor, before=before, after=None, rows=[gone])
    row.delete()


def _tell(actor: User | None, row: CustomRole, before: dict[str, Any] | None, after: dict[str, Any]) -> None:
    tell("role", f"role {row.name}", actor=actor, before=before, after=after, rows=[row_of(row)])


def _state(row: CustomRole) -> dict[str, Any]:
    return {"permissions": list(row.permissions), "description": row.description}


def _checked(names: Iterable[str]) -> frozenset[Permission]:
    given: Sequence[str] = [name.strip() for name in names]
    rights = known(given)
    if unknown := sorted(set(given) - rights):
        raise NotAllowed(f"There is no right {unknown[0]!r}; there are {', '.join(Permission)}")
    if not rights:
        raise NotAllowed("A role needs at least one right")
    # Nothing can be done with what cannot be seen.
    return rights | {Permission.ISSUE_READ}


def _name(name: str) -> str:
    name = name.strip().lower()
    if not name or len(name) > LONGEST_NAME or not all(sign.isalnum() or sign in " -_." for sign in name):
        raise NotAllowed(f"A role's name has letters, digits, spaces, - _ and . only, at most {LONGEST_NAME}")
    if name in Role.values or CustomRole.objects.filter(name=name).exists():
        raise NotAllowed(f"There is a role {name!r} already")
    return name


def _described(text: str) -> str:
    text = " ".join(text.split())
    if len(text) > LONGEST_DESCRIPTION or not text.isprintable():
        raise NotAllowed(f"A description has at most {LONGEST_DESCRIPTION} characters, on one line")
    return text
