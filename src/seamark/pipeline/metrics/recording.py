"""Writes a fact for each change of an issue since the last pass. Only what changed is read; what no event tells, the rows tell."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

import msgspec
from django.db import connection, transaction
from django.utils import timezone
from msgspec import Struct

from seamark.analysis.risk.facts import decode
from seamark.insight.metrics.replay import EVENTS, Fact, Now, Stand, Step, replay
from seamark.pipeline.metrics.blocks import refresh
from seamark.pipeline.metrics.tooling import record_tools
from seamark.store import writer
from seamark.store.models import Event, FactPass, FactStand, Issue, IssueClock, IssueFact, Upkeep

NAME: Final = "metrics"
"""The pass's row in `Upkeep`."""
PIECE: Final = 5_000
_LATE: Final = 5_000
"""Events before the newest one known that are looked at again: a slow transaction may have written them since."""
_FACT: Final = (
    "id", "issue", "application", "day", "at", "change", "by", "open_change", "risk_change", "state", "resolution", "severity",
    "priority", "risk", "kind", "owner", "due", "known",
)  # fmt: skip
_STAND: Final = (
    "issue", "event", "application", "state", "resolution", "open", "severity", "priority", "risk", "owner", "due", "due_on",
    "acknowledged", "ever",
)  # fmt: skip
_DIFFERS: Final = """
SELECT i.id FROM store_issue i
LEFT JOIN store_factstand s ON s.issue_id = i.id
LEFT JOIN store_issueclock c ON c.issue_id = i.id
WHERE s.issue_id IS NULL OR s.state <> i.state OR s.resolution <> i.resolution OR s.open <> i.open OR s.severity <> i.severity
OR s.priority <> i.priority OR s.risk <> i.risk OR s.owner <> i.owner OR s.application <> i.application_id
OR s.due_on IS DISTINCT FROM i.due OR (c.due_at IS NOT NULL AND s.due IS DISTINCT FROM c.due_at)
"""


class Recorded(Struct, frozen=True, kw_only=True):
    """What a pass came to."""

    facts: int
    issues: int
    """Issues that were looked at."""
    applications: int
    """Applications whose columns were made anew."""


def run_if_due(now: datetime | None = None) -> Recorded | None:
    """Make the day's pass where nobody has; None where somebody did."""
    at = now or timezone.now()
    row, made = Upkeep.objects.get_or_create(name=NAME, defaults={"day": at.date(), "at": at})
    if not made and not Upkeep.objects.filter(pk=row.pk, day__lt=at.date()).update(day=at.date(), at=at):
        return None
    try:
        return record(at)
    except BaseException:
        # The next worker that asks tries again.
        Upkeep.objects.filter(pk=row.pk).update(day=at.date() - timedelta(days=1))
        raise


def record(now: datetime | None = None) -> Recorded:
    """Make the pass now. Each piece is a transaction of its own: one that is broken off leaves what it did."""
    at = now or timezone.now()
    before = FactPass.objects.order_by("-at").first()
    newest = Event.objects.order_by("-id").values_list("id", flat=True).first() or 0
    numbers = _touched(before.event if before else None)
    facts = 0
    for start in range(0, len(numbers), PIECE):
        facts += _piece(numbers[start : start + PIECE], at)
    applications = refresh()
    record_tools(at.date())
    FactPass.objects.create(day=at.date(), at=at, event=newest, facts=facts)
    return Recorded(facts=facts, issues=len(numbers), applications=applications)


def _touched(event: int | None) -> list[int]:
    """Return the issues to which something happened, or that stand otherwise than their newest fact says."""
    found: set[int] = set()
    if event is not None:
        rows = Event.objects.filter(pk__gt=event - _LATE, kind__in=EVENTS, issue__isnull=False).order_by()
        found |= {number for number in rows.values_list("issue", flat=True).distinct() if number is not None}
    with connection.cursor() as cursor:
        cursor.execute(_DIFFERS)
        found |= {number for (number,) in cursor.fetchall()}
    return sorted(found)


