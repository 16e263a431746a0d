"""What checks and controls come to. What is not known never passes."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Final, NamedTuple


class Outcome(StrEnum):
    """Where a check or a control stands."""

    PASS = "pass"  # noqa: S105 - an outcome, no password
    PARTIAL = "partial"
    FAIL = "fail"
    NOT_KNOWN = "not_known"
    NOT_APPLICABLE = "not_applicable"
    NOT_COVERED = "not_covered"
    """Of controls only: nothing here measures it, and the framework's file says why."""


GAPS: Final = frozenset({Outcome.PARTIAL, Outcome.FAIL, Outcome.NOT_KNOWN})
"""What somebody has to do something about."""
_WORST_FIRST: Final = (Outcome.FAIL, Outcome.NOT_KNOWN, Outcome.PARTIAL, Outcome.PASS)


class Answers(NamedTuple):
    """How many things say yes, say no, or cannot be told."""

    yes: int = 0
    no: int = 0
    unknown: int = 0

    def plus(self, other: Answers) -> Answers:
        """Return both together."""
        return Answers(self.yes + other.yes, self.no + other.no, self.unknown + other.unknown)

    @property
    def total(self) -> int:
        """Return how many there are."""
        return self.yes + self.no + self.unknown


def of_answers(answers: Answers, enough: float, partly: float) -> Outcome:
    """Return what answers come to; `enough` and `partly` are the percentages of yes that pass, and that pass in part.

    What cannot be told may be either: the outcome is only one of those three where it is the same whichever way it goes,
    and nothing passes on the strength of what is not known.
    """
    if not answers.total:
        return Outcome.NOT_APPLICABLE
    least, most = 100 * answers.yes / answers.total, 100 * (answers.yes + answers.unknown) / answers.total
    if least >= enough:
        return Outcome.PASS
    if most < partly:
        return Outcome.FAIL
    if least >= partly and most < enough:
        return Outcome.PARTIAL
    if answers.unknown:
        return Outcome.NOT_KNOWN
    return Outcome.PARTIAL if least >= partly else Outcome.FAIL


def together(parts: Iterable[Outcome]) -> Outcome:
    """Return what a control comes to by what it consists of: the worst, without what does not apply."""
    found = set(parts) - {Outcome.NOT_APPLICABLE}
    return next((one for one in _WORST_FIRST if one in found), Outcome.NOT_APPLICABLE)
