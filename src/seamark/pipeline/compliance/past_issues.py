"""How issues stood at a time, as far as it was recorded by then: out of their events, and of the merges that were made and taken back.

An event tells what an issue came to, and mostly what it was before; the row tells what it has been since the last of its events. What
was recorded after the time says nothing of it, whatever day it is dated with: a scan counts from its import on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from django.db.models import Q

from seamark.store.models import Event, Issue, MergeDecision
from seamark.store.models.issues import State

_KINDS: Final = ("state", "fixed", "reopened", "dismissal_confirmed", "dismissal_doubted")
"""Events that tell where an issue stands; merges have rows of their own."""
_DOUBTS: Final = {"dismissal_confirmed": False, "dismissal_doubted": True}
_LABELS: Final = {one.label: one for one in State}
_PIECE: Final = 5_000


class Stood(NamedTuple):
    """How an issue stood."""

    state: State
    resolution: str
    justification: str | None
    """None where no event tells whether there was one."""
    unconfirmed: bool
    """A dismissal that waited for a second person."""


class Step(NamedTuple):
    """An event: what kind, what it tells, and whether it was recorded after the time that is asked about."""

    kind: str
    details: Mapping[str, Any]
    later: bool


class Merges:
    """What was one issue at a time and what two, in one application."""

    def __init__(self, application: int, at: datetime) -> None:
        self._merged: set[int] = set()
        self.before: dict[int, Mapping[str, Any]] = {}
        """How issues stood before they became part of another one."""
        self.owner: dict[int, int] = {}
        """The issue that a finding belonged to then, where it belongs to another one now."""
        moves: list[tuple[datetime, int, int, Sequence[int]]] = []
        rows = MergeDecision.objects.filter(left__application=application).exclude(verdict="never").order_by("id")
        for row in rows:
            if row.verdict == "join":
                self.before[row.right_id] = row.before
                if row.created_at <= at and (row.revoked_at is None or row.revoked_at > at):
                    self._merged.add(row.right_id)
                if row.revoked_at is not None and row.revoked_at > at:
                    moves.append((row.revoked_at, row.pk, row.left_id, row.findings))
            if row.created_at > at:
                source = row.right_id if row.verdict == "join" else row.left_id
                moves.append((row.created_at, row.pk, source, row.findings))
        for _, _, source, findings in sorted(moves, key=lambda one: one[:2], reverse=True):
            self.owner.update(dict.fromkeys(findings, source))

    def part_of_another(self, issue: int) -> bool:
        """Tell whether an issue was part of another one then."""
        return issue in self._merged


def stood(rows: Iterable[Issue], merges: Merges, at: datetime) -> dict[int, Stood]:
    """Return how issues stood at a time, by number; those that were part of another one are left out."""
    wanted = [row for row in rows if not merges.part_of_another(row.pk)]
    steps = _steps([row.pk for row in wanted], at)
    return {
        row.pk: replayed(_now(row, merges.before.get(row.pk)), steps.get(row.pk, ()), row.resolved_at, at)
        for row in wanted
    }


def _steps(numbers: Sequence[int], at: datetime) -> dict[int, list[Step]]:
    found: dict[int, list[Step]] = defaultdict(list)
    later = Q(at__gt=at) | Q(scan__imported_at__gt=at)
    for start in range(0, len(numbers), _PIECE):
        rows = Event.objects.filter(issue__in=numbers[start : start + _PIECE], kind__in=_KINDS)
        after = set(rows.filter(later).values_list("pk", flat=True))
        told = rows.order_by("pk").values_list("pk", "issue", "kind", "details")
        for number, issue, kind, details in told:
            if issue is not None:
                found[issue].append(Step(kind, details if isinstance(details, dict) else {}, number in after))
    return found


def _now(row: Issue, before: Mapping[str, Any] | None) -> Stood:
    """Return how an issue stands by itself now: what is part of another one as it stood before."""
    state, resolution = State(row.state), row.resolution
    if row.merged_into_id is not None and before:
        state, resolution = State(before.get("state", State.OPEN)), str(before.get("resolution") or "")
    return Stood(state, resolution, row.justification, row.dismissal_unconfirmed)


def replayed(now: Stood, steps: Sequence[Step], resolved_at: datetime | None, at: datetime) -> Stood:
    """Return how an issue stood, from its events in the order in which they were recorded, and from how it stands `now`."""
    earlier, later = [one for one in steps if not one.later], [one for one in steps if one.later]
    after = _from(later, now)
    moves = [number for number, one in enumerate(earlier) if one.kind not in _DOUBTS]
    if not moves:
        return _first(earlier, later, after, resolved_at, at)
    last = earlier[moves[-1]]
    state, resolution = _to(last, after)
    doubts = earlier[moves[-1] + 1 :]
    if doubts:
        unconfirmed = _DOUBTS[doubts[-1].kind]
    elif "undoes" in last.details:
        unconfirmed = after is not None and after.unconfirmed
    else:
        unconfirmed = bool(last.details.get("unconfirmed"))
    return Stood(state, resolution, _justification(last, after), unconfirmed)


def _from(later: Sequence[Step], now: Stood) -> Stood | None:
    """Return how the issue stood before the first move that came later; None where that does not tell all of it."""
    move = next((one for one in later if one.kind not in _DOUBTS), None)
    doubt = next((one for one in later if one.kind in _DOUBTS), None)
    if move is None:
        return now if doubt is None else now._replace(unconfirmed=not _DOUBTS[doubt.kind])
    before = move.details.get("from")
    if not isinstance(before, dict):
        return None
    unconfirmed = bool(before.get("unconfirmed"))
    if doubt is not None and later.index(doubt) < later.index(move):
        unconfirmed = not _DOUBTS[doubt.kind]
    return Stood(
        State(before["state"]), str(before.get("resolution") or ""), before.get("justification", ""), unconfirmed
    )


def _to(step: Step, after: Stood | None) -> tuple[State, str]:
    """Return what a move led to."""
    if step.kind == "fixed":
        # That a person verified it is a move of its own.
        return State.RESOLVED, "fixed"
    if step.kind == "reopened":
        return State.OPEN, ""
    to = step.details.get("to")
    if isinstance(to, dict):
        return State(to["state"]), str(to.get("resolution") or "")
    label = _LABELS.get(str(step.details.get("after")))
    if label is None:
        return (after.state, after.resolution) if after is not None else (State.OPEN, "")
    return label, str(step.details.get("reason") or "") if label >= State.RESOLVED else ""


def _justification(step: Step, after: Stood | None) -> str | None:
    if step.kind != "state":
        return ""
    told = step.details.get("justification")
    if told:
        return str(told)
    return after.justification if after is not None else None


def _first(
    earlier: Sequence[Step], later: Sequence[Step], after: Stood | None, resolved_at: datetime | None, at: datetime
) -> Stood:
    """Return how an issue stood that had not moved since it was opened."""
    moves = [one for one in later if one.kind not in _DOUBTS]
    if after is not None:
        # Settled without an event, on a day that only the row tells.
        if not moves and after.state >= State.RESOLVED and resolved_at is not None and resolved_at > at:
            return Stood(State.OPEN, "", "", unconfirmed=False)
        return after._replace(unconfirmed=_DOUBTS[earlier[-1].kind]) if earlier else after
    if moves[0].kind == "fixed":
        return Stood(State.OPEN, "", "", unconfirmed=False)
    if moves[0].kind == "reopened":
        returned = bool(moves[0].details.get("regression", True))
        state, why = (State.RESOLVED, "fixed") if returned else (State.DISMISSED, "suppressed")
        return Stood(state, why, "", unconfirmed=False)
    state = _LABELS.get(str(moves[0].details.get("before")), State.OPEN)
    return Stood(state, "", None if state == State.DISMISSED else "", unconfirmed=False)
