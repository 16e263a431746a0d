"""To whom an issue may be handed."""

from __future__ import annotations

from django.db.models import Q

from seamark.store.models import Application, BusinessUnit, Grant, User

MOST = 500


def assignable(application: int) -> list[User]:
    """Return the active people who hold a role on an application, by name, at most `MOST`."""
    unit = Application.objects.filter(pk=application).values_list("unit_id", flat=True).first()
    units = _with_parents(unit)
    scope = Q(unit=None, application=None) | Q(application=application) | Q(unit__in=units)
    grants = Grant.objects.filter(scope)
    holders = Q(pk__in=grants.values("user")) | Q(teams__in=grants.values("group"))
    return list(User.objects.filter(holders, is_active=True, is_service=False).distinct().order_by("username")[:MOST])


def _with_parents(unit: int | None) -> list[int]:
    if unit is None:
        return []
    parents = dict(BusinessUnit.objects.values_list("id", "parent_id"))
    found: list[int] = []
    while unit is not None and unit not in found:
        found.append(unit)
        unit = parents.get(unit)
    return found
