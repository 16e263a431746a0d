"""The plan of an application: the smallest set of changes to its packages that removes most risk."""

from __future__ import annotations

from typing import Literal

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Query, Router, Schema
from pydantic import ConfigDict, Field

from seamark.interfaces.api.answers import Answer, tagged
from seamark.interfaces.api.authentication import actor_of
from seamark.interfaces.api.problems import declared
from seamark.pipeline.fixing.kept import plans_of
from seamark.pipeline.fixing.shown import plain

router = Router()
Distance = Literal["patch", "minor", "major", "unknown"]
ChangeWord = Literal["bump", "override", "image", "action_pin", "module", "chart"]


class FlawShape(Answer):
    """A vulnerability of a package."""

    vulnerability: str
    package: str


class MovedShape(Answer):
    """A package that gets another version because another one does."""

    package: str
    from_version: str = Field(description="Empty where it is new.")
    to_version: str = Field(description="Empty where it goes.")


class PlanStep(Answer):
    """One change of a plan."""

    package: str
    from_version: str
    to_version: str
    kind: ChangeWord
    manager: str
    manifests: list[str]
    clears: list[FlawShape]
    introduces: list[FlawShape]
    removed: float = Field(description="Sum of the scores that it removes.")
    introduced: float
    distance: Distance
    hints: list[str] = Field(description="What hints at a break.")
    effort: float
    together: int | None = Field(description="Steps of one number only pay together.")
    assumed: bool = Field(description="Whether it is not known what the new version needs.")
    unknown: str | None = Field(description="Why it cannot be told what the new version brings.")
    moves_too: list[MovedShape]


class UnfixedShape(Answer):
    """A flaw that stays, and why."""

    vulnerability: str
    package: str
    versions: list[str]
    why: str
    no_fix: bool = Field(description="Whether no version is without it.")
    risk: float


class OptionShape(Answer):
    """A version to move to."""

    choices: list[Literal["least", "least_clearing_all", "latest_minor", "latest", "pinned"]]
    to_version: str
    kind: ChangeWord
    clears: list[FlawShape]
    introduces: list[FlawShape]
    leaves: list[FlawShape]
    gain: float
    distance: Distance
    hints: list[str]
    effort: float
    conflict: str | None
    assumed: bool
    unknown: str | None = Field(
        description="Why it cannot be told what the version brings; `introduces` then says nothing."
    )


class OfferedShape(Answer):
    """What may be chosen for one vulnerable package."""

    package: str
    version: str
    direct: bool
    options: list[OptionShape]


class ProjectPlan(Answer):
    """The plan of one manifest, lock or image."""

    project: str
    ecosystem: str
    flaws: int
    risk_before: float
    risk_after: float
    proven_best: bool
    steps: list[PlanStep]
    unfixed: list[UnfixedShape]
    offered: list[OfferedShape]


class CurvePoint(Answer):
    """How far the changes up to one get."""

    changes: int
    project: str
    package: str
    to_version: str
    removed: float
    share: float = Field(description="Of all risk there is, from 0 to 1.")


class TurnShape(Answer):
    """Whose turn it is; dependents come before what they depend on."""

    projects: list[str]
    waits_for: list[str]


class ApplicationPlan(Answer):
    """The changes that remove most of an application's risk, the most worthwhile first."""

    risk_before: float
    risk_after: float
    changes: int
    projects: list[ProjectPlan]
    curve: list[CurvePoint]
    order: list[TurnShape]
    troubles: list[str]


class PlanAsked(Schema):
    """How far a plan goes."""

    model_config = ConfigDict(extra="forbid")
    most: int = Field(1000, ge=1, le=10_000, description="At most so many changes in each project.")


@router.get(
    "/applications/{slug:slug}/plan",
    response={200: ApplicationPlan, 304: None, **declared(404)},
    summary="Plan an application's package fixes",
)
def show_plan(request: HttpRequest, slug: str, asked: Query[PlanAsked]) -> HttpResponse:
    """Plan the smallest set of changes to packages that removes most risk, by what is kept: inventories, advisories, findings, scores.

    Package registries are not asked: only versions that advisories or scanners name are known. `seamark fix plan --online` asks them.
    """
    seen = actor_of(request).seen
    application = get_object_or_404(seen.applications(), slug=slug)
    return tagged(request, plain(plans_of(seen, application, most_changes=asked.most)))
