"""Risk profiles: the weights behind the score, what others would move, and where each holds."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Router, Schema
from pydantic import ConfigDict, Field

from seamark.analysis.risk import Profile
from seamark.core.errors import InvalidSetting, NotAllowed, NotFound
from seamark.interfaces.api.answers import Answer, Line, Number, Turned, answer, turned_page
from seamark.interfaces.api.authentication import WRITE, Actor, actor_of
from seamark.interfaces.api.problems import Refusal, declared, possible, refused_field
from seamark.pipeline import profiles, rescoring
from seamark.pipeline.outlook import outlook
from seamark.pipeline.profile_yaml import LONGEST, check, parse
from seamark.store.access import READS
from seamark.store.models import BusinessUnit, ProfileUse, RiskProfile

router = Router()
LAST_ID = 2**63 - 1


class ProfileShape(Answer):
    """A version of the weights. It never changes."""

    id: int
    name: str
    version: int
    standing: str = Field(description="`draft`, `applied before`, or `holds for …` with where it does.")
    comment: str
    author: str | None = Field(description="Null for the product's own, and for the command line.")
    created_at: str
    content: dict[str, Any] = Field(description="The fields of the YAML: weights, floors, ceilings, bands.")
    yaml: str = Field(description="As it was written; sent in again it makes the same profile.")


class ProfilePage(Answer):
    """A page of profiles, the newest first."""

    items: list[ProfileShape]
    next: str | None
    previous: str | None
    count: Number


class UseShape(Answer):
    """A profile that was applied, and how far the scores have followed."""

    id: int
    unit: str | None = Field(description="Business unit; null where it was applied to everything.")
    profile: str | None = Field(description="Null where the unit follows the profile above it again.")
    before: str | None = Field(description="What held there until then.")
    current: bool
    actor: str | None
    comment: str
    at: str
    state: str = Field(description="Of the scoring: `queued`, `running`, `done`, `superseded` or `failed`.")
    progress: int = Field(description="Percent.")
    issues: int = Field(description="Issues that it concerns.")
    moved: int = Field(description="Those with another score or priority.")
    error: str
    finished_at: str | None


class UsePage(Answer):
    """A page of what was applied, the newest first."""

    items: list[UseShape]
    next: str | None
    previous: str | None
    count: Number


class ByPriority(Answer):
    """Open issues by priority."""

    P0: int
    P1: int
    P2: int
    P3: int
    P4: int


class DeadlinesShape(Answer):
    """What it means for due dates, which stay as they are."""

    dated: int = Field(description="Issues that change their priority and have a due date.")
    overdue: int = Field(description="Those of them that are overdue.")
    undated: int = Field(description="Issues that become P0 or P1 and have none.")


class MoveShape(Answer):
    """An issue that moves far; it stands for those with the same facts."""

    reference: str
    title: str
    application: str
    alike: int = Field(description="Other issues with the same facts.")
    before: float
    after: float
    priority_before: str
    priority_after: str


class PreviewShape(Answer):
    """What a profile would move of the open issues that you may see."""

    issues: int
    moved: int
    raised: int = Field(description="Issues whose priority becomes more urgent.")
    lowered: int
    before: ByPriority
    after: ByPriority
    enter_urgent: int = Field(description="Issues that become P0 or P1.")
    leave_urgent: int
    deadlines: DeadlinesShape
    moves: list[MoveShape] = Field(description="The farthest, 20 at most.")


Comment = Annotated[str, Field(max_length=profiles.COMMENT_LIMIT, pattern=r"^[^\x00]*$")]
Unit = Annotated[Line, Field(max_length=200)]


class ProfileWritten(Schema):
    """A profile: as YAML, or as its fields."""

    model_config = ConfigDict(extra="forbid")
    yaml: str | None = Field(None, max_length=LONGEST)
    content: dict[str, Any] | None = None


class Draft(ProfileWritten):
    """A profile to keep."""

    comment: Comment = ""


class ProfileAsked(ProfileWritten):
    """A profile to preview, and where it would hold."""

    unit: Unit | None = Field(None, description="Business unit; everything where it is left out.")


class Place(Schema):
    """Where a profile is to hold."""

    model_config = ConfigDict(extra="forbid")
    unit: Unit | None = Field(None, description="Business unit; everything where it is left out.")
    comment: Comment = ""


class OneUnit(Schema):
    """A business unit that has a profile of its own."""

    model_config = ConfigDict(extra="forbid")
    unit: Unit
    comment: Comment = ""


@router.get("/risk/profiles", response={200: ProfilePage, **declared()}, summary="List risk profiles")
def list_profiles(request: HttpRequest, turn: Turned) -> HttpResponse:
    """List the versions of the weights that concern what you may see, drafts too where you may apply them."""
    actor = _reader(request)
    profiles.active_profile()
    rows = profiles.versions(actor.seen, drafts=profiles.may_draft(actor.person))
    return answer(turned_page(rows.order_by(), turn, lambda found: _shown(actor, found)))


@router.post(
    "/risk/profiles",
    auth=WRITE,
    response={200: ProfileShape, **declared(400, 409, 413)},
    summary="Keep a risk profile",
)
def create_profile(request: HttpRequest, draft: Draft) -> HttpResponse:
    """Keep a version as a draft. The same version with the same weights is kept once; with others it is refused."""
    actor = _reader(request)
    if not profiles.may_draft(actor.person):
        raise NotAllowed("This needs the role admin on everything or on a business unit")
    profile = _profile(draft)
    try:
        row = profiles.draft(actor.person, profile, text=draft.yaml or "", comment=draft.comment)
    except InvalidSetting as error:
        raise Refusal(409, str(error), type="refused") from None
    return answer(next(iter(_shown(actor, [row]))))


@router.post(
    "/risk/profiles/preview", response={200: PreviewShape, **declared(400, 404, 413)}, summary="Preview a risk profile"
)
def preview_profile(request: HttpRequest, asked: ProfileAsked) -> HttpResponse:
    """Say what a profile would move, were it applied: counts by priority, and what moves farthest. Nothing is changed."""
    actor = _reader(request)
    unit = _unit(actor, asked.unit)
    return answer(outlook(actor.seen, _profile(asked), unit).as_json())


@router.post(
    "/risk/profiles/withdraw",
    auth=WRITE,
    response={200: UseShape, 202: UseShape, **declared(400, 404, 409, 413)},
    summary="Take a unit's risk profile back",
)
def withdraw_profile(request: HttpRequest, asked: OneUnit) -> HttpResponse:
    """Let a business unit follow the profile above it again."""
    actor = _reader(request)
    unit = _unit(actor, asked.unit)
    assert unit is not None  # noqa: S101 - one was named
    with possible():
        use = profiles.withdraw(actor.person, unit, asked.comment)
    return _followed(use)


@router.get("/risk/profiles/history", response={200: UsePage, **declared()}, summary="List what was applied")
def list_profile_uses(request: HttpRequest, turn: Turned) -> HttpResponse:
    """List who applied which profile where and when, and how far the scores have followed."""
    actor = _reader(request)
    profiles.active_profile()
    rows = profiles.history(actor.seen).order_by()
    return answer(turned_page(rows, turn, lambda found: [profiles.use_as_json(use) for use in found]))


@router.get("/risk/profiles/{int:number}", response={200: ProfileShape, **declared(404)}, summary="Show a risk profile")
def show_profile(request: HttpRequest, number: int) -> HttpResponse:
    """Show one version of the weights."""
    actor = _reader(request)
    return answer(next(iter(_shown(actor, [_kept(actor, number)]))))


@router.post(
    "/risk/profiles/{int:number}/apply",
    auth=WRITE,
    response={200: UseShape, 202: UseShape, **declared(400, 404, 409, 413)},
    summary="Apply a risk profile",
)
def apply_profile(request: HttpRequest, number: int, place: Place) -> HttpResponse:
    """Let a profile hold from now on, and score the issues anew: at once (200), or by a worker where there are many (202)."""
    actor = _reader(request)
    row = _kept(actor, number)
    unit = _unit(actor, place.unit)
    with possible():
        use = profiles.apply(actor.person, row, unit, place.comment)
    return _followed(use)


def _reader(request: HttpRequest) -> Actor:
    actor = actor_of(request)
    if not actor.seen.may_anywhere(READS):
        raise NotAllowed("You hold no role on anything")
    return actor


def _kept(actor: Actor, number: int) -> RiskProfile:
    rows = profiles.versions(actor.seen, drafts=profiles.may_draft(actor.person))
    return get_object_or_404(rows, pk=min(number, LAST_ID))


def _unit(actor: Actor, name: str | None) -> BusinessUnit | None:
    """Return the unit of a name, None for everything. Raises `NotAllowed` where the person may apply nothing there."""
    unit = None
    if name is not None:
        try:
            unit = profiles.unit_named(name)
        except NotFound as error:
            # Who may apply nothing anywhere is not told which units there are.
            if profiles.may_draft(actor.person):
                raise refused_field("body.unit", str(error).partition(";")[0]) from None
    if (name is not None and unit is None) or not profiles.may_apply(actor.person, unit):
        where = f"on {name}" if name is not None else "on everything"
        raise NotAllowed(f"This needs the role admin {where}")
    return unit


def _profile(written: ProfileWritten) -> Profile:
    if (written.yaml is None) == (written.content is None):
        raise refused_field("body", "send either yaml or content")
    try:
        return parse(written.yaml) if written.yaml is not None else check(written.content)
    except InvalidSetting as error:
        raise refused_field("body.yaml" if written.yaml is not None else "body.content", str(error)) from None


def _shown(actor: Actor, rows: Any) -> list[dict[str, Any]]:
    found = list(rows)
    standing = profiles.standing(found, actor.seen)
    return [profiles.as_json(row, standing[row.pk]) for row in found]


def _followed(use: ProfileUse) -> HttpResponse:
    done = rescoring.follow(use)
    return answer(profiles.use_as_json(use), status=200 if done else 202)
