"""Waivers: asking for exceptions from policies, deciding about them, and what is in force."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Annotated, Any, Literal

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Path, Query, Router, Schema
from pydantic import ConfigDict, Field

from seamark.core.errors import NotAllowed
from seamark.governance.waivers import reading
from seamark.governance.waivers.limits import last_moment, most_days
from seamark.governance.waivers.words import LONGEST, MOST_ISSUES, REASONS, Asked
from seamark.interfaces.api.answers import Answer, Line, Number, Turn, answer, tagged, turned_page
from seamark.interfaces.api.authentication import WRITE, Actor, actor_of
from seamark.interfaces.api.problems import Refusal, declared, refused_field
from seamark.pipeline import waiving
from seamark.store.access import APPROVES_WAIVERS, READS, REQUESTS_WAIVERS
from seamark.store.models import Waiver
from seamark.store.models.waivers import Scope
from seamark.store.permissions import Permission, needed

router = Router()
Reference = Annotated[str, Path(pattern=r"^[Ww]-[0-9]{1,15}$", description="Such as W-12.")]
_TEXT = r"^[^\x00]*$"


class WaiverRow(Answer):
    """A waiver as lists show it."""

    waiver: str
    state: Literal["requested", "approved", "refused", "expired", "revoked", "renewed"]
    scope: Literal["issue", "fix", "policy", "query"]
    about: str = Field(description="What it is for, in words.")
    application: str = Field(description="Short name; empty: everywhere.")
    policy: str = Field(description="The only policy that it is an exception from; empty: all.")
    query: str
    fix: int | None
    reason: str
    reason_words: str
    text: str
    control: str
    evidence: str
    expires_at: str
    requester: str
    requested_at: str
    decider: str
    decided_at: str | None
    ended_at: str | None
    renews: str | None
    code: str = Field(description="Where it is written as code; empty where it is not.")


class WaiverPage(Answer):
    """A page of waivers, those that end first before the others."""

    items: list[WaiverRow]
    next: str | None
    previous: str | None
    count: Number


class WaiverStepShape(Answer):
    """Something that was done with a waiver."""

    step: str
    actor: str = Field(description="Empty for what happened by itself.")
    at: str
    comment: str
    details: dict[str, Any]


class WaiverAccount(WaiverRow):
    """A waiver in full."""

    count: int = Field(description="How many issues, or violations of the policy, it covers now.")
    issues: list[str] = Field(description="The riskiest of them.")
    priority: int = Field(description="Of the most urgent one: 0 is P0.")
    named: list[str] = Field(description="For the scope `issue`: those that it names.")
    history: list[WaiverStepShape]


class Limits(Answer):
    """How long waivers may last, and why they may be asked for."""

    days: list[int] = Field(description="For P0 to P4.")
    reasons: dict[str, str]


class Which(Turn):
    """Which waivers."""

    state: Literal["", "requested", "in_force", "expiring", "approved", "refused", "expired", "revoked", "renewed"] = ""
    application: Line = Field("", max_length=200)
    policy: Line = Field("", max_length=100)
    issue: str = Field("", pattern=r"^([Ss][Mm]-[0-9]{1,15})?$", description="One that names this issue.")


class Request(Schema):
    """What is asked for."""

    model_config = ConfigDict(extra="forbid")
    scope: Literal["issue", "fix", "policy", "query"]
    issues: list[Annotated[str, Field(pattern=r"^[Ss][Mm]-[0-9]{1,15}$")]] = Field(
        [], max_length=MOST_ISSUES, description="For `issue`: references."
    )
    fix: int | None = Field(None, ge=1, lt=2**62)
    query: str = Field("", max_length=1000, pattern=_TEXT)
    policy: str = Field(
        "", max_length=100, pattern=_TEXT, description="For `policy`, or to limit the others to this one."
    )
    application: str = Field(
        "", max_length=200, pattern=_TEXT, description="For `policy` and `query`; empty: everywhere."
    )
    reason: str = Field(max_length=40, description=f"One of {', '.join(REASONS)}.")
    text: str = Field(max_length=LONGEST, pattern=_TEXT)
    control: str = Field(
        "", max_length=LONGEST, pattern=_TEXT, description="The compensating control; a name of the application's controls counts as that."
    )  # fmt: skip
    evidence: str = Field("", max_length=LONGEST, pattern=_TEXT)
    expires: date = Field(description="The last day on which it counts (UTC).")


class Decision(Schema):
    """What is said with a decision."""

    model_config = ConfigDict(extra="forbid")
    comment: str = Field("", max_length=LONGEST, pattern=_TEXT)


class Approval(Decision):
    """An approval."""

    expires: date | None = Field(None, description="An earlier last day.")
    seen: int | None = Field(
        None, ge=0, lt=2**31, description="How many it covered when you looked: more are not approved."
    )


class Renewal(Schema):
    """The same once more."""

    model_config = ConfigDict(extra="forbid")
    text: str = Field(max_length=LONGEST, pattern=_TEXT)
    expires: date


@router.get("/waivers", response={200: WaiverPage, **declared()}, summary="List waivers")
def list_waivers(request: HttpRequest, which: Query[Which]) -> HttpResponse:
    """List waivers, those that end first before the others."""
    number = int(which.issue[3:]) if which.issue else 0
    asked = reading.Filter(which.state, which.application, which.policy, number)
    rows = reading.listed(actor_of(request).seen, asked)
    return answer(
        turned_page(rows, which, lambda found: map(reading.row, found), column="expires_at", descending=False)
    )


@router.get("/waivers/limits", response={200: Limits, **declared()}, summary="How long waivers may last")
def show_limits(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - every endpoint is given it
    """Say how long a waiver may last by priority, and the reasons there are."""
    return answer({"days": list(most_days()), "reasons": REASONS})


@router.post(
    "/waivers", auth=WRITE, response={201: WaiverAccount, **declared(400, 404, 413)}, summary="Ask for a waiver"
)
def request_waiver(request: HttpRequest, asked: Request) -> HttpResponse:
    """Ask for an exception. It takes the right `waiver.request`, and a second person who approves."""
    actor = actor_of(request)
    application = None
    if asked.application:
        application = actor.seen.applications(READS).filter(slug=asked.application).first()
        if application is None:
            raise refused_field("body.application", "there is no application of that short name that you may see")
    numbers = tuple(int(one[3:]) for one in asked.issues)
    _check_asks(actor)
    control = None
    if asked.control and application is None and numbers:
        named = actor.seen.issues().filter(pk=numbers[0]).select_related("application").first()
        application = named.application if named is not None else None
    if asked.control and application is not None:
        control = application.controls.filter(name=asked.control).first()
    wanted = Asked(
        Scope(asked.scope), asked.reason, asked.text, last_moment(asked.expires), application=application, issues=numbers, fix=asked.fix,
        policy=asked.policy, query=asked.query, control=control, control_text=asked.control, evidence=asked.evidence,
    )  # fmt: skip
    try:
        row = waiving.request(actor.person, wanted)
    except NotAllowed as error:
        raise Refusal(403, str(error), type="not-allowed") from None
    return answer(_account(row), status=201)


@router.get("/waivers/{reference}", response={200: WaiverAccount, 304: None, **declared(404)}, summary="Show a waiver")
def show_waiver(request: HttpRequest, reference: Reference) -> HttpResponse:
    """Show a waiver with what it covers now and all that was done with it."""
    return tagged(request, _account(_named(actor_of(request), reference)))


@router.post(
    "/waivers/{reference}/approve", auth=WRITE, response={200: WaiverAccount, **declared(400, 404, 409, 413)}, summary="Approve a waiver"
)  # fmt: skip
def approve_waiver(request: HttpRequest, reference: Reference, said: Approval) -> HttpResponse:
    """Approve a request of somebody else. It takes the right `waiver.approve`."""
    actor = actor_of(request)
    end = last_moment(said.expires) if said.expires is not None else None
    return _decided(
        actor, reference, lambda row: waiving.approve(actor.person, row, said.comment, expires_at=end, seen=said.seen)
    )


@router.post(
    "/waivers/{reference}/refuse", auth=WRITE, response={200: WaiverAccount, **declared(400, 404, 409, 413)}, summary="Refuse a waiver"
)  # fmt: skip
def refuse_waiver(request: HttpRequest, reference: Reference, said: Decision) -> HttpResponse:
    """Refuse a request of somebody else, with the reason. It takes the right `waiver.approve`."""
    actor = actor_of(request)
    return _decided(actor, reference, lambda row: waiving.refuse(actor.person, row, said.comment))


@router.post(
    "/waivers/{reference}/revoke", auth=WRITE, response={200: WaiverAccount, **declared(400, 404, 409, 413)}, summary="Revoke a waiver"
)  # fmt: skip
def revoke_waiver(request: HttpRequest, reference: Reference, said: Decision) -> HttpResponse:
    """End a waiver, or withdraw the request. It takes the right `waiver.approve`, or to have asked for it."""
    actor = actor_of(request)
    return _decided(actor, reference, lambda row: waiving.revoke(actor.person, row, said.comment))


@router.post(
    "/waivers/{reference}/renew", auth=WRITE, response={201: WaiverAccount, **declared(400, 404, 409, 413)}, summary="Renew a waiver"
)  # fmt: skip
def renew_waiver(request: HttpRequest, reference: Reference, said: Renewal) -> HttpResponse:
    """Ask for the same once more: a waiver of its own, to be decided about anew."""
    actor = actor_of(request)
    end = last_moment(said.expires)
    return _decided(
        actor,
        reference,
        lambda row: waiving.renew(actor.person, row, said.text, end),
        needs=REQUESTS_WAIVERS,
        status=201,
    )


def _named(actor: Actor, reference: str) -> Waiver:
    rows = actor.seen.waivers().select_related(*reading.RELATED)
    found: Waiver = get_object_or_404(rows, pk=int(reference[2:]))
    return found


def _decided(
    actor: Actor, reference: str, decide: Callable[[Waiver], Waiver], *, needs: Permission = APPROVES_WAIVERS, status: int = 200
) -> HttpResponse:  # fmt: skip
    row = _named(actor, reference)
    try:
        made = decide(row)
    except NotAllowed as error:
        # Whoever holds the right may not now, or not this.
        held = actor.seen.may(needs, row.application)
        raise Refusal(409 if held else 403, str(error), type="not-allowed") from None
    return answer(_account(made), status=status)


def _check_asks(actor: Actor) -> None:
    if not actor.seen.may_anywhere(REQUESTS_WAIVERS):
        raise NotAllowed(needed(REQUESTS_WAIVERS, "something"))


def _account(row: Waiver) -> dict[str, Any]:
    return reading.account(row, waiving.reach(row))
