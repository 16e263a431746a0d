"""The worker's part: makes what is asked for, and looks after what is open. Each piece is taken under a lease and can be taken again."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from seamark.core.errors import RemoteFailure, SeamarkError
from seamark.pipeline.outbox.lease import claim, free, pause, settle
from seamark.pipeline.outbox.passes import claim_pass, finish_pass
from seamark.pipeline.pulls.following import follow, verify
from seamark.pipeline.pulls.making import Waits, make
from seamark.store.models import PullRequest
from seamark.store.models.pulls import PullState

LEASE: Final = timedelta(minutes=45)
"""Longer than an attempt takes with all its programs."""
ATTEMPTS: Final = 12
EVERY: Final = timedelta(minutes=10)
"""Between two looks at one open pull request."""
_LATER: Final = timedelta(hours=1)
_PASS: Final = timedelta(minutes=1)
_AT_ONCE: Final = 20
log = logging.getLogger(__name__)


def work_once(now: datetime | None = None) -> bool:
    """Make one pull request that is asked for and due. Returns False where none is. `now` stands for the clock."""
    at = now or timezone.now()
    with transaction.atomic():
        due = PullRequest.objects.filter(free(at), state=PullState.QUEUED, due_at__lte=at, repository__active=True)
        taken = claim(due.order_by("due_at", "id"), at, LEASE)
    if taken is None:
        return False
    row = _whole(taken.pk)
    settle(row, **_attempted(row, at))
    return True


def make_now(row: PullRequest) -> PullRequest:
    """Make a pull request that waits in this process, unless a worker is at it; return how it stands."""
    at = timezone.now()
    with transaction.atomic():
        taken = claim(PullRequest.objects.filter(free(at), pk=row.pk, state=PullState.QUEUED), at, LEASE)
    if taken is not None:
        found = _whole(taken.pk)
        settle(found, **_attempted(found, at))
    return _whole(row.pk)


def watch_once(now: datetime | None = None) -> bool:
    """Look after what is open, and at what scans say of what was merged; True where there was something to look at."""
    at = now or timezone.now()
    if not claim_pass("pull-requests", _PASS, at):
        return False
    try:
        numbers = list(
            PullRequest.objects.filter(free(at), state=PullState.OPEN, checked_at__lte=at - EVERY, repository__active=True)
            .order_by("checked_at", "id").values_list("pk", flat=True)[:_AT_ONCE]
        )  # fmt: skip
        for number in numbers:
            _look(number, at)
        for row in PullRequest.objects.filter(state=PullState.MERGED).select_related(
            "fix", "repository__asset__application"
        ):
            with transaction.atomic():
                if changed := verify(row):
                    PullRequest.objects.filter(pk=row.pk, state=PullState.MERGED).update(**changed)
    finally:
        finish_pass("pull-requests")
    return bool(numbers)


def _look(number: int, at: datetime) -> None:
    with transaction.atomic():
        taken = claim(PullRequest.objects.filter(free(at), pk=number, state=PullState.OPEN), at, LEASE)
    if taken is None:
        return
    row = _whole(number)
    try:
        changed: dict[str, Any] = follow(row, at)
    except SeamarkError as error:
        changed = {"told": str(error)[:1000], "checked_at": at}
    except Exception:
        log.exception("A pull request could not be looked after")
        changed = {"told": "It could not be looked after; the log says why", "checked_at": at}
    settle(row, **changed)


def _attempted(row: PullRequest, at: datetime) -> dict[str, Any]:
    try:
        return make(row, at).values
    except Waits as error:
        return {"told": str(error), "due_at": at + _LATER, "attempt": 0}
    except RemoteFailure as error:
        if error.permanent or row.attempt >= ATTEMPTS:
            return _given_up(str(error), at)
        return {"told": str(error)[:1000], "due_at": at + pause(row.attempt)}
    except SeamarkError as error:
        return _given_up(str(error), at)
    except Exception:
        log.exception("A pull request could not be made")
        return _given_up("It could not be made; the log says why", at)


def _given_up(why: str, at: datetime) -> dict[str, Any]:
    return {"state": PullState.FAILED, "told": why[:1000], "finished_at": at}


def _whole(number: int) -> PullRequest:
    return PullRequest.objects.select_related(
        "fix", "fix__application", "fix__asset", "repository", "repository__asset", "repository__asset__application"
    ).get(pk=number)
