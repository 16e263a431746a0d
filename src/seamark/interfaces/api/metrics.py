"""Measures: numbers with their definitions, the lists behind them, comparisons, and the model of costs."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

import msgspec
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Query, Router, Schema
from pydantic import ConfigDict, Field

from seamark.core.errors import InvalidQuery, NotAllowed
from seamark.insight.metrics import costs
from seamark.insight.metrics.board import board
from seamark.insight.metrics.compared import compared
from seamark.insight.metrics.definitions import DEFINITIONS, Definition
from seamark.insight.metrics.lists import listed
from seamark.insight.metrics.scope import Scope, recorded, scope
from seamark.insight.metrics.sentences import sentences
from seamark.interfaces.api.answers import Answer, answer
from seamark.interfaces.api.authentication import WRITE, actor_of
from seamark.interfaces.api.problems import Refusal, declared
from seamark.store.access import READS

router = Router()


class MetricShape(Answer):
    """A measure and its number."""

    name: str
    title: str
    unit: str
    good: str = Field(description="`down`, `up`, or empty.")
    value: float | None = Field(description="Null where it is not known.")
    before: float | None = Field(description="Of the period before, as long as this one.")
    count: int | None = Field(description="How long the list behind it is.")
    list: str = Field(description="The list's name for `/metrics/lists/{name}`; empty where there is none.")


class MetricPoint(Answer):
    """How it stood at the end of a day."""

    at: str
    open: int
    urgent: int
    risk: float
    arrived: int = Field(description="Since the point before.")
    burned: int


class MetricGroup(Answer):
    """A unit or an application beside others, by rates."""

    name: str
    slug: str
    applications: int
    open: int
    risk: float
    density: float | None = Field(description="Open risk for each asset.")
    cleared: float | None = Field(description="Share that was fixed of what was open or arrived.")
    overdue: float | None
    sla: float | None


class MetricTool(Answer):
    """What a tool is worth."""

    name: str
    findings: int
    issues: int
    unique: int
    judged: int
    false_positives: int
    shared: dict[str, int] = Field(description="Open issues that another tool reports too.")


class MetricBoard(Answer):
    """What happened in a period."""

    start: str
    end: str
    recorded_at: str | None = Field(description="When facts were recorded last.")
    sentences: list[str]
    metrics: list[MetricShape]
    points: list[MetricPoint]
    groups: list[MetricGroup]
    grouped_by: str
    tools: list[MetricTool]


class MetricsAsked(Schema):
    """What is asked about."""

    unit: str = Field("", max_length=200, description="Name of a business unit; those below it count.")
    application: str = Field("", max_length=200, description="Short name.")
    period: str = Field("90", max_length=10, description="30, 90 or 365 days, or a quarter such as `2026-Q3`.")


class MetricListAsked(MetricsAsked):
    """Which part of a list is asked for."""

    first: int = Field(0, ge=0, le=100_000_000)
    limit: int = Field(100, ge=1, le=1_000)


class MetricLine(Answer):
    """One line of the list behind a number."""

    kind: str
    number: int
    reference: str
    title: str
    application: str
    opened: str
    closed: str
    words: str
    priority: int | None
    risk: float | None
    owner: str
    url: str


class MetricList(Answer):
    """A part of the list behind a number."""

    total: int
    first: int
    items: list[MetricLine]


class MetricDefinition(Answer):
    """What a measure is."""

    name: str
    title: str
    words: str
    formula: str
    unit: str
    good: str
    members: str


class MetricDefinitions(Answer):
    """All measures."""

    items: list[MetricDefinition]


class ComparedAsked(Schema):
    """Which days are compared."""

    day: date
    days: int = Field(30, ge=1, le=365)
    unit: str = Field("", max_length=200)
    application: str = Field("", max_length=200)


class ComparedMetric(Answer):
    """One measure before and after."""

    name: str
    before: float | None
    after: float | None
    turned: str = Field(description="`better`, `worse`, or empty.")


class ComparedShape(Answer):
    """The same measures of two periods."""

    day: str
    days: int
    metrics: list[ComparedMetric]


class CostModel(Answer):
    """The inputs of the model of costs that hold."""

    currency: str
    chance: float
    hours: float
    fixed: float
    revenue: float
    penalty: float
    triage_minutes: float
    hourly_rate: float
    breach: float
    breach_source: str


class CostModelChange(Schema):
    """Other inputs; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    currency: str | None = Field(None, max_length=200)
    chance: float | None = Field(None, ge=0, le=1)
    hours: float | None = Field(None, ge=0, le=1e12)
    fixed: float | None = Field(None, ge=0, le=1e12)
    revenue: float | None = Field(None, ge=0, le=1e12)
    penalty: float | None = Field(None, ge=0, le=1e12)
    triage_minutes: float | None = Field(None, ge=0, le=1e12)
    hourly_rate: float | None = Field(None, ge=0, le=1e12)
    breach: float | None = Field(None, ge=0, le=1e12)
    breach_source: str | None = Field(None, max_length=200)


