"""Changing where issues stand: set by set, in one transaction, with an event for each issue, and back again.

A change has an id that holds the number of the newest event before it, so that taking it back looks only at events after that.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import Case, Max, QuerySet, Value, When
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from seamark.core.errors import NotAllowed
from seamark.governance.ledger.changes import record_triage
from seamark.governance.triage.lifecycle import (
    ACCEPTED,
    DISMISSES,
    VERIFIED,
    WORKS,
    check_reason,
    needs_work,
    right_for,
)
from seamark.store.access import APPROVES_WAIVERS, READS, visible_to
from seamark.store.models import Event, Issue, User
from seamark.store.models.issues import State
from seamark.store.permissions import Permission, needed

LIMIT = 10_000
"""The most issues that one change may touch."""
COMMENT_LIMIT = 10_000
_BATCH = 500


@transaction.atomic
def change_state(
    actor: User, issues: QuerySet[Issue], state: State, resolution: str = "", comment: str = "", justification: str = ""
) -> str:
    """Move issues to a state and return the id of the change, with which it can be undone.

    Issues that stand there already for the same reason are left alone. A dismissal by somebody who could not approve a waiver there
    takes issues off people's lists, and counts at no gate until `confirming.confirm`. `justification` is VEX's, for what is not
    affected. Raises `NotAllowed` where the move, the reason or the person's role does not allow it for one of them; then none is moved.
    """
    check_reason(state, resolution, comment, justification)
    _check_text(comment)
    rows = [
        row
        for row in _locked(issues)
        if (row.state, row.resolution) != (state, resolution) or (justification and row.justification != justification)
    ]
    if part := next((row for row in rows if row.merged_into_id is not None), None):
        raise NotAllowed(f"{part.reference} is part of SM-{part.merged_into_id}: triage that one, or unmerge them")
    for before in {row.state for row in rows}:
        _check_right(actor, [row for row in rows if row.state == before], right_for(State(before), state))
    change = _change_id()
    now = timezone.now()
    after = {"state": int(state), "resolution": resolution}
    words: dict[str, Any] = {
        "after": state.label, "reason": resolution, "comment": comment.strip(), "change": change, "to": after,
    }  # fmt: skip
    if justification:
        words["justification"] = justification
    inputs = [_inputs(row) for row in rows]
    details = [{"before": State(row.state).label, "from": _stand(row), **words} for row in rows]
    doubted = _doubted(actor, rows) if state == State.DISMISSED else set()
    for row, told in zip(rows, details, strict=True):
        row.dismissal_unconfirmed, row.justification = row.pk in doubted, justification
        if row.pk in doubted:
            told["unconfirmed"] = True
    events = _write_events(rows, actor, details)
    still_open = Case(When(branch_only=False, then=Value(True)), default=Value(False))
    for ids in _batches([row.pk for row in rows]):
        Issue.objects.filter(pk__in=ids).update(
            state=state,
            resolution=resolution,
            open=still_open if needs_work(state) else Value(False),
            resolved_at=None if needs_work(state) else now,
            justification=justification,
            dismissal_unconfirmed=Case(
                When(pk__in=[number for number in ids if number in doubted], then=Value(True)), default=Value(False)
            ),
        )
    record_triage(actor, rows, events, inputs, [(int(state), resolution)] * len(rows))
    return change


def _doubted(actor: User, rows: Iterable[Issue]) -> set[int]:
    """Return the issues whose dismissal by somebody waits for a second person: where that person could not approve a waiver."""
    listed = list(rows)
    wanted = {row.application_id for row in listed}
    sure = set(visible_to(actor).applications(APPROVES_WAIVERS).filter(pk__in=wanted).values_list("pk", flat=True))
    return {row.pk for row in listed if row.application_id not in sure}


@transaction.atomic
def verify(actor: User, issues: QuerySet[Issue], comment: str) -> int:
    """Say of fixed issues that somebody looked again and found them gone; return how many that were. Raises `NotAllowed`.

    A scan that finds one again brings it back all the same.
    """
    _check_text(comment)
    if not comment.strip():
        raise NotAllowed("Say how it was looked at: another person may want to check it later")
    found = _locked(issues)
    if other := next((row for row in found if row.state != State.RESOLVED), None):
        raise NotAllowed(f"{other.reference} is {State(other.state).label}: only what is fixed can be verified")
    rows = [row for row in found if row.resolution != VERIFIED]
    _check_right(actor, rows, WORKS)
    change = _change_id()
    after = {"state": int(State.RESOLVED), "resolution": VERIFIED}
    words = {
        "after": State.RESOLVED.label,
        "reason": VERIFIED,
        "comment": comment.strip(),
        "change": change,
        "to": after,
    }
    inputs = [_inputs(row) for row in rows]
    details = [{"before": State(row.state).label, "from": _stand(row), **words} for row in rows]
    events = _write_events(rows, actor, details)
    for ids in _batches([row.pk for row in rows]):
        Issue.objects.filter(pk__in=ids).update(resolution=VERIFIED)
    record_triage(actor, rows, events, inputs, [(int(State.RESOLVED), VERIFIED)] * len(rows))
    return len(rows)


@transaction.atomic
def undo(actor: User, change: str) -> int:
    """Take a change back and return how many issues it restored; issues that were changed since keep what they have.

    Raises `NotAllowed` for an unknown change, or where the person neither made it nor triages those issues.
    """
    events = {event.issue_id: event for event in _events_of(change)}
    if not events:
        raise NotAllowed("There is no such change to undo")
    rows = [
        row
        for row in _locked(Issue.objects.filter(pk__in=list(events)))
        if {"state": row.state, "resolution": row.resolution} == events[row.pk].details["to"]
    ]
    own = all(event.actor_id == actor.pk for event in events.values())
    _check_right(actor, rows, WORKS if own else DISMISSES)
    _check_dismissals(actor, rows, events)
    undone = _change_id()
    details, inputs = [], [_inputs(row) for row in rows]
    doubted = _doubted(actor, rows)
    for row in rows:
        before = events[row.pk].details["from"]
        details.append(
            {
                "before": State(row.state).label,
                "after": State(before["state"]).label,
                "reason": before["resolution"],
                "change": undone,
                "undoes": change,
                "from": _stand(row),
                "to": {name: before[name] for name in ("state", "resolution")},
            }
        )
        row.state, row.resolution = before["state"], before["resolution"]
        row.open = needs_work(State(row.state)) and not row.branch_only
        row.resolved_at = parse_datetime(before["resolved_at"]) if before["resolved_at"] else None
        row.justification = before.get("justification", "")
        # What comes back as dismissed is as sure as it was, and no surer than whoever brings it back could make it.
        row.dismissal_unconfirmed = row.state == State.DISMISSED and (
            bool(before.get("unconfirmed")) or row.pk in doubted
        )
    written = _write_events(rows, actor, details)
    columns = ["state", "resolution", "open", "resolved_at", "justification", "dismissal_unconfirmed"]
    Issue.objects.bulk_update(rows, columns, batch_size=_BATCH)
    record_triage(actor, rows, written, inputs, [(row.state, row.resolution) for row in rows])
    return len(rows)


def _check_dismissals(actor: User, rows: Iterable[Issue], events: dict[int | None, Event]) -> None:
    """Refuse to bring a dismissal back by undoing for somebody who may not dismiss."""
    again = [row for row in rows if events[row.pk].details["from"]["state"] == State.DISMISSED]
    _check_right(actor, again, DISMISSES)
    accepted = [row for row in again if events[row.pk].details["from"]["resolution"] == ACCEPTED]
    _check_right(actor, accepted, APPROVES_WAIVERS)


def size_of(change: str) -> int:
    """Return how many issues a change moved."""
    return _events_of(change).count()


@transaction.atomic
def comment(actor: User, issue: Issue, text: str) -> Event:
    """Add a comment to an issue. Raises `NotAllowed`."""
    _check_right(actor, [issue], WORKS)
    _check_text(text)
    if not text.strip():
        raise NotAllowed("A comment needs some words")
    return Event.objects.create(
        issue=issue,
        application_id=issue.application_id,
        kind="comment",
        details={"comment": text.strip()},
        actor=actor,
        at=timezone.now(),
    )


@transaction.atomic
def assign(actor: User, issues: QuerySet[Issue], assignee: User | None) -> int:
    """Hand issues to a person, or to nobody, and return how many were handed over. Raises `NotAllowed`."""
    rows = [row for row in _locked(issues) if row.assignee_id != (assignee.pk if assignee else None)]
    _check_right(actor, rows, WORKS)
    if assignee is not None:
        seen = set(visible_to(assignee).applications(READS).values_list("id", flat=True))
        if any(row.application_id not in seen for row in rows):
            raise NotAllowed(f"{assignee.get_username()} may not see every one of these issues")
    names = dict(User.objects.filter(pk__in={row.assignee_id for row in rows}).values_list("pk", "username"))
    details = [
        {"before": names.get(row.assignee_id or 0, ""), "after": assignee.get_username() if assignee else ""}
        for row in rows
    ]
    _write_events(rows, actor, details, kind="assigned")
    for ids in _batches([row.pk for row in rows]):
        Issue.objects.filter(pk__in=ids).update(assignee=assignee)
    return len(rows)


def _locked(issues: QuerySet[Issue]) -> list[Issue]:
    """Return the issues, locked until the end of the transaction. Raises `NotAllowed` for too many."""
    ids = list(issues.order_by().values_list("pk", flat=True)[: LIMIT + 1])
    if len(ids) > LIMIT:
        raise NotAllowed(f"One change may touch {LIMIT:,} issues at most; narrow the selection")
    columns = (
        "application_id",
        "state",
        "resolution",
        "open",
        "branch_only",
        "resolved_at",
        "justification",
        "dismissal_unconfirmed",
        "assignee_id",
        "merged_into_id",
        "severity",
        "risk",
        "priority",
        "profile_id",
    )
    rows: list[Issue] = []
    for batch in _batches(sorted(set(ids))):
        rows.extend(Issue.objects.select_for_update().filter(pk__in=batch).only(*columns).order_by("pk"))
    return rows


def _check_right(actor: User, rows: Iterable[Issue], right: Permission) -> None:
    wanted = {row.application_id for row in rows}
    if not wanted:
        return
    allowed = set(visible_to(actor).applications(right).filter(pk__in=wanted).values_list("pk", flat=True))
    refused = [row.reference for row in rows if row.application_id not in allowed]
    if refused:
        more = f" and {len(refused) - 1:,} more" if len(refused) > 1 else ""
        raise NotAllowed(needed(right, f"{refused[0]}{more}"))


def _check_text(text: str) -> None:
    if len(text) > COMMENT_LIMIT:
        raise NotAllowed(f"A text may have {COMMENT_LIMIT:,} characters at most")


def _stand(row: Issue) -> dict[str, Any]:
    resolved = row.resolved_at.isoformat() if row.resolved_at else None
    stand: dict[str, Any] = {"state": row.state, "resolution": row.resolution, "resolved_at": resolved}
    if row.justification:
        stand["justification"] = row.justification
    if row.dismissal_unconfirmed:
        stand["unconfirmed"] = True
    return stand


def _inputs(row: Issue) -> dict[str, Any]:
    """Return what the person had before them."""
    told = {"severity": row.severity, "risk": row.risk, "priority": row.priority, "profile": row.profile_id}
    return {"from": _stand(row), **told}


def _change_id() -> str:
    newest = Event.objects.aggregate(newest=Max("id"))["newest"] or 0
    return f"{newest:x}-{secrets.token_hex(8)}"


def _events_of(change: str) -> QuerySet[Event]:
    try:
        newest = int(change.partition("-")[0], 16)
    except ValueError:
        return Event.objects.none()
    if newest >= 2**63:
        return Event.objects.none()
    return Event.objects.filter(id__gt=newest, kind="state", details__change=change)


def _write_events(rows: list[Issue], actor: User, details: list[dict[str, Any]], kind: str = "state") -> list[Event]:
    now = timezone.now()
    return Event.objects.bulk_create(
        (
            Event(issue_id=row.pk, application_id=row.application_id, kind=kind, details=each, actor=actor, at=now)
            for row, each in zip(rows, details, strict=True)
        ),
        batch_size=_BATCH,
    )


def _batches(ids: list[int]) -> Iterable[list[int]]:
    for start in range(0, len(ids), _BATCH):
        yield ids[start : start + _BATCH]
