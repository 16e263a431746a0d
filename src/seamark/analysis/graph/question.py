"""Questions to the graph by their names: what there is to ask, and which ones cannot be asked so. Knows no database."""

from __future__ import annotations

from datetime import date
from typing import Final

from msgspec import Struct

from seamark.core.errors import NotAllowed

QUESTIONS: Final = {
    "blast": "What does a flaw in it reach?",
    "origins": "Whose flaw would be felt there?",
    "path": "How does one lead to the other?",
    "exposure": "How does the internet reach it?",
    "line": "Where does it stand, from code to cloud to data?",
    "order": "In which order is what it reaches mended?",
    "toxic": "Which severe issues does the internet reach that lead to sensitive data?",
    "coverage": "What is not scanned as it should be, or owned by nobody?",
    "orphans": "What hangs in the air?",
}
"""Names with what they ask, for people."""
ABOUT_A_THING: Final = frozenset({"blast", "origins", "path", "exposure", "line", "order"})
OF_TODAY: Final = frozenset({"coverage", "orphans"})
FARTHEST: Final = 10_000
"""No page begins behind so many."""


class Question(Struct, frozen=True, kw_only=True):
    """What is asked."""

    name: str
    thing: str = ""
    """An issue (`SM-12`), a package, an asset's name or key, or `kind:key`."""
    to: str = ""
    at: date | None = None
    """As it was at the end of a day (UTC)."""
    after: int = 0
    """How many are passed over."""
    limit: int = 100


def check(asked: Question) -> None:
    """Raise `NotAllowed` for a question that cannot be asked so."""
    if asked.name not in QUESTIONS:
        raise NotAllowed(f"There is no question {asked.name!r}; there are {', '.join(QUESTIONS)}")
    if asked.name in ABOUT_A_THING and not asked.thing.strip():
        raise NotAllowed(f"{asked.name} needs a thing: an issue, a package, or an asset")
    if asked.name not in ABOUT_A_THING and asked.thing.strip():
        raise NotAllowed(f"{asked.name} is about everything and takes no thing")
    if (asked.name == "path") != bool(asked.to.strip()):
        raise NotAllowed(
            "path needs where it leads to: `to`"
            if asked.name == "path"
            else f"{asked.name} leads nowhere: leave out `to`"
        )
    if asked.at is not None and asked.name in OF_TODAY:
        raise NotAllowed(f"{asked.name} knows only today")
