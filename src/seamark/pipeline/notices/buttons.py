"""Buttons of messages: pressed elsewhere, come back signed, and act with the rights of whoever pressed them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from django.db import transaction

from seamark.core.errors import SeamarkError
from seamark.governance.triage import service
from seamark.pipeline.notices.words import TAKE, TICKET
from seamark.pipeline.outbox.queue import key_of, put_message
from seamark.pipeline.signon.addresses import holders
from seamark.pipeline.tickets import opening
from seamark.response.actions.contract import Message, Pressed
from seamark.store.access import visible_to
from seamark.store.models import ChannelConnection, Issue, User
from seamark.store.models.issues import State

_REFERENCE: Final = re.compile(r"SM-(\d{1,18})")


def press(connection: ChannelConnection, pressed: Iterable[Pressed], delivery: str) -> list[str]:
    """Do what was pressed and answer in the issue's thread; return the answers. `delivery` tells one call-back from another."""
    return [_pressed(connection, one, f"{delivery}:{number}") for number, one in enumerate(pressed)]


def _pressed(connection: ChannelConnection, one: Pressed, delivery: str) -> str:
    found = holders(one.user_email) if one.user_email else []
    person = found[0] if len(found) == 1 and found[0].is_active and not found[0].is_service else None
    try:
        with transaction.atomic():
            answer = _done(one, person)
    except SeamarkError as error:
        answer = f"Not done: {error}"
    title = one.value if _REFERENCE.fullmatch(one.value) else "Your answer"
    message = Message(title=title, text=answer, to=one.user, thread=title)
    put_message(
        connection,
        message,
        key_of("pressed", connection.pk, delivery, one.action, one.value, one.user),
        about="answers a button",
    )
    return answer


def _done(one: Pressed, person: User | None) -> str:
    if person is None:
        return "Not done: nobody in Seamark has the confirmed address of whoever pressed this."
    named = _REFERENCE.fullmatch(one.value)
    issue = visible_to(person).issues().filter(pk=int(named[1])).first() if named is not None else None
    if issue is None:
        return "Not done: there is no such issue that you may see."
    match one.action:
        case "take":
            return _taken(issue, person)
        case "ticket":
            row = opening.open_by_hand(person, issue=issue)
            return f"The ticket is {row.reference or 'on its way'}{f': {row.url}' if row.url else '.'}"
    return f"Not done: there is no button {one.action[:40]!r}; there are {TAKE} and {TICKET}."


def _taken(issue: Issue, person: User) -> str:
    """Hand an issue, with the others that its change clears, to whoever takes it."""
    rows = Issue.objects.filter(open=True, fix=issue.fix_id) if issue.fix_id else Issue.objects.filter(pk=issue.pk)
    mine = visible_to(person).issues().filter(pk__in=rows.values("pk"))
    number = service.assign(person, mine, person)
    service.change_state(person, mine.filter(state__in=[State.OPEN, State.CONFIRMED]), State.IN_PROGRESS)
    return f"{number:,} handed to {person.get_username()}, in progress." if number else "They are yours already."
