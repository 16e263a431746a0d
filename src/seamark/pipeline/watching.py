"""Tells what standing violations have to be looked at again: what happened since the last pass, and who may make the next one."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import F, Max, Q
from msgspec import Struct

from seamark.governance.policy.kept.sync import in_force
from seamark.store.models import Bundle, Event, FeedState, PolicyWatch, ProfileUse, Scan, Survey

PAUSE: Final = timedelta(seconds=15)
"""Between two passes, so that a run of imports is looked at once."""
WHOLE: Final = timedelta(hours=1)
"""After which everything is looked at again where anything changed: some facts cross applications."""
LEASE: Final = timedelta(minutes=30)
_NAME: Final = "watch"


class Due(Struct, frozen=True, kw_only=True):
    """What has to be looked at again."""

    applications: frozenset[int] | None
    """Only these; None for everything."""
    policies: frozenset[str] | None
    """Only those of these names; None for all."""
    seen: dict[str, Any]
    """What there was when this was told."""
    before: datetime | None
    """When the latest pass began."""


def look(now: datetime) -> Due | None:
    """Return what is due; None where nothing is, or somebody is at it."""
    row = PolicyWatch.objects.filter(name=_NAME).first()
    if row is None:
        row, _ = PolicyWatch.objects.get_or_create(name=_NAME)
    if (row.lease_until is not None and row.lease_until > now) or (
        row.asked_at is not None and timedelta(0) <= now - row.asked_at < PAUSE
    ):
        return None
    seen, before = _seen(now, row.seen), row.seen
    if seen == before:
        return None
    if _has_to_be_whole(seen, before) or row.whole_at is None or now - row.whole_at >= WHOLE:
        return Due(applications=None, policies=None, seen=seen, before=row.asked_at)
    changed = frozenset(
        name for name, digest in seen["policies"].items() if before["policies"].get(name) != digest
    ) | (before["policies"].keys() - seen["policies"].keys())  # fmt: skip
    touched = _touched(before)
    if changed and touched:
        return Due(applications=None, policies=None, seen=seen, before=row.asked_at)
    if changed:
        return Due(applications=None, policies=frozenset(changed), seen=seen, before=row.asked_at)
    return Due(applications=touched, policies=None, seen=seen, before=row.asked_at)


def claim(due: Due, now: datetime) -> bool:
    """Tell whether the pass is the caller's to make; `finish` ends it."""
    mine = PolicyWatch.objects.filter(Q(lease_until=None) | Q(lease_until__lte=now), name=_NAME, asked_at=due.before)
    return bool(mine.update(lease_until=now + LEASE, asked_at=now))


def finish(due: Due, error: str) -> None:
    """Say that a pass ended, well where `error` is empty. After a failure the same is due again."""
    row = PolicyWatch.objects.filter(name=_NAME)
    if error:
        row.update(lease_until=None, error=error)
        return
    whole = {"whole_at": F("asked_at")} if due.applications is None and due.policies is None else {}
    row.update(lease_until=None, error="", seen=due.seen, **whole)


def standing() -> PolicyWatch | None:
    """Return how the watch stands; None where it never ran."""
    return PolicyWatch.objects.filter(name=_NAME).exclude(asked_at=None).first()


def _seen(now: datetime, before: dict[str, Any]) -> dict[str, Any]:
    bundles = [list(one) for one in Bundle.objects.order_by("name").values_list("name", "digest", "active")]
    if before and before["bundles"] == bundles:
        policies = before["policies"]
    else:
        policies = {one.name: one.digest for one in in_force().policies}
    return {
        "day": now.date().isoformat(), "event": _last(Event), "scan": _last(Scan), "survey": _last(Survey), "bundles": bundles,
        "policies": policies, "feeds": _latest(FeedState, "loaded_at"), "profiles": _latest(ProfileUse, "finished_at"),
    }  # fmt: skip


def _last(model: Any) -> int:
    return int(model.objects.aggregate(last=Max("pk"))["last"] or 0)


def _latest(model: Any, column: str) -> str:
    found = model.objects.aggregate(last=Max(column))["last"]
    return found.isoformat() if found is not None else ""


def _has_to_be_whole(seen: dict[str, Any], before: dict[str, Any]) -> bool:
    if not before or any(seen[name] != before[name] for name in ("day", "feeds", "profiles")):
        return True
    # What is surveyed without an application, such as a cluster, may concern all of them.
    return Survey.objects.filter(pk__gt=before["survey"], application=None).exists()


def _touched(before: dict[str, Any]) -> frozenset[int]:
    """Return the applications to which something happened."""
    events = Event.objects.filter(pk__gt=before["event"])
    found = set(events.exclude(application=None).order_by().values_list("application", flat=True).distinct())
    found |= set(
        events.filter(application=None)
        .exclude(issue=None)
        .order_by()
        .values_list("issue__application", flat=True)
        .distinct()
    )
    scans = Scan.objects.filter(pk__gt=before["scan"])
    found |= set(scans.order_by().values_list("stream__application", flat=True).distinct())
    surveys = Survey.objects.filter(pk__gt=before["survey"]).exclude(application=None)
    found |= set(surveys.order_by().values_list("application", flat=True).distinct())
    return frozenset(number for number in found if number is not None)
