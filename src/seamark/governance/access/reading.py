"""Lists for those who manage people: who there is, who holds what, what was changed."""

from __future__ import annotations

from typing import Final

from django.db.models import Q, QuerySet

from seamark.core.errors import NotAllowed, NotFound
from seamark.governance.access.changes import KINDS
from seamark.governance.access.places import Place
from seamark.store.access import Visible
from seamark.store.models import Application, BusinessUnit, CustomRole, Event, Federation, Grant, Group, Token, User
from seamark.store.permissions import Permission, needed

_MANAGE: Final = Permission.USER_MANAGE


def manages(seen: Visible) -> bool:
    """Tell whether somebody may grant roles anywhere."""
    return seen.may_anywhere(_MANAGE)


def accounts(seen: Visible) -> QuerySet[User]:
    """Return all accounts but those that were removed. Raises `NotAllowed` for those who manage nobody anywhere."""
    _check(seen)
    return User.objects.filter(left_at=None)


def groups(seen: Visible) -> QuerySet[Group]:
    """Return all groups. Raises `NotAllowed`."""
    _check(seen)
    return Group.objects.all()


def roles(seen: Visible) -> QuerySet[CustomRole]:
    """Return the roles that this installation made. Raises `NotAllowed`."""
    _check(seen)
    return CustomRole.objects.order_by("name")


def grants(seen: Visible) -> QuerySet[Grant]:
    """Return the grants on places where somebody manages people. Raises `NotAllowed`."""
    _check(seen)
    rows = Grant.objects.select_related("user", "group", "custom", "unit", "application")
    if seen.may(_MANAGE):
        return rows
    managed = [unit.pk for unit in units(seen)]
    return rows.filter(Q(unit__in=managed) | Q(application__in=seen.applications(_MANAGE)))


def units(seen: Visible) -> list[BusinessUnit]:
    """Return the business units in which somebody may grant, by name."""
    return [unit for unit in BusinessUnit.objects.order_by("name") if seen.may_in(_MANAGE, unit)]


def applications(seen: Visible) -> QuerySet[Application]:
    """Return the applications on which somebody may grant."""
    return seen.applications(_MANAGE)


def place(seen: Visible, unit: str = "", application: str = "") -> Place:
    """Return the place that names mean, as far as somebody manages people there. Raises `NotFound` and `NotAllowed`."""
    if unit and application:
        raise NotAllowed("A grant holds in a business unit or on an application, not both")
    if application:
        row = applications(seen).filter(Q(slug=application) | Q(name__iexact=application)).first()
        if row is None:
            raise NotFound(f"There is no application {application!r} on which you manage people")
        return Place(application=row)
    if unit:
        found = next((one for one in units(seen) if one.name.lower() == unit.strip().lower()), None)
        if found is None:
            raise NotFound(f"There is no business unit {unit!r} in which you manage people")
        return Place(unit=found)
    return Place()


def tokens(seen: Visible) -> QuerySet[Token]:
    """Return a person's own tokens, and with `token.manage` everybody's."""
    rows = Token.objects.select_related("user")
    return rows if seen.may(Permission.TOKEN_MANAGE) else rows.filter(user=seen.actor.pk)


def federations(seen: Visible) -> QuerySet[Federation]:
    """Return the federations. Raises `NotAllowed` without `token.manage`."""
    if not seen.may(Permission.TOKEN_MANAGE):
        raise NotAllowed(needed(Permission.TOKEN_MANAGE))
    return Federation.objects.select_related("account")


def changes(seen: Visible) -> QuerySet[Event]:
    """Return what was changed of people and rights, and how people got in. Raises `NotAllowed` for all but managers and auditors."""
    if not may_audit(seen):
        raise NotAllowed(needed(Permission.LEDGER_READ))
    rows = Event.objects.filter(issue=None).filter(Q(kind__in=KINDS) | Q(details__has_key="person"))
    return rows.select_related("actor", "application")


def may_audit(seen: Visible) -> bool:
    """Tell whether somebody may read what was changed of people and rights."""
    return seen.may(Permission.LEDGER_READ) or seen.may(_MANAGE)


def _check(seen: Visible) -> None:
    if not manages(seen):
        raise NotAllowed(needed(_MANAGE, "something"))
