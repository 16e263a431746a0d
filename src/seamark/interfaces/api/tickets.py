"""Tickets at other services: opened, looked at, and where they go."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Query, Router, Schema
from pydantic import ConfigDict, Field

from seamark.interfaces.api.answers import Answer, Line, Number, Turn, Turned, answer, tagged, turned_page
from seamark.interfaces.api.authentication import READ, WRITE, Session, Token, actor_of
from seamark.interfaces.api.problems import Refusal, declared
from seamark.pipeline.outbox import connections
from seamark.pipeline.tickets import mapping, opening, reading
from seamark.store.models import Ticket, TicketMapping

router = Router(auth=READ)
_MANAGES = [Token("admin"), Session("admin")]
Label = Annotated[Line, Field(min_length=1, max_length=100)]
Id = Annotated[int, Field(ge=1, le=2**63 - 1)]


class TicketShape(Answer):
    """The ticket of a fix, or of an issue without one."""

    id: int
    connection: str
    application: str | None = Field(description="Slug; null for what violates a policy and belongs to none.")
    fix: int | None
    issue: str | None
    title: str
    reference: str | None = Field(description="The far side's id; null until it is open there.")
    url: str | None
    state: str
    far_status: str | None = Field(description="What the far side says. It decides nothing here.")
    issues: int = Field(description="How many issues of this application it tells of.")
    because: str | None
    created_at: str
    closed_at: str | None


class TicketPage(Answer):
    """A page of tickets, newest first."""

    items: list[TicketShape]
    next: str | None
    previous: str | None
    count: Number


class TicketFilter(Turn):
    """Which tickets are asked for."""

    application: Annotated[Line, Field(max_length=200)] = ""
    fix: Id | None = None


class NewTicket(Schema):
    """What a ticket is to be opened for: a fix, or an issue, whose fix then counts."""

    model_config = ConfigDict(extra="forbid")
    fix: Id | None = None
    issue: Id | None = Field(None, description="The number of an issue: 12 for SM-12.")


class TicketMappingShape(Answer):
    """Where the tickets of an application and a team go."""

    id: int
    connection: int
    application: str | None
    team: str | None
    fields: dict[str, Any]
    labels: list[str]
    title: str | None
    text: str | None


class TicketMappingPage(Answer):
    """A page of mappings."""

    items: list[TicketMappingShape]
    next: str | None
    previous: str | None
    count: Number


class NewTicketMapping(Schema):
    """Where tickets go, and what they look like there."""

    model_config = ConfigDict(extra="forbid")
    connection: Id
    application: Annotated[Line, Field(max_length=200)] | None = Field(None, description="Slug; null for all.")
    team: Annotated[Line, Field(max_length=300)] = Field("", description="The issues' owner; empty for all.")
    fields: dict[str, Any] = Field(default_factory=dict)
    labels: list[Label] = Field(default_factory=list, max_length=mapping.MOST_LABELS)
    title: Annotated[str, Field(max_length=20_000)] = Field("", description="Template; empty for the product's.")
    text: Annotated[str, Field(max_length=20_000)] = Field("", description="Template; empty for the product's.")


@router.get("/tickets", response={200: TicketPage, **declared()}, summary="List tickets")
def list_tickets(request: HttpRequest, asked: Query[TicketFilter]) -> HttpResponse:
    """List tickets of applications that you may see, newest first."""
    rows = reading.tickets(actor_of(request).seen)
    rows = rows.filter(application__slug=asked.application) if asked.application else rows
    rows = rows.filter(fix=asked.fix) if asked.fix is not None else rows
    return answer(turned_page(rows, asked, lambda found: map(_shown, found)))


@router.post("/tickets", response={201: TicketShape, **declared(400, 404)}, auth=WRITE, summary="Open a ticket")
def open_ticket(request: HttpRequest, asked: NewTicket) -> HttpResponse:
    """Open the ticket of a fix, or return the one that it has."""
    actor = actor_of(request)
    fix = actor.seen.fixes().filter(pk=asked.fix).first() if asked.fix is not None else None
    issue = actor.seen.issues().filter(pk=asked.issue).first() if asked.issue is not None and fix is None else None
    if fix is None and issue is None:
        raise Refusal(404, "There is no such fix or issue that you may see", type="not-found")
    made = opening.open_by_hand(actor.person, fix=fix, issue=issue)
    return answer(_shown(get_object_or_404(reading.tickets(actor.seen), pk=made.pk)), status=201)


@router.get("/tickets/{int:number}", response={200: TicketShape, **declared(404)}, summary="Show a ticket")
def show_ticket(request: HttpRequest, number: int) -> HttpResponse:
    """Show a ticket."""
    return tagged(
        request, _shown(get_object_or_404(reading.tickets(actor_of(request).seen), pk=min(number, 2**63 - 1)))
    )


@router.get("/ticket-mappings", response={200: TicketMappingPage, **declared()}, summary="List where tickets go")
def list_ticket_mappings(request: HttpRequest, turn: Turned) -> HttpResponse:
    """List where the tickets of applications that you may see go."""
    rows = mapping.mappings(actor_of(request).seen)
    return answer(turned_page(rows, turn, lambda found: map(_mapped, found)))


@router.post(
    "/ticket-mappings",
    response={201: TicketMappingShape, **declared(400, 404, 413)},
    auth=_MANAGES,
    summary="Say where tickets go",
)
def put_ticket_mapping(request: HttpRequest, asked: NewTicketMapping) -> HttpResponse:
    """Say where the tickets of an application and a team go; what was said before of them is replaced."""
    actor = actor_of(request)
    connection = connections.all_of(actor.seen).filter(pk=asked.connection).first()
    application = actor.seen.applications().filter(slug=asked.application).first() if asked.application else None
    if connection is None or (asked.application and application is None):
        raise Refusal(404, "There is no such connection or application that you may manage", type="not-found")
    made = mapping.put(
        actor.person, connection, application=application, team=asked.team, fields=asked.fields, labels=asked.labels, title=asked.title,
        text=asked.text,
    )  # fmt: skip
    return answer(_mapped(made), status=201)


@router.delete(
    "/ticket-mappings/{int:number}", response={204: None, **declared(404)}, auth=_MANAGES, summary="Remove a mapping"
)
def remove_ticket_mapping(request: HttpRequest, number: int) -> HttpResponse:
    """Remove a mapping; tickets that are there stay in step."""
    actor = actor_of(request)
    mapping.remove(actor.person, get_object_or_404(mapping.mappings(actor.seen), pk=min(number, 2**63 - 1)))
    return HttpResponse(status=204)


def _shown(row: Ticket) -> dict[str, Any]:
    return {
        "id": row.pk, "connection": row.connection.name, "application": row.application.slug if row.application else None, "fix": row.fix_id,
        "issue": f"SM-{row.issue_id}" if row.issue_id else None, "title": row.title, "reference": row.reference or None, "url": row.url or None,
        "state": str(row.state), "far_status": row.far_status or None, "issues": reading.size_of(row), "because": row.because or None,
        "created_at": row.created_at.isoformat(), "closed_at": row.closed_at.isoformat() if row.closed_at else None,
    }  # fmt: skip


def _mapped(row: TicketMapping) -> dict[str, Any]:
    return {
        "id": row.pk, "connection": row.connection_id, "application": row.application.slug if row.application else None, "team": row.team or None,
        "fields": row.fields, "labels": row.labels, "title": row.title or None, "text": row.text or None,
    }  # fmt: skip
