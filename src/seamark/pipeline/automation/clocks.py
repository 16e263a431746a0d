"""Sets the clocks of issues by the agreements in force; what is late is then told by the clock alone, as time passes."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from django.db.models import Case, OuterRef, Q, Subquery, Value, When

from seamark.governance.automation.clock import Pause, due
from seamark.governance.policy.bundle import Policy
from seamark.governance.policy.evaluate import matches
from seamark.governance.policy.model import Sla
from seamark.governance.waivers.effective import waived
from seamark.pipeline.automation.given import Given
from seamark.store import writer
from seamark.store.models import Event, Issue, IssueClock, Waiver, WaiverIssue
from seamark.store.models.issues import State

_COLUMNS: Final = (
    "policy", "digest", "application", "priority", "started_at", "due_at", "risk_at", "stopped_since", "ended_at", "kept", "why",
)  # fmt: skip
_PIECE: Final = 5_000


class Clock(NamedTuple):
    """A clock as it is to stand, in the order of `_COLUMNS`."""

    policy: str
    digest: str
    application: int
    priority: int
    started_at: datetime
    due_at: datetime
    risk_at: datetime
    stopped_since: datetime | None
    ended_at: datetime | None
    kept: bool | None
    why: dict[str, Any]

    @property
    def day(self) -> date:
        """Return the last day on which the issue is in time, in the calendar's zone."""
        at = self.due_at.astimezone(ZoneInfo(self.why.get("zone", "UTC")))
        # What ends at midnight was in time on the day before.
        return (at - timedelta(microseconds=1)).date()


class Standing(NamedTuple):
    """What of an issue's row a clock looks at."""

    application: int
    priority: int
    opened_at: datetime


def clocks(
    slas: Sequence[Policy], rows: Mapping[int, Standing], told: Iterable[Given], now: datetime
) -> dict[int, Clock]:
    """Return the clock of each issue that an agreement is about: of several the one whose time is over first."""
    listed = {one.facts.ref: one for one in told}
    chosen: dict[int, list[Policy]] = defaultdict(list)
    for match in matches(slas, [one.facts for one in listed.values()], now=now):
        if match.decided:
            chosen[listed[match.facts.ref].number].append(match.policy)
    times = _Times(chosen, slas, now)
    found: dict[int, Clock] = {}
    for number, policies in chosen.items():
        kev = listed[f"SM-{number}"].kev_due
        candidates = [clock for one in policies if (clock := _clock(one, number, rows[number], kev, times)) is not None]
        if candidates:
            found[number] = min(candidates, key=lambda one: (one.due_at, one.policy))
    return found


def _clock(policy: Policy, number: int, row: Standing, kev: date | None, times: _Times) -> Clock | None:
    sla = policy.spec.sla
    if sla is None:
        return None
    start, returned = times.start(number, row.opened_at)
    pauses = times.pauses(number, sla)
    told = due(sla, start, kev, pauses)
    if told is None:
        return None
    why: dict[str, Any] = {"from": "returned" if returned else "opened", "text": policy.spec.description or policy.name}
    if sla.days is not None:
        why["days"] = sla.days
    if sla.kev_due and kev is not None:
        why["kev"] = kev.isoformat()
    if sla.calendar is not None:
        why["zone"] = sla.calendar.zone
        counted = [word for word, there in (("hours", sla.calendar.hours), ("weekend", sla.calendar.weekend), ("holidays", sla.calendar.holidays)) if there]  # fmt: skip
        if counted:
            why["calendar"] = counted
    if pauses:
        why["stops"] = [
            [one.why, one.begin.isoformat(), one.end.isoformat() if one.end is not None else None] for one in pauses
        ]
    return Clock(
        policy.name, policy.digest, row.application, row.priority, start, told.at, told.risk, told.stopped, None, None, why
    )  # fmt: skip


class _Times:
    """When issues came back, and when their clocks stood still, read at once for those that need it."""

    def __init__(self, chosen: Mapping[int, Sequence[Policy]], slas: Sequence[Policy], now: datetime) -> None:
        numbers = sorted(chosen)
        self._returned: dict[int, datetime] = {}
        self._moves: dict[int, list[tuple[datetime, str, dict[str, Any]]]] = defaultdict(list)
        stops = {word for one in slas if one.spec.sla is not None for word in one.spec.sla.stops}
        for at in range(0, len(numbers), _PIECE):
            self._read(numbers[at : at + _PIECE], states=bool(stops & {"dismissed", "in_progress"}))
        self._waived = _waived(numbers, now) if "waived" in stops else {}

    def _read(self, numbers: list[int], *, states: bool) -> None:
        kinds = ["reopened", "state", "dismissal_confirmed"] if states else ["reopened"]
        rows = Event.objects.filter(issue__in=numbers, kind__in=kinds).order_by("id")
        for issue, kind, at, details in rows.exclude(issue=None).values_list("issue", "kind", "at", "details"):
            if kind == "reopened" and details.get("regression"):
                self._returned[issue] = at
            if states:
                self._moves[issue].append((at, kind, details))

    def start(self, number: int, opened: datetime) -> tuple[datetime, bool]:
        """Return when an issue's time began, and whether that is because it came back."""
        returned = self._returned.get(number)
        return (returned, True) if returned is not None else (opened, False)

    def pauses(self, number: int, sla: Sla) -> list[Pause]:
        """Return when the clock stood still by what the agreement declares, in order, as spans that do not overlap."""
        found: list[Pause] = []
        if "waived" in sla.stops:
            found += self._waived.get(number, [])
        if "dismissed" in sla.stops:
            found += _spans(self._moves.get(number, ()), State.DISMISSED)
        if "in_progress" in sla.stops:
            found += _spans(self._moves.get(number, ()), State.IN_PROGRESS)
        return _merged(found)


