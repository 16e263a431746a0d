"""Pull requests of fixes, the repositories that take them, and what stops merging by itself."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Query, Router, Schema
from pydantic import ConfigDict, Field

from seamark.interfaces.api.answers import Answer, Line, Number, Turn, Turned, answer, tagged, turned_page
from seamark.interfaces.api.authentication import READ, WRITE, Session, Token, actor_of
from seamark.interfaces.api.problems import Refusal, declared
from seamark.pipeline.pulls import asking, repositories
from seamark.store.models import PullRepository, PullRequest
from seamark.store.models.pulls import PullState

router = Router(auth=READ)
_MANAGES = [Token("admin"), Session("admin")]
Id = Annotated[int, Field(ge=1, le=2**63 - 1)]
Address = Annotated[Line, Field(min_length=1, max_length=1000)]
StateWord = Literal["queued", "open", "merged", "verified", "returned", "rejected", "gone", "left", "failed"]


class PullRequestShape(Answer):
    """The pull request of a fix."""

    id: int
    repository: str
    application: str | None
    fix: int | None
    title: str
    branch: str
    number: str | None = Field(description="The forge's number; null until it is open there.")
    url: str | None
    state: StateWord
    told: str | None = Field(description="What went wrong, or why it stands as it does.")
    clears: list[str]
    moves: list[list[str]] = Field(description="What is moved: name, from, to, how far.")
    by: str | None
    created_at: str
    opened_at: str | None
    finished_at: str | None


class PullRequestPage(Answer):
    """A page of pull requests, newest first."""

    items: list[PullRequestShape]
    next: str | None
    previous: str | None
    count: Number


class PullRequestFilter(Turn):
    """Which pull requests are asked for."""

    state: StateWord | None = None
    fix: Id | None = None


class NewPullRequest(Schema):
    """What a pull request is to be opened for."""

    model_config = ConfigDict(extra="forbid")
    fix: Id


class PullRepositoryShape(Answer):
    """A repository that takes pull requests. Its secrets are never told."""

    id: int
    asset: int
    application: str | None
    forge: str
    api: str
    remote: str
    name: str
    base: str | None
    terms: dict[str, Any]
    secrets: list[str] = Field(description="Names of the secrets that are kept.")
    active: bool
    merging: bool = Field(description="Whether safe pull requests are merged by themselves.")


class PullRepositoryPage(Answer):
    """A page of repositories."""

    items: list[PullRepositoryShape]
    next: str | None
    previous: str | None
    count: Number


class NewPullRepository(Schema):
    """A repository, and how its forge is reached."""

    model_config = ConfigDict(extra="forbid")
    asset: Id = Field(description="The number of the asset of the kind repository.")
    forge: Literal["github", "gitlab", "bitbucket", "azure", "gitea"]
    api: Address
    remote: Address = Field(description="What git fetches from and pushes to, without a password.")
    name: Annotated[Line, Field(min_length=3, max_length=300)] = Field(description="As the forge names it: owner/name.")
    base: Annotated[Line, Field(max_length=200)] = Field("", description="Empty for the default branch.")
    terms: dict[str, Any] = Field(default_factory=dict, description="See the docs of pull requests.")
    secrets: dict[str, Annotated[str, Field(max_length=20_000)]] = Field(
        default_factory=dict, description="token, key, signing; what is left out stays."
    )
    active: bool = True


class PullMerging(Schema):
    """Whether safe pull requests of a repository are merged by themselves."""

    model_config = ConfigDict(extra="forbid")
    on: bool


class PullStop(Schema):
    """Whether all merging by itself is stopped."""

    model_config = ConfigDict(extra="forbid")
    stopped: bool
    why: Annotated[Line, Field(max_length=300)] = ""


class PullStopShape(Answer):
    """Whether all merging by itself is stopped."""

    stopped: bool


@router.get("/pull-requests", response={200: PullRequestPage, **declared()}, summary="List pull requests")
def list_pull_requests(request: HttpRequest, asked: Query[PullRequestFilter]) -> HttpResponse:
    """List pull requests of applications that you may see, newest first."""
    rows = asking.pulls(actor_of(request).seen)
    rows = rows.filter(state=PullState(asked.state)) if asked.state is not None else rows
    rows = rows.filter(fix=asked.fix) if asked.fix is not None else rows
    return answer(turned_page(rows, asked, lambda found: map(_shown, found)))


@router.post(
    "/pull-requests",
    response={201: PullRequestShape, **declared(400, 404)},
    auth=WRITE,
    summary="Ask for a pull request",
)
def ask_for_pull_request(request: HttpRequest, asked: NewPullRequest) -> HttpResponse:
    """Ask for the pull request of a fix, or return the one that it has. A worker makes it."""
    actor = actor_of(request)
    fix = actor.seen.fixes().select_related("application", "asset").filter(pk=asked.fix).first()
    if fix is None:
        raise Refusal(404, "There is no such fix that you may see", type="not-found")
    made = asking.ask(actor.person, fix)
    return answer(_shown(get_object_or_404(asking.pulls(actor.seen), pk=made.pk)), status=201)


@router.get(
    "/pull-requests/{int:number}", response={200: PullRequestShape, **declared(404)}, summary="Show a pull request"
)
def show_pull_request(request: HttpRequest, number: int) -> HttpResponse:
    """Show a pull request."""
    return tagged(request, _shown(get_object_or_404(asking.pulls(actor_of(request).seen), pk=min(number, 2**63 - 1))))


@router.get(
    "/pull-repositories",
    response={200: PullRepositoryPage, **declared()},
    summary="List repositories of pull requests",
)
def list_pull_repositories(request: HttpRequest, turn: Turned) -> HttpResponse:
    """List the repositories that take pull requests, of applications that you may see."""
    rows = repositories.all_of(actor_of(request).seen)
    return answer(turned_page(rows, turn, lambda found: map(_repository, found)))


@router.post(
    "/pull-repositories", response={201: PullRepositoryShape, **declared(400, 404, 413)}, auth=_MANAGES,
    summary="Keep a repository of pull requests",
)  # fmt: skip
def put_pull_repository(request: HttpRequest, asked: NewPullRepository) -> HttpResponse:
    """Say how pull requests are opened in a repository; what was said before is replaced."""
    actor = actor_of(request)
    asset = actor.seen.assets().select_related("application").filter(pk=asked.asset).first()
    if asset is None:
        raise Refusal(404, "There is no such asset that you may see", type="not-found")
    made = repositories.put(
        actor.person, asset, forge=asked.forge, api=asked.api, remote=asked.remote, name=asked.name, base=asked.base, terms=asked.terms,
        secrets=asked.secrets, active=asked.active,
    )  # fmt: skip
    return answer(_repository(made), status=201)


@router.delete(
    "/pull-repositories/{int:number}",
    response={204: None, **declared(404)},
    auth=_MANAGES,
    summary="Remove a repository of pull requests",
)
def remove_pull_repository(request: HttpRequest, number: int) -> HttpResponse:
    """Remove a repository; pull requests at the forge stay."""
    actor = actor_of(request)
    repositories.remove(actor.person, _row(request, number))
    return HttpResponse(status=204)


@router.put(
    "/pull-repositories/{int:number}/merging", response={200: PullRepositoryShape, **declared(400, 404)}, auth=WRITE,
    summary="Switch merging by itself",
)  # fmt: skip
def switch_pull_merging(request: HttpRequest, number: int, asked: PullMerging) -> HttpResponse:
    """Let safe pull requests of a repository be merged by themselves, or stop that."""
    row = _row(request, number)
    repositories.switch_merging(actor_of(request).person, row, on=asked.on)
    return answer(_repository(_row(request, number)))


@router.put(
    "/pull-stop", response={200: PullStopShape, **declared(400)}, auth=WRITE, summary="Stop all merging by itself"
)
def stop_pull_merging(request: HttpRequest, asked: PullStop) -> HttpResponse:
    """Stop merging by itself in all repositories, or take that back."""
    repositories.switch_all(actor_of(request).person, stopped=asked.stopped, why=asked.why)
    return answer({"stopped": asked.stopped})


def _row(request: HttpRequest, number: int) -> PullRepository:
    return get_object_or_404(repositories.all_of(actor_of(request).seen), pk=min(number, 2**63 - 1))


def _shown(row: PullRequest) -> dict[str, Any]:
    application = row.repository.asset.application
    return {
        "id": row.pk, "repository": row.repository.name, "application": application.slug if application else None, "fix": row.fix_id, "title": row.title,
        "branch": row.branch, "number": row.number or None, "url": row.url or None, "state": str(row.state), "told": row.told or None,
        "clears": list(row.facts.get("clears", ())), "moves": [list(map(str, one)) for one in row.facts.get("moves", ())],
        "by": row.by.get_username() if row.by else None, "created_at": row.created_at.isoformat(),
        "opened_at": row.opened_at.isoformat() if row.opened_at else None, "finished_at": row.finished_at.isoformat() if row.finished_at else None,
    }  # fmt: skip


def _repository(row: PullRepository) -> dict[str, Any]:
    application = row.asset.application
    return {
        "id": row.pk, "asset": row.asset_id, "application": application.slug if application else None, "forge": row.forge, "api": row.api,
        "remote": row.remote, "name": row.name, "base": row.base or None, "terms": row.details, "secrets": repositories.secrets_kept(row),
        "active": row.active, "merging": row.merging,
    }  # fmt: skip
