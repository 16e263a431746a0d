"""The log of what went out, and sending again what was given up."""

from __future__ import annotations

from typing import Any, Literal

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Query, Router
from pydantic import Field

from seamark.interfaces.api.answers import Answer, Number, Turn, answer, tagged, turned_page
from seamark.interfaces.api.authentication import READ, WRITE, actor_of
from seamark.interfaces.api.problems import declared
from seamark.pipeline.outbox import log
from seamark.store.models import OutboxAct

router = Router(auth=READ)
StateName = Literal["", "queued", "done", "failed", "dropped"]


class DeliveryShape(Answer):
    """One act at another service, and what became of it."""

    id: int
    connection: str
    verb: str
    about: str
    ticket: int | None
    state: str
    attempts: int
    due_at: str | None
    error: str | None
    reference: str | None = Field(description="The far side's id of what came of it.")
    url: str | None
    created_at: str
    finished_at: str | None


class DeliveryPage(Answer):
    """A page of the log, newest first."""

    items: list[DeliveryShape]
    next: str | None
    previous: str | None
    count: Number


class DeliveryFilter(Turn):
    """Which part of the log is asked for."""

    state: StateName = ""
    connection: int | None = Field(None, ge=1, le=2**63 - 1)
    ticket: int | None = Field(None, ge=1, le=2**63 - 1)


@router.get("/deliveries", response={200: DeliveryPage, **declared()}, summary="List deliveries")
def list_deliveries(request: HttpRequest, asked: Query[DeliveryFilter]) -> HttpResponse:
    """List what went out, newest first: all for those who manage connections, else what concerns tickets that you may see."""
    rows = log.acts(actor_of(request).seen)
    wanted = {"state": asked.state, "connection": asked.connection, "ticket": asked.ticket}
    rows = rows.filter(**{name: value for name, value in wanted.items() if value})
    return answer(turned_page(rows, asked, lambda found: map(_shown, found)))


@router.get("/deliveries/{int:number}", response={200: DeliveryShape, **declared(404)}, summary="Show a delivery")
def show_delivery(request: HttpRequest, number: int) -> HttpResponse:
    """Show an act."""
    return tagged(request, _shown(_row(request, number)))


@router.post(
    "/deliveries/{int:number}/replay",
    response={202: DeliveryShape, **declared(404)},
    auth=WRITE,
    summary="Send an act again",
)
def replay_delivery(request: HttpRequest, number: int) -> HttpResponse:
    """Send an act again that was given up, under the same key: a far side that has it does nothing."""
    row = _row(request, number)
    log.replay(actor_of(request).person, [row])
    row.refresh_from_db()
    return answer(_shown(row), status=202)


def _row(request: HttpRequest, number: int) -> OutboxAct:
    return get_object_or_404(log.acts(actor_of(request).seen), pk=min(number, 2**63 - 1))


def _shown(row: OutboxAct) -> dict[str, Any]:
    return {
        "id": row.pk, "connection": row.connection.name, "verb": row.verb, "about": row.about, "ticket": row.ticket_id, "state": str(row.state),
        "attempts": row.attempt, "due_at": row.due_at.isoformat() if row.due_at else None, "error": row.told or None,
        "reference": row.reference or None, "url": row.url or None, "created_at": row.created_at.isoformat(),
        "finished_at": row.finished_at.isoformat() if row.finished_at else None,
    }  # fmt: skip
