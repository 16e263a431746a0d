"""Writing acts: in the transaction of what causes them, once for each key."""

from __future__ import annotations

from hashlib import sha256

import msgspec
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from seamark.pipeline.imports import wake
from seamark.response.actions.contract import Act, Message, Verb
from seamark.store.models import Application, ChannelConnection, OutboxAct, Ticket, User


def key_of(*parts: object) -> str:
    """Return a key that no other installation makes of the same parts: 32 hexadecimal characters."""
    return sha256("\0".join(("seamark act", settings.SECRET_KEY, *map(str, parts))).encode()).hexdigest()[:32]


def put_ticket(ticket: Ticket, act: Act, *, about: str = "", actor: User | None = None) -> OutboxAct:
    """Write an act at a ticket, behind those that wait for it. The caller holds the ticket's row."""
    return _written(
        ticket.connection,
        act,
        lane=f"ticket:{ticket.pk}",
        ticket=ticket,
        about=about,
        actor=actor,
        application=ticket.application,
    )


def put_message(
    connection: ChannelConnection,
    message: Message,
    key: str,
    *,
    about: str = "",
    application: Application | None = None,
) -> OutboxAct:
    """Write a message. One of a thread waits for those before it; the others wait for nobody."""
    act = Act(verb=Verb.SEND, key=key, message=message)
    lane = f"thread:{key_of(connection.pk, message.to, message.thread)}" if message.thread else f"message:{key}"
    return _written(connection, act, lane=lane, thread=message.thread[:80], about=about, application=application)


def _written(
    connection: ChannelConnection, act: Act, *, lane: str, about: str, ticket: Ticket | None = None, actor: User | None = None,
    application: Application | None = None, thread: str = "",
) -> OutboxAct:  # fmt: skip
    row, _ = OutboxAct.objects.get_or_create(
        key=act.key,
        defaults={
            "connection": connection, "verb": act.verb.value, "body": msgspec.to_builtins(act), "lane": lane, "ticket": ticket, "actor": actor,
            "about": about[:60], "application": application, "thread": thread, "due_at": timezone.now(),
        },
    )  # fmt: skip
    transaction.on_commit(wake.set)
    return row


def act_of(row: OutboxAct) -> Act:
    """Return what an act says, as it was written."""
    return msgspec.convert(row.body, Act)
