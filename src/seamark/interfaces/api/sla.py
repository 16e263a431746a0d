"""Service levels: how agreements are kept, and until when an issue is due."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Query, Router, Schema
from pydantic import Field

from seamark.governance.automation import attainment
from seamark.interfaces.api.answers import Answer, answer
from seamark.interfaces.api.authentication import actor_of
from seamark.interfaces.api.issues import issue_of
from seamark.interfaces.api.problems import Refusal, declared
from seamark.pipeline.automation import reading

router = Router()


class AttainmentLine(Answer):
    """How agreements are kept within something."""

    name: str
    kept: int = Field(description="Fixed in time.")
    missed: int = Field(description="Fixed too late.")
    overdue: int = Field(description="Late, and still open: counts like missed.")
    at_risk: int
    running: int = Field(description="Open and in time; they count for neither.")
    stopped: int
    share: float | None = Field(description="kept / (kept + missed + overdue); null where no time is over yet.")


class AttainmentReport(Answer):
    """How agreements are kept."""

    total: AttainmentLine
    parts: list[AttainmentLine]


class AttainmentAsked(Schema):
    """What is told."""

    by: Literal["priority", "application", "policy"] = "priority"
    days: int = Field(90, ge=1, le=3650, description="Of what was fixed: how far back.")


class ClockShape(Answer):
    """How an issue stands to its agreement."""

    policy: str
    due_at: str
    at_risk_from: str
    state: Literal["kept", "missed", "stopped", "overdue", "at_risk", "running"]
    started_at: str
    stopped_since: str | None
    ended_at: str | None
    kept: bool | None
    explanation: str


@router.get("/sla", response={200: AttainmentReport, **declared()}, summary="How service levels are kept")
def show_attainment(request: HttpRequest, asked: Annotated[AttainmentAsked, Query()]) -> HttpResponse:
    """Say how agreements on service levels are kept on what you may see."""
    now = timezone.now()
    seen = actor_of(request).seen
    parts = attainment.attainment(seen, now, by=asked.by, since=now - timedelta(days=asked.days))
    names = {} if asked.by != "application" else {str(row.pk): row.slug for row in seen.applications()}
    return answer({"total": _line(attainment.total(parts)), "parts": [_line(one, names) for one in parts]})


@router.get(
    "/issues/{reference}/sla", response={200: ClockShape, **declared(404)}, summary="When an issue is due, and why"
)
def show_clock(request: HttpRequest, reference: str) -> HttpResponse:
    """Say until when an issue is to be fixed, and what that was worked out from."""
    found = reading.clock_of(issue_of(actor_of(request), reference))
    if found is None:
        raise Refusal(404, "No agreement on service levels is about this issue", type="not-found")
    return answer(found)


def _line(one: attainment.Attainment, names: dict[str, str] | None = None) -> dict[str, Any]:
    return {
        "name": (names or {}).get(one.name, one.name), "kept": one.kept, "missed": one.missed, "overdue": one.overdue, "at_risk": one.at_risk,
        "running": one.running, "stopped": one.stopped, "share": one.share,
    }  # fmt: skip
