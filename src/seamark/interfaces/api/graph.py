"""Questions to the graph: how assets hang together."""

from __future__ import annotations

from datetime import date
from typing import Literal

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema
from pydantic import Field

from seamark.analysis.graph.question import FARTHEST, Question, check
from seamark.core.errors import NotAllowed, NotFound
from seamark.insight.analytics.questions import ask
from seamark.interfaces.api.answers import MOST, Answer, Line, answer
from seamark.interfaces.api.authentication import actor_of
from seamark.interfaces.api.problems import declared, refused_field
from seamark.interfaces.api.shapes import HopShape, NodeShape, WayShape

router = Router()
Name = Literal["blast", "origins", "path", "exposure", "line", "order", "toxic", "coverage", "orphans"]


class Asked(Schema):
    """What is asked about."""

    thing: Line = Field(
        "", max_length=500, description="An issue (`SM-12`), a package, an asset's name or key, or `kind:key`."
    )
    to: Line = Field("", max_length=500, description="Where a path leads to.")
    at: date | None = Field(None, description="As it was at the end of a day (UTC).")
    after: int = Field(0, ge=0, le=FARTHEST, description="`next` of the page before.")
    limit: int = Field(100, ge=1, le=MOST)


class StepShape(Answer):
    """A turn of an order of mending."""

    turn: int
    asset: NodeShape
    waits_for: list[str]
    circle: bool


class ToxicShape(Answer):
    """A severe issue on an asset that the internet reaches and that leads to sensitive data."""

    issue: str
    title: str
    risk: float
    asset: NodeShape
    exposure: WayShape
    data: WayShape


class GapShape(Answer):
    """An asset that is not looked at as it should be."""

    asset: NodeShape
    missing: str
    why: str


class OrphanShape(Answer):
    """An asset that hangs in the air."""

    asset: NodeShape
    why: str


class ReplyShape(Answer):
    """An answer; what the question does not ask for is empty."""

    question: str
    start: list[NodeShape] = Field(description="What the thing was taken for.")
    total: int = Field(description="How many there are; at least, where it is not complete.")
    complete: bool
    nodes: list[NodeShape] = Field(description="What is reached, nearest first; or the way or line, in its order.")
    hops: list[HopShape] = Field(description="For ways: each step with who says so.")
    kinds: dict[str, int]
    applications: list[str]
    data_classes: list[str]
    exposed: int = Field(description="How many of what is reached answer from the internet.")
    steps: list[StepShape] = Field(description="For `order`.")
    combinations: list[ToxicShape] = Field(description="For `toxic`.")
    gaps: list[GapShape] = Field(description="For `coverage`.")
    orphans: list[OrphanShape] = Field(description="For `orphans`.")
    next: int | None


@router.get("/graph/{question}", response={200: ReplyShape, **declared()}, summary="Ask the graph")
def ask_graph(request: HttpRequest, question: Name, asked: Query[Asked]) -> HttpResponse:
    """Ask how assets hang together: `blast`, `origins`, `path`, `exposure`, `line` and `order` are about a thing, the others about all.

    Answers are bounded and hold only what you may see; a way never leads through somebody else's application.
    """
    put = Question(name=question, **asked.dict())
    try:
        check(put)
        return answer(ask(actor_of(request).seen, put))
    except NotAllowed as error:
        raise refused_field("query", str(error)) from None
    except NotFound as error:
        raise refused_field("query.thing", str(error)) from None
