"""Changes that a language model writes for issues, on request. Not the suggestions of findings that may be one problem."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Path, Router, Schema
from pydantic import ConfigDict, Field

from seamark.interfaces.api.answers import Answer, Number, Turned, answer, tagged, turned_page
from seamark.interfaces.api.authentication import WRITE, actor_of
from seamark.interfaces.api.issues import issue_of
from seamark.interfaces.api.problems import declared
from seamark.pipeline.model_patches import asking, opening
from seamark.store.models import Issue, ModelPatch

router = Router()
Numbered = Annotated[int, Path(ge=1, lt=2**63)]


class SuggestedCheck(Answer):
    """One step of the verification."""

    name: str
    state: Literal["passed", "failed", "not run"]
    why: str


class SuggestedFix(Answer):
    """A change that a model was asked for, and what is known of it."""

    id: int
    machine_made: Literal[True] = Field(description="Always: a language model wrote the change.")
    issue: str
    state: Literal["queued", "ready", "refused", "failed"]
    told: str | None = Field(description="Why it was refused, or failed.")
    path: str
    model: str | None
    prompt: str | None = Field(description="SHA-256 of what was sent to the model.")
    diff: str | None = Field(description="Against the file with marks in the place of its secrets.")
    checks: list[SuggestedCheck]
    remarks: list[str] = Field(description="What a reader should look at.")
    verified: bool = Field(description="Whether a scan has shown that the finding is gone and nothing came.")
    commit: str | None = Field(description="The commit that the file was read from.")
    pull_request: int | None
    by: str | None
    created_at: str
    finished_at: str | None


class SuggestedFixPage(Answer):
    """A page of machine-made changes, the latest first."""

    items: list[SuggestedFix]
    next: str | None
    previous: str | None
    count: Number


class SuggestedPull(Schema):
    """How a pull request is opened with a machine-made change."""

    model_config = ConfigDict(extra="forbid")
    unverified: bool = Field(default=False, description="Open it although no scan has shown that the finding is gone.")


@router.get(
    "/issues/{reference}/suggestions", response={200: SuggestedFixPage, **declared(404)},
    summary="List changes that a model wrote for an issue",
)  # fmt: skip
def list_suggested_fixes(request: HttpRequest, reference: str, turn: Turned) -> HttpResponse:
    """List what a model answered about an issue, the latest first."""
    actor = actor_of(request)
    rows = asking.of_issue(actor.seen, issue_of(actor, reference))
    return answer(turned_page(rows, turn, lambda found: map(_shown, found)))


@router.post(
    "/issues/{reference}/suggestions", auth=WRITE, response={202: SuggestedFix, **declared(400, 404)},
    summary="Ask a model for a change of an issue",
)  # fmt: skip
def ask_for_suggested_fix(request: HttpRequest, reference: str) -> HttpResponse:
    """Ask the model that is set up for a change that clears an issue. A worker asks it; look again until the state is not `queued`."""
    actor = actor_of(request)
    made = asking.ask(actor.person, _issue(request, reference))
    return answer(_shown(_row(request, reference, made.pk)), status=202)


@router.get(
    "/issues/{reference}/suggestions/{number}", response={200: SuggestedFix, 304: None, **declared(404)},
    summary="Show a change that a model wrote",
)  # fmt: skip
def show_suggested_fix(request: HttpRequest, reference: str, number: Numbered) -> HttpResponse:
    """Show a change that a model was asked for."""
    return tagged(request, _shown(_row(request, reference, number)))


@router.post(
    "/issues/{reference}/suggestions/{number}/pull-request", auth=WRITE, response={201: SuggestedFix, **declared(400, 404)},
    summary="Ask for the pull request of a change that a model wrote",
)  # fmt: skip
def open_suggested_fix(request: HttpRequest, reference: str, number: Numbered, asked: SuggestedPull) -> HttpResponse:
    """Ask for a pull request with a machine-made change. It is labelled so, and never merged by itself."""
    opening.open_pull(actor_of(request).person, _row(request, reference, number), unverified=asked.unverified)
    return answer(_shown(_row(request, reference, number)), status=201)


def _issue(request: HttpRequest, reference: str) -> Issue:
    return issue_of(actor_of(request), reference)


def _row(request: HttpRequest, reference: str, number: int) -> ModelPatch:
    return get_object_or_404(asking.of_issue(actor_of(request).seen, _issue(request, reference)), pk=number)


def _shown(row: ModelPatch) -> dict[str, Any]:
    return {
        "id": row.pk, "machine_made": True, "issue": row.issue.reference, "state": str(row.state), "told": row.told or None, "path": row.path,
        "model": row.model or None, "prompt": row.prompt or None, "diff": row.diff or None, "checks": row.checks, "remarks": row.remarks,
        "verified": row.verified, "commit": row.commit or None, "pull_request": row.pull_id, "by": row.by.get_username() if row.by else None,
        "created_at": row.created_at.isoformat(), "finished_at": row.finished_at.isoformat() if row.finished_at else None,
    }  # fmt: skip
