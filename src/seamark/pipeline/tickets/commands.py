"""Commands in the comments of tickets: done with the rights of whoever wrote them, answered in words, refused in words."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from typing import Final, NamedTuple

from django.db import transaction

from seamark.core.errors import NotAllowed, SeamarkError
from seamark.governance.triage import service
from seamark.governance.waivers.words import Asked
from seamark.pipeline import waiving
from seamark.pipeline.signon.addresses import holders
from seamark.pipeline.tickets.facts import fixes_of, issues_of, sees
from seamark.pipeline.tickets.texts import counted, plain
from seamark.store.access import visible_to
from seamark.store.models import Ticket, User
from seamark.store.models.issues import State
from seamark.store.models.waivers import Scope

NAMES: Final = ("accept", "false-positive", "reassign")
_COMMAND: Final = re.compile(r"^[ \t]*/(accept|false-positive|reassign)\b[ \t]*(.*)$", re.MULTILINE)
_ACCEPT: Final = re.compile(r"(?P<reason>.+?)\s+until\s+(?P<day>\d{4}-\d{2}-\d{2})", re.IGNORECASE)
_LONGEST: Final = 5_000
HOW: Final = {
    "accept": "/accept REASON until YYYY-MM-DD",
    "false-positive": "/false-positive REASON",
    "reassign": "/reassign EMAIL",
}


class Command(NamedTuple):
    """A command with what stands behind it on its line."""

    name: str
    rest: str


def parse(comment: str) -> Command | None:
    """Return the first command of a comment: a line that begins with it."""
    found = _COMMAND.search(comment[:_LONGEST])
    return Command(found[1], found[2].strip()) if found is not None else None


def carry_out(ticket: Ticket, command: Command, person: User | None) -> str:
    """Do what a command asks and return the answer for the ticket. Whatever it lacks, right or words, is said there."""
    if not ticket.connection.commands:
        return "Commands are switched off for this connection."
    if person is None:
        return f"/{command.name} is not done: nobody in Seamark has the confirmed address of whoever wrote it."
    who = person.get_username()
    try:
        with transaction.atomic():
            if not sees(visible_to(person), ticket):
                raise NotAllowed("There is no such ticket that you may see")
            return f"{_DO[command.name](ticket, command.rest, person)} (asked by {plain(who)})"
    except SeamarkError as error:
        return f"/{command.name} is not done: {plain(str(error), 800)}"


def _accept(ticket: Ticket, rest: str, person: User) -> str:
    found = _ACCEPT.fullmatch(rest)
    if found is None:
        raise NotAllowed(f"write {HOW['accept']}")
    try:
        day = date.fromisoformat(found["day"])
    except ValueError:
        raise NotAllowed(f"{found['day']} is no day") from None
    end = datetime.combine(day, time(23, 59), UTC)
    seen = visible_to(person)
    fixes = seen.fixes().filter(pk__in=fixes_of(ticket)).order_by("pk").values_list("pk", flat=True)
    asked = [Asked(Scope.FIX, "accepted", found["reason"], end, fix=number) for number in fixes]
    if ticket.issue_id is not None:
        asked = [Asked(Scope.ISSUE, "accepted", found["reason"], end, issues=(ticket.issue_id,))]
    if not asked:
        raise NotAllowed("there is no fix and no issue here that a waiver could be for")
    made = [waiving.request(person, one).reference for one in asked]
    what = (
        f"Waiver {made[0]} is"
        if len(made) == 1
        else f"Waivers {', '.join(made)}, one for each application that you may see, are"
    )
    return f"{what} asked for until {day}. Nothing changes until a second person has approved."


def _false_positive(ticket: Ticket, rest: str, person: User) -> str:
    if not rest:
        raise NotAllowed(f"write {HOW['false-positive']}")
    change = service.change_state(
        person, issues_of(ticket, visible_to(person)), State.DISMISSED, "false_positive", rest
    )
    return f"{counted(service.size_of(change), 'issue')} dismissed as false positives."


def _reassign(ticket: Ticket, rest: str, person: User) -> str:
    found = holders(rest) if "@" in rest and " " not in rest else []
    if len(found) != 1:
        raise NotAllowed(f"write {HOW['reassign']}, with the confirmed address of somebody here")
    number = service.assign(person, issues_of(ticket, visible_to(person)), found[0])
    return f"{counted(number, 'issue')} assigned to {plain(found[0].get_username())}."


_DO: Final = {"accept": _accept, "false-positive": _false_positive, "reassign": _reassign}
