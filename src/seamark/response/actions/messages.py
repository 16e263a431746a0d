"""What channels of messages share."""

from __future__ import annotations

from typing import NoReturn

from seamark.core.errors import NotAllowed, RemoteFailure
from seamark.response.actions.contract import Act, Message, Verb


def demand_message(act: Act, name: str) -> Message:
    """Return an act's message. Raises `RemoteFailure` where it is an act on tickets."""
    if act.verb is not Verb.SEND or act.message is None:
        raise RemoteFailure(f"{name} takes messages: {act.verb} is no act for it", permanent=True)
    return act.message


def no_callbacks(name: str) -> NoReturn:
    """Refuse a call-back. Raises `NotAllowed`."""
    raise NotAllowed(f"{name} sends no call-backs that are taken")
