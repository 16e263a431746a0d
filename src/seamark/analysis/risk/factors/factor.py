"""What a factor of the score is: one declaration that documentation, screens and receipts take their words from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from seamark.analysis.risk.facts import Facts

Words = tuple[str, str, str]
"""Label, detail and source of a factor for one issue."""
WhatIf = tuple[str, Facts]
"""A sentence, and the facts that would then hold."""


class Direction(StrEnum):
    """Which way a factor can move a score."""

    RAISES = "raises"
    LOWERS = "lowers"
    BOTH = "both"


def _nothing(_facts: Facts) -> str:
    return ""


def _no_changes(_facts: Facts) -> Sequence[WhatIf]:
    return ()


@dataclass(frozen=True, kw_only=True)
class Factor:
    """One factor of the score. Its effect on the log-odds is value times the profile's weight."""

    name: str
    title: str
    definition: str
    """One sentence."""
    unit: str
    """Of the fact that it looks at: `probability`, `days`, `word` …"""
    range: str
    """Of that fact, as people write it: `0 to 1`, `internet, partner, internal, none` …"""
    source: str
    """Who tells the fact."""
    direction: Direction
    weight: float
    """Of the product's own profile, in log-odds for a value of 1."""
    fields: tuple[str, ...]
    """The facts that it looks at, the one whose origin is named first."""
    neutral: str = ""
    """What neither raises nor lowers, in words; so for the next two."""
    raises: str = ""
    lowers: str = ""
    value: Callable[[Facts], float | None]
    """From -1 to 1, 0 says nothing either way; None where it is not known or does not apply."""
    words: Callable[[Facts], Words]
    """Asked only where the value is known."""
    state: Callable[[Facts], str]
    """The fact in a word or a number: `0.61`, `internet`. Asked only where the value is known."""
    missing: Callable[[Facts], str] = _nothing
    """What to find out where the value is None; empty where it does not apply."""
    what_ifs: Callable[[Facts], Sequence[WhatIf]] = _no_changes
    """What might become of the fact, and would move the score."""

    def told(self, facts: Facts) -> Words:
        """Return label, detail and source, the source as `facts.origins` has it where it names one."""
        label, detail, source = self.words(facts)
        known = dict(facts.origins)
        named = dict.fromkeys(known[field] for field in self.fields if field in known)
        return label, detail, ", ".join(named) or source
