"""Where tickets go: the mapping of an application and a team to a project at a connection."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.db import transaction
from django.db.models import Q, QuerySet

from seamark.core.errors import NotAllowed
from seamark.governance.access.changes import tell
from seamark.pipeline.outbox.connections import RIGHT, manages
from seamark.pipeline.tickets import texts
from seamark.response.actions.contract import Role
from seamark.store.access import Visible, visible_to
from seamark.store.models import Application, ChannelConnection, TicketMapping, User
from seamark.store.permissions import needed

MOST_FIELDS: Final = 50
MOST_LABELS: Final = 20


def mappings(seen: Visible) -> QuerySet[TicketMapping]:
    """Return all mappings to those who manage connections, and to others those that hold for what they see."""
    rows = TicketMapping.objects.select_related("connection", "application")
    return rows if manages(seen) else rows.filter(application__in=seen.applications().values("id"))


@transaction.atomic
def put(
    actor: User | None, connection: ChannelConnection, *, application: Application | None = None, team: str = "",
    fields: Mapping[str, Any] | None = None, labels: Sequence[str] = (), title: str = "", text: str = "",
) -> TicketMapping:  # fmt: skip
    """Say where the tickets of an application (None: of all) and a team (empty: of all) go. What was said before of them is replaced.

    Texts in `fields`, `title` and `text` are templates of `texts.VARIABLES`. Raises `NotAllowed`.
    """
    _check_right(actor)
    if connection.role != Role.TICKET.value:
        raise NotAllowed(f"{connection.name} takes messages, not tickets")
    team = team.strip()
    if len(team) > 300 or not team.isprintable():
        raise NotAllowed("A team is named as issues name their owner, in at most 300 characters")
    told = dict(fields or {})
    if len(told) > MOST_FIELDS or len(labels) > MOST_LABELS or any(not one.strip() or len(one) > 100 for one in labels):
        raise NotAllowed(f"At most {MOST_FIELDS} fields and {MOST_LABELS} labels of at most 100 characters")
    for one in (title, text, *_texts(told)):
        texts.check(one)
    row = TicketMapping.objects.filter(application=application, team=team).first()
    before = _state(row) if row is not None else None
    row = row or TicketMapping(application=application, team=team)
    row.connection, row.fields, row.labels, row.title, row.text = connection, told, list(labels), title, text
    row.save()
    tell(
        "ticket_mapping",
        f"tickets of {_place(row)}",
        actor=actor,
        before=before,
        after=_state(row),
        application=application,
    )
    return row


@transaction.atomic
def remove(actor: User | None, row: TicketMapping) -> None:
    """Remove a mapping; tickets that are there stay in step. Raises `NotAllowed`."""
    _check_right(actor)
    tell(
        "ticket_mapping",
        f"tickets of {_place(row)}",
        actor=actor,
        before=_state(row),
        after=None,
        application=row.application,
    )
    row.delete()


def mapping_for(application: int | None, team: str) -> TicketMapping | None:
    """Return the mapping that holds: that of the application and team, of the application, of the team, of all."""
    rows = TicketMapping.objects.filter(
        Q(application=application) | Q(application=None), Q(team=team) | Q(team="")
    ).select_related("connection")
    return max(rows, key=lambda one: (one.application_id is not None, bool(one.team)), default=None)


def shares(row: TicketMapping) -> bool:
    """Tell whether several applications have one ticket for the same change: their tickets go to one place, whoever reads there.

    They do not where the mapping is an application's own, or its fields name the application or the team: then they are kept apart.
    """
    return row.application_id is None and not texts.used(row.fields) & {"application", "team"}


def field_values(told: Any, values: Mapping[str, str]) -> Any:
    """Return fields with the templates in them filled, at any depth."""
    if isinstance(told, str):
        return texts.filled(told, values)
    if isinstance(told, dict):
        return {name: field_values(value, values) for name, value in told.items()}
    return [field_values(one, values) for one in told] if isinstance(told, list) else told


def _texts(told: Any, depth: int = 0) -> list[str]:
    if depth > 5:
        raise NotAllowed("Fields are at most five levels deep")
    if isinstance(told, str):
        return [told]
    inner = told.values() if isinstance(told, dict) else told if isinstance(told, list) else ()
    return [text for one in inner for text in _texts(one, depth + 1)]


def _place(row: TicketMapping) -> str:
    where = row.application.name if row.application is not None else "all applications"
    return f"{row.team} in {where}" if row.team else where


def _state(row: TicketMapping) -> dict[str, Any]:
    return {
        "connection": row.connection.name, "fields": row.fields, "labels": row.labels, "title": row.title, "text": row.text,
    }  # fmt: skip


def _check_right(actor: User | None) -> None:
    if actor is not None and not visible_to(actor).may(RIGHT):
        raise NotAllowed(needed(RIGHT))