@router.get("/metrics", response={200: MetricBoard, **declared(403)}, summary="What happened in a period")
def show_metrics(request: HttpRequest, asked: Annotated[MetricsAsked, Query()]) -> HttpResponse:
    """Say what happened on what you may see: sentences, numbers, trend, units by rates, tools."""
    one, last = board(_scope(request, asked.unit, asked.application, asked.period)), recorded()
    tiles = [
        {**_head(tile.about), "value": tile.value, "before": tile.before, "count": tile.count, "list": tile.list}
        for tile in one.tiles
    ]
    points = [{**msgspec.to_builtins(point), "risk": point.risk / 10} for point in one.points]
    groups = [{**msgspec.to_builtins(group), "risk": group.risk / 10} for group in one.groups]
    period = one.asked.period
    return answer({
        "start": period.start.isoformat(), "end": period.end.isoformat(), "recorded_at": last.at.isoformat() if last else None,
        "sentences": sentences(one), "metrics": tiles, "points": points, "groups": groups, "grouped_by": one.grouped_by, "tools": one.tools,
    })  # fmt: skip


@router.get("/metrics/definitions", response={200: MetricDefinitions, **declared()}, summary="What each measure is")
def show_definitions(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - the router's signature
    """Say what each measure is and how it is worked out."""
    items = [
        {**_head(one), "words": str(one.words), "formula": one.formula, "members": one.members} for one in DEFINITIONS
    ]
    return answer({"items": items})


@router.get("/metrics/lists/{name}", response={200: MetricList, **declared(403)}, summary="The list behind a number")
def show_metric_list(request: HttpRequest, name: str, asked: Annotated[MetricListAsked, Query()]) -> HttpResponse:
    """Return a part of the list behind a number: it is as long as the number says."""
    where = _scope(request, asked.unit, asked.application, asked.period)
    found = listed(where, name, first=asked.first, most=asked.limit)
    return answer({"total": found.total, "first": found.first, "items": found.lines})


@router.get("/metrics/compared", response={200: ComparedShape, **declared(403)}, summary="Before and after a day")
def show_compared(request: HttpRequest, asked: Annotated[ComparedAsked, Query()]) -> HttpResponse:
    """Compare the days before a day with those from it on."""
    if not 2000 < asked.day.year < 2060:
        raise InvalidQuery("The day is of a year from 2001 to 2059")
    columns = _scope(request, asked.unit, asked.application, "90").columns()
    changes = [
        {"name": one.about.name, "before": one.before, "after": one.after, "turned": one.turned}
        for one in compared(columns, asked.day, days=asked.days).changes
    ]
    return answer({"day": asked.day.isoformat(), "days": asked.days, "metrics": changes})


@router.get("/metrics/costs", response={200: CostModel, **declared(403)}, summary="The model of costs")
def show_costs(request: HttpRequest) -> HttpResponse:
    """Return the inputs that hold."""
    _seen(request)
    return answer(costs.inputs_now())


@router.patch(
    "/metrics/costs", auth=WRITE, response={200: CostModel, **declared(403)}, summary="Change the model of costs"
)
def change_costs(request: HttpRequest, given: CostModelChange) -> HttpResponse:
    """Put other inputs in force. It takes the right to describe all applications."""
    actor = actor_of(request)
    try:
        return answer(costs.keep(actor.person, given.model_dump(exclude_none=True)))
    except NotAllowed as error:
        raise Refusal(403, str(error)) from None


def _seen(request: HttpRequest) -> Any:
    seen = actor_of(request).seen
    if not seen.may_anywhere(READS):
        raise Refusal(403, "You hold no role on any application")
    return seen


def _scope(request: HttpRequest, unit: str, application: str, period: str) -> Scope:
    return scope(_seen(request), timezone.now(), unit=unit, application=application, span=period)


def _head(one: Definition) -> dict[str, str]:
    return {"name": one.name, "title": str(one.title), "unit": one.unit, "good": one.good}
