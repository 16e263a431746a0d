"""API tokens: one's own, and those of service accounts."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Header, Query, Router, Schema
from pydantic import ConfigDict, Field

from seamark.governance.access import reading, tokens
from seamark.interfaces.api.answers import Answer, Number, Turn, answer, turned_page
from seamark.interfaces.api.authentication import ADMIN, Actor, actor_of
from seamark.interfaces.api.problems import Refusal, declared, refused_field
from seamark.interfaces.api.users import RowNumber
from seamark.store.models import Application, Token, User

router = Router()
Scope = Literal["read", "import", "gate", "write", "admin"]
Key = Annotated[str | None, Header(description="Not taken here: a token is shown once, and kept nowhere.")]


class TokenRow(Answer):
    """A token, without its text."""

    id: int
    owner: str
    name: str
    hint: str = Field(description="How its text begins.")
    scopes: list[Scope]
    applications: list[int] = Field(
        description="Numbers of the applications that it is good for; empty: all of its owner's."
    )
    origin: str = Field(description="For one that a pipeline got for its identity: which.")
    expires_at: str
    last_used_at: str | None = Field(description="To the minute.")
    revoked_at: str | None
    created_at: str


class TokenPage(Answer):
    """A page of tokens, the newest first."""

    items: list[TokenRow]
    next: str | None
    previous: str | None
    count: Number


class NewToken(Schema):
    """A token that is to be made."""

    model_config = ConfigDict(extra="forbid")
    name: str = Field(max_length=100)
    scopes: list[Scope] = Field(max_length=5)
    applications: list[Annotated[str, Field(max_length=200, pattern=r"^[^\x00]*$")]] = Field(
        [], max_length=500, description="Names or short names; none for all that the owner's grants reach."
    )
    days: int = Field(90, ge=1, le=3650)
    owner: int | None = Field(None, ge=1, lt=2**62, description="A service account; you, where none is named.")


class MadeToken(TokenRow):
    """A token with its text, this once."""

    token: str


class Which(Turn):
    """Which tokens."""

    owner: int | None = Field(None, ge=1, lt=2**62)
    live: bool = Field(False, description="Only those that are good now.")


@router.get("/tokens", auth=ADMIN, response={200: TokenPage, **declared()}, summary="List tokens")
def list_tokens(request: HttpRequest, which: Query[Which]) -> HttpResponse:
    """List your tokens; with `token.manage` on everything, everybody's."""
    rows = reading.tokens(actor_of(request).seen)
    if which.owner is not None:
        rows = rows.filter(user=which.owner)
    if which.live:
        rows = rows.filter(revoked_at=None, expires_at__gt=timezone.now())
    return answer(turned_page(rows, which, lambda found: map(_row, found)))


@router.post("/tokens", auth=ADMIN, response={201: MadeToken, **declared(400, 413)}, summary="Make a token")
def make_token(request: HttpRequest, asked: NewToken, idempotency_key: Key = None) -> HttpResponse:
    """Make a token for yourself, or with `token.manage` for a service account that holds no more than you do."""
    if idempotency_key is not None:
        raise Refusal(
            422, "No Idempotency-Key here: the answer holds a secret, which is kept nowhere", type="invalid-request"
        )
    actor = actor_of(request)
    end = timezone.now() + timedelta(days=asked.days)
    made = tokens.make(
        _owner(actor, asked.owner), asked.name, scopes=asked.scopes, expires_at=end, applications=_applications(actor, asked.applications),
        actor=actor.person,
    )  # fmt: skip
    return answer({**_row(made.row), "token": made.text}, status=201)


@router.delete("/tokens/{int:number}", auth=ADMIN, response={204: None, **declared(404, 412)}, summary="Revoke a token")
def revoke_token(request: HttpRequest, number: RowNumber) -> HttpResponse:
    """End a token of your own; with `token.manage` anybody's."""
    actor = actor_of(request)
    tokens.revoke(get_object_or_404(reading.tokens(actor.seen), pk=number), actor.person)
    return HttpResponse(status=204)


def _owner(actor: Actor, number: int | None) -> User:
    if number is None or number == actor.person.pk:
        return actor.person
    found = reading.accounts(actor.seen).filter(pk=number).first()
    if found is None:
        raise refused_field("body.owner", "there is no such account")
    return found


def _applications(actor: Actor, names: list[str]) -> list[Application]:
    found = []
    for name in names:
        row = actor.seen.applications().filter(Q(slug=name) | Q(name__iexact=name)).first()
        if row is None:
            raise refused_field("body.applications", f"there is no application {name!r} that you may see")
        found.append(row)
    return found


def _row(row: Token) -> dict[str, Any]:
    return {
        "id": row.pk, "owner": row.user.get_username(), "name": row.name, "hint": row.hint, "scopes": row.scopes,
        "applications": row.applications, "origin": row.origin, "expires_at": row.expires_at.isoformat(),
        "last_used_at": row.last_used_at.isoformat() if row.last_used_at else None,
        "revoked_at": row.revoked_at.isoformat() if row.revoked_at else None, "created_at": row.created_at.isoformat(),
    }  # fmt: skip
