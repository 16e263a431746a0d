"""Triage rules: what is in force, what one would do, who stands for it; and dismissals that wait for a second person."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from django.http import HttpRequest, HttpResponse
from ninja import Path, Router, Schema
from pydantic import ConfigDict, Field

from seamark.core.errors import NotAllowed
from seamark.governance.automation import rules
from seamark.governance.policy.kept.edit import may_edit
from seamark.governance.triage import confirming
from seamark.governance.triage.service import COMMENT_LIMIT
from seamark.interfaces.api.answers import Answer, Number, Turned, answer, turned_page
from seamark.interfaces.api.authentication import WRITE, actor_of
from seamark.interfaces.api.issues import issue_of
from seamark.interfaces.api.problems import declared, existing, possible, refused_field
from seamark.pipeline.automation import reading
from seamark.pipeline.automation.dryrun import dry_run
from seamark.store.access import APPROVES_WAIVERS
from seamark.store.permissions import Permission, needed

router = Router()
RuleName = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9-]{0,99}$")]
_TEXT = r"^[^\x00]*$"


class TriageRuleLine(Answer):
    """A triage rule in force."""

    name: str
    digest: str
    description: str
    match: str
    does: str = Field(description="In words.")
    mode: str = Field(description="It acts in the mode `enforce` only.")
    holder: str = Field(description="With whose rights it acts; empty: nobody's, so that it does not.")
    approver: str
    needs_approval: bool
    stopped: str = Field(description="Why it does not act, or not everywhere; empty where it does.")
    matched: int | None = Field(description="Issues that it holds for; null for those who do not see everything.")
    effects: int | None
    run_at: str | None


class TriageRules(Answer):
    """All of them."""

    items: list[TriageRuleLine]


class StarterRuleLine(Answer):
    """A rule that comes with the product, for somebody to take over."""

    name: str
    description: str
    explanation: str
    does: str
    match: str


class StarterRules(Answer):
    """Those that are not in force."""

    items: list[StarterRuleLine]


class RuleDraft(Schema):
    """A rule to try."""

    model_config = ConfigDict(extra="forbid")
    text: str = Field(max_length=50_000, pattern=_TEXT, description="The policy as YAML, of the type `triage`.")


class RuleMove(Answer):
    """Something that it would do."""

    issue: str
    title: str
    application: int
    field: str
    before: Any
    after: Any


class RuleDryRun(Answer):
    """What a rule would do with your rights."""

    rule: str
    looked_at: int
    matched: int
    acts: int
    lacking: int = Field(description="Applications on which you may not do all that it says.")
    would: list[RuleMove] = Field(description="At most 200.")
    wishes: int = Field(description="Tickets, messages and fixes that it would ask for.")


class RuleEffectLine(Answer):
    """What a rule made of an issue."""

    field: str
    rule: str
    digest: str
    before: Any
    value: Any
    since: str


class RuleEffects(Answer):
    """All that rules made of an issue."""

    items: list[RuleEffectLine]


class DismissalLine(Answer):
    """A dismissal that waits for a second person: gates still count the issue."""

    id: str
    title: str
    place: str
    application: str
    severity: str
    priority: int
    resolution: str
    justification: str
    rule: str = Field(description="Empty where a person dismissed it.")
    by: str
    at: str | None
    comment: str


class DismissalPage(Answer):
    """A page of them, the riskiest first."""

    items: list[DismissalLine]
    next: str | None
    previous: str | None
    count: Number


class Confirming(Schema):
    """Which dismissals are agreed to."""

    model_config = ConfigDict(extra="forbid")
    issues: list[Annotated[str, Field(pattern=r"^[Ss][Mm]-[0-9]{1,15}$")]] = Field(min_length=1, max_length=500)
    comment: str = Field("", max_length=COMMENT_LIMIT, pattern=_TEXT)


class Confirmed(Answer):
    """How many were."""

    confirmed: int


@router.get("/rules", response={200: TriageRules, **declared()}, summary="List triage rules")
def list_rules(request: HttpRequest) -> HttpResponse:
    """List the triage rules in force."""
    return answer({"items": reading.rule_lines(actor_of(request).seen)})


@router.get("/rules/starters", response={200: StarterRules, **declared()}, summary="List starter rules")
def list_starter_rules(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - every endpoint is given it
    """List the rules that come with the product and are not in force."""
    return answer({"items": reading.starter_lines()})


@router.post("/rules/dry-run", response={200: RuleDryRun, **declared(400, 413)}, summary="Try a triage rule")
def try_rule(request: HttpRequest, asked: RuleDraft) -> HttpResponse:
    """Say what a rule would do today with your rights; nothing is changed. It takes the right `policy.edit`."""
    actor = actor_of(request)
    _check_writes(actor.person)
    try:
        policy = reading.drafted(asked.text)
        found = dry_run(policy, actor.person, actor.seen)
    except NotAllowed as error:
        raise refused_field("body.text", str(error)) from None
    return answer(msgspec.to_builtins(found))


@router.post(
    "/rules/starters/{name}/adopt", auth=WRITE, response={201: TriageRules, **declared(400, 404, 409)}, summary="Take over a starter rule"
)  # fmt: skip
def adopt_rule(request: HttpRequest, name: RuleName) -> HttpResponse:
    """Let a starter rule be in force, with your rights. It takes the right `policy.edit`."""
    actor = actor_of(request)
    _check_writes(actor.person)
    with existing(), possible():
        reading.adopt(actor.person, name)
    return answer({"items": reading.rule_lines(actor.seen)}, status=201)


@router.post(
    "/rules/{name}/take-over", auth=WRITE, response={200: TriageRules, **declared(400, 404)}, summary="Stand for a triage rule"
)  # fmt: skip
def take_over_rule(request: HttpRequest, name: RuleName) -> HttpResponse:
    """Let a rule act with your rights from now on. It takes the right `policy.edit`."""
    actor = actor_of(request)
    _check_writes(actor.person)
    with existing():
        rules.take_over(actor.person, name)
    return answer({"items": reading.rule_lines(actor.seen)})


@router.post(
    "/rules/{name}/approve", auth=WRITE, response={200: TriageRules, **declared(400, 404, 409)}, summary="Approve a triage rule"
)  # fmt: skip
def approve_rule(request: HttpRequest, name: RuleName) -> HttpResponse:
    """Approve a rule that somebody else stands for. It takes the right `waiver.approve` or `policy.edit`."""
    actor = actor_of(request)
    if not (may_edit(actor.person) or actor.seen.may_anywhere(APPROVES_WAIVERS)):
        raise NotAllowed(needed(APPROVES_WAIVERS))
    with existing(), possible():
        rules.approve(actor.person, name)
    return answer({"items": reading.rule_lines(actor.seen)})


@router.get(
    "/issues/{reference}/rules", response={200: RuleEffects, **declared(404)}, summary="What rules did to an issue"
)
def show_rule_effects(request: HttpRequest, reference: str) -> HttpResponse:
    """List what triage rules made of an issue, and what was there before."""
    return answer({"items": reading.effects_on(issue_of(actor_of(request), reference))})


@router.get("/dismissals", response={200: DismissalPage, **declared()}, summary="List dismissals to confirm")
def list_dismissals(request: HttpRequest, turn: Turned) -> HttpResponse:
    """List the dismissals that wait for somebody like you: where you hold the right `waiver.approve`."""
    rows = reading.dismissals(actor_of(request).seen)
    return answer(turned_page(rows, turn, reading.dismissal_lines, column="risk"))


@router.post(
    "/dismissals/confirm", auth=WRITE, response={200: Confirmed, **declared(400, 404, 409, 413)}, summary="Confirm dismissals"
)  # fmt: skip
def confirm_dismissals(request: HttpRequest, asked: Confirming) -> HttpResponse:
    """Agree to dismissals of other people, so that gates believe them. It takes the right `waiver.approve`; all of them, or none."""
    actor = actor_of(request)
    numbers = {issue_of(actor, one).pk for one in asked.issues}
    if not actor.seen.may_anywhere(APPROVES_WAIVERS):
        raise NotAllowed(needed(APPROVES_WAIVERS))
    with possible():
        number = confirming.confirm(actor.person, actor.seen.issues().filter(pk__in=numbers), asked.comment)
    return answer({"confirmed": number})


def _check_writes(person: Any) -> None:
    if not may_edit(person):
        raise NotAllowed(needed(Permission.POLICY_EDIT))
