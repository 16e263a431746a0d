"""Dismissals that a second person has to confirm before gates believe them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, Final

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from seamark.core.errors import NotAllowed
from seamark.governance.ledger.changes import record_triage
from seamark.governance.triage.service import COMMENT_LIMIT, LIMIT
from seamark.store.access import APPROVES_WAIVERS, Visible, visible_to
from seamark.store.models import Event, Issue, User
from seamark.store.models.issues import State
from seamark.store.permissions import needed

CONFIRMED: Final = "dismissal_confirmed"
DOUBTED: Final = "dismissal_doubted"
"""Sorts of event: a second person agreed; a merge by somebody who may not confirm took another issue into a dismissed one."""
_PIECE: Final = 500


def waiting(seen: Visible) -> QuerySet[Issue]:
    """Return the dismissals that a person could confirm, but for those of that person's own."""
    return seen.issues(APPROVES_WAIVERS).filter(
        dismissal_unconfirmed=True, state=State.DISMISSED, merged_into=None
    )  # fmt: skip


def dismissed_by(numbers: Collection[int]) -> dict[int, Event]:
    """Return the event by which each of some issues was dismissed last."""
    rows = Event.objects.filter(issue__in=list(numbers), kind="state", details__after=State.DISMISSED.label)
    return {row.issue_id: row for row in rows.select_related("actor").order_by("pk") if row.issue_id is not None}


@transaction.atomic
def confirm(actor: User, issues: QuerySet[Issue], comment: str = "") -> int:
    """Agree to dismissals, so that they count at gates, and return how many that were; others among the issues are left alone.

    Raises `NotAllowed` where the person may not approve waivers on one of them, or dismissed one of them: a second person confirms.
    """
    if len(comment) > COMMENT_LIMIT:
        raise NotAllowed(f"A text may have {COMMENT_LIMIT:,} characters at most")
    rows = _doubtful(issues)
    allowed = _sure(actor, rows)
    if refused := next((row for row in rows if row.application_id not in allowed), None):
        raise NotAllowed(needed(APPROVES_WAIVERS, refused.reference))
    said = dismissed_by([row.pk for row in rows])
    if own := next((row for row in rows if actor.pk in _authors(said.get(row.pk))), None):
        raise NotAllowed(f"{own.reference} was dismissed in your name: somebody else confirms it")
    told = {"comment": comment.strip(), "unconfirmed": False}
    return _mark(actor, rows, CONFIRMED, told, doubt=False)


@transaction.atomic
def doubt(actor: User | None, numbers: Iterable[int], why: str) -> int:
    """Let confirmed dismissals wait for a second person again, where this one could not approve a waiver; return how many that were.

    For a merge, which puts findings that nobody dismissed under an issue that is dismissed. Without a person nothing changes.
    """
    if actor is None:
        return 0
    rows = list(
        Issue.objects.select_for_update().filter(
            pk__in=list(numbers), state=State.DISMISSED, dismissal_unconfirmed=False, merged_into=None
        )
    )
    allowed = _sure(actor, rows)
    unsure = [row for row in rows if row.application_id not in allowed]
    return _mark(actor, unsure, DOUBTED, {"comment": why, "unconfirmed": True}, doubt=True)


def _doubtful(issues: QuerySet[Issue]) -> list[Issue]:
    wanted = issues.filter(dismissal_unconfirmed=True, state=State.DISMISSED, merged_into=None)
    numbers = list(wanted.order_by().values_list("pk", flat=True)[: LIMIT + 1])
    if len(numbers) > LIMIT:
        raise NotAllowed(f"One change may touch {LIMIT:,} issues at most; narrow the selection")
    rows: list[Issue] = []
    for at in range(0, len(numbers), _PIECE):
        piece = Issue.objects.select_for_update().filter(pk__in=sorted(numbers)[at : at + _PIECE])
        rows.extend(piece.filter(dismissal_unconfirmed=True).order_by("pk"))
    return rows


def _sure(actor: User, rows: Iterable[Issue]) -> set[int]:
    wanted = {row.application_id for row in rows}
    return set(visible_to(actor).applications(APPROVES_WAIVERS).filter(pk__in=wanted).values_list("pk", flat=True))


def _authors(event: Event | None) -> set[int]:
    """Return the people in whose name an issue was dismissed: whoever did it, or whose rule it was."""
    if event is None:
        return set()
    holder = event.details.get("holder")
    return {number for number in (event.actor_id, holder) if isinstance(number, int)}


def _mark(actor: User, rows: list[Issue], kind: str, told: dict[str, Any], *, doubt: bool) -> int:
    if not rows:
        return 0
    now = timezone.now()
    inputs = [
        {"severity": row.severity, "risk": row.risk, "priority": row.priority, "unconfirmed": row.dismissal_unconfirmed}
        for row in rows
    ]
    events = Event.objects.bulk_create(
        (
            Event(issue_id=row.pk, application_id=row.application_id, kind=kind, details=told, actor=actor, at=now)
            for row in rows
        ),
        batch_size=_PIECE,
    )
    for at in range(0, len(rows), _PIECE):
        piece = [row.pk for row in rows[at : at + _PIECE]]
        Issue.objects.filter(pk__in=piece).update(dismissal_unconfirmed=doubt)
    for row in rows:
        row.dismissal_unconfirmed = doubt
    record_triage(actor, rows, events, inputs, [(row.state, row.resolution) for row in rows])
    return len(rows)
