"""Work that somebody asked for and does not wait for: kept as a row, worked off under a lease, its progress in the row."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any, Final

import msgspec
from django.db import DatabaseError, connection, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from seamark.core.errors import SeamarkError
from seamark.pipeline import bulk, feed_updates
from seamark.pipeline.imports import wake
from seamark.store.access import visible_to
from seamark.store.models import Job, User
from seamark.store.models.people import Limit
from seamark.store.models.requests import JobState

Tell = Callable[[int, dict[str, Any]], None]
"""Hears how far a job is, and what it has done so far."""
LEASE: Final = timedelta(minutes=10)
ATTEMPTS: Final = 3


def submit(owner: User, kind: str, asked: dict[str, Any], total: int = 0) -> Job:
    """Keep what is asked for, with the rights that the request had, and wake the worker."""
    job = Job.objects.create(owner=owner, kind=kind, asked=asked, rights=_rights(owner), total=total)
    transaction.on_commit(wake.set)
    return job


def of(owner: User) -> QuerySet[Job]:
    """Return a person's jobs: nobody else sees them."""
    return Job.objects.filter(owner=owner)


def _rights(owner: User) -> dict[str, list[Any] | None] | None:
    if owner.limit is None:
        return None
    allowed = owner.limit.applications
    return {
        "permissions": sorted(map(str, owner.limit.permissions)),
        "applications": None if allowed is None else sorted(allowed),
    }


def owner_of(job: Job) -> User:
    """Return who asked, with the rights of the token that was used; what was taken from the person since is gone here too."""
    person = job.owner
    if job.rights is not None:
        allowed = job.rights["applications"]
        person.limit = Limit(
            frozenset(job.rights["permissions"]), None if allowed is None else frozenset(allowed)
        )  # fmt: skip
    return person


def work_once(kinds: Mapping[str, Callable[[Job, Tell], dict[str, Any]]] | None = None) -> bool:
    """Carry out one waiting job of some kinds (`KINDS`). Returns False where none waits."""
    known = KINDS if kinds is None else kinds
    job = _claim(known)
    if job is None:
        return False
    try:
        result = known[job.kind](job, _teller(job))
    except SeamarkError as error:
        _finish(job, JobState.FAILED, error=str(error)[:2000])
    except DatabaseError as error:
        if job.attempt >= ATTEMPTS:
            _finish(job, JobState.FAILED, error=f"The database refused it: {str(error).splitlines()[0]}"[:2000])
        else:
            Job.objects.filter(pk=job.pk, attempt=job.attempt).update(state=JobState.QUEUED, lease_until=None)
    else:
        _finish(job, JobState.DONE, result=result, done=F("total"))
    return True


def _claim(kinds: Iterable[str]) -> Job | None:
    now = timezone.now()
    with transaction.atomic():
        ready = Job.objects.filter(
            Q(state=JobState.QUEUED) | Q(state=JobState.RUNNING, lease_until__lt=now), kind__in=list(kinds)
        ).order_by("id")
        if connection.vendor == "postgresql":
            ready = ready.select_for_update(skip_locked=True)
        found = ready.first()
        if found is None:
            return None
        if found.attempt >= ATTEMPTS:
            _finish(found, JobState.FAILED, error=f"It was started {ATTEMPTS} times and never finished")
            return None
        Job.objects.filter(pk=found.pk).update(
            state=JobState.RUNNING, attempt=F("attempt") + 1, lease_until=now + LEASE, done=0
        )
    return Job.objects.select_related("owner").get(pk=found.pk)


def _finish(job: Job, state: JobState, **more: Any) -> None:
    Job.objects.filter(pk=job.pk, attempt=job.attempt).update(
        state=state, finished_at=timezone.now(), lease_until=None, **more
    )


def _teller(job: Job) -> Tell:
    """Return what keeps how far a job is, with what it has done so far, and holds its lease."""

    def tell(done: int, result: dict[str, Any]) -> None:
        Job.objects.filter(pk=job.pk, attempt=job.attempt).update(
            done=done, result=result, lease_until=timezone.now() + LEASE
        )

    return tell


def _triage(job: Job, tell: Tell) -> dict[str, Any]:
    """Change the state or the assignee of many issues. What an earlier attempt changed can still be undone: its changes are kept."""
    person = owner_of(job)
    wanted = msgspec.convert(job.asked, bulk.Wanted)
    before = tuple((job.result or {}).get("changes", ()))
    moved = int((job.result or {}).get("moved", 0))

    def shown(done: bulk.Done) -> dict[str, Any]:
        whole: dict[str, Any] = msgspec.to_builtins(done)
        return {**whole, "moved": moved + done.moved, "changes": [*before, *done.changes]}

    done = bulk.apply_in_slices(person, visible_to(person), wanted, lambda one: tell(one.issues, shown(one)))
    return shown(done)


KINDS: Final[dict[str, Callable[[Job, Tell], dict[str, Any]]]] = {
    "triage": _triage,
    feed_updates.KIND: feed_updates.carry_out,
}
"""What can be asked for, by its name; packs are made by `pipeline.packing`."""
