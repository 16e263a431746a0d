"""Tells the facts that lead from how an issue stood to how it stands: from its events, and for what no event tells from its row.

Values in, values out: no database. A fact counts under the owner and priority of its own row, so that sums over them are exact.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from seamark.core.severity import Severity
from seamark.store.models.issues import State
from seamark.store.models.metrics import By, Change

EVENTS: Final = ("fixed", "reopened", "state", "merged_into", "risk", "severity", "assigned", "comment")
"""Kinds of events that tell something."""
FALSE_POSITIVE: Final = "false_positive"
_LABELS: Final = {one.label: one.value for one in State}
_SEVERITIES: Final = {one.word: one.value for one in Severity}


class Stand(NamedTuple):
    """How an issue stands."""

    application: int
    state: int
    resolution: str
    open: bool
    severity: int
    priority: int
    risk: int
    owner: str
    due: datetime | None
    acknowledged: bool = False
    """A person looked at it since it was opened."""
    ever: bool = False
    """It was open once."""


class Step(NamedTuple):
    """An event of an issue."""

    number: int
    kind: str
    at: datetime
    by_person: bool
    details: Mapping[str, Any]


class Now(NamedTuple):
    """An issue's row. `branch_only` issues are open nowhere."""

    issue: int
    stand: Stand
    kind: int
    branch_only: bool
    opened_at: datetime
    resolved_at: datetime | None
    known: datetime | None
    """Since when its flaw is listed as exploited."""


class Fact(NamedTuple):
    """One change, with the columns that it counts under."""

    at: datetime
    change: int
    by: int
    open_change: int
    risk_change: int
    stand: Stand
    known: datetime | None = None


def replay(before: Stand | None, steps: Sequence[Step], now: Now, passed_at: datetime) -> tuple[list[Fact], Stand]:
    """Return the facts since `before` and how the issue stands after them, which is as its row says.

    `steps` are in their order. What differs at the end without an event that says so is dated by the row where that tells a time, else by
    the pass that saw it.
    """
    told = _Teller(before or _first(steps, now))
    if before is None:
        told.open_first(now)
    for step in steps:
        told.take(step, now)
    told.settle(now, passed_at)
    return told.facts, told.stand


def _first(steps: Iterable[Step], now: Now) -> Stand:
    """Return how an issue stood when it was opened, as far as its events tell, else as it is now."""
    state: int | None = None
    resolution, risk, severity = "", None, None
    for step in steps:
        if state is None and step.kind in {"fixed", "merged_into"}:
            state = State.OPEN.value
        elif state is None and step.kind == "reopened":
            regression = bool(step.details.get("regression", True))
            state = State.RESOLVED.value if regression else State.DISMISSED.value
            resolution = "fixed" if regression else "suppressed"
        elif state is None and step.kind == "state":
            state = _LABELS.get(str(step.details.get("before")), State.OPEN.value)
            resolution = str((step.details.get("from") or {}).get("resolution") or "")
        elif risk is None and step.kind == "risk":
            risk = _number(step.details.get("before"))
        elif severity is None and step.kind == "severity":
            severity = _SEVERITIES.get(str(step.details.get("before")))
    row = now.stand
    if state is None:
        # A row that was settled after it was opened stood open before.
        later = now.resolved_at is not None and now.resolved_at > now.opened_at and row.state >= State.RESOLVED
        state, resolution = (State.OPEN.value, "") if later else (row.state, row.resolution)
    return row._replace(
        state=state, resolution=resolution, open=state <= State.IN_PROGRESS and not now.branch_only,
        risk=row.risk if risk is None else risk, severity=row.severity if severity is None else severity,
        acknowledged=False, ever=False,
    )  # fmt: skip


def _number(value: object) -> int | None:
    return value if isinstance(value, int) else None


