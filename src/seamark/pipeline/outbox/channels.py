"""The channels that there are."""

from __future__ import annotations

from seamark.core.errors import NotAllowed
from seamark.response.actions.all import channels
from seamark.response.actions.contract import Channel


def every_channel() -> dict[str, Channel]:
    """Return all channels by name."""
    return channels()


def channel_named(name: str) -> Channel:
    """Return a channel. Raises `NotAllowed` for a name that none has."""
    found = every_channel().get(name)
    if found is None:
        raise NotAllowed(f"There is no channel {name!r}; there are {', '.join(sorted(every_channel()))}")
    return found
