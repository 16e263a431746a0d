"""The worker's part: follows what changed, ends auditors' access in time, and forgets evidence, and files of jobs, after their time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from django.db.models import F, Max, Q
from django.utils import timezone

from seamark.governance.compliance.check import checks
from seamark.governance.compliance.kept import frameworks
from seamark.pipeline import made_files
from seamark.pipeline.compliance import auditing, evidence, passing, snapshots
from seamark.store.models import (
    Application,
    Bundle,
    ComplianceEvidence,
    Event,
    FeedState,
    PolicyWatch,
    Scan,
    Survey,
    Waiver,
)

PAUSE: Final = timedelta(seconds=30)
"""Between two passes, so that a run of imports is looked at once."""
WHOLE: Final = timedelta(hours=6)
"""After which everything is asked again where anything changed: some facts cross applications."""
LEASE: Final = timedelta(minutes=30)
_NAME: Final = "compliance"
"""The pass's row among those of `PolicyWatch`."""


class _Due(NamedTuple):
    applications: frozenset[int] | None
    seen: dict[str, Any]
    before: datetime | None


def work_once(now: datetime | None = None) -> bool:
    """Do what is due; False where nothing is, or somebody is at it. Any number of workers may ask."""
    moment = now or timezone.now()
    auditing.end_expired(moment)
    due = _look(moment)
    if due is None:
        return False
    mine = PolicyWatch.objects.filter(Q(lease_until=None) | Q(lease_until__lte=moment), name=_NAME, asked_at=due.before)
    if not mine.update(lease_until=moment + LEASE, asked_at=moment):
        return False
    error = "it was broken off"
    try:
        passing.run(moment, due.applications)
        if due.applications is None:
            snapshots.take_due(moment)
            evidence.forget_old(moment)
            made_files.forget_old(moment)
        error = ""
    finally:
        _finish(due, error)
    return True


def _finish(due: _Due, error: str) -> None:
    row = PolicyWatch.objects.filter(name=_NAME)
    if error:
        row.update(lease_until=None, error=error)
        return
    whole = {"whole_at": F("asked_at")} if due.applications is None else {}
    row.update(lease_until=None, error="", seen=due.seen, **whole)


def _look(now: datetime) -> _Due | None:
    row, _ = PolicyWatch.objects.get_or_create(name=_NAME)
    leased = row.lease_until is not None and row.lease_until > now
    if leased or (row.asked_at is not None and timedelta(0) <= now - row.asked_at < PAUSE):
        return None
    seen, before = _seen(now), row.seen
    if seen == before:
        return None
    whole = not before or any(seen[name] != before.get(name) for name in ("day", "feeds", "checks", "applications"))
    if whole or row.whole_at is None or now - row.whole_at >= WHOLE:
        return _Due(None, seen, row.asked_at)
    return _Due(_touched(before), seen, row.asked_at)


def _seen(now: datetime) -> dict[str, Any]:
    loaded = FeedState.objects.aggregate(last=Max("loaded_at"))["last"]
    return {
        "day": now.date().isoformat(),
        "event": _last(Event.objects.exclude(kind=passing.EVENT)),
        "scan": _last(Scan.objects),
        "survey": _last(Survey.objects),
        "waiver": _last(Waiver.objects),
        "evidence": _last(ComplianceEvidence.objects.exclude(author=None, kind="snapshot")),
        "applications": Application.objects.count(),
        "bundles": [list(one) for one in Bundle.objects.order_by("name").values_list("name", "digest", "active")],
        "feeds": loaded.isoformat() if loaded is not None else "",
        "checks": [one.digest[:16] for one in checks().values()],
        "frameworks": [one.digest[:16] for one in frameworks().values()],
    }


def _last(rows: Any) -> int:
    return int(rows.aggregate(last=Max("pk"))["last"] or 0)


def _touched(before: dict[str, Any]) -> frozenset[int]:
    """Return the applications to which something happened."""
    events = Event.objects.filter(pk__gt=before["event"]).exclude(kind=passing.EVENT)
    found = set(events.order_by().values_list("application", flat=True).distinct())
    found |= set(events.order_by().values_list("issue__application", flat=True).distinct())
    scans = Scan.objects.filter(pk__gt=before["scan"])
    found |= set(scans.order_by().values_list("stream__application", flat=True).distinct())
    surveys = Survey.objects.filter(pk__gt=before["survey"])
    found |= set(surveys.order_by().values_list("application", flat=True).distinct())
    there = Application.objects.filter(pk__in=[number for number in found if number is not None])
    return frozenset(there.values_list("pk", flat=True))
