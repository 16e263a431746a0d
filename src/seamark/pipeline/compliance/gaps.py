"""Gaps: opened where a check does not pass or evidence is missing, closed where that is over; people give them an owner and a day."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Q

from seamark.core.errors import NotAllowed, NotFound
from seamark.governance.access.places import EVERYWHERE, Place, check_right
from seamark.governance.compliance.kept import frameworks
from seamark.governance.compliance.outcome import GAPS, Outcome
from seamark.governance.ledger.record import record
from seamark.store.access import Visible
from seamark.store.models import Application, ComplianceEvidence, ComplianceGap, EvidenceUse, User
from seamark.store.permissions import Permission

DUE: Final = {Outcome.FAIL: 30, Outcome.NOT_KNOWN: 30, Outcome.PARTIAL: 90}
"""Days until a gap is due, unless somebody says otherwise."""
LONGEST: Final = 2_000


def follow_checks(outcomes: Mapping[tuple[str, int | None], Outcome], now: datetime) -> None:
    """Open, change and close gaps by what checks come to, by name and application."""
    names = {name for name, _ in outcomes}
    rows = ComplianceGap.objects.select_for_update().filter(closed_at=None, check_name__in=names)
    there = {(row.check_name, row.application_id): row for row in rows}
    fresh, over = [], []
    for key, outcome in outcomes.items():
        row = there.get(key)
        if row is None and outcome in GAPS:
            fresh.append(ComplianceGap(check_name=key[0], application_id=key[1], **_opened(outcome, now)))
        elif row is not None and outcome not in GAPS:
            over.append(row.pk)
        elif row is not None and row.outcome != outcome:
            row.outcome = outcome
            row.save(update_fields=["outcome"])
    ComplianceGap.objects.bulk_create(fresh, batch_size=1_000)
    ComplianceGap.objects.filter(pk__in=over).update(closed_at=now)


def _opened(outcome: Outcome, now: datetime) -> dict[str, object]:
    return {"outcome": str(outcome), "opened_at": now, "due": now.date() + timedelta(days=DUE[outcome])}


def follow_evidence(now: datetime) -> None:
    """Open gaps for evidence that is missing or has lapsed, of the frameworks that applications name as theirs; close what is over."""
    used = {str(name) for told in Application.objects.values_list("compliance", flat=True) for name in told}
    wanted = {
        (name, one.id): Outcome.NOT_KNOWN
        for name, framework in frameworks().items()
        if name in used
        for one in framework.controls.values()
        if one.evidence is not None
    }
    whole = ComplianceEvidence.objects.filter(application=None, unit=None, frozen_at__lte=now)
    uses = EvidenceUse.objects.filter(framework__in=used, evidence__in=whole.values("id"))
    for framework, control, renew in uses.values_list("framework", "control", "evidence__renew_by"):
        if (framework, control) in wanted:
            counts = renew is None or renew >= now.date()
            wanted[framework, control] = Outcome.PASS if counts else (
                Outcome.PASS if wanted[framework, control] is Outcome.PASS else Outcome.FAIL
            )  # fmt: skip
    missing = {key: one for key, one in wanted.items() if one in GAPS}
    with transaction.atomic():
        rows = ComplianceGap.objects.select_for_update().filter(closed_at=None, check_name="", application=None)
        there = {(row.framework, row.control): row for row in rows}
        over = [row.pk for key, row in there.items() if key not in missing]
        ComplianceGap.objects.filter(pk__in=over).update(closed_at=now)
        ComplianceGap.objects.bulk_create(
            (
                ComplianceGap(framework=key[0], control=key[1], **_opened(outcome, now))
                for key, outcome in missing.items()
                if key not in there
            ),
            batch_size=1_000,
        )


def close_unknown(known: Collection[str], now: datetime) -> None:
    """Close the gaps of checks that are gone."""
    ComplianceGap.objects.filter(closed_at=None).exclude(Q(check_name="") | Q(check_name__in=known)).update(
        closed_at=now
    )


def find(visible: Visible, number: int) -> ComplianceGap:
    """Return a gap that a person may see. Raises `NotFound`."""
    row = ComplianceGap.objects.select_related("application", "owner").filter(pk=number).first()
    seen = row is not None and (
        visible.everything if row.application is None else visible.applications().filter(pk=row.application.pk).exists()
    )
    if row is None or not seen:
        raise NotFound(f"There is no gap G-{number}")
    return row


@transaction.atomic
def assign(
    actor: User | None, row: ComplianceGap, *, owner: User | None, due: date | None, note: str = ""
) -> ComplianceGap:
    """Say who closes a gap until when. Raises `NotAllowed` without `context.edit` there, and for one that is closed."""
    place = Place(application=row.application) if row.application is not None else EVERYWHERE
    check_right(actor, Permission.CONTEXT_EDIT, place)
    row = ComplianceGap.objects.select_for_update(of=("self",)).select_related("application").get(pk=row.pk)
    if row.closed_at is not None:
        raise NotAllowed(f"{row.reference} is closed")
    if owner is not None and (not owner.is_active or owner.is_service):
        raise NotAllowed(f"{owner.get_username()} cannot own a gap: name a person who can log in")
    if len(note) > LONGEST:
        raise NotAllowed(f"A note has at most {LONGEST:,} characters")
    row.owner, row.due, row.note = owner, due, note
    row.save(update_fields=["owner", "due", "note"])
    told = {"owner": owner.get_username() if owner else "", "due": due, "note": note, "check": row.check_name}
    told |= {"framework": row.framework, "control": row.control, "on": str(place)}
    record("gap", f"gap {row.reference}", told, actor=actor)
    return row


def person_named(name: str) -> User | None:
    """Return who answers for something by the user name; None for an empty one. Raises `NotFound`."""
    if not name:
        return None
    row = User.objects.filter(username=name, is_active=True, is_service=False, left_at=None).first()
    if row is None:
        raise NotFound(f"There is nobody {name!r} who can log in")
    return row
