"""What is one issue: why, suggestions to decide, and joining, splitting, keeping apart and taking it back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Literal

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Path, Query, Router, Schema
from pydantic import ConfigDict, Field

from seamark.core.errors import NotAllowed
from seamark.interfaces.api.answers import Answer, Line, Number, Turned, answer, turned_page
from seamark.interfaces.api.authentication import WRITE, Actor, actor_of
from seamark.interfaces.api.issues import IssueAccount, account, issue_of
from seamark.interfaces.api.problems import Refusal, declared, possible, refused_field
from seamark.pipeline import inbox, merging
from seamark.store.models import Issue, Match, MergeDecision
from seamark.store.permissions import Permission, needed

router = Router()
MOST = 100
"""Issues that one request may join, and findings that one may split off."""
RowId = Annotated[int, Field(ge=1, lt=2**63)]
Reference = Annotated[str, Field(pattern=r"^[Ss][Mm]-[0-9]{1,18}$", max_length=21, description="Such as SM-1042.")]
Told = Annotated[str, Field(max_length=merging.REASON_LIMIT, pattern=r"^[^\x00]*$", description="Why, in a sentence.")]
Numbered = Annotated[int, Path(ge=1, lt=2**63)]


class SideShape(Answer):
    """One of two findings that may be one issue."""

    finding: int
    issue: str
    tool: str
    rule: str
    title: str
    severity: str
    place: str
    ref: str | None
    snippet: str


class SuggestionShape(Answer):
    """Two findings that may be one issue, with what speaks for it."""

    id: int
    application: str
    confidence: float = Field(ge=0, le=1)
    reasons: list[tuple[str, float]] = Field(description="Words and weights, which add up to the confidence.")
    left: SideShape
    right: SideShape
    at: str


class SuggestionPage(Answer):
    """A page of suggestions, the surest first."""

    items: list[SuggestionShape]
    next: str | None
    previous: str | None
    count: Number


class DecisionShape(Answer):
    """What was decided about two issues being one."""

    id: int
    verdict: Literal["join", "split", "never"] = Field(
        description="`join`: `right` became part of `left`. `split`: findings of `left` became `right`. `never`: they stay two."
    )
    left: str
    right: str
    findings: list[int]
    confidence: float | None
    reasons: list[tuple[str, float]]
    reason: str
    by_person: bool
    author: str | None
    at: str
    revoked_at: str | None
    revoked_by: str | None


class DecisionList(Answer):
    """Decisions, the newest first."""

    items: list[DecisionShape]


class Narrowed(Schema):
    """Which suggestions are asked for."""

    application: Line = Field("", max_length=200, description="Slug of the only application to look at.")


class Because(Schema):
    """Why."""

    model_config = ConfigDict(extra="forbid")
    reason: Told = ""


class Joined(Because):
    """Issues that become one with the addressed one."""

    others: list[Reference] = Field(alias="with", min_length=1, max_length=MOST)


class SplitOff(Because):
    """Findings that are another problem."""

    findings: list[RowId] = Field(min_length=1, max_length=MOST)


class Apart(Because):
    """The issue that the addressed one never is one with."""

    other: Reference = Field(alias="from")


@router.get("/suggestions", response={200: SuggestionPage, **declared()}, summary="List suggestions")
def list_suggestions(request: HttpRequest, asked: Query[Narrowed], turn: Turned) -> HttpResponse:
    """List pairs of findings that may be one issue and wait for somebody to say so, the surest first."""
    rows = inbox.pending(actor_of(request).seen).select_related("application")
    if asked.application:
        rows = rows.filter(application__slug=asked.application)
    return answer(turned_page(rows, turn, _suggested, column="confidence"))


@router.post(
    "/suggestions/{number}/accept",
    auth=WRITE,
    response={200: IssueAccount, **declared(400, 404, 409, 413)},
    summary="Accept a suggestion",
)
def accept_suggestion(request: HttpRequest, number: Numbered, told: Because) -> HttpResponse:
    """Make the issues of the two findings one, and return it."""
    actor = actor_of(request)
    match = _pending(actor, number)
    with possible():
        kept = merging.accept(actor.person, match, told.reason)
    return answer(account(issue_of(actor, kept.reference)))


@router.post(
    "/suggestions/{number}/reject",
    auth=WRITE,
    response={200: DecisionShape, **declared(400, 404, 409, 413)},
    summary="Reject a suggestion",
)
def reject_suggestion(request: HttpRequest, number: Numbered, told: Because) -> HttpResponse:
    """Keep the issues of the two findings apart for good, and return the decision."""
    actor = actor_of(request)
    match = _pending(actor, number)
    with possible():
        return answer(_decision(merging.reject(actor.person, match, told.reason)))


@router.post(
    "/issues/{reference}/join",
    auth=WRITE,
    response={200: IssueAccount, **declared(400, 404, 409, 413)},
    summary="Join issues",
)
def join_issues(request: HttpRequest, reference: str, asked: Joined) -> HttpResponse:
    """Make issues one, through all later imports. Returns the one that has all findings: a triaged one, else the oldest."""
    actor = actor_of(request)
    issue = _to_triage(actor, reference)
    others = [_other(actor, issue, one, "body.with") for one in asked.others]
    with possible():
        kept = merging.join_issues(actor.person, [issue, *others], asked.reason)
    return answer(account(issue_of(actor, kept.reference)))


@router.post(
    "/issues/{reference}/split",
    auth=WRITE,
    response={200: IssueAccount, **declared(400, 404, 409, 413)},
    summary="Split findings off an issue",
)
def split_issue(request: HttpRequest, reference: str, asked: SplitOff) -> HttpResponse:
    """Take findings out of an issue, through all later imports. Returns the issue that has them now."""
    actor = actor_of(request)
    issue = _to_triage(actor, reference)
    own = set(actor.seen.findings().filter(issue=issue, pk__in=asked.findings).values_list("pk", flat=True))
    if foreign := [one for one in asked.findings if one not in own]:
        raise refused_field("body.findings", f"{issue.reference} has no finding {foreign[0]}")
    with possible():
        other = merging.split_issue(actor.person, issue, own, asked.reason)
    return answer(account(issue_of(actor, other.reference)))


@router.post(
    "/issues/{reference}/apart",
    auth=WRITE,
    response={200: DecisionShape, **declared(400, 404, 409, 413)},
    summary="Keep issues apart",
)
def keep_issues_apart(request: HttpRequest, reference: str, asked: Apart) -> HttpResponse:
    """Say that two issues never are one. Returns the decision."""
    actor = actor_of(request)
    issue = _to_triage(actor, reference)
    other = _other(actor, issue, asked.other, "body.from")
    with possible():
        return answer(_decision(merging.keep_apart(actor.person, issue, other, asked.reason)))


@router.get(
    "/issues/{reference}/decisions", response={200: DecisionList, **declared(404)}, summary="List an issue's decisions"
)
def list_decisions(request: HttpRequest, reference: str) -> HttpResponse:
    """List what was decided about an issue being one with others, revoked decisions too; at most 500, the newest first."""
    actor = actor_of(request)
    issue = issue_of(actor, reference)
    rows = actor.seen.decisions().filter(left=issue) | actor.seen.decisions().filter(right=issue)
    related = rows.select_related("author", "revoked_by")
    return answer({"items": [_decision(one) for one in related.order_by("-id")[:500]]})


@router.post(
    "/decisions/{number}/revoke",
    auth=WRITE,
    response={200: DecisionShape, **declared(400, 404, 409, 413)},
    summary="Take a decision back",
)
def revoke_decision(request: HttpRequest, number: Numbered) -> HttpResponse:
    """Undo a join, a split or a "never": what was joined is two again with both histories, what was split is one."""
    actor = actor_of(request)
    found = get_object_or_404(actor.seen.decisions().select_related("left__application"), pk=number)
    _may(actor, found.left)
    with possible():
        merging.take_back(actor.person, found)
    return answer(_decision(actor.seen.decisions().get(pk=number)))


def _suggested(rows: Sequence[Match]) -> Iterable[dict[str, Any]]:
    return (one.as_json() for one in inbox.suggestions(rows))


def _pending(actor: Actor, number: int) -> Match:
    """Return a suggestion that waits and that one may decide. Raises `Http404` and `NotAllowed`."""
    rows = actor.seen.matches().filter(merged=False).select_related("left__issue__application", "right__issue")
    match = get_object_or_404(rows, pk=number)
    _may(actor, match.left.issue)
    if not match.pending:
        raise Refusal(409, "This suggestion is decided already", type="not-allowed")
    return match


def _to_triage(actor: Actor, reference: str) -> Issue:
    """Return an issue that one may triage. Raises `Http404` and `NotAllowed`."""
    issue = issue_of(actor, reference)
    _may(actor, issue)
    return issue


def _may(actor: Actor, issue: Issue) -> None:
    if not actor.seen.may(Permission.ISSUE_MERGE, issue.application):
        raise NotAllowed(needed(Permission.ISSUE_MERGE, issue.application))


def _other(actor: Actor, issue: Issue, reference: str, field: str) -> Issue:
    found = actor.seen.issues().filter(pk=int(reference[3:])).first()
    if found is None or found.pk == issue.pk:
        raise refused_field(field, f"there is no other issue {reference.upper()} that you may see")
    return found


def _decision(one: MergeDecision) -> dict[str, Any]:
    return {
        "id": one.pk,
        "verdict": one.verdict,
        "left": f"SM-{one.left_id}",
        "right": f"SM-{one.right_id}",
        "findings": one.findings,
        "confidence": None if one.confidence is None else one.confidence / 1000,
        "reasons": one.reasons,
        "reason": one.reason,
        "by_person": one.by_person,
        "author": one.author.get_username() if one.author else None,
        "at": one.created_at.isoformat(),
        "revoked_at": one.revoked_at.isoformat() if one.revoked_at else None,
        "revoked_by": one.revoked_by.get_username() if one.revoked_by else None,
    }
