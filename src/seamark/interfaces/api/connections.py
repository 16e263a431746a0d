"""Connections to services that take tickets and messages, for those who manage them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Router, Schema
from pydantic import ConfigDict, Field

from seamark.core.errors import NotAllowed, RemoteFailure
from seamark.interfaces.api.answers import Answer, Line, Number, Turned, answer, tagged, turned_page
from seamark.interfaces.api.authentication import Actor, Session, Token, actor_of
from seamark.interfaces.api.problems import declared, refused_field
from seamark.pipeline.outbox import connections
from seamark.pipeline.outbox.channels import every_channel
from seamark.store.models import ChannelConnection
from seamark.store.permissions import needed

router = Router(auth=[Token("admin"), Session("admin")])
Owner = Literal["seamark", "far", "both"]
Name = Annotated[Line, Field(min_length=1, max_length=100)]


class FieldOwners(Schema):
    """Who owns each field that is kept in step."""

    model_config = ConfigDict(extra="forbid")
    status: Owner = "seamark"
    assignee: Owner = "both"
    priority: Owner = "seamark"
    comments: Owner = "both"


class ConnectionShape(Answer):
    """A service that takes tickets or messages. Its secrets are never told."""

    id: int
    name: str
    channel: str
    role: str
    settings: dict[str, Any]
    owns: dict[str, str]
    commands: bool
    rate: int = Field(description="Acts a minute at most.")
    callback: str = Field(description="Path that the service's signed call-backs come to.")
    active: bool
    paused_until: str | None
    why_paused: str | None
    good_at: str | None = Field(description="When it last did what was asked.")


class ConnectionPage(Answer):
    """A page of connections, newest first."""

    items: list[ConnectionShape]
    next: str | None
    previous: str | None
    count: Number


class NewConnection(Schema):
    """A service, and what it is called with."""

    model_config = ConfigDict(extra="forbid")
    name: Name
    channel: Annotated[Line, Field(max_length=40)]
    settings: dict[str, Any] = Field(
        description="As the channel wants them, secrets included; see the docs of channels."
    )
    owns: FieldOwners = FieldOwners()
    commands: bool = Field(default=False, description="Carry out commands in comments.")
    rate: int = Field(60, ge=1, le=connections.MOST_A_MINUTE)


class ChangedConnection(Schema):
    """What is to change; what is left out stays."""

    model_config = ConfigDict(extra="forbid")
    name: Name | None = None
    settings: dict[str, Any] | None = Field(
        None, description="Whole; secrets that are left out stay, unless the address changes."
    )
    owns: FieldOwners | None = None
    commands: bool | None = None
    rate: int | None = Field(None, ge=1, le=connections.MOST_A_MINUTE)
    active: bool | None = None


class ConnectionCheck(Answer):
    """What the far side says."""

    good: bool
    words: str


@router.get("/connections", response={200: ConnectionPage, **declared()}, summary="List connections")
def list_connections(request: HttpRequest, turn: Turned) -> HttpResponse:
    """List connections, newest first."""
    rows = connections.all_of(_manager(request).seen)
    return answer(turned_page(rows, turn, lambda found: map(_shown, found)))


@router.post("/connections", response={201: ConnectionShape, **declared(400, 413)}, summary="Add a connection")
def add_connection(request: HttpRequest, asked: NewConnection) -> HttpResponse:
    """Keep a service with its secrets, which are sealed and never told again."""
    actor = _manager(request)
    if asked.channel not in every_channel():
        raise refused_field(
            "body.channel", f"there is no channel {asked.channel!r}; there are {', '.join(sorted(every_channel()))}"
        )
    made = connections.add(
        actor.person,
        asked.name,
        asked.channel,
        asked.settings,
        owns=asked.owns.model_dump(),
        commands=asked.commands,
        rate=asked.rate,
    )
    return answer(_shown(made), status=201)


@router.get("/connections/{int:number}", response={200: ConnectionShape, **declared(404)}, summary="Show a connection")
def show_connection(request: HttpRequest, number: int) -> HttpResponse:
    """Show a connection."""
    return tagged(request, _shown(_row(request, number)))


@router.patch(
    "/connections/{int:number}",
    response={200: ConnectionShape, **declared(400, 404, 413)},
    summary="Change a connection",
)
def change_connection(request: HttpRequest, number: int, asked: ChangedConnection) -> HttpResponse:
    """Change a connection, or switch it on or off. What waits while it is off is sent afterwards."""
    row = _row(request, number)
    connections.change(
        actor_of(request).person, row, name=asked.name, given=asked.settings, owns=asked.owns.model_dump() if asked.owns else None,
        commands=asked.commands, rate=asked.rate, active=asked.active,
    )  # fmt: skip
    return answer(_shown(row))


@router.delete("/connections/{int:number}", response={204: None, **declared(404)}, summary="Remove a connection")
def remove_connection(request: HttpRequest, number: int) -> HttpResponse:
    """Remove a connection with its log and what we know of its tickets; the tickets themselves stay where they are."""
    connections.remove(actor_of(request).person, _row(request, number))
    return HttpResponse(status=204)


@router.post(
    "/connections/{int:number}/check", response={200: ConnectionCheck, **declared(404)}, summary="Try a connection"
)
def check_connection(request: HttpRequest, number: int) -> HttpResponse:
    """Ask the far side whether the settings are right."""
    try:
        return answer({"good": True, "words": connections.check(_row(request, number))})
    except RemoteFailure as error:
        return answer({"good": False, "words": str(error)})


@router.post(
    "/connections/{int:number}/resume", response={200: ConnectionShape, **declared(404)}, summary="End a pause"
)
def resume_connection(request: HttpRequest, number: int) -> HttpResponse:
    """End the pause of a connection that failed: what waits is sent now."""
    row = _row(request, number)
    connections.resume(actor_of(request).person, row)
    row.refresh_from_db()
    return answer(_shown(row))


def _manager(request: HttpRequest) -> Actor:
    actor = actor_of(request)
    if not connections.manages(actor.seen):
        raise NotAllowed(needed(connections.RIGHT))
    return actor


def _row(request: HttpRequest, number: int) -> ChannelConnection:
    return get_object_or_404(connections.all_of(_manager(request).seen), pk=min(number, 2**63 - 1))


def _shown(row: ChannelConnection) -> dict[str, Any]:
    return {
        "id": row.pk, "name": row.name, "channel": row.channel, "role": row.role, "settings": row.settings, "owns": row.owns,
        "commands": row.commands, "rate": row.rate, "callback": f"/api/v1/callbacks/{row.callback}", "active": row.active,
        "paused_until": row.paused_until.isoformat() if row.paused_until else None, "why_paused": row.why_paused or None,
        "good_at": row.good_at.isoformat() if row.good_at else None,
    }  # fmt: skip
