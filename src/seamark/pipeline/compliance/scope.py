"""What a statement on compliance is about: everything that a person may see, a business unit, or an application."""

from __future__ import annotations

from typing import NamedTuple

from django.db.models import Q, QuerySet

from seamark.core.errors import NotFound
from seamark.store.access import Visible
from seamark.store.models import Application, BusinessUnit


class Scope(NamedTuple):
    """The whole where both are None."""

    application: Application | None = None
    unit: BusinessUnit | None = None

    def __str__(self) -> str:
        if self.application is not None:
            return f"application {self.application.slug}"
        return f"unit {self.unit.name}" if self.unit is not None else "everything"

    @property
    def whole(self) -> bool:
        """Tell whether it is about everything."""
        return self.application is None and self.unit is None


WHOLE = Scope()


def scope_of(visible: Visible, *, application: str = "", unit: str = "") -> Scope:
    """Return a scope by an application's short name, or a unit's name. Raises `NotFound` for what the person does not see."""
    if application:
        row = visible.applications().filter(Q(slug=application) | Q(name__iexact=application)).first()
        if row is None:
            raise NotFound(f"There is no application {application!r}")
        return Scope(application=row)
    if unit:
        found = BusinessUnit.objects.filter(name__iexact=unit).first()
        if found is None or not visible.applications().filter(unit__in=under(found)).exists():
            raise NotFound(f"There is no business unit {unit!r}")
        return Scope(unit=found)
    return WHOLE


def applications(visible: Visible, scope: Scope) -> QuerySet[Application]:
    """Return the applications of a scope that the person may see."""
    rows = visible.applications()
    if scope.application is not None:
        return rows.filter(pk=scope.application.pk)
    return rows.filter(unit__in=under(scope.unit)) if scope.unit is not None else rows


def under(unit: BusinessUnit) -> list[int]:
    """Return the numbers of a unit and of those below it."""
    children: dict[int | None, list[int]] = {}
    for number, parent in BusinessUnit.objects.values_list("id", "parent"):
        children.setdefault(parent, []).append(number)
    found, waiting = [], [unit.pk]
    while waiting:
        number = waiting.pop()
        if number not in found:
            found.append(number)
            waiting += children.get(number, [])
    return found


def above(scope: Scope) -> list[int]:
    """Return the numbers of the units that a scope belongs to, with its own."""
    parents = dict(BusinessUnit.objects.values_list("id", "parent"))
    at = (
        scope.unit.pk
        if scope.unit is not None
        else scope.application.unit_id
        if scope.application is not None
        else None
    )
    found: list[int] = []
    while at is not None and at not in found:
        found.append(at)
        at = parents.get(at)
    return found