@transaction.atomic
def _piece(numbers: Sequence[int], at: datetime) -> int:
    stands = {row.issue_id: row for row in FactStand.objects.filter(issue__in=numbers)}
    clocks = dict(IssueClock.objects.filter(issue__in=numbers).values_list("issue", "due_at"))
    steps, newest = _steps(numbers, stands)
    facts: list[tuple[int, Fact, int]] = []
    fresh: list[tuple[Any, ...]] = []
    changed: list[tuple[Any, ...]] = []
    for row in Issue.objects.filter(pk__in=numbers).order_by("pk").only(*_ROW).iterator(chunk_size=2_000):
        now = _now(row, clocks.get(row.pk))
        kept = stands.get(row.pk)
        found, stand = replay(_stand(kept) if kept else None, steps.get(row.pk, ()), now, at)
        facts += [(row.pk, one, now.kind) for one in found]
        event = max(newest.get(row.pk, 0), kept.event if kept else 0)
        told = (
            row.pk, event, stand.application, stand.state, stand.resolution, stand.open, stand.severity, stand.priority, stand.risk,
            stand.owner, stand.due, row.due.isoformat() if row.due else None, stand.acknowledged, stand.ever,
        )  # fmt: skip
        (changed if kept else fresh).append(told)
    _write(facts)
    FactStand.objects.filter(issue__in=[one[0] for one in changed]).delete()
    writer.insert(FactStand, _STAND, [*changed, *fresh])
    return len(facts)


_ROW: Final = (
    "id", "application_id", "state", "resolution", "open", "severity", "priority", "risk", "owner", "due", "kind", "branch_only", "kev",
    "facts", "opened_at", "resolved_at",
)  # fmt: skip


def _write(facts: Sequence[tuple[int, Fact, int]]) -> None:
    numbers = writer.reserve(IssueFact, len(facts))
    rows = [
        (
            number, issue, one.stand.application, one.at.astimezone(UTC).date().isoformat(), one.at, one.change, one.by, one.open_change,
            one.risk_change, one.stand.state, one.stand.resolution, one.stand.severity, one.stand.priority, one.stand.risk, kind,
            one.stand.owner, one.stand.due, one.known,
        )
        for number, (issue, one, kind) in zip(numbers, facts, strict=True)
    ]  # fmt: skip
    writer.insert(IssueFact, _FACT, rows)


def _steps(numbers: Sequence[int], stands: dict[int, FactStand]) -> tuple[dict[int, list[Step]], dict[int, int]]:
    """Return what happened to issues since their newest fact, in order, and the newest event of each."""
    found: dict[int, list[Step]] = defaultdict(list)
    newest: dict[int, int] = {}
    rows = Event.objects.filter(issue__in=numbers, kind__in=EVENTS).order_by("at", "id")
    for number, issue, kind, at, actor, details in rows.values_list("id", "issue", "kind", "at", "actor", "details"):
        assert issue is not None  # noqa: S101 - asked for
        kept = stands.get(issue)
        if kept is None or number > kept.event:
            found[issue].append(Step(number, kind, at, actor is not None, details if isinstance(details, dict) else {}))
        newest[issue] = max(number, newest.get(issue, 0))
    return found, newest


def _stand(row: FactStand) -> Stand:
    return Stand(
        row.application, row.state, row.resolution, row.open, row.severity, row.priority, row.risk, row.owner, row.due,
        row.acknowledged, row.ever,
    )  # fmt: skip


def _now(row: Issue, clock: datetime | None) -> Now:
    stand = Stand(
        row.application_id, row.state, row.resolution, row.open, row.severity, row.priority, row.risk, row.owner,
        clock or _end(row.due),
    )  # fmt: skip
    return Now(row.pk, stand, row.kind, row.branch_only, row.opened_at, row.resolved_at, _known(row))


def _end(day: date | None) -> datetime | None:
    """Return the first moment after a day."""
    return None if day is None else datetime.combine(day + timedelta(days=1), time(), UTC)


def _known(row: Issue) -> datetime | None:
    if not row.kev:
        return None
    facts: Any = row.facts
    told = decode(facts if isinstance(facts, str) else msgspec.json.encode(facts).decode()).kev_added
    return datetime.combine(date.fromisoformat(told), time(), UTC) if told else None
