"""The changes that remove most risk."""

from __future__ import annotations

from typing import Any, Literal

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Query, Router
from pydantic import Field

from seamark.insight.analytics.fixes import as_json, cleared_by, findings_of, ranked_fixes, ranking, worth_of
from seamark.interfaces.api import rows
from seamark.interfaces.api.answers import Answer, Line, Number, Turn, answer, tagged
from seamark.interfaces.api.authentication import actor_of
from seamark.interfaces.api.issues import IssueRow
from seamark.interfaces.api.problems import declared, refused_field
from seamark.store.query import parse, select

router = Router()

Kind = Literal["upgrade", "base_image", "code", "configuration", "rotate", "replace"]
MOST_ISSUES = 100


class FixShape(Answer):
    """A change, and what it is worth."""

    id: int
    title: str
    kind: Kind
    target: str | None = Field(description="The least version that clears all, where there is one.")
    partial: bool = Field(description="Whether it clears only a part of its issues.")
    application: str
    asset: str
    issues: int = Field(description="Open issues that it clears.")
    assets: int = Field(description="Assets that these issues are of.")
    risk_removed: float = Field(description="Sum of their scores.")
    worst: float = Field(description="The highest of their scores.")
    severity: str | None = Field(description="The highest of their severities; null where none is open.")
    kev: int = Field(description="How many of them are known to be exploited.")


class FixPage(Answer):
    """A page of fixes, the most worthwhile first."""

    items: list[FixShape]
    next: str | None
    previous: str | None
    count: Number


class FixAccount(FixShape):
    """A fix with the riskiest issues that it clears, at most 100; `/issues?q=fix:12` pages through all."""

    findings: int = Field(description="Findings that it clears.")
    clears: list[IssueRow]


class Narrowed(Turn):
    """Which fixes are asked for."""

    application: Line = Field("", max_length=200, description="Slug of the only application to look at.")
    kind: Kind | Literal[""] = Field("", description="Fixes of this kind only.")
    q: str = Field("", max_length=1000, description="Only those that clear an issue that this query finds: `kev:true`.")


@router.get("/fixes", response={200: FixPage, **declared()}, summary="List fixes")
def list_fixes(request: HttpRequest, asked: Query[Narrowed]) -> HttpResponse:
    """List the changes that remove most risk, with the number of issues that each clears.

    Of more than 10,000 open issues the riskiest 10,000 decide on the order; what is said of each fix is exact.
    """
    if asked.after and asked.before:
        raise refused_field("query.before", "a page is after a cursor or before one, not both")
    seen = actor_of(request).seen
    issues = seen.issues()
    if asked.application:
        # Resolved first, so that the index on applications serves the list.
        chosen = seen.applications().filter(slug=asked.application).values_list("id", flat=True)
        issues = issues.filter(application__in=list(chosen))
    if asked.q:
        issues = select(issues, parse(asked.q))
    order = ranking(issues, asked.kind)
    part = order.page(asked.limit, asked.after, asked.before)
    return answer(
        {
            "items": ranked_fixes(seen.fixes(), asked.limit, part),
            "next": part.after or None,
            "previous": part.before or None,
            "count": {"number": len(order.places), "more": not order.whole},
        }
    )


@router.get("/fixes/{int:number}", response={200: FixAccount, 304: None, **declared(404)}, summary="Show a fix")
def show_fix(request: HttpRequest, number: int) -> HttpResponse:
    """Show a fix with the issues that it clears."""
    return tagged(request, _account(request, number))


def _account(request: HttpRequest, number: int) -> dict[str, Any]:
    seen = actor_of(request).seen
    fix = get_object_or_404(seen.fixes().select_related("application", "asset"), pk=number)
    issues = seen.issues()
    fields = rows.chosen("")
    cleared = cleared_by(fix, issues).order_by("-risk", "-id")[:MOST_ISSUES]
    return {
        **as_json(worth_of(fix, issues)),
        "findings": findings_of(fix, issues, seen.findings()),
        "clears": rows.written(list(rows.columns(cleared, fields, "risk")), fields),
    }
