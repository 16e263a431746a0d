"""Triage of many issues at once: what it would do, and doing it, slice by slice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, Final

from django.db import transaction
from django.db.models import Count, Q, QuerySet
from msgspec import Struct

from seamark.core.errors import NotAllowed
from seamark.governance.triage import service
from seamark.governance.triage.lifecycle import WORKS, check_reason, right_for
from seamark.store.access import Visible
from seamark.store.models import Issue, User
from seamark.store.models.issues import State
from seamark.store.query import parse, select

SLICE: Final = 2_000
"""Issues between two commits of a job."""
AT_ONCE: Final = service.LIMIT
"""The most issues that whoever asks waits for."""


class Wanted(Struct, frozen=True, kw_only=True):
    """Which issues, by a query or by number, and what is to become of them."""

    query: str | None = None
    issues: tuple[int, ...] = ()
    state: int | None = None
    resolution: str = ""
    comment: str = ""
    assign: bool = False
    assignee: str | None = None
    """User name, None for nobody; counts with `assign` only."""


class Outlook(Struct, frozen=True):
    """What a change would do."""

    issues: int
    changes: int
    """Issues that do not stand there already."""
    refused: int
    """Issues for which the move, or the person's rights, do not allow it."""
    reasons: tuple[str, ...]
    by_state: dict[str, int]
    by_priority: dict[str, int]
    by_application: dict[str, int]
    """The ten applications with most of them."""


class Done(Struct, frozen=True):
    """What a change did: `changes` are what `service.undo` takes back."""

    issues: int
    moved: int
    assigned: int
    changes: tuple[str, ...]


def chosen(seen: Visible, wanted: Wanted) -> QuerySet[Issue]:
    """Return the issues that are meant, as far as the person sees them. Raises `InvalidQuery`."""
    if wanted.query is None:
        return seen.issues().filter(pk__in=wanted.issues)
    return select(seen.issues(), parse(wanted.query))


def check(wanted: Wanted) -> None:
    """Refuse what is wrong for every issue. Raises `NotAllowed`."""
    if wanted.state is None and not wanted.assign:
        raise NotAllowed("Name something to change: state or assignee")
    if wanted.state is not None:
        check_reason(State(wanted.state), wanted.resolution, wanted.comment)
    elif wanted.resolution or wanted.comment:
        raise NotAllowed("A resolution and a comment belong to a state")
    if wanted.assign and wanted.assignee is not None:
        _assignee(wanted.assignee)


def preview(seen: Visible, wanted: Wanted) -> Outlook:
    """Return what a change would do, without doing it. Raises `NotAllowed` and `InvalidQuery`."""
    check(wanted)
    rows = chosen(seen, wanted).order_by()
    groups = rows.values("state", "resolution", "priority", "application__name").annotate(number=Count("pk"))
    states: Counter[str] = Counter()
    priorities: Counter[str] = Counter()
    applications: Counter[str] = Counter()
    changing = 0
    for group in groups:
        number = group["number"]
        states[State(group["state"]).label.replace(" ", "_")] += number
        priorities[f"P{group['priority']}"] += number
        applications[group["application__name"]] += number
        same = wanted.state is None or (group["state"], group["resolution"]) == (wanted.state, wanted.resolution)
        changing += 0 if same and not wanted.assign else number
    refused, reasons = _refused(seen, rows, wanted)
    return Outlook(
        sum(states.values()), changing, refused, reasons, dict(states), dict(sorted(priorities.items())),
        dict(applications.most_common(10)),
    )  # fmt: skip


def _refused(seen: Visible, rows: QuerySet[Issue], wanted: Wanted) -> tuple[int, tuple[str, ...]]:
    """Return how many issues stop a change, and why, a sentence each."""
    reasons: Counter[str] = Counter()
    if wanted.state is None:
        reasons["You may not work on these issues"] += rows.exclude(_held(seen, WORKS)).count()
    else:
        after = State(wanted.state)
        moving = rows.exclude(state=after, resolution=wanted.resolution)
        reasons["They are part of other issues: triage those"] += moving.exclude(merged_into=None).count()
        for before in sorted(set(moving.values_list("state", flat=True))):
            these = moving.filter(state=before, merged_into=None)
            try:
                right = right_for(State(before), after)
            except NotAllowed as error:
                reasons[str(error)] += these.count()
            else:
                reasons[f"You may not make {State(before).label} issues {after.label}"] += these.exclude(
                    _held(seen, right)
                ).count()
    told = {reason: number for reason, number in reasons.items() if number}
    return sum(told.values()), tuple(f"{reason} ({number:,})" for reason, number in told.items())


def _held(seen: Visible, right: Any) -> Q:
    return Q(application__in=seen.applications(right).values("id"))


def apply(actor: User, seen: Visible, wanted: Wanted) -> Done:
    """Change all issues, or none where one is refused. Raises `NotAllowed` and `InvalidQuery`."""
    check(wanted)
    return _changed(actor, list(chosen(seen, wanted).order_by().values_list("pk", flat=True)[: AT_ONCE + 1]), wanted)


def size_of(seen: Visible, wanted: Wanted) -> int:
    """Return how many issues are meant. Raises `InvalidQuery`."""
    return chosen(seen, wanted).order_by().count()


def apply_in_slices(actor: User, seen: Visible, wanted: Wanted, tell: Callable[[Done], None]) -> Done:
    """Change any number of issues; each slice is a transaction, in which `tell` hears what was done so far.

    Done again after a crash it finishes what is left. Raises `NotAllowed` where a slice is refused: earlier ones stay changed.
    """
    check(wanted)
    ids = list(chosen(seen, wanted).order_by("pk").values_list("pk", flat=True))
    whole = Done(0, 0, 0, ())
    for start in range(0, len(ids), SLICE):
        with transaction.atomic():
            part = _changed(actor, ids[start : start + SLICE], wanted)
            whole = Done(
                whole.issues + part.issues, whole.moved + part.moved, whole.assigned + part.assigned, whole.changes + part.changes
            )  # fmt: skip
            tell(whole)
    return whole


@transaction.atomic
def _changed(actor: User, ids: list[int], wanted: Wanted) -> Done:
    if len(ids) > AT_ONCE:
        raise NotAllowed(f"One change may touch {AT_ONCE:,} issues at most; ask for a job, or narrow the selection")
    moved = assigned = 0
    changes: tuple[str, ...] = ()
    rows = Issue.objects.filter(pk__in=ids)
    if wanted.assign:
        person = _assignee(wanted.assignee) if wanted.assignee is not None else None
        assigned = service.assign(actor, rows, person)
    if wanted.state is not None:
        change = service.change_state(actor, rows, State(wanted.state), wanted.resolution, wanted.comment)
        moved = service.size_of(change)
        changes = (change,) if moved else ()
    return Done(len(ids), moved, assigned, changes)


def _assignee(name: str) -> User:
    found = User.objects.filter(username=name, is_active=True, is_service=False).first()
    if found is None:
        raise NotAllowed(f"There is nobody called {name!r}")
    return found


@transaction.atomic
def undo(actor: User, changes: tuple[str, ...]) -> int:
    """Take changes of states back, the latest first, and return how many issues were put back. Raises `NotAllowed`."""
    return sum(service.undo(actor, change) for change in reversed(changes))