def _spans(moves: Iterable[tuple[datetime, str, dict[str, Any]]], state: State) -> list[Pause]:
    """Return when an issue stood somewhere; a dismissal counts from when it was sure."""
    found: list[Pause] = []
    since: datetime | None = None
    inside = False
    for at, kind, details in moves:
        if kind == "dismissal_confirmed":
            since = at if inside and since is None and state is State.DISMISSED else since
            continue
        if since is not None:
            found.append(Pause(since, at, state.label))
            since = None
        inside = kind == "state" and details.get("after") == state.label
        if inside and not details.get("unconfirmed"):
            since = at
    return [*found, Pause(since, None, state.label)] if since is not None else found


def _waived(numbers: Sequence[int], now: datetime) -> dict[int, list[Pause]]:
    """Return when waivers covered issues: those that name them, and those that cover them now in another way."""
    found: dict[int, list[Pause]] = defaultdict(list)
    wanted = set(numbers)
    named = WaiverIssue.objects.filter(issue__in=numbers, waiver__decided_at__isnull=False, waiver__state__in=_GIVEN)
    for issue, waiver in ((row.issue_id, row.waiver) for row in named.select_related("waiver")):
        found[issue].append(_pause(waiver, now))
    current = waived(wanted, now)
    references = {int(one.reference.removeprefix("W-")) for several in current.values() for one in several}
    rows = {row.pk: row for row in Waiver.objects.filter(pk__in=references)}
    for issue, several in current.items():
        for one in several:
            row = rows[int(one.reference.removeprefix("W-"))]
            if row.scope != "issue":
                found[issue].append(_pause(row, now))
    return found


_GIVEN: Final = ("approved", "expired", "revoked")


def _pause(row: Waiver, now: datetime) -> Pause:
    begin = row.decided_at or row.expires_at
    ended = row.ended_at if row.ended_at is not None else row.expires_at
    return Pause(begin, None if ended > now else max(ended, begin), f"waived (W-{row.pk})")


def _merged(spans: Iterable[Pause]) -> list[Pause]:
    found: list[Pause] = []
    for one in sorted(spans, key=lambda each: each.begin):
        if found and (found[-1].end is None or one.begin <= found[-1].end):
            last = found[-1]
            end = None if last.end is None or one.end is None else max(last.end, one.end)
            found[-1] = last._replace(end=end)
        else:
            found.append(one)
    return found


def running(numbers: Sequence[int]) -> set[int]:
    """Return the issues among some that have a clock which has not ended."""
    return {row[0] for row in writer.select_in("SELECT issue_id FROM store_issueclock WHERE ended_at IS NULL AND issue_id {values}", numbers)}  # fmt: skip


def keep(numbers: Collection[int], wanted: Mapping[int, Clock], closed: Collection[int]) -> int:
    """Let the clocks of some issues stand as wanted; return how many were written. Those of `closed` issues are left to `end`."""
    known: dict[int, tuple[int, tuple[Any, ...]]] = {}
    for at in _pieces(numbers):
        for pk, issue, *stands in IssueClock.objects.filter(issue__in=at).values_list("pk", "issue", *_COLUMNS):
            known[issue] = pk, tuple(stands)
    gone = [pk for number, (pk, _) in known.items() if number not in wanted and number not in closed]
    changed, fresh = [], []
    for number, clock in wanted.items():
        row = known.get(number)
        if row is None:
            fresh.append((number, *clock[:-1], json.dumps(clock.why)))
        elif row[1] != clock:
            changed.append((row[0], *clock[:-1], json.dumps(clock.why)))
    for at in _pieces(gone):
        IssueClock.objects.filter(pk__in=at).delete()
    numbered = zip(writer.reserve(IssueClock, len(fresh)), fresh, strict=True)
    writer.insert(IssueClock, ["id", "issue", *_COLUMNS], [(pk, *each) for pk, each in numbered])
    writer.update(IssueClock, list(_COLUMNS), changed)
    return len(gone) + len(fresh) + len(changed)


def _pieces(numbers: Iterable[int]) -> Iterable[list[int]]:
    listed = sorted(numbers)
    for at in range(0, len(listed), _PIECE):
        yield listed[at : at + _PIECE]


def end() -> int:
    """End the clocks of issues that are fixed by now, in time or not; take away those of sure dismissals. Return how many ended."""
    resolved = Issue.objects.filter(pk=OuterRef("issue")).values("resolved_at")[:1]
    fixed = IssueClock.objects.filter(ended_at=None, issue__state=State.RESOLVED, issue__resolved_at__isnull=False)
    number = fixed.update(
        ended_at=Subquery(resolved),
        stopped_since=None,
        kept=Case(When(due_at__gte=Subquery(resolved), then=Value(True)), default=Value(False)),
    )
    settled = Q(issue__state=State.DISMISSED, issue__dismissal_unconfirmed=False) | Q(issue__merged_into__isnull=False)
    IssueClock.objects.filter(settled, ended_at=None).delete()
    return number
