"""How the installation does, for monitoring; the work in the background and the feeds, for those who run it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Query, Router, Schema
from pydantic import ConfigDict, Field

from seamark.core.errors import NotAllowed, NotFound
from seamark.interfaces.api.answers import Answer, Number, Turn, answer, number, turned_page
from seamark.interfaces.api.authentication import ADMIN, READ, actor_of
from seamark.interfaces.api.jobs import JobPage, JobShape, job_shown
from seamark.interfaces.api.problems import Refusal, declared
from seamark.pipeline import feed_updates, health, operations
from seamark.pipeline.imports import progress_of
from seamark.store.models import Import, Job
from seamark.store.permissions import Permission, needed

router = Router()
Condition = Literal["well", "note", "wrong"]


class CheckShape(Answer):
    """A question about the installation, and its answer."""

    check: str
    state: Condition
    sentence: str


class DatabaseShape(Answer):
    """The database."""

    kind: str
    milliseconds: float = Field(description="How long it took to answer.")


class WorkerShape(Answer):
    """A worker process that said something within a day."""

    name: str = Field(description="Host and process.")
    version: str
    started_at: datetime
    at: datetime = Field(description="Its last word.")
    silent: bool = Field(description="No word for two minutes.")


class QueueShape(Answer):
    """What waits for a worker."""

    name: str
    waiting: Number
    running: Number
    failed: Number = Field(description="Within a week.")
    oldest: int | None = Field(description="For how many seconds the oldest piece waits.")


class DiskShape(Answer):
    """The disk of SEAMARK_HOME, in bytes; null where it cannot be asked."""

    free: int | None
    total: int | None


class FeedHealth(Answer):
    """A feed that is loaded or was tried."""

    feed: str
    age: int | None = Field(description="Days.")
    old: bool
    failure: str


class SignatureShape(Answer):
    """The ledger and its newest checkpoint."""

    entries: int
    signed: int
    at: datetime | None


class InstallationHealth(Answer):
    """How the installation does."""

    state: Condition = Field(description="The worst of the checks.")
    version: str
    checks: list[CheckShape]
    database: DatabaseShape
    workers: list[WorkerShape]
    queues: list[QueueShape]
    disk: DiskShape
    feeds: list[FeedHealth]
    ledger: SignatureShape


class LoadedFeedShape(Answer):
    """How a feed stands."""

    feed: str
    words: str
    state: Literal["current", "old", "failed", "none"]
    snapshot: str
    date: str | None
    age: int | None = Field(description="Days.")
    limit: int = Field(description="After how many days it is old.")
    entries: int
    sha256: str
    checked_at: datetime | None
    failure: str
    failed_at: datetime | None


class FeedList(Answer):
    """All feeds of the catalogue."""

    items: list[LoadedFeedShape]


class FeedUpdate(Schema):
    """Which feeds are to be fetched."""

    model_config = ConfigDict(extra="forbid")
    feeds: list[Annotated[str, Field(max_length=60)]] = Field([], max_length=50, description="None: the usual ones.")


class WhichWork(Turn):
    """Which work."""

    state: Literal["", "queued", "running", "done", "failed"] = ""


@router.get(
    "/operations/health", auth=READ, response={200: InstallationHealth, **declared()}, summary="Show the installation's health"
)  # fmt: skip
def show_installation(request: HttpRequest) -> HttpResponse:
    """Say how database, workers, queues, disk, feeds and the ledger's signature do. It takes the role auditor or admin on everything."""
    if not operations.may_watch(actor_of(request).seen):
        raise NotAllowed(needed(Permission.LEDGER_READ))
    return answer(_health(health.report(timezone.now())))


def _health(found: dict[str, Any]) -> dict[str, Any]:
    queues = [
        {name: number(value) if name in {"waiting", "running", "failed"} else value for name, value in one.items()}
        for one in found["queues"]
    ]
    feeds = [{name: one[name] for name in FeedHealth.model_fields} for one in found["feeds"]]
    return {**found, "queues": queues, "feeds": feeds}


@router.get("/operations/jobs", auth=READ, response={200: JobPage, **declared()}, summary="List everybody's jobs")
def list_all_jobs(request: HttpRequest, which: Query[WhichWork]) -> HttpResponse:
    """List the jobs of everybody, the newest first. It takes the role auditor or admin on everything."""
    rows = operations.rows(actor_of(request).seen, "jobs", which.state)
    return answer(turned_page(rows, which, lambda found: [_whole(row) for row in found]))


@router.post(
    "/operations/jobs/{reference}/retry", auth=ADMIN, response={200: JobShape, **declared(404, 412)}, summary="Repeat a job"
)  # fmt: skip
def retry_job(request: HttpRequest, reference: str) -> HttpResponse:
    """Let a job (`job-7`) or an import (`import-12`) that failed wait for a worker again."""
    return answer(_acted(operations.retry, request, reference))


@router.post(
    "/operations/jobs/{reference}/cancel", auth=ADMIN, response={200: JobShape, **declared(404, 412)}, summary="Cancel a job"
)  # fmt: skip
def cancel_job(request: HttpRequest, reference: str) -> HttpResponse:
    """Take a job or an import back that no worker has begun."""
    return answer(_acted(operations.cancel, request, reference))


@router.get("/operations/feeds", auth=READ, response={200: FeedList, **declared()}, summary="List feeds")
def list_feeds(request: HttpRequest) -> HttpResponse:
    """List the feeds of intelligence with their age and last failure. It takes the role auditor or admin on everything."""
    if not operations.may_watch(actor_of(request).seen):
        raise NotAllowed(needed(Permission.LEDGER_READ))
    rows = feed_updates.overview(timezone.now())
    return answer({"items": [{name: row[name] for name in LoadedFeedShape.model_fields} for row in rows]})


@router.post(
    "/operations/feeds/update", auth=ADMIN, response={202: JobShape, **declared(404, 413)}, summary="Have feeds fetched"
)  # fmt: skip
def update_feeds(request: HttpRequest, asked: FeedUpdate) -> HttpResponse:
    """Have a worker fetch feeds; ask `/jobs/{id}` how far it is. It takes the role admin on everything."""
    try:
        job = operations.update_feeds(actor_of(request).person, asked.feeds)
    except NotFound as error:
        raise Refusal(404, str(error)) from None
    return answer(_whole(job), status=202, headers={"Location": f"/api/v1/jobs/job-{job.pk}"})


def _acted(act: Any, request: HttpRequest, reference: str) -> dict[str, Any]:
    try:
        row: Import | Job = act(actor_of(request).person, reference)
    except NotFound as error:
        raise Refusal(404, str(error)) from None
    return _whole(row)


def _whole(row: Import | Job) -> dict[str, Any]:
    if isinstance(row, Job):
        return job_shown(row)
    return {
        "id": f"import-{row.pk}", "kind": "import", "state": str(row.state), "done": progress_of(row), "total": None, "result": row.result,
        "error": row.error or None, "created_at": row.created_at.isoformat(),
        "finished_at": row.finished_at.isoformat() if row.finished_at else None,
    }  # fmt: skip
