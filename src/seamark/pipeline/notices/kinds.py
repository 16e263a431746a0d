"""What people can hear at once."""

from __future__ import annotations

from typing import Final

KINDS: Final[dict[str, str]] = {
    "p0": "An issue became P0",
    "kev": "An issue is known to be exploited",
    "sla": "The time of an issue is over",
    "mention": "Somebody mentioned you",
    "assigned": "Somebody handed issues to you",
    "watch": "Something happened to an issue that you watch",
    "rule": "A triage rule wants you to know of an issue",
    "ticket": "A ticket was deleted at the other service",
    "alarm": "A connection does not take what is sent",
}
"""The kinds of news, each in words. Everything else is told in the daily digest."""
PERSONAL: Final = frozenset({"mention", "assigned", "watch"})
"""What concerns one person only."""
NOT_WAITING: Final = frozenset({"kev", "p0"})
"""What is told in quiet hours too."""
WATCHED: Final[dict[str, str]] = {
    "comment": "Somebody commented",
    "state": "Its state was changed",
    "fixed": "It is no longer found",
    "reopened": "It is back",
}
"""The events that watchers hear of, each in words."""
