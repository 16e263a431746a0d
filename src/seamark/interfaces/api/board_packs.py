"""Packs for the board: what the dashboard says, as a file that a job makes."""

from __future__ import annotations

from typing import Literal

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Router, Schema
from pydantic import ConfigDict, Field

from seamark.insight.metrics.scope import scope
from seamark.interfaces.api.answers import Line
from seamark.interfaces.api.authentication import READ, actor_of
from seamark.interfaces.api.jobs import JobShape, accepted
from seamark.interfaces.api.problems import Refusal, declared
from seamark.pipeline import packing
from seamark.store.access import READS

router = Router()


class BoardPackAsked(Schema):
    """Which pack is made."""

    model_config = ConfigDict(extra="forbid")
    form: Literal["pdf", "pptx"] = "pdf"
    baseline: bool = Field(False, description="As the baseline of whoever begins.")
    unit: Line = Field("", max_length=200, description="Name of a business unit; those below it count.")
    application: Line = Field("", max_length=200, description="Short name.")
    period: Line = Field("90", max_length=10, description="30, 90 or 365 days, or a quarter such as `2026-Q3`.")


@router.post(
    "/metrics/packs", auth=READ, response={202: JobShape, **declared(403)}, summary="Have a pack for the board made"
)
def make_board_pack(request: HttpRequest, asked: BoardPackAsked) -> HttpResponse:
    """Have a pack for the board made of what you may see, as PDF or PPTX.

    A job makes it. Once that is done, `GET /jobs/{reference}/file` hands it out, for a week.
    """
    actor = actor_of(request)
    if not actor.seen.may_anywhere(READS):
        raise Refusal(403, "You hold no role on any application")
    where = scope(actor.seen, timezone.now(), unit=asked.unit, application=asked.application, span=asked.period)
    return accepted(packing.ask_board(actor.person, where, asked.form, baseline=asked.baseline))
