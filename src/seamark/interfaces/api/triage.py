"""Saying where an issue stands, who works on it, and what there is to say."""

from __future__ import annotations

from typing import Literal

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from ninja import Schema
from pydantic import ConfigDict, Field

from seamark.core.errors import NotAllowed
from seamark.governance.triage import comments, people, service
from seamark.governance.triage.lifecycle import JUSTIFICATIONS, VERIFIED, WORKS, check_reason, right_for
from seamark.interfaces.api.answers import answer
from seamark.interfaces.api.authentication import WRITE, Actor, actor_of
from seamark.interfaces.api.issues import IssueAccount, account, issue_of, router
from seamark.interfaces.api.problems import Refusal, declared, possible, refused_field
from seamark.store.models import Issue
from seamark.store.models.issues import State
from seamark.store.permissions import needed

_STATES = {str(one.label).replace(" ", "_"): one for one in State}


class Change(Schema):
    """What is to change; what is left out stays."""

    model_config = ConfigDict(extra="forbid")
    state: Literal["open", "confirmed", "in_progress", "in progress", "resolved", "verified", "dismissed"] | None = (
        Field(
            None,
            description="`verified`: of a fixed issue, that somebody looked again and it is gone; `comment` says how.",
        )
    )
    resolution: str = Field(
        "",
        max_length=40,
        description="Why it is dismissed: `false_positive`, `not_affected`, `accepted` or `duplicate`.",
    )
    justification: str = Field(
        "",
        max_length=60,
        description=f"Why it is not affected, in VEX's words: {', '.join(f'`{one}`' for one in JUSTIFICATIONS)}.",
    )
    comment: str = Field(
        "", max_length=service.COMMENT_LIMIT, pattern=r"^[^\x00]*$", description="A dismissal needs one."
    )
    assignee: str | None = Field(None, max_length=150, description="User name; null for nobody.")


@router.patch(
    "/issues/{reference}",
    auth=WRITE,
    response={200: IssueAccount, **declared(400, 404, 409, 413)},
    summary="Triage an issue",
)
def change_issue(request: HttpRequest, reference: str, change: Change) -> HttpResponse:
    """Move an issue to a state, comment it, hand it to somebody; all of it, or nothing where one part is refused."""
    actor = actor_of(request)
    issue = issue_of(actor, reference)
    verified = change.state == VERIFIED
    state = _STATES[change.state.replace(" ", "_")] if change.state and not verified else None
    _check(actor, issue, change, state)
    with transaction.atomic():
        if "assignee" in change.model_fields_set:
            _assign(actor, issue, change.assignee)
        if verified:
            service.verify(actor.person, _only(actor, issue), change.comment)
        elif state is not None and (issue.state, issue.resolution) != (state, change.resolution):
            service.change_state(
                actor.person, _only(actor, issue), state, change.resolution, change.comment, change.justification
            )
        elif change.comment:
            comments.add(actor.person, issue, change.comment)
    return answer(account(issue_of(actor, reference)))


def _check(actor: Actor, issue: Issue, change: Change, state: State | None) -> None:
    """Tell apart what is wrongly asked (422), what nobody may do now (409), and what this person may not do (403)."""
    if change.state == VERIFIED:
        _check_verified(actor, issue, change)
        return
    if state is None and not change.comment and "assignee" not in change.model_fields_set:
        raise refused_field("body", "name something to change: state, comment or assignee")
    if change.comment and not change.comment.strip():
        raise refused_field("body.comment", "a comment needs some words")
    try:
        check_reason(State.OPEN if state is None else state, change.resolution, change.comment, change.justification)
    except NotAllowed as error:
        raise refused_field(
            "body.resolution" if change.resolution or state == State.DISMISSED else "body.comment", str(error)
        ) from None
    before = State(issue.state)
    if state is None or (state == before and change.resolution == issue.resolution):
        return
    with possible():
        right = right_for(before, state)
    if not actor.seen.may(right, issue.application):
        raise NotAllowed(needed(right, issue.application))


def _check_verified(actor: Actor, issue: Issue, change: Change) -> None:
    if not change.comment.strip():
        raise refused_field("body.comment", "say how it was looked at: another person may want to check it later")
    if change.resolution or change.justification:
        raise refused_field("body.resolution", "only a dismissal carries one")
    if not actor.seen.may(WORKS, issue.application):
        raise NotAllowed(needed(WORKS, issue.application))
    if issue.state != State.RESOLVED:
        raise Refusal(409, "Only what is fixed can be verified", type="not-allowed")


def _assign(actor: Actor, issue: Issue, name: str | None) -> None:
    chosen = next((one for one in people.assignable(issue.application_id) if one.username == name), None)
    if name and chosen is None:
        raise refused_field("body.assignee", f"there is nobody called {name!r} who works on {issue.application}")
    service.assign(actor.person, _only(actor, issue), chosen)


def _only(actor: Actor, issue: Issue) -> QuerySet[Issue]:
    return actor.seen.issues().filter(pk=issue.pk)


__all__ = ["router"]
