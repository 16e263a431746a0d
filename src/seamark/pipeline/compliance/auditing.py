"""Auditors' access: the role auditor, on a place, until a moment; with all that was read."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from seamark.core.errors import NotAllowed, NotFound
from seamark.governance.access import grants
from seamark.governance.access.places import EVERYWHERE, Place, check_right
from seamark.governance.access.roles import named
from seamark.governance.ledger.record import record
from seamark.pipeline.compliance.evidence import READ
from seamark.store.access import Visible
from seamark.store.models import AuditorAccess, Event, Grant, User
from seamark.store.models.people import Role
from seamark.store.permissions import Permission, needed

LONGEST: Final = 180
"""Days that access may last; longer is a new decision."""


@transaction.atomic
def give(actor: User | None, auditor: User, place: Place, *, days: int, reason: str) -> AuditorAccess:
    """Let somebody read as an auditor for some days. Raises `NotAllowed` for those who do not manage people there.

    Somebody who holds the role there already gets nothing: that grant would end with the access.
    """
    if not 1 <= days <= LONGEST:
        raise NotAllowed(f"An auditor's access lasts 1 to {LONGEST} days")
    reason = reason.strip()
    if not reason or len(reason) > 300 or not reason.isprintable():
        raise NotAllowed("Say in a line of at most 300 characters what the access is for")
    if Grant.objects.filter(user=auditor, role=Role.AUDITOR, unit=place.unit, application=place.application).exists():
        raise NotAllowed(f"{auditor.get_username()} holds the role auditor on {place} already")
    now = timezone.now()
    grant = grants.give(actor, auditor, named(Role.AUDITOR), place)
    row = AuditorAccess.objects.create(
        grant=grant, auditor=auditor, place=str(place), reason=reason, given_by=actor, given_at=now, expires_at=now + timedelta(days=days)
    )  # fmt: skip
    told = {"on": str(place), "until": row.expires_at, "reason": reason, "granted": True}
    record("auditor", f"auditor {auditor.get_username()}", told, actor=actor)
    return row


@transaction.atomic
def end(actor: User | str | None, row: AuditorAccess, now: datetime | None = None) -> None:
    """End an auditor's access. Raises `NotAllowed` for those who do not manage people there."""
    row = AuditorAccess.objects.select_for_update(of=("self",)).select_related("grant", "auditor").get(pk=row.pk)
    if row.ended_at is not None:
        return
    person = actor if isinstance(actor, User) else None
    if row.grant is not None:
        grants.withdraw(person, row.grant)
    else:
        check_right(person, Permission.USER_MANAGE, EVERYWHERE)
    row.grant, row.ended_at = None, now or timezone.now()
    row.save(update_fields=["grant", "ended_at"])
    told = {"on": row.place, "granted": False, "reason": row.reason}
    record("auditor", f"auditor {row.auditor.get_username()}", told, actor=actor)


def end_expired(now: datetime) -> int:
    """End all access whose time is over; return how many."""
    rows = list(AuditorAccess.objects.filter(ended_at=None, expires_at__lte=now).order_by("pk"))
    for row in rows:
        end("compliance", row, now)
    return len(rows)


def listed(visible: Visible) -> QuerySet[AuditorAccess]:
    """Return all access that was given, newest first. Raises `NotAllowed` but for those who manage people or read the ledger everywhere."""
    if not (visible.may(Permission.USER_MANAGE) or visible.may(Permission.LEDGER_READ)):
        raise NotAllowed(needed(Permission.USER_MANAGE))
    return AuditorAccess.objects.select_related("auditor", "given_by").order_by("-given_at", "-pk")


def find(visible: Visible, number: int) -> AuditorAccess:
    """Return one of `listed`. Raises `NotFound` and `NotAllowed`."""
    row = listed(visible).filter(pk=number).first()
    if row is None:
        raise NotFound(f"There is no auditor's access {number}")
    return row


def reads(visible: Visible) -> QuerySet[Event]:
    """Return who read what evidence, newest first. Raises `NotAllowed` as `listed` does."""
    listed(visible)
    return visible.events().filter(kind=READ).select_related("actor").order_by("-id")


def ends_on(person: User, now: datetime) -> AuditorAccess | None:
    """Return somebody's access that ends next; None for those who are no auditors for a time."""
    rows = AuditorAccess.objects.filter(auditor=person, ended_at=None, expires_at__gt=now)
    return rows.order_by("expires_at").first()
