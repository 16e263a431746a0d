"""What people say about an application: the facts that weigh on every one of its issues."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from seamark.core.errors import NotAllowed
from seamark.governance.ledger.entry import Attested
from seamark.governance.ledger.record import record
from seamark.store.access import APPROVES_WAIVERS, visible_to
from seamark.store.models import Application, Event, User
from seamark.store.models.inventory import Criticality
from seamark.store.permissions import Permission, needed

DESCRIBES: Final = Permission.CONTEXT_EDIT
"""The right to say what an application is."""
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
_ASKED: Final = frozenset(FACTS) - _NOT_WEIGHED
_FROM_OUTSIDE: Final = ("internet", "partner", "internal", "none", "")
"""Exposures from the widest; what is taken back is known to nobody."""


@transaction.atomic
def describe(actor: User, application: Application, facts: Mapping[str, Any]) -> bool:
    """Set facts of an application, those of `FACTS` that are given, and return whether its issues have to be scored anew.

    None takes back what was said: nobody knows it then, until a file says it. Raises `NotAllowed`.
    """
    if not visible_to(actor).may(DESCRIBES, application):
        raise NotAllowed(needed(DESCRIBES, application))
    wanted = {name: _checked(name, value) for name, value in facts.items()}
    _check_lowering(actor, application, wanted)
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
    _record(actor, application, facts, before)
    return bool(before.keys() - _NOT_WEIGHED)


def _check_lowering(actor: User, application: Application, wanted: Mapping[str, Any]) -> None:
    """Refuse to make an application look safer than it is known to be, to those who could not approve a waiver for it.

    Gates ask for these facts: whoever may lower them lets something pass. Saying what nobody has said yet is no lowering.
    """
    lower = [
        name for name, value in wanted.items() if name in _ASKED and _lowers(name, getattr(application, name), value)
    ]
    if lower and not visible_to(actor).may(APPROVES_WAIVERS, application):
        words = ", ".join(name.replace("_", " ") for name in lower)
        raise NotAllowed(
            f"Policies ask for this, and it would look safer than it is known to be ({words}). {needed(APPROVES_WAIVERS, application)}"
        )


def _lowers(name: str, before: Any, after: Any) -> bool:
    if not before or before == after:
        return False
    match name:
        case "criticality":
            return not after or after > before
        case "exposure":
            return _FROM_OUTSIDE.index(after) > _FROM_OUTSIDE.index(before)
        case "data_classes" | "compliance":
            return bool(set(before) - set(after))
        case "revenue_per_hour":
            return after is None or after < before
    return True


def _record(actor: User, application: Application, facts: Mapping[str, Any], before: Mapping[str, Any]) -> None:
    decided = {name: getattr(application, name) for name, value in facts.items() if value is not None}
    row = Attested("store_application", [application.pk], decided, [name for name in facts if name not in decided])
    record("context", f"application {application.slug}", {"decided": decided, "taken_back": sorted(facts.keys() - decided)},
           actor=actor, inputs={"before": before}, rows=[row])  # fmt: skip


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
