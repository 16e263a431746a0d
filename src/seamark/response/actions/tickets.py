"""Doing an act on tickets once, the same way at every service: looked for before it is made, asked for before it is moved."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Final, Protocol

from msgspec.structs import replace

from seamark.core.errors import RemoteFailure
from seamark.response.actions.contract import Act, Change, Done, Ticket, Verb
from seamark.response.actions.rendering.document import line, link

KEPT: Final = -1
"""A priority that is left as it is."""
MORE: Final = "There is more in Seamark."


class Desk(Protocol):
    """One connection's tickets. All of them raise `RemoteFailure`; those with a reference `Gone` where the ticket was deleted."""

    def find(self, key: str) -> Done | None:
        """Return the ticket that was opened with a key."""

    def open(self, ticket: Ticket, key: str) -> Done:
        """Open a ticket that carries the key."""

    def update(self, reference: str, ticket: Ticket) -> Done:
        """Bring a ticket's fields up to date."""

    def move(self, reference: str, *, closed: bool) -> Done:
        """Close a ticket or open it again; `found` where it was so already."""

    def comment(self, reference: str, text: str, key: str) -> Done:
        """Add a comment that carries the key, unless it is there."""


def perform(act: Act, desk: Desk, name: str) -> Done:
    """Do an act on a ticket. The comment of an act that moves comes first: who is told of the move reads why."""
    if act.verb is Verb.OPEN:
        return desk.find(act.key) or desk.open(_ticket(act), act.key)
    if act.verb is Verb.SEND or not act.reference:
        raise RemoteFailure(
            f"{name} takes tickets: {act.verb} without a ticket's reference is no act for it", permanent=True
        )
    if act.verb is Verb.UPDATE:
        return desk.update(act.reference, _kept(_ticket(act)))
    if act.verb is Verb.COMMENT:
        return desk.comment(act.reference, act.comment, act.key)
    if act.comment:
        desk.comment(act.reference, act.comment, act.key)
    return desk.move(act.reference, closed=act.verb is Verb.CLOSE)


def body_of(ticket: Ticket) -> str:
    """Return what a ticket says with the way to it in Seamark, as CommonMark."""
    address = link(ticket.url)
    return f"{ticket.text}\n\n[Open in Seamark](<{address}>)" if address else ticket.text


def more_at(url: str) -> str:
    """Return what stands where a text had to be cut."""
    return f"There is more in Seamark: {link(url)}" if link(url) else MORE


def level(priority: int) -> int:
    """Return a priority within 0 to 4."""
    return min(max(priority, 0), 4)


def named_priority(ticket: Ticket, names: Sequence[str]) -> str:
    """Return what a service calls a ticket's priority, by the names of 0 to 4, of which the last stands for all below it.

    Empty where the priority stays as it is, or has no names.
    """
    return names[min(level(ticket.priority), len(names) - 1)] if names and ticket.priority != KEPT else ""


def labels_of(ticket: Ticket, longest: int, most: int = 50) -> list[str]:
    """Return a ticket's first labels, each a line of so many characters at most."""
    return [line(one, longest) for one in ticket.labels[:most] if one.strip()]


def moment(text: str) -> datetime:
    """Return an ISO time; one without a zone is UTC. Raises `RemoteFailure` where a service gave something else."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise RemoteFailure(f"{text[:40]!r} is no time", permanent=True) from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def fresh(changes: Iterable[Change], since: str, own: str = "") -> list[Change]:
    """Return the changes since a time, oldest first, marked where `own` did them. Deletions are told whenever they are seen."""
    first = moment(since)
    marked = (replace(one, own=True) if own and one.author == own else one for one in changes)
    found = [(moment(one.at), one.id, one) for one in marked]
    return [one for at, _, one in sorted(found, key=lambda row: row[:2]) if at >= first or one.kind == "deleted"]


def _kept(ticket: Ticket) -> Ticket:
    """Return a ticket that says nothing of what the far side owns."""
    keep = ticket.keep
    return replace(
        ticket, priority=KEPT if "priority" in keep else ticket.priority, assignee="" if "assignee" in keep else ticket.assignee,
        due="" if "due" in keep else ticket.due, labels=() if "labels" in keep else ticket.labels,
        fields={name: value for name, value in ticket.fields.items() if name not in keep},
    )  # fmt: skip


def _ticket(act: Act) -> Ticket:
    if act.ticket is None:
        raise RemoteFailure(f"An act that would {act.verb} a ticket says nothing of it", permanent=True)
    return act.ticket
