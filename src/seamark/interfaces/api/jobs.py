"""What became of work that is done in the background: imports, packs, and what was asked for with `Prefer: respond-async`."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, Literal

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.http import content_disposition_header
from ninja import Router
from pydantic import Field

from seamark.core.errors import NotFound
from seamark.interfaces.api.answers import Answer, Number, Turned, answer, tagged, turned_page
from seamark.interfaces.api.authentication import READ, READ_OR_IMPORT, Actor, actor_of
from seamark.interfaces.api.problems import Refusal, declared
from seamark.pipeline import jobs, made_files
from seamark.pipeline.imports import progress_of
from seamark.pipeline.metrics.packs import TYPES
from seamark.store.models import Import, Job

router = Router()
_BINARY = {"schema": {"type": "string", "format": "binary"}}
_FILES = ("application/zip", *TYPES.values())


class JobShape(Answer):
    """Work in the background."""

    id: str = Field(description="`job-7`, or `import-12` for an import.")
    kind: str = Field(description="`triage`, `import`, `feeds`, `evidence pack` or `board pack`.")
    state: Literal["queued", "running", "done", "failed"]
    done: int = Field(description="How much is done: issues, or findings read.")
    total: int | None = Field(description="Of how much; null where that is not known.")
    result: dict[str, Any] | None = Field(
        description="What was done, so far or in the end. Where it names a `file`, `/jobs/{reference}/file` hands that out."
    )
    error: str | None = Field(description="Why it failed, in a sentence.")
    created_at: datetime
    finished_at: datetime | None


class JobPage(Answer):
    """A page of jobs, newest first."""

    items: list[JobShape]
    next: str | None
    previous: str | None
    count: Number


@router.get("/jobs", response={200: JobPage, **declared()}, summary="List jobs")
def list_jobs(request: HttpRequest, turn: Turned) -> HttpResponse:
    """List what you asked for, newest first; imports have a list of their own."""
    return answer(turned_page(jobs.of(actor_of(request).person), turn, lambda found: map(job_shown, found)))


@router.get(
    "/jobs/{reference}",
    auth=READ_OR_IMPORT,
    response={200: JobShape, 304: None, **declared(404)},
    summary="Show a job",
)
def show_job(request: HttpRequest, reference: str) -> HttpResponse:
    """Show how far a job is. Ask again with `If-None-Match` until its state is `done` or `failed`."""
    found = re.fullmatch(r"(job|import)-([0-9]{1,18})", reference)
    if found is None:
        raise Http404
    actor, number = actor_of(request), int(found[2])
    if found[1] == "job":
        return tagged(request, job_shown(get_object_or_404(jobs.of(actor.person), pk=number)))
    return tagged(request, _import_shown(get_object_or_404(_imports(actor), pk=number)))


def _imports(actor: Actor) -> Any:
    rows = actor.seen.imports()
    return rows if "read" in actor.scopes else rows.filter(author=actor.person)


@router.get(
    "/jobs/{reference}/file",
    auth=READ,
    response={200: None, **declared(404)},
    summary="Download the file of a job",
    openapi_extra={"responses": {200: {"description": "The file.", "content": dict.fromkeys(_FILES, _BINARY)}}},
)
def show_job_file(request: HttpRequest, reference: str) -> HttpResponseBase:
    """Return the file that a job of yours made, as long as you may read all that is in it. It is kept for a week."""
    found, actor = re.fullmatch(r"job-([0-9]{1,18})", reference), actor_of(request)
    if found is None:
        raise Http404
    try:
        row = made_files.find(actor.seen, actor.person, int(found[1]))
    except NotFound as error:
        raise Refusal(404, str(error)) from None
    headers = {
        "Content-Disposition": content_disposition_header(as_attachment=True, filename=row.name) or "attachment",
        "Content-Length": str(row.size),
        "X-Content-Type-Options": "nosniff",
    }
    return StreamingHttpResponse(made_files.pieces(row), content_type=row.type, headers=headers)


def accepted(job: Job) -> HttpResponse:
    """Return the answer to a request that a job carries out: 202, and where to look."""
    return answer(
        job_shown(job), status=202, headers={"Location": reverse("api-1:show_job", args=[f"job-{job.pk}"])}
    )  # fmt: skip


def job_shown(job: Job) -> dict[str, Any]:
    """Return a job as plain values."""
    return {
        "id": f"job-{job.pk}", "kind": job.kind, "state": str(job.state), "done": job.done, "total": job.total, "result": job.result,
        "error": job.error or None, "created_at": job.created_at.isoformat(),
        "finished_at": job.finished_at.isoformat() if job.finished_at else None,
    }  # fmt: skip


def _import_shown(found: Import) -> dict[str, Any]:
    return {
        "id": f"import-{found.pk}", "kind": "import", "state": str(found.state), "done": progress_of(found), "total": None,
        "result": found.result, "error": found.error or None, "created_at": found.created_at.isoformat(),
        "finished_at": found.finished_at.isoformat() if found.finished_at else None,
    }  # fmt: skip
