"""Auditors' access: given for some days on a place, ended early or by itself; and who read what evidence."""

from __future__ import annotations

from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import Path, Router, Schema
from pydantic import ConfigDict, Field

from seamark.governance.access.reading import place
from seamark.interfaces.api.answers import Answer, Line, answer
from seamark.interfaces.api.authentication import ADMIN, actor_of
from seamark.interfaces.api.problems import Refusal, declared, existing
from seamark.pipeline.compliance import auditing, gaps
from seamark.store.models import AuditorAccess

router = Router()
Number = Annotated[int, Path(ge=1, lt=2**62)]


class AuditorWish(Schema):
    """Who may read as an auditor, where and for how long."""

    model_config = ConfigDict(extra="forbid")
    person: Line = Field(min_length=1, max_length=150, description="User name.")
    application: Line = Field("", max_length=200)
    unit: Line = Field("", max_length=200)
    days: int = Field(ge=1, le=auditing.LONGEST)
    reason: Line = Field(min_length=1, max_length=300)


class AuditorShape(Answer):
    """An auditor's access."""

    number: int
    auditor: str
    place: str
    reason: str
    given_by: str
    given_at: str
    expires_at: str
    ended_at: str | None


class AuditorList(Answer):
    """All access that was given, newest first, at most 500."""

    items: list[AuditorShape]


class EvidenceReading(Answer):
    """That somebody read evidence."""

    at: str
    person: str
    evidence: str
    title: str
    digest: str


class EvidenceReadings(Answer):
    """Who read what evidence, newest first, at most 500."""

    items: list[EvidenceReading]


@router.get("/compliance/auditors", response={200: AuditorList, **declared()}, summary="List auditors' access")
def list_auditors(request: HttpRequest) -> HttpResponse:
    """List what access was given to auditors. It takes `user.manage` or `ledger.read` on everything."""
    return answer({"items": [_told(row) for row in auditing.listed(actor_of(request).seen)[:500]]})


@router.post(
    "/compliance/auditors", auth=ADMIN, response={200: AuditorShape, **declared(404)}, summary="Let an auditor in"
)
def let_auditor_in(request: HttpRequest, asked: AuditorWish) -> HttpResponse:
    """Let somebody read as an auditor for some days. It takes `user.manage` there, and nobody gives more than they hold."""
    actor = actor_of(request)
    with existing():
        auditor = gaps.person_named(asked.person)
        where = place(actor.seen, asked.unit, asked.application)
    if auditor is None:
        raise Refusal(404, "There is nobody of that name", type="not-found")
    return answer(_told(auditing.give(actor.person, auditor, where, days=asked.days, reason=asked.reason)))


@router.post(
    "/compliance/auditors/{number}/end",
    auth=ADMIN,
    response={200: AuditorShape, **declared(404)},
    summary="End an auditor's access",
)
def end_auditor_access(request: HttpRequest, number: Number) -> HttpResponse:
    """End an auditor's access before its time. It takes `user.manage` there."""
    actor = actor_of(request)
    with existing():
        row = auditing.find(actor.seen, number)
    auditing.end(actor.person, row)
    return answer(_told(auditing.find(actor.seen, number)))


@router.get(
    "/compliance/evidence-readings", response={200: EvidenceReadings, **declared()}, summary="List who read evidence"
)
def list_evidence_readings(request: HttpRequest) -> HttpResponse:
    """List who read what evidence. It takes `user.manage` or `ledger.read` on everything."""
    items = [
        {
            "at": row.at.isoformat(), "person": row.actor.get_username() if row.actor else "", "title": row.details.get("title", ""),
            "evidence": row.details.get("about", "").removeprefix("evidence "), "digest": row.details.get("digest", ""),
        }
        for row in auditing.reads(actor_of(request).seen)[:500]
    ]  # fmt: skip
    return answer({"items": items})


def _told(row: AuditorAccess) -> dict[str, object]:
    return {
        "number": row.pk, "auditor": row.auditor.get_username(), "place": row.place, "reason": row.reason,
        "given_by": row.given_by.get_username() if row.given_by else "", "given_at": row.given_at.isoformat(),
        "expires_at": row.expires_at.isoformat(), "ended_at": row.ended_at.isoformat() if row.ended_at else None,
    }  # fmt: skip
