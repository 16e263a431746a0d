"""Planning a fix: who makes it, until when. A fact for people; it moves no issue and opens no gate."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Final

from django.db import transaction
from django.utils import timezone

from seamark.core.errors import NotAllowed
from seamark.governance.triage import people, service
from seamark.governance.triage.lifecycle import WORKS
from seamark.insight.analytics.fixes import cleared_by
from seamark.store.access import Visible
from seamark.store.models import Event, Fix, FixPlan, Ticket, User
from seamark.store.models.tickets import TicketState
from seamark.store.permissions import needed

NOTE: Final = 500
LATEST: Final = date(2100, 1, 1)
PLANNED: Final = "fix_planned"
"""The kind of the event, with the plan `before` and `after`."""


def plans_of(fixes: Iterable[int]) -> dict[int, FixPlan]:
    """Return the plans of fixes that the caller has seen already, by number of the fix, in one statement."""
    rows = FixPlan.objects.filter(fix__in=list(fixes)).select_related("assignee", "by")
    return {row.fix_id: row for row in rows}


def tickets_of(fixes: Iterable[int]) -> dict[int, Ticket]:
    """Return the tickets of fixes that the caller has seen already, as far as they are there still, in one statement."""
    rows = Ticket.objects.filter(fix__in=list(fixes)).exclude(state=TicketState.DELETED)
    return {row.fix_id: row for row in rows if row.fix_id is not None}


def may_plan(seen: Visible, fix: Fix) -> bool:
    """Tell whether somebody may plan a fix."""
    return seen.may(WORKS, fix.application)


def plan(
    actor: User, seen: Visible, fix: Fix, *, assignee: str, due: date | None, note: str = "", issues: bool = False
) -> FixPlan | None:
    """Keep who makes a fix and until when, and return that; None where nothing of it is said any more.

    With `issues` its open issues are handed to the same person. Raises `NotAllowed`.
    """
    if not may_plan(seen, fix):
        raise NotAllowed(needed(WORKS, fix.application.name))
    note = note.replace("\0", "").strip()
    if len(note) > NOTE:
        raise NotAllowed(f"A note has {NOTE} characters at most")
    if due is not None and due > LATEST:
        raise NotAllowed("That day is too far away")
    person = next((one for one in people.assignable(fix.application_id) if one.username == assignee), None)
    if assignee and person is None:
        raise NotAllowed(f"There is nobody called {assignee!r} who holds a role on {fix.application}")
    with transaction.atomic():
        made = _kept(actor, fix, person, due, note)
        if issues:
            service.assign(actor, cleared_by(fix, seen.issues()), person)
    return made


def _kept(actor: User, fix: Fix, person: User | None, due: date | None, note: str) -> FixPlan | None:
    # The fix is locked, so that two who plan at once follow each other also where there is no plan yet.
    Fix.objects.select_for_update().get(pk=fix.pk)
    kept = FixPlan.objects.filter(fix=fix).select_related("assignee").first()
    before = _words(kept)
    if person is None and due is None and not note:
        if kept is not None:
            kept.delete()
        kept = None
    else:
        kept = kept or FixPlan(fix=fix)
        kept.assignee, kept.due, kept.note, kept.by, kept.at = person, due, note, actor, timezone.now()
        kept.save()
    after = _words(kept)
    if after != before:
        details = {"fix": fix.pk, "title": fix.title[:300], "before": before, "after": after}
        Event.objects.create(
            application_id=fix.application_id, kind=PLANNED, details=details, actor=actor, at=timezone.now()
        )
    return kept


def _words(kept: FixPlan | None) -> dict[str, str]:
    if kept is None:
        return {}
    told = {
        "assignee": kept.assignee.username if kept.assignee else "",
        "due": kept.due.isoformat() if kept.due else "",
        "note": kept.note,
    }
    return {name: value for name, value in told.items() if value}
