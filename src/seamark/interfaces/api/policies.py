"""Policies: what is in force and what violates it, and trying, keeping and withdrawing those that are written here."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal

import msgspec
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Path, Query, Router, Schema
from pydantic import ConfigDict, Field

from seamark.core.errors import NotAllowed, NotFound
from seamark.governance.policy import words
from seamark.governance.policy.bundle import Bundle, Policy
from seamark.governance.policy.document import LARGEST
from seamark.governance.policy.examples import run_policy
from seamark.governance.policy.kept import edit, texts
from seamark.governance.policy.kept.sync import in_force, versions
from seamark.governance.policy.model import InvalidPolicies, Mistake, Stage
from seamark.insight.analytics import violations as told
from seamark.insight.analytics.policies import as_json, line, lines
from seamark.insight.analytics.violations import Wanted
from seamark.interfaces.api.answers import Answer, Line, Number, Turn, answer, turned_page
from seamark.interfaces.api.authentication import WRITE, Actor, actor_of
from seamark.interfaces.api.problems import Refusal, declared
from seamark.pipeline.bundles import cache
from seamark.pipeline.ingest.place import named
from seamark.pipeline.trial import asked_at, replay_as_json, replayed, simulated
from seamark.store.access import READS
from seamark.store.permissions import Permission, needed

router = Router()
Mode = Literal["off", "log", "warn", "enforce"]
Severity = Literal["critical", "high", "medium", "low", "info"]
Name = Annotated[str, Path(max_length=100, pattern=r"^[a-z0-9]([a-z0-9-]{0,98}[a-z0-9])?$")]


class PolicyLine(Answer):
    """A policy in force, with the numbers of what you may see."""

    name: str
    description: str
    type: str
    subject: str = Field(description="The group of facts that it is about: `issue`, `coverage` …")
    severity: Severity
    mode: Mode = Field(description="Today's.")
    schedule: dict[str, str] = Field(description="Modes that it moves to by itself, with their days.")
    stages: dict[str, str] = Field(description="What a violation comes to, by stage.")
    bundle: str
    kind: Literal["starter", "folder", "git", "server"] = Field(description="Of the bundle.")
    file: str
    commit: str
    version: int
    digest: str = Field(description="SHA-256 of its content, as verdicts name it.")
    changed_at: str
    author: str | None
    monitored: bool = Field(
        description="Whether it is asked outside of builds: only then has it violations that stand."
    )
    violations: int
    undecided: int
    waived: int
    trend: list[int | None] = Field(
        description="Violations at the end of each of the last 30 days; null where it was not asked."
    )


class PolicyList(Answer):
    """The policies in force, by name."""

    items: list[PolicyLine]


class VersionShape(Answer):
    """A version of a policy."""

    version: int
    bundle: str
    digest: str
    commit: str
    author: str | None
    comment: str
    active: bool
    since: str
    until: str | None


class ExampleShape(Answer):
    """What an example of a policy says."""

    number: int
    name: str
    expected: str
    found: str
    right: bool
    unknown: list[str]


class WhereShape(Answer):
    """How an application stands to a policy."""

    application: str | None
    violations: int
    undecided: int
    waived: int


class PolicyFactShape(Answer):
    """A fact that a policy looks at."""

    name: str
    type: str
    sentence: str


class PolicyAccount(PolicyLine):
    """A policy with all that is known of it."""

    yaml: str
    sentences: list[str]
    facts: list[PolicyFactShape]
    examples: list[ExampleShape]
    applications: list[WhereShape]
    versions: list[VersionShape]


class HitShape(Answer):
    """Something that a policy holds for."""

    ref: str
    application: str
    message: str
    unknown: list[str]


class SimulatedShape(Answer):
    """What a policy holds for today, of what you may see."""

    policy: str
    looked_at: int
    holds: int
    undecided: int
    applications: dict[str, int]
    hits: list[HitShape]
    doubts: list[HitShape] = Field(description="What cannot be decided, with the facts that are not known.")


class BuildShape(Answer):
    """A past build that would not have passed."""

    application: str
    asset: str
    ref: str
    commit: str
    at: str
    scan: int
    outcome: str
    blocking: list[str]
    waived_later: bool


class ReplayShape(Answer):
    """What a policy would have said to past builds, had it been enforced."""

    sentence: str
    builds: int
    blocked: int
    warned: int
    undecided: int
    waived_later: int
    complete: bool = Field(description="Whether all builds of the time were looked at, not only the latest.")
    not_replayed: list[str] = Field(description="Policies about things of which no history is kept.")
    told: list[BuildShape]


class ViolationShape(Answer):
    """Something that violates a policy."""

    id: int
    policy: str
    subject: str
    ref: str
    standing: Literal["violates", "undecided", "waived"]
    effect: str
    severity: str
    because: str
    message: str
    application: str | None
    unknown: list[str]
    grace_until: str
    waiver: str
    since: str
    until: str | None


class ViolationPage(Answer):
    """A page of violations, the newest first."""

    items: list[ViolationShape]
    next: str | None
    previous: str | None
    count: Number


Text = Annotated[str, Field(max_length=LARGEST, pattern=r"^[^\x00]*$")]
Comment = Annotated[str, Field(max_length=edit.COMMENT_LIMIT, pattern=r"^[^\x00]*$")]


class PolicyWritten(Schema):
    """A policy to keep."""

    model_config = ConfigDict(extra="forbid")
    yaml: Text
    comment: Comment = ""
    instead_of: Line = Field(
        "", max_length=64, description="Digest of the version that it was made from; empty for a new one."
    )


class Withdrawn(Schema):
    """Why a policy is withdrawn."""

    model_config = ConfigDict(extra="forbid")
    comment: Comment = ""


class Tried(Schema):
    """What is tried, and on what."""

    model_config = ConfigDict(extra="forbid")
    yaml: Text | None = None
    name: Line | None = Field(None, max_length=100, description="Of a policy in force, instead of yaml.")
    application: Line | None = Field(
        None, max_length=200, description="Name or short name; everything that you may see where it is left out."
    )


class Simulation(Tried):
    """What is simulated."""

    limit: int = Field(100, ge=0, le=1000, description="Most hits that are listed.")


class PastBuilds(Tried):
    """What is replayed."""

    stage: Literal["pull_request", "build", "deploy"] = "pull_request"
    days: int = Field(90, ge=1, le=3650)


class Which(Turn):
    """Which violations."""

    policy: Line = Field("", max_length=100)
    application: Line = Field("", max_length=200, description="Short name; `-` for those of no application.")
    standing: Literal["violates", "undecided", "waived", "any"] = "violates"
    subject: Line = Field("", max_length=20)
    effect: Line = Field("", max_length=10)
    severity: Line = Field("", max_length=10)
    ended: bool = Field(False, description="What violated before and no longer does, instead of what does now.")


@router.get("/policies", response={200: PolicyList, **declared()}, summary="List policies")
def list_policies(request: HttpRequest) -> HttpResponse:
    """List the policies in force, with how much violates each."""
    return answer({"items": [as_json(one) for one in lines(_reader(request).seen, timezone.now())]})


@router.post("/policies", auth=WRITE, response={200: PolicyLine, **declared(400, 409, 413)}, summary="Keep a policy")
def create_policy(request: HttpRequest, written: PolicyWritten) -> HttpResponse:
    """Let a policy be in force from now on, as a new version. It takes the right `policy.edit` on everything."""
    actor = _reader(request)
    if not edit.may_edit(actor.person):
        raise NotAllowed(needed(Permission.POLICY_EDIT))
    try:
        row = edit.save(
            written.yaml, actor=actor.person, comment=written.comment, now=timezone.now(), instead_of=written.instead_of
        )
    except InvalidPolicies as error:
        raise _invalid(error.mistakes) from None
    except NotAllowed as error:
        raise Refusal(409, str(error), type="not-allowed") from None
    return answer(_line(actor, row.name))


@router.post(
    "/policies/simulate", response={200: SimulatedShape, **declared(400, 404, 413)}, summary="Simulate a policy"
)
def simulate_policy(request: HttpRequest, asked: Simulation) -> HttpResponse:
    """Say what a policy would hold for today, whatever its mode and stages. Nothing is changed."""
    actor = _worker(request)
    policy, applications = _policy(asked), _applications(actor, asked)
    found = simulated(actor.seen, [policy], now=timezone.now(), applications=applications, most=asked.limit)[0]
    return answer(msgspec.to_builtins(found))


@router.post("/policies/replay", response={200: ReplayShape, **declared(400, 404, 413)}, summary="Replay a policy")
def replay_policy(request: HttpRequest, asked: PastBuilds) -> HttpResponse:
    """Say what a policy would have said to past builds, had it been enforced. Where it names no such stage, as one that blocks there."""
    actor = _worker(request)
    stage, now = Stage(asked.stage), timezone.now()
    found = replayed(
        actor.seen, Bundle([asked_at(_policy(asked), stage)]), stage, now=now, since=now - timedelta(days=asked.days),
        applications=_applications(actor, asked),
    )  # fmt: skip
    return answer(replay_as_json(found))


@router.get("/policies/{str:name}", response={200: PolicyAccount, **declared(404)}, summary="Show a policy")
def show_policy(request: HttpRequest, name: Name) -> HttpResponse:
    """Show a policy in force: in words, as YAML, whom it hits, what its examples say, its versions."""
    actor = _reader(request)
    one = line(actor.seen, name, timezone.now())
    if one is None:
        raise _unknown(name)
    where = told.by_application(actor.seen, name)
    more = {
        "yaml": texts.text_of(one.kept, cache()),
        "sentences": words.sentences(one.policy, timezone.now().date()),
        "facts": msgspec.to_builtins(words.used(one.policy)),
        "examples": [_example(each) for each in run_policy(one.policy)],
        "applications": [
            {
                "application": each.slug or None, "violations": each.number.violates, "undecided": each.number.undecided,
                "waived": each.number.waived,
            }
            for each in where
        ],
        "versions": [_version(each) for each in versions(name)],
    }  # fmt: skip
    return answer({**as_json(one), **more})


@router.post(
    "/policies/{str:name}/withdraw",
    auth=WRITE,
    response={204: None, **declared(400, 404, 409, 413)},
    summary="Withdraw a policy",
)
def withdraw_policy(request: HttpRequest, name: Name, why: Withdrawn) -> HttpResponse:
    """Take a policy that was written here out of force; where the starter bundle has one of that name, that holds again."""
    actor = _reader(request)
    if not edit.may_edit(actor.person):
        raise NotAllowed(needed(Permission.POLICY_EDIT))
    try:
        edit.withdraw(name, actor=actor.person, comment=why.comment, now=timezone.now())
    except NotFound:
        raise _unknown(name) from None
    except NotAllowed as error:
        raise Refusal(409, str(error), type="not-allowed") from None
    return HttpResponse(status=204)


@router.get("/violations", response={200: ViolationPage, **declared()}, summary="List violations")
def list_violations(request: HttpRequest, which: Query[Which]) -> HttpResponse:
    """List what violates policies outside of builds, the newest first."""
    seen = _reader(request).seen
    wanted = Wanted(**{name: getattr(which, name) for name in Wanted.__struct_fields__})
    rows = told.rows(seen, wanted).select_related("application")
    return answer(turned_page(rows, which, lambda found: map(told.as_json, found), column="since"))


def _reader(request: HttpRequest) -> Actor:
    actor = actor_of(request)
    if not actor.seen.may_anywhere(READS):
        raise NotAllowed("You hold no role on anything")
    return actor


def _worker(request: HttpRequest) -> Actor:
    """Return who asks. Trying a policy reads all of it, so that it takes more than looking on."""
    actor = _reader(request)
    if not actor.seen.may_anywhere(Permission.ISSUE_TRIAGE) and not actor.seen.may_anywhere(Permission.POLICY_EDIT):
        raise NotAllowed(needed(Permission.ISSUE_TRIAGE, "something"))
    return actor


def _policy(asked: Tried) -> Policy:
    if (asked.yaml is None) == (asked.name is None):
        raise Refusal(
            422,
            "Send either yaml or name",
            type="invalid-request",
            fields=[{"field": "body", "message": "send either yaml or name"}],
        )
    if asked.yaml is None:
        found = in_force().named(asked.name or "")
        if found is None:
            raise _unknown(asked.name or "")
        return found
    policy, mistakes = edit.one_policy(asked.yaml)
    if policy is None:
        raise _invalid(mistakes)
    return policy


def _applications(actor: Actor, asked: Tried) -> list[int] | None:
    if asked.application is None:
        return None
    found = list(named(actor.seen.applications(), asked.application).values_list("pk", flat=True))
    if not found:
        raise Refusal(404, f"There is no application {asked.application!r} that you may see", type="not-found")
    return found


def _line(actor: Actor, name: str) -> dict[str, Any]:
    one = line(actor.seen, name, timezone.now())
    if one is None:
        raise _unknown(name)
    return as_json(one)


def _unknown(name: str) -> Refusal:
    return Refusal(404, f"There is no policy {name!r} in force", type="not-found")


def _invalid(mistakes: Any) -> Refusal:
    """Return the refusal of a text, with the line and column of each mistake."""
    told_of: list[Mistake] = list(mistakes)[:100]
    fields = [
        {"field": f"body.yaml:{one.line}:{one.column}" if one.line else "body.yaml", "message": one.message}
        for one in told_of
    ]
    detail = "; ".join(
        f"line {one.line}, column {one.column}: {one.message}" if one.line else one.message for one in told_of[:3]
    )
    return Refusal(422, detail, type="invalid-policy", fields=fields)


def _example(one: Any) -> dict[str, Any]:
    values: dict[str, Any] = msgspec.to_builtins(one)
    del values["policy"]
    return {**values, "right": one.right}


def _version(one: Any) -> dict[str, Any]:
    names = ("version", "bundle", "digest", "commit", "comment", "active")
    return {
        **{name: getattr(one, name) for name in names}, "author": one.author or None, "since": one.since.isoformat(),
        "until": one.until.isoformat() if one.until is not None else None,
    }  # fmt: skip
