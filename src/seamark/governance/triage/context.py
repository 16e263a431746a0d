"""What people say about an application: the facts that weigh on every one of its issues."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from seamark.core.errors import NotAllowed
from seamark.store.access import visible_to
from seamark.store.models import Application, Event, User
from seamark.store.models.inventory import Criticality
from seamark.store.models.people import Role

DESCRIBES = frozenset({Role.ANALYST, Role.ADMIN})
"""Roles that may say what an application is."""
EXPOSURES = {"": "not known", "internet": "internet", "partner": "partners", "internal": "internal", "none": "none"}
MOST_CLASSES = 20
MOST_REVENUE: Final = Decimal(10) ** 12
PERSON: Final = "person"
"""The origin of what people say: it wins over every file."""
FACTS: Final = (
    "criticality",
    "exposure",
    "data_classes",
    "description",
    "sla_tier",
    "revenue_per_hour",
    "environment",
    "compliance",
)
_NOT_WEIGHED: Final = frozenset({"description"})


@transaction.atomic
def describe(actor: User, application: Application, facts: Mapping[str, Any]) -> bool:
    """Set facts of an application, those of `FACTS` that are given, and return whether its issues have to be scored anew.

    None takes back what was said: nobody knows it then, until a file says it. Raises `NotAllowed`.
    """
    if not visible_to(actor).may(DESCRIBES, application):
        raise NotAllowed(f"This needs one of the roles {', '.join(sorted(DESCRIBES))} on {application}")
    wanted = {name: _checked(name, value) for name, value in facts.items()}
    before = {name: getattr(application, name) for name in wanted if getattr(application, name) != wanted[name]}
    origins = dict(application.origins)
    for name, value in facts.items():
        if value is None:
            origins.pop(name, None)
        else:
            origins[name] = PERSON
    if not before and origins == application.origins:
        return False
    for name in before:
        setattr(application, name, wanted[name])
    application.origins = origins
    application.save(update_fields=[*before, "origins"])
    details = {"before": _plain(before), "after": _plain({name: wanted[name] for name in before})}
    Event.objects.create(application=application, kind="described", details=details, actor=actor, at=timezone.now())
    return bool(before.keys() - _NOT_WEIGHED)


def _plain(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: float(value) if isinstance(value, Decimal) else value for name, value in facts.items()}


def _checked(name: str, value: Any) -> Any:
    """Return a fact as its column keeps it. Raises `NotAllowed`."""
    match name:
        case "criticality" | "exposure":
            value = value or (0 if name == "criticality" else "")
            if value not in (Criticality.values if name == "criticality" else EXPOSURES):
                raise NotAllowed("Choose a criticality and an exposure from the lists")
            return value
        case "data_classes":
            return _names("data classes", value, 40, str.upper)
        case "compliance":
            return _names("compliance scopes", value, 80, str.strip)
        case "revenue_per_hour":
            return _amount(value)
        case "description":
            return (value or "").strip()
        case "sla_tier" | "environment":
            text = (value or "").strip()
            if len(text) > 50 or not text.isprintable():
                raise NotAllowed(f"{name} is a name of at most 50 characters")
            return text
    raise NotAllowed(f"{name} is no fact of an application; there are {', '.join(FACTS)}")


def _names(what: str, given: Iterable[str] | None, longest: int, tidy: Any) -> list[str]:
    names = sorted({tidy(name.strip()) for name in given or () if name.strip()})
    if len(names) > MOST_CLASSES or any(len(name) > longest for name in names):
        raise NotAllowed(f"At most {MOST_CLASSES} {what}, each of at most {longest} characters")
    return names


def _amount(value: Any) -> Decimal | None:
    if value is None or value == "":
        return None
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or not 0 <= amount < MOST_REVENUE:
        raise NotAllowed("The revenue of an hour is a number from 0 to 1,000,000,000,000")
    return amount.quantize(Decimal("0.01"))
