"""Asking the policies: verdicts on changes, and what became of them."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Query, Router, Schema
from pydantic import ConfigDict, Field

from seamark.governance.policy.model import Stage
from seamark.insight.exports.gate.outcome import Outcome
from seamark.interfaces.api.answers import Answer, Line, Number, Turned, answer, turned_page
from seamark.interfaces.api.authentication import GATE, READ_OR_GATE, Actor, actor_of
from seamark.interfaces.api.problems import Refusal, declared, existing
from seamark.pipeline.gate import kept
from seamark.pipeline.gate.asked import MOST_SCANS, Asked
from seamark.pipeline.ingest.place import named
from seamark.store.access import IMPORTS
from seamark.store.models import Application, Verdict

router = Router()

Effect = Literal["off", "log", "ticket", "warn", "block"]
Severity = Literal["critical", "high", "medium", "low", "info"]


class Question(Schema):
    """What is to be judged."""

    model_config = ConfigDict(extra="forbid")
    application: Line = Field(min_length=1, max_length=200, description="Name or short name.")
    stage: Literal["pull_request", "build", "deploy"] = "pull_request"
    scans: list[int] | Literal["latest"] = Field(
        "latest", max_length=MOST_SCANS, description="Numbers of scans, as imports name them, or the latest of what is named below."
    )  # fmt: skip
    branch: Line = Field("", max_length=500, description="Branch or tag that was scanned.")
    base: Line = Field(
        "", max_length=500, description="Branch to compare with; the default branch where it is left out."
    )
    commit: Line = Field("", max_length=64)
    pull_request: Line = Field("", max_length=50)


class BreachShape(Answer):
    """Something that violates a policy, or of which that could not be decided."""

    policy: str
    subject: str
    ref: str
    effect: Effect
    severity: Severity
    message: str = ""
    title: str = ""
    issue_severity: str = ""
    path: str = ""
    line: int = 0
    end_line: int = 0
    tools: list[str] = Field([])
    rule: str = ""
    fix: str = ""
    decided: bool = Field(True, description="False where facts were missing, and `onError` decided.")
    unknown: list[str] = Field([])
    because: str = Field("", description="Why it comes to less: `existing`, `grace`, `waived`, `unknown`.")
    grace_until: str = ""
    waiver: str = ""
    url: str = ""


class AskedShape(Answer):
    """A policy that was asked."""

    name: str
    digest: str
    mode: Literal["off", "log", "warn", "enforce"]
    severity: Severity
    description: str = ""
    explanation: str = ""
    remediation: str = ""


class OutcomeShape(Answer):
    """What the policies said. What is empty or zero may be left out."""

    outcome: Literal["pass", "warn", "block", "indeterminate"]
    stage: str
    at: str
    bundle: str = Field(description="SHA-256 over the policies.")
    facts: str = Field(description="SHA-256 over the records that were judged.")
    commit: str = Field("", description="Commit that the policies come from.")
    application: str = ""
    issues: int = 0
    new: int = 0
    compared: bool = True
    set_aside: int = 0
    policies: list[AskedShape] = Field([])
    breaches: list[BreachShape] = Field([])
    counts: dict[str, int] = Field({})
    notes: list[str] = Field([])
    verdict: int = 0
    stale: bool = Field(False, description="Something has changed since, or a newer verdict has taken its place.")
    url: str = ""


class VerdictLine(Answer):
    """A verdict in a list."""

    verdict: int
    application: str
    stage: str
    outcome: str
    branch: str
    commit: str
    pull_request: str
    at: str
    latest: bool
    entry: int | None = Field(description="Its number in the ledger.")


class VerdictPage(Answer):
    """A page of verdicts, newest first."""

    items: list[VerdictLine]
    next: str | None
    previous: str | None
    count: Number


class Which(Schema):
    """Which verdicts."""

    application: Line = Field("", max_length=200)


class Exact(Schema):
    """Which verdict of a line of them."""

    exact: bool = Field(False, description="This very verdict, even where it is stale; else the newest about the same.")


@router.post("/gate", auth=GATE, response={200: OutcomeShape, **declared(400, 404, 413)}, summary="Ask the policies")
def ask_gate(request: HttpRequest, question: Question) -> HttpResponse:
    """Judge scans at a stage by the policies in force, and keep the verdict. Only approved waivers count as exceptions."""
    actor = actor_of(request)
    application = _application(actor, question.application)
    asked = Asked(
        application=application, stage=Stage(question.stage), scans=() if question.scans == "latest" else tuple(question.scans), ref=question.branch,
        base=question.base, commit=question.commit, pull_request=question.pull_request,
    )  # fmt: skip
    with existing():
        row = kept.decide(actor.seen, asked, person=actor.person)
    return answer(_shown(request, row))


@router.get("/gate", auth=READ_OR_GATE, response={200: VerdictPage, **declared()}, summary="List verdicts")
def list_verdicts(request: HttpRequest, turn: Turned, which: Query[Which]) -> HttpResponse:
    """List verdicts, newest first."""
    rows = _visible(actor_of(request)).select_related("application").defer("facts", "content")
    if which.application:
        rows = rows.filter(application__in=named(actor_of(request).seen.applications(), which.application))
    return answer(turned_page(rows, turn, lambda found: map(_line, found)))


@router.get(
    "/gate/{int:number}", auth=READ_OR_GATE, response={200: OutcomeShape, **declared(404)}, summary="Show a verdict"
)
def show_verdict(request: HttpRequest, number: int, which: Query[Exact]) -> HttpResponse:
    """Show the newest verdict about what this one was about, decided anew where triage, waivers or policies have changed."""
    actor = actor_of(request)
    row = get_object_or_404(_visible(actor).select_related("application"), pk=number)
    if which.exact:
        return answer(_shown(request, row, stale=kept.is_stale(row)))
    row = kept.newest(row)
    # What the deploy gate judged is asked there again: it is no scan.
    if row.about == "scans" and kept.is_stale(row):
        row = kept.renew(actor.seen, row)
    return answer(_shown(request, row))


def _application(actor: Actor, name: str) -> Application:
    found = named(actor.seen.applications(IMPORTS), name).first()
    if found is None:
        # The same words whether or not there is such an application.
        raise Refusal(404, f"There is no application {name!r} that you may import into", type="not-found")
    return found


def _visible(actor: Actor) -> Any:
    return kept.verdicts(actor.seen)


def _shown(request: HttpRequest, row: Verdict, *, stale: bool = False) -> dict[str, Any]:
    address = (
        f"{settings.SEAMARK_PUBLIC_URL}/issues/"
        if settings.SEAMARK_PUBLIC_URL
        else request.build_absolute_uri("/issues/")
    )
    made: Outcome = kept.outcome(row, issue_url=address, stale=stale)
    told: dict[str, Any] = msgspec.to_builtins(made)
    return told


def _line(row: Verdict) -> dict[str, Any]:
    return {
        "verdict": row.pk, "application": row.application.name, "stage": row.stage, "outcome": row.outcome, "branch": row.ref,
        "commit": row.commit, "pull_request": row.pull_request, "at": row.at.isoformat(), "latest": row.latest, "entry": row.entry,
    }  # fmt: skip
