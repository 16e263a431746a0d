"""The work of the installation as those see it who run it: what waits, runs and failed, to be repeated or cancelled."""

from __future__ import annotations

import re
from typing import Any, Final

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from seamark.core.errors import NotAllowed, NotFound
from seamark.governance.access.changes import tell
from seamark.governance.access.reading import may_audit
from seamark.intake.connectors.feeds.catalogue import origin
from seamark.pipeline import feed_updates, jobs
from seamark.pipeline.feed_updates import OPERATES
from seamark.pipeline.imports import wake
from seamark.store.access import Visible, visible_to
from seamark.store.models import Import, Job, ProfileUse, User
from seamark.store.models.requests import JobState
from seamark.store.models.work import ImportState
from seamark.store.permissions import Permission, needed

KINDS: Final = ("jobs", "imports", "re-scoring")
"""What there is to look at."""
UNDER_WAY: Final = ("queued", "running")


def may_watch(seen: Visible) -> bool:
    """Tell whether somebody may see how the installation does: auditors and those who run it."""
    return may_audit(seen)


def may_operate(seen: Visible) -> bool:
    """Tell whether somebody may repeat and cancel the work of others, and have feeds fetched."""
    return seen.may(OPERATES)


def rows(seen: Visible, kind: str, state: str = "") -> QuerySet[Any]:
    """Return the work of a kind of `KINDS`. Raises `NotAllowed` for those who may not watch."""
    if not may_watch(seen):
        raise NotAllowed(needed(Permission.LEDGER_READ))
    if kind == "imports":
        found: QuerySet[Any] = seen.imports().select_related("report", "author")
    elif kind == "re-scoring":
        found = ProfileUse.objects.select_related("unit", "profile", "actor")
    else:
        found = Job.objects.select_related("owner")
    return found.filter(state=state) if state else found


def may_retry(row: Import | Job) -> bool:
    """Tell whether work that failed can be repeated: an import whose excerpt of the source is gone has to be sent again."""
    return row.state == "failed" and not (isinstance(row, Import) and row.source_digest)


def may_cancel(row: Import | Job) -> bool:
    """Tell whether work can be cancelled: what a worker is at cannot."""
    return row.state == "queued"


@transaction.atomic
def retry(actor: User, reference: str) -> Import | Job:
    """Let work that failed (`job-7`, `import-12`) wait for a worker again. Raises `NotFound` and `NotAllowed`."""
    row = _found(actor, reference)
    if not may_retry(row):
        raise NotAllowed(
            f"{reference} cannot be repeated: "
            + (
                "its excerpt of the source is gone, send the report again"
                if row.state == "failed"
                else f"it is {row.state}"
            )
        )
    changed = {"state": "queued", "attempt": 0, "error": "", "finished_at": None, "lease_until": None}
    _change(actor, row, reference, changed | ({"failure": ""} if isinstance(row, Import) else {}))
    transaction.on_commit(wake.set)
    return row


@transaction.atomic
def cancel(actor: User, reference: str) -> Import | Job:
    """Take work back that no worker has begun. Raises `NotFound` and `NotAllowed`."""
    row = _found(actor, reference)
    sentence = f"{actor.get_username()} cancelled it"
    changed = {"state": "failed", "error": sentence, "finished_at": timezone.now(), "attempt": F("attempt")}
    if not may_cancel(row):
        raise NotAllowed(f"{reference} cannot be cancelled: it is {row.state}")
    _change(actor, row, reference, changed | ({"failure": "refused"} if isinstance(row, Import) else {}))
    return row


def _change(actor: User, row: Import | Job, reference: str, changed: dict[str, Any]) -> None:
    # The state is asked for once more: a worker may have been quicker.
    same: QuerySet[Any] = (Import if isinstance(row, Import) else Job).objects.filter(pk=row.pk, state=row.state)
    if not same.update(**changed):
        raise NotAllowed(f"{reference} has moved on meanwhile; look again")
    before = {"state": str(row.state), "error": row.error}
    row.refresh_from_db()
    tell("job", reference, actor=actor, before=before, after={"state": str(row.state), "error": row.error})


def _found(actor: User, reference: str) -> Import | Job:
    """Return work that somebody may act on: their own jobs, and all of it with the right to run the installation."""
    named = re.fullmatch(r"(job|import)-([0-9]{1,18})", reference)
    seen = visible_to(actor)
    if named is None:
        raise NotFound(f"There is no {reference!r}")
    number = int(named[2])
    row: Import | Job | None
    if named[1] == "import":
        row = seen.imports().filter(pk=number).first()
    else:
        row = (Job.objects.all() if may_watch(seen) else jobs.of(actor)).filter(pk=number).first()
    if row is None:
        raise NotFound(f"There is no {reference!r}")
    if not may_operate(seen) and not (isinstance(row, Job) and row.owner_id == actor.pk):
        raise NotAllowed(needed(OPERATES))
    return row


@transaction.atomic
def update_feeds(actor: User, names: list[str]) -> Job:
    """Have a worker fetch feeds, the usual ones where none is named. Raises `NotAllowed` and `NotFound`; one update at a time."""
    if not visible_to(actor).may(OPERATES):
        raise NotAllowed(needed(OPERATES))
    wanted = list(dict.fromkeys(origin(name).name for name in names))
    going = Job.objects.filter(kind=feed_updates.KIND, state__in=[JobState.QUEUED, JobState.RUNNING]).first()
    if going is not None:
        raise NotAllowed(f"An update is under way already: job-{going.pk}")
    job = jobs.submit(actor, feed_updates.KIND, {"feeds": wanted}, total=feed_updates.pieces(wanted))
    tell("feeds", "update", actor=actor, before=None, after={"feeds": wanted or "the usual ones", "job": job.pk})
    return job


def under_way() -> Job | None:
    """Return the update of feeds that waits or runs, None where there is none."""
    return Job.objects.filter(kind=feed_updates.KIND, state__in=[ImportState.QUEUED, ImportState.RUNNING]).first()
