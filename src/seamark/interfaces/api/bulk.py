"""Triage of many issues at once: look first, then change, then perhaps take it back."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

import msgspec
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from ninja import Router, Schema
from pydantic import ConfigDict, Field

from seamark.core.errors import NotAllowed
from seamark.governance.triage.service import COMMENT_LIMIT
from seamark.interfaces.api.answers import Answer, Line, answer
from seamark.interfaces.api.authentication import READ, WRITE, actor_of
from seamark.interfaces.api.jobs import JobShape, job_shown
from seamark.interfaces.api.problems import declared, possible, refused_field
from seamark.pipeline import bulk, jobs
from seamark.store.models.issues import State

router = Router()
Reference = Annotated[str, Field(pattern=r"^[Ss][Mm]-[0-9]{1,18}$")]
_STATES = {str(one.label).replace(" ", "_"): one for one in State}


class Bulk(Schema):
    """Which issues, and what is to become of them."""

    model_config = ConfigDict(extra="forbid")
    q: str | None = Field(None, max_length=1000, description="All that a query finds; `` for all that are open.")
    issues: Annotated[list[Reference], Field(max_length=bulk.AT_ONCE)] = Field(
        [], description="Or these, by reference."
    )
    state: Literal["open", "confirmed", "in_progress", "dismissed"] | None = None
    resolution: str = Field("", max_length=40, description="Why they are dismissed.")
    comment: str = Field("", max_length=COMMENT_LIMIT, pattern=r"^[^\x00]*$", description="A dismissal needs one.")
    assignee: Annotated[Line, Field(max_length=150)] | None = Field(None, description="User name; null for nobody.")


class OutlookShape(Answer):
    """What a change would do."""

    issues: int
    changes: int = Field(description="Issues that do not stand there already.")
    refused: int = Field(description="Issues for which it is not allowed: with one of them nothing is changed.")
    reasons: list[str]
    by_state: dict[str, int]
    by_priority: dict[str, int]
    by_application: dict[str, int] = Field(description="The ten applications with most of them.")


class DoneShape(Answer):
    """What a change did."""

    issues: int
    moved: int
    assigned: int
    changes: list[str] = Field(description="What `/triage/undo` takes back; who worked on an issue is not taken back.")


class BulkChanges(Schema):
    """Changes to take back."""

    model_config = ConfigDict(extra="forbid")
    changes: Annotated[list[Annotated[Line, Field(max_length=60)]], Field(min_length=1, max_length=1000)]


class Restored(Answer):
    """What was put back."""

    issues: int


@router.post(
    "/triage/preview", auth=READ, response={200: OutlookShape, **declared(400, 413)}, summary="Preview a bulk change"
)
def preview_triage(request: HttpRequest, asked: Bulk) -> HttpResponse:
    """Say what a change of many issues would do, and what stands against it; nothing is changed."""
    try:
        return answer(msgspec.to_builtins(bulk.preview(actor_of(request).seen, _wanted(asked))))
    except NotAllowed as error:
        raise refused_field("body", str(error)) from None


@router.post(
    "/triage",
    auth=WRITE,
    response={200: DoneShape, 202: JobShape, **declared(400, 413)},
    summary="Triage many issues",
)
def triage_issues(request: HttpRequest, asked: Bulk) -> HttpResponse:
    """Move many issues to a state or hand them to somebody: all, or none where one is refused.

    With `Prefer: respond-async`, and always for more than 10,000 issues, a job does it slice by slice (202).
    """
    actor, wanted = actor_of(request), _wanted(asked)
    try:
        bulk.check(wanted)
    except NotAllowed as error:
        raise refused_field("body", str(error)) from None
    size = bulk.size_of(actor.seen, wanted)
    if size <= bulk.AT_ONCE and not _later(request):
        return answer(msgspec.to_builtins(bulk.apply(actor.person, actor.seen, wanted)))
    job = jobs.submit(actor.person, "triage", msgspec.to_builtins(wanted), total=size)
    return answer(
        job_shown(job), status=202, headers={"Location": reverse("api-1:show_job", args=[f"job-{job.pk}"])}
    )  # fmt: skip


@router.post(
    "/triage/undo", auth=WRITE, response={200: Restored, **declared(400, 409, 413)}, summary="Undo a bulk change"
)
def undo_triage(request: HttpRequest, asked: BulkChanges) -> HttpResponse:
    """Take changes back; issues that were changed since keep what they have."""
    with possible():
        number = bulk.undo(actor_of(request).person, tuple(asked.changes))
    return answer({"issues": number})


def _later(request: HttpRequest) -> bool:
    return re.search(r"(^|[,\s])respond-async($|[,;\s])", request.headers.get("Prefer", "")) is not None


def _wanted(asked: Bulk) -> bulk.Wanted:
    if (asked.q is None) == (not asked.issues):
        raise refused_field("body", "name the issues either by q or by issues")
    changes: dict[str, Any] = {}
    if "assignee" in asked.model_fields_set:
        changes = {"assign": True, "assignee": asked.assignee}
    return bulk.Wanted(
        query=asked.q, issues=tuple(int(one[3:]) for one in asked.issues), state=_STATES[asked.state] if asked.state else None,
        resolution=asked.resolution, comment=asked.comment, **changes,
    )  # fmt: skip
