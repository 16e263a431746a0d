"""The plan of an application: the smallest set of changes to packages and pins that removes most risk; what a fix moves, and what it touches."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Query, Router, Schema
from pydantic import ConfigDict, Field

from seamark.interfaces.api.answers import Answer, tagged
from seamark.interfaces.api.authentication import actor_of
from seamark.interfaces.api.problems import declared
from seamark.interfaces.api.shapes import NodeShape
from seamark.pipeline.fixing.shown import plain, plain_plan
from seamark.pipeline.pulls.planning import Item, Looked, plan_application, plan_fix
from seamark.pipeline.pulls.touched import touched_by

router = Router()
Distance = Literal["patch", "minor", "major", "unknown"]
ChangeWord = Literal["bump", "override", "image", "action_pin", "module", "chart"]


class FlawShape(Answer):
    """A vulnerability of a package, or what is wrong with how something is pinned."""

    vulnerability: str = Field(
        description="Its name; an issue's reference and the rule where it is about how something is pinned."
    )
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
    held: str | None = Field(description="The commit or digest that is written down with the new version.")
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


class RankedChange(Answer):
    """A version that is moved."""

    package: str
    from_version: str
    to_version: str
    kind: ChangeWord


class RankedShape(Answer):
    """A change, or changes that only pay together."""

    project: str
    removed: float = Field(description="Risk that they remove less what they bring.")
    effort: float
    per_effort: float
    changes: list[RankedChange]


class PlanLooked(Answer):
    """How far planning looked at what is pinned."""

    read: list[str] = Field(
        description="Repositories whose files were read now; of the others what the latest survey saw counts."
    )
    missing: list[str] = Field(description="What was not looked at, and how to configure that.")
    troubles: list[str]


class ApplicationPlan(Answer):
    """The changes that remove most of an application's risk: packages, images, actions, modules and charts."""

    risk_before: float
    risk_after: float
    changes: int
    projects: list[ProjectPlan]
    curve: list[CurvePoint]
    order: list[TurnShape]
    ranked: list[RankedShape] = Field(description="All changes, those first that remove most risk for their effort.")
    looked: PlanLooked
    troubles: list[str]


class FixProof(Answer):
    """Whether what a change clears is proven."""

    proven: bool
    words: str


class PinPlan(Answer):
    """What is done about one thing that files take from elsewhere at a version."""

    name: str
    kind: ChangeWord
    version: str = Field(description="As it is pinned now.")
    places: list[str] = Field(description="Each as `path:line`.")
    plan: ProjectPlan
    proof: FixProof


class FixPlanShape(Answer):
    """What a fix moves that is pinned."""

    fix: int
    pins: list[PinPlan] = Field(description="Empty for a fix that is about nothing that is pinned.")
    looked: PlanLooked


class ReachedShape(Answer):
    """What is reached of one kind."""

    kind: str
    total: int
    assets: list[NodeShape] = Field(description="The nearest, at most 20.")


class AnsweringShape(Answer):
    """A team or person who answers for what is reached."""

    name: str
    assets: int


class TouchedShape(Answer):
    """What a change touches, by the graph."""

    start: list[NodeShape] = Field(description="Where the change is made.")
    applications: list[str]
    groups: list[ReachedShape]
    owners: list[AnsweringShape]
    total: int
    complete: bool
    exposed: int = Field(description="How many of these answer from the internet.")
    data_classes: list[str]


class PlanAsked(Schema):
    """How far a plan goes."""

    model_config = ConfigDict(extra="forbid")
    most: int = Field(1000, ge=1, le=10_000, description="At most so many changes in each project.")
    online: bool = Field(
        False,
        description="Read the files of repositories that take pull requests, and ask registries where their settings allow it. Takes the right to work on issues.",
    )


class FixPlanAsked(Schema):
    """How far a fix's plan looks."""

    model_config = ConfigDict(extra="forbid")
    online: bool = Field(False, description="As for an application's plan.")


@router.get(
    "/applications/{slug:slug}/plan",
    response={200: ApplicationPlan, 304: None, **declared(404)},
    summary="Plan an application's fixes",
)
def show_plan(request: HttpRequest, slug: str, asked: Query[PlanAsked]) -> HttpResponse:
    """Plan the smallest set of changes that removes most risk: packages, and what files pin (images, actions, modules, charts).

    Without `online` it is planned by what is kept: inventories, surveys, advisories, findings, scores. For packages registries are
    never asked: only versions that advisories or scanners name are known. `seamark fix plan --online` asks them.
    """
    seen = actor_of(request).seen
    application = get_object_or_404(seen.applications(), slug=slug)
    found = plan_application(seen, application, most_changes=asked.most, online=asked.online)
    return tagged(request, {**plain(found.plans), "looked": _looked(found.looked)})


@router.get(
    "/fixes/{int:number}/plan",
    response={200: FixPlanShape, 304: None, **declared(404)},
    summary="Plan what a fix moves",
)
def show_fix_plan(request: HttpRequest, number: int, asked: Query[FixPlanAsked]) -> HttpResponse:
    """Show what a fix moves that is pinned: the target with what it clears, the versions to choose from, and the proof, or why there is none."""
    seen = actor_of(request).seen
    fix = get_object_or_404(seen.fixes().select_related("application", "asset"), pk=number)
    found = plan_fix(seen, fix, online=asked.online)
    if found is None:
        return tagged(request, {"fix": fix.pk, "pins": [], "looked": _looked(Looked())})
    return tagged(request, {"fix": fix.pk, "pins": [_pin(one) for one in found.items], "looked": _looked(found.looked)})


@router.get(
    "/fixes/{int:number}/touches",
    response={200: TouchedShape, 304: None, **declared(404)},
    summary="Show what a fix touches",
)
def show_touched(request: HttpRequest, number: int) -> HttpResponse:
    """Show the blast radius of a fix: what is built from what it changes, runs it, leads to it or is reached by it, and who answers for that."""
    seen = actor_of(request).seen
    fix = get_object_or_404(seen.fixes().select_related("application", "asset"), pk=number)
    return tagged(request, msgspec.to_builtins(touched_by(seen, fix)))


def _looked(one: Looked) -> dict[str, Any]:
    return {"read": list(one.read), "missing": list(one.missing), "troubles": list(one.troubles)}


def _pin(one: Item) -> dict[str, Any]:
    return {
        "name": one.pin.name, "kind": one.pin.kind.value, "version": one.pin.shown, "places": [f"{path}:{line}" for path, line in one.pin.places],
        "plan": plain_plan(one.plan), "proof": {"proven": one.proof.proven, "words": one.proof.words},
    }  # fmt: skip
