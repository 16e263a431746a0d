"""The changes that remove most risk."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema
from pydantic import Field

from seamark.insight.analytics.fixes import ranked_fixes
from seamark.interfaces.api.answers import MOST, Answer, Line, answer
from seamark.interfaces.api.authentication import actor_of
from seamark.interfaces.api.problems import declared

router = Router()


class FixShape(Answer):
    """A change, and what it is worth."""

    id: int
    title: str
    kind: str
    target: str | None = Field(description="The least version that clears all, where there is one.")
    partial: bool = Field(description="Whether it clears only a part of its issues.")
    application: str
    asset: str
    issues: int = Field(description="Open issues that it clears.")
    risk_removed: float = Field(description="Sum of their scores.")
    worst: float = Field(description="The highest of their scores.")


class FixList(Answer):
    """Fixes, the most worthwhile first."""

    items: list[FixShape]


class Narrowed(Schema):
    """Which fixes are asked for."""

    application: Line = Field("", max_length=200, description="Slug of the only application to look at.")
    limit: int = Field(50, ge=1, le=MOST)


@router.get("/fixes", response={200: FixList, **declared()}, summary="List fixes")
def list_fixes(request: HttpRequest, asked: Query[Narrowed]) -> HttpResponse:
    """List the changes that remove most risk, with the number of issues that each clears."""
    rows = actor_of(request).seen.fixes()
    if asked.application:
        rows = rows.filter(application__slug=asked.application)
    return answer({"items": ranked_fixes(rows, asked.limit)})
