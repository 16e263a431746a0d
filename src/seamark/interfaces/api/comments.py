"""What people say about an issue, and whether one watches it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, Any

from django.http import Http404, HttpRequest, HttpResponse
from ninja import Path, Router, Schema
from pydantic import ConfigDict, Field

from seamark.core.errors import NotAllowed
from seamark.governance.triage import comments
from seamark.governance.triage.comments import Comment
from seamark.governance.triage.lifecycle import WORKS
from seamark.governance.triage.service import COMMENT_LIMIT
from seamark.interfaces.api.answers import Answer, Number, Turned, answer, turned_page
from seamark.interfaces.api.authentication import WRITE, Actor, actor_of
from seamark.interfaces.api.issues import issue_of
from seamark.interfaces.api.problems import declared, possible
from seamark.store.models import Event, Issue
from seamark.store.permissions import needed

router = Router()
Numbered = Annotated[int, Path(ge=1, lt=2**63)]


class CommentShape(Answer):
    """A comment as it stands."""

    id: int
    author: str | None
    text: str = Field(description="CommonMark; empty where the comment was deleted.")
    mentions: list[str] = Field(description="User names of the people whom it names, and who could see the issue then.")
    at: str
    edited_at: str | None
    edits: int
    deleted_at: str | None


class CommentPage(Answer):
    """A page of comments, the newest first."""

    items: list[CommentShape]
    next: str | None
    previous: str | None
    count: Number


class WatchShape(Answer):
    """Whether one watches an issue, and how many people do."""

    watching: bool
    watchers: int


class Words(Schema):
    """What there is to say."""

    model_config = ConfigDict(extra="forbid")
    text: str = Field(
        min_length=1, max_length=COMMENT_LIMIT, pattern=r"^[^\x00]*[^\x00\s][^\x00]*$",
        description="CommonMark without HTML, pictures and headings. `@name` tells somebody who may see the issue.",
    )  # fmt: skip


@router.get(
    "/issues/{reference}/comments", response={200: CommentPage, **declared(404)}, summary="List an issue's comments"
)
def list_comments(request: HttpRequest, reference: str, turn: Turned) -> HttpResponse:
    """List what people say about an issue, the newest first."""
    actor = actor_of(request)
    return answer(turned_page(comments.said(actor.seen, issue_of(actor, reference)), turn, _shown))


@router.post(
    "/issues/{reference}/comments",
    auth=WRITE,
    response={201: CommentShape, **declared(400, 404, 409, 413)},
    summary="Comment an issue",
)
def add_comment(request: HttpRequest, reference: str, words: Words) -> HttpResponse:
    """Say something about an issue."""
    actor, issue = _working(request, reference)
    event = comments.add(actor.person, issue, words.text)
    return answer(_one(actor, issue, event.pk), status=201)


@router.patch(
    "/issues/{reference}/comments/{number}",
    auth=WRITE,
    response={200: CommentShape, **declared(400, 404, 409, 413)},
    summary="Change a comment",
)
def change_comment(request: HttpRequest, reference: str, number: Numbered, words: Words) -> HttpResponse:
    """Change what one said oneself, within a day. The history keeps what was said before."""
    actor, issue = _working(request, reference)
    before = _own(actor, issue, number)
    with possible():
        return answer(_as_json(comments.edit(actor.person, issue, before.number, words.text)))


@router.delete(
    "/issues/{reference}/comments/{number}",
    auth=WRITE,
    response={200: CommentShape, **declared(400, 404, 409, 413)},
    summary="Delete a comment",
)
def delete_comment(request: HttpRequest, reference: str, number: Numbered) -> HttpResponse:
    """Take what one said oneself off the page. The history keeps what was said."""
    actor, issue = _working(request, reference)
    before = _own(actor, issue, number)
    with possible():
        comments.delete(actor.person, issue, before.number)
    return answer(_one(actor, issue, number))


@router.get(
    "/issues/{reference}/watch", response={200: WatchShape, **declared(404)}, summary="Tell whether one watches"
)
def get_watch(request: HttpRequest, reference: str) -> HttpResponse:
    """Tell whether one watches an issue, and how many people do."""
    actor = actor_of(request)
    return _watch(actor, issue_of(actor, reference))


@router.put(
    "/issues/{reference}/watch",
    auth=WRITE,
    response={200: WatchShape, **declared(400, 404, 409, 413)},
    summary="Watch an issue",
)
def watch_issue(request: HttpRequest, reference: str) -> HttpResponse:
    """Follow an issue."""
    actor = actor_of(request)
    issue = issue_of(actor, reference)
    comments.watch(actor.person, issue)
    return _watch(actor, issue)


@router.delete(
    "/issues/{reference}/watch",
    auth=WRITE,
    response={200: WatchShape, **declared(400, 404, 409, 413)},
    summary="No longer watch an issue",
)
def unwatch_issue(request: HttpRequest, reference: str) -> HttpResponse:
    """No longer follow an issue."""
    actor = actor_of(request)
    issue = issue_of(actor, reference)
    comments.watch(actor.person, issue, on=False)
    return _watch(actor, issue)


def _watch(actor: Actor, issue: Issue) -> HttpResponse:
    watching, watchers = comments.watch_of(actor.person, issue)
    return answer({"watching": watching, "watchers": watchers})


def _working(request: HttpRequest, reference: str) -> tuple[Actor, Issue]:
    """Return who asks, and an issue that they may comment. Raises `Http404` and `NotAllowed`."""
    actor = actor_of(request)
    issue = issue_of(actor, reference)
    if not actor.seen.may(WORKS, issue.application):
        raise NotAllowed(needed(WORKS, issue.application))
    return actor, issue


def _own(actor: Actor, issue: Issue, number: int) -> Comment:
    """Return a comment of one's own. Raises `Http404` and `NotAllowed`."""
    row = comments.said(actor.seen, issue).filter(pk=number).first()
    if row is None:
        raise Http404
    if row.actor_id != actor.person.pk:
        raise NotAllowed("Only who said it may change or delete it")
    return comments.standing([row])[0]


def _one(actor: Actor, issue: Issue, number: int) -> dict[str, Any]:
    rows = list(comments.said(actor.seen, issue).filter(pk=number))
    return next(iter(_shown(rows)))


def _shown(rows: Sequence[Event]) -> Iterable[dict[str, Any]]:
    return [_as_json(one) for one in comments.standing(rows)]


def _as_json(one: Comment) -> dict[str, Any]:
    return {
        "id": one.number, "author": one.author.get_username() if one.author else None, "text": one.text, "mentions": list(one.names),
        "at": one.at.isoformat(), "edited_at": one.edited_at.isoformat() if one.edited_at else None, "edits": one.edits,
        "deleted_at": one.deleted_at.isoformat() if one.deleted_at else None,
    }  # fmt: skip
