"""What delay and a breach may cost, by a model whose inputs people edit. It is a sum of simple products, and says so: no forecast."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import msgspec
from django.db import transaction
from django.utils import timezone
from msgspec import Struct

from seamark.core.errors import NotAllowed
from seamark.governance.ledger.record import record
from seamark.store.access import visible_to
from seamark.store.models import CostInputs, User
from seamark.store.permissions import Permission

DAYS: Final = 365
MOST: Final = 10.0**12
"""Of one input: what is larger is a slip of the keyboard."""


class Inputs(Struct, frozen=True, kw_only=True):
    """What the model is given."""

    currency: str = "USD"
    chance: float = 0.02
    """Of an incident within a year by an issue of risk 100, 0 to 1."""
    hours: float = 8.0
    """That an application stands still in an incident."""
    fixed: float = 50_000.0
    """What an incident costs besides."""
    revenue: float = 0.0
    """An hour's, for applications that tell none."""
    penalty: float = 0.0
    """For each overdue issue and day."""
    triage_minutes: float = 10.0
    """That a person needs to judge one finding."""
    hourly_rate: float = 80.0
    """What an hour of that person costs."""
    breach: float = 4_440_000.0
    """What a breach is said to cost on average."""
    breach_source: str = "IBM, Cost of a Data Breach Report 2025: global average, 4.44 million US dollars"


class Exposure(Struct, frozen=True, kw_only=True):
    """What an application puts at stake."""

    name: str
    risk: int
    """Open, in tenths."""
    overdue: int
    revenue_per_hour: Decimal | None


class Delay(Struct, frozen=True, kw_only=True):
    """What waiting costs."""

    per_day: float
    per_year: float
    """Of incidents alone, without penalties: what is compared with a breach."""
    guessed: int
    """Applications with open risk that tell no revenue."""
    parts: list[tuple[str, float]]
    """Applications with what a day costs there, the dearest first."""


class Breach(Struct, frozen=True, kw_only=True):
    """The model beside a figure that others published."""

    expected: float
    """What incidents cost in a year by the model."""
    published: float
    source: str
    breaches: float | None
    """`expected` in such breaches a year; None where none costs anything."""


def delay(applications: Sequence[Exposure], inputs: Inputs) -> Delay:
    """Return what a day costs on which everything stays as it is."""
    parts, year = [], 0.0
    for one in applications:
        revenue = float(one.revenue_per_hour) if one.revenue_per_hour is not None else inputs.revenue
        incidents = inputs.chance * (one.risk / 1000) * (revenue * inputs.hours + inputs.fixed)
        year += incidents
        parts.append((one.name, incidents / DAYS + one.overdue * inputs.penalty))
    parts.sort(key=lambda part: (-part[1], part[0]))
    guessed = sum(one.risk > 0 and one.revenue_per_hour is None for one in applications)
    return Delay(per_day=sum(cost for _, cost in parts), per_year=year, guessed=guessed, parts=parts)


def breach(told: Delay, inputs: Inputs) -> Breach:
    """Return the model's year beside what a breach is said to cost."""
    return Breach(
        expected=told.per_year, published=inputs.breach, source=inputs.breach_source,
        breaches=told.per_year / inputs.breach if inputs.breach else None,
    )  # fmt: skip


def hours_saved(findings: int, issues: int, inputs: Inputs) -> float:
    """Return the hours of triage that findings would have cost which are no issue of their own."""
    return max(0, findings - issues) * inputs.triage_minutes / 60


def inputs_now() -> Inputs:
    """Return the inputs that hold: the newest ones, or those that the product comes with."""
    row = CostInputs.objects.order_by("-id").first()
    return msgspec.convert(row.inputs, Inputs, strict=False) if row else Inputs()


def may_edit(actor: User) -> bool:
    """Tell whether somebody may change the inputs: whoever says what applications are, everywhere."""
    return visible_to(actor).may(Permission.CONTEXT_EDIT)


def keep(actor: User, given: dict[str, Any]) -> Inputs:
    """Put other inputs in force; those not given stay. Raises `NotAllowed` for a person or a value that may not be."""
    if not may_edit(actor):
        raise NotAllowed("The model of costs is changed by who may describe all applications")
    found = msgspec.to_builtins(inputs_now())
    for name, value in given.items():
        if name not in found:
            raise NotAllowed(f"The model of costs has no input {name!r}")
        found[name] = _text(name, value) if isinstance(found[name], str) else _amount(name, value)
    if found["chance"] > 1:
        raise NotAllowed("chance is a share: 0 to 1")
    with transaction.atomic():
        CostInputs.objects.create(inputs=found, author=actor, at=timezone.now())
        record("costs", "model of costs", found, actor=actor)
    return msgspec.convert(found, Inputs, strict=False)


def _text(name: str, value: object) -> str:
    text = str(value).replace("\0", "").strip()
    if not text or len(text) > 200:
        raise NotAllowed(f"{name} is a text of 1 to 200 characters")
    return text


def _amount(name: str, value: object) -> float:
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        raise NotAllowed(f"{name} is a number") from None
    if not number.is_finite() or not 0 <= number <= MOST:
        raise NotAllowed(f"{name} is a number from 0 to {MOST:,.0f}")
    return float(number)
