"""The terms that the outbox and every channel share: what goes out, who sends it, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable

import msgspec
from msgspec import Struct

from seamark.intake.connectors.caller import Caller

MARKER = "seamark-key"
"""Stands before an act's key in what it makes at the far side, so that what was made already is found before it is made again."""


class Role(StrEnum):
    """What a channel is for."""

    TICKET = "ticket"
    MESSAGE = "message"


class Verb(StrEnum):
    """What an act does. All but `SEND` are about tickets."""

    OPEN = "open"
    UPDATE = "update"
    CLOSE = "close"
    REOPEN = "reopen"
    COMMENT = "comment"
    SEND = "send"


class Ticket(Struct, frozen=True, kw_only=True):
    """What a ticket says: one for each fix."""

    title: str
    text: str
    """CommonMark; a channel turns it into what its far side shows."""
    priority: int
    """0 (most urgent) to 4."""
    due: str = ""
    """ISO date, empty for none."""
    labels: tuple[str, ...] = ()
    assignee: str = ""
    """E-mail address, empty for nobody."""
    url: str = ""
    """Where the fix stands in Seamark."""
    fields: dict[str, Any] = msgspec.field(default_factory=dict)
    """Fields of the far side as the mapping sets them, by their names there."""
    keep: tuple[str, ...] = ()
    """Fields that an `UPDATE` leaves as they are, because the far side owns them: `priority`, `assignee`."""


class Button(Struct, frozen=True):
    """A choice that a message offers: `action` comes back, signed, with `value`."""

    label: str
    action: str
    value: str
    style: str = ""
    """`primary`, `danger`, or empty."""


class Message(Struct, frozen=True, kw_only=True):
    """What a message says, to one person or place."""

    title: str
    text: str
    """CommonMark."""
    facts: tuple[tuple[str, str], ...] = ()
    """Names and values, shown as a short table: why, until when, how to fix."""
    url: str = ""
    urgent: bool = False
    to: str = ""
    """An address in the channel's terms: e-mail, channel id, user id, routing key. Empty for the connection's own."""
    thread: str = ""
    """What belongs together has one: a channel that knows threads keeps it in one, by the reference of the first message."""
    buttons: tuple[Button, ...] = ()


class Act(Struct, frozen=True, kw_only=True):
    """One thing to do at the far side. It may be asked for twice: `key` is the same then, and it is done once."""

    verb: Verb
    key: str
    ticket: Ticket | None = None
    """Of `OPEN` and `UPDATE`."""
    message: Message | None = None
    """Of `SEND`."""
    reference: str = ""
    """The far side's id of what is updated, closed, reopened or commented on; for `SEND` the first message of its thread."""
    comment: str = ""
    """CommonMark. Of `COMMENT`, and why a ticket is closed or opened again."""


class Done(Struct, frozen=True, kw_only=True):
    """What came of an act."""

    reference: str = ""
    """The far side's id, such as `PAY-12` or a message's time stamp."""
    url: str = ""
    found: bool = False
    """Whether it was there already."""


class Change(Struct, frozen=True, kw_only=True):
    """What somebody did to a ticket at the far side."""

    id: str
    """The far side's id of the change: it is taken once."""
    reference: str
    at: str
    """ISO time with zone."""
    author: str
    """The far side's id of who did it. Where a channel `KnowsItself`, call-backs by that id are known as our own."""
    author_email: str = ""
    kind: str
    """`status`, `assignee`, `priority`, `comment` or `deleted`."""
    value: str = ""
    """The new status (`open`, `in_progress` or `closed`, `closed:won't do` with the far side's resolution), e-mail, priority 0 to 4 or comment."""
    own: bool = False
    """Whether the connection's own account did it, where the channel can tell."""


class Channel(Protocol):
    """One service that takes tickets or messages. A channel is one file; it keeps nothing between calls."""

    name: str
    """`jira`, `slack` …"""
    title: str
    role: Role
    settings: type[Struct]
    """What a connection of it is configured with. Fields named in `secrets` are kept sealed and never shown."""
    secrets: frozenset[str]

    def caller(self, settings: Any, transport: Any = None) -> Caller:
        """Return a caller for the connection's service. `transport` is given by the outbox (guarded) and by tests."""

    def check(self, settings: Any, caller: Caller) -> str:
        """Ask the far side whether the settings are right, and return a sentence that says as whom and where. Raises `RemoteFailure`."""

    def perform(self, act: Act, settings: Any, caller: Caller) -> Done:
        """Do an act once, however often it is asked for.

        Raises `RemoteFailure`, permanent where asking again is of no use, with `retry_after` where the far side named a time; `Gone`
        where the ticket was deleted.
        """

    def changes(self, settings: Any, caller: Caller, references: tuple[str, ...], since: str) -> list[Change]:
        """Return what others did to tickets since an ISO time, oldest first. Channels of messages return none."""

    def verify(self, settings: Any, headers: Mapping[str, str], body: bytes, now: float) -> list[Any]:
        """Check the signature of a call-back and return what it says: `Change`s, or `Pressed` buttons. Raises `NotAllowed`."""


@runtime_checkable
class KnowsItself(Protocol):
    """A channel that can tell as whom it acts: call-backs of what it did itself start nothing."""

    def own(self, settings: Any, caller: Caller) -> str:
        """Return the id by which changes name ourselves, empty where it is not known. Raises `RemoteFailure`."""


@runtime_checkable
class KnowsPeople(Protocol):
    """A channel whose call-backs name people by an id, and that can tell their addresses: buttons act with the presser's rights."""

    def email_of(self, settings: Any, caller: Caller, user: str) -> str:
        """Return the address that the far side has confirmed of somebody, empty where there is none. Raises `RemoteFailure`."""


class Pressed(Struct, frozen=True, kw_only=True):
    """A button that somebody pressed."""

    action: str
    value: str
    user: str
    """The far side's id of who pressed it."""
    user_email: str = ""
    answer_url: str = ""