class _Teller:
    def __init__(self, stand: Stand) -> None:
        self.stand = stand
        self.facts: list[Fact] = []

    def open_first(self, now: Now) -> None:
        """Tell that the issue is there: open, or set aside from the beginning."""
        if self.stand.open:
            self.stand = self.stand._replace(ever=True)
            self._tell(now.opened_at, Change.OPENED, By.SCAN, 1, self.stand.risk, now.known)
        else:
            self._tell(now.opened_at, Change.SETTLED, By.SCAN, 0, 0)

    def take(self, step: Step, now: Now) -> None:
        """Take over what an event says."""
        by = By.RULE if step.details.get("rule") else By.PERSON if step.by_person else By.SCAN
        if by == By.PERSON and not self.stand.acknowledged and self.stand.open:
            self.stand = self.stand._replace(acknowledged=True)
            self._tell(step.at, Change.ACKNOWLEDGED, by, 0, 0)
        if step.kind == "fixed":
            self.move(State.RESOLVED, "fixed", step.at, by, now)
        elif step.kind == "reopened":
            self.move(State.OPEN, "", step.at, by, now)
        elif step.kind == "merged_into":
            self.move(State.DISMISSED, "duplicate", step.at, by, now)
        elif step.kind == "state":
            state = _LABELS.get(str(step.details.get("after")))
            if state is not None:
                reason = str(step.details.get("reason") or "") if state >= State.RESOLVED else ""
                self.move(state, reason, step.at, by, now)
        elif step.kind == "risk":
            after = _number(step.details.get("after"))
            if after is not None:
                self.weigh(after, step.at)
        elif step.kind == "severity":
            after = _SEVERITIES.get(str(step.details.get("after")))
            self.stand = self.stand._replace(severity=self.stand.severity if after is None else after)

    def move(self, state: int, resolution: str, at: datetime, by: By, now: Now, *, open_: bool | None = None) -> None:
        """Tell that the issue came to another state."""
        was = self.stand
        opens = (state <= State.IN_PROGRESS and not now.branch_only) if open_ is None else open_
        if (was.state, was.resolution, was.open) == (state, resolution, opens):
            return
        self.stand = was._replace(state=int(state), resolution=resolution, open=opens)
        if opens and not was.open:
            change = Change.REOPENED if was.ever else Change.OPENED
            self.stand = self.stand._replace(acknowledged=by == By.PERSON, ever=True)
            self._tell(at, change, by, 1, self.stand.risk, None if was.ever else now.known)
        elif was.open and not opens:
            self._tell(at, closing(state, resolution), by, -1, -was.risk)
        elif not opens:
            self._tell(at, Change.SETTLED, by, 0, 0)

    def weigh(self, risk: int, at: datetime) -> None:
        """Tell that the score moved."""
        moved = risk - self.stand.risk
        self.stand = self.stand._replace(risk=risk)
        if moved and self.stand.open:
            self._tell(at, Change.RISK, By.SCAN, 0, moved)

    def settle(self, now: Now, at: datetime) -> None:
        """Tell what differs from the row by now."""
        row, was = now.stand, self.stand
        if (was.state, was.resolution, was.open) != (row.state, row.resolution, row.open):
            dated = now.resolved_at if was.open and not row.open and now.resolved_at is not None else at
            latest = self.facts[-1].at if self.facts else now.opened_at
            self.move(row.state, row.resolution, max(latest, dated), By.SCAN, now, open_=row.open)
        self.weigh(row.risk, at)
        if self.stand.open and (self.stand.owner, self.stand.priority, self.stand.application) != (
            row.owner, row.priority, row.application,
        ):  # fmt: skip
            self._tell(at, Change.LEFT, By.SCAN, -1, -self.stand.risk)
            self._take_row(row)
            self._tell(at, Change.JOINED, By.SCAN, 1, self.stand.risk)
        moved = self.stand.due != row.due
        self._take_row(row)
        if moved and self.stand.open:
            self._tell(at, Change.DUE, By.SCAN, 0, 0)

    def _take_row(self, row: Stand) -> None:
        self.stand = row._replace(acknowledged=self.stand.acknowledged, ever=self.stand.ever)

    def _tell(
        self, at: datetime, change: Change, by: By, opened: int, risk: int, known: datetime | None = None
    ) -> None:
        self.facts.append(Fact(at, change.value, by.value, opened, risk, self.stand, known))


def closing(state: int, resolution: str) -> Change:
    """Return what the closing of an issue is called."""
    if state == State.RESOLVED:
        return Change.FIXED
    if state == State.DISMISSED:
        return Change.MERGED if resolution == "duplicate" else Change.DISMISSED
    return Change.AWAY
