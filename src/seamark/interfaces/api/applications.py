"""Applications: the facts that weigh on their issues, and how they stand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Literal

from django.db.models import Count, Max
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Query, Router, Schema
from pydantic import ConfigDict, Field

from seamark.core.errors import NotAllowed
from seamark.governance.triage import context
from seamark.interfaces.api.answers import Answer, Line, Number, Turn, answer, tagged, turned_page
from seamark.interfaces.api.authentication import WRITE, actor_of
from seamark.interfaces.api.problems import declared, refused_field
from seamark.pipeline.scoring import rescore
from seamark.store.access import Visible
from seamark.store.models import Application
from seamark.store.permissions import needed
from seamark.store.query import parse, select

router = Router()


class OpenIssues(Answer):
    """Open issues by priority."""

    P0: int
    P1: int
    P2: int
    P3: int
    P4: int


class ApplicationShape(Answer):
    """A unit of software, as the business sees it."""

    slug: str
    name: str
    unit: str | None
    description: str
    criticality: int | None = Field(description="1 (most critical) to 4; null where nobody said.")
    exposure: str | None = Field(description="`internet`, `partner`, `internal` or `none`; null where nobody said.")
    data_classes: list[str]
    sla_tier: str | None
    revenue_per_hour: float | None
    environment: str | None
    compliance: list[str] = Field(description="Frameworks that it is in scope of.")
    origins: dict[str, Any] = Field(description="Where each fact comes from.")
    open_issues: OpenIssues
    highest_risk: float | None
    created_at: str


class ApplicationPage(Answer):
    """A page of applications in the order in which they came."""

    items: list[ApplicationShape]
    next: str | None
    previous: str | None
    count: Number


class Having(Turn):
    """Which applications are asked for."""

    q: str = Field("", max_length=1000, description="Only those with an issue that this query finds: `kev:true`.")


@router.get("/applications", response={200: ApplicationPage, **declared()}, summary="List applications")
def list_applications(request: HttpRequest, turn: Query[Having]) -> HttpResponse:
    """List the applications that you may see."""
    seen = actor_of(request).seen
    rows = seen.applications().select_related("unit")
    if turn.q:
        rows = rows.filter(pk__in=select(seen.issues(), parse(turn.q)).order_by().values("application"))
    return answer(turned_page(rows, turn, lambda found: _shown(seen, found), descending=False))


@router.get(
    "/applications/{slug:slug}",
    response={200: ApplicationShape, 304: None, **declared(404)},
    summary="Show an application",
)
def show_application(request: HttpRequest, slug: str) -> HttpResponse:
    """Show one application."""
    seen = actor_of(request).seen
    found = get_object_or_404(seen.applications().select_related("unit"), slug=slug)
    return tagged(request, next(iter(_shown(seen, [found]))))


class Context(Schema):
    """What people say of an application. What is left out stays; null takes back what was said, until a file says it."""

    model_config = ConfigDict(extra="forbid")
    criticality: Annotated[int, Field(ge=1, le=4)] | None = Field(None, description="1 (most critical) to 4.")
    exposure: Literal["internet", "partner", "internal", "none"] | None = None
    data_classes: Annotated[list[Line], Field(max_length=context.MOST_CLASSES)] | None = None
    description: Annotated[str, Field(max_length=4000, pattern=r"^[^\x00]*$")] | None = None
    sla_tier: Annotated[Line, Field(max_length=50)] | None = None
    revenue_per_hour: Annotated[float, Field(ge=0, lt=10**12)] | None = None
    environment: Annotated[Line, Field(max_length=50)] | None = None
    compliance: Annotated[list[Line], Field(max_length=context.MOST_CLASSES)] | None = None


@router.put(
    "/applications/{slug:slug}/context",
    auth=WRITE,
    response={200: ApplicationShape, **declared(400, 404, 413)},
    summary="Say what an application is",
)
def set_context(request: HttpRequest, slug: str, told: Context) -> HttpResponse:
    """Set facts that weigh on an application's issues. What people say wins over every `seamark.yaml`; its origin is `person`."""
    seen = actor_of(request).seen
    found = get_object_or_404(seen.applications().select_related("unit"), slug=slug)
    if not seen.may(context.DESCRIBES, found):
        raise NotAllowed(needed(context.DESCRIBES, found))
    try:
        moved = context.describe(actor_of(request).person, found, told.dict(exclude_unset=True))
    except NotAllowed as error:
        raise refused_field("body", str(error)) from None
    if moved:
        rescore(seen.issues().filter(application=found).values_list("pk", flat=True).iterator())
    return answer(next(iter(_shown(seen, [found]))))


def _shown(seen: Visible, applications: Sequence[Application]) -> Iterable[dict[str, Any]]:
    """Yield applications as plain values, with how they stand: one statement for all."""
    standing: dict[int, dict[int, tuple[int, int]]] = {one.pk: {} for one in applications}
    groups = (
        seen.issues().filter(open=True, application__in=list(standing)).order_by().values("application", "priority")
    )
    for group in groups.annotate(number=Count("pk"), worst=Max("risk")):
        standing[group["application"]][group["priority"]] = (group["number"], group["worst"])
    for one in applications:
        bands = standing[one.pk]
        worst = max((risk for _, risk in bands.values()), default=None)
        yield {
            "slug": one.slug,
            "name": one.name,
            "unit": one.unit.name if one.unit else None,
            "description": one.description,
            "criticality": one.criticality or None,
            "exposure": one.exposure or None,
            "data_classes": one.data_classes,
            "sla_tier": one.sla_tier or None,
            "revenue_per_hour": float(one.revenue_per_hour) if one.revenue_per_hour is not None else None,
            "environment": one.environment or None,
            "compliance": one.compliance,
            "origins": one.origins,
            "open_issues": {f"P{band}": bands.get(band, (0, 0))[0] for band in range(5)},
            "highest_risk": worst / 10 if worst is not None else None,
            "created_at": one.created_at.isoformat(),
        }
