"""The review inbox: pairs of findings that may be one issue, with what a person needs to see to decide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from seamark.core.finding import Finding as Full
from seamark.core.location import CodeLocation
from seamark.core.severity import Severity
from seamark.store import evidence
from seamark.store.access import Visible
from seamark.store.models import Finding, Match


@dataclass(frozen=True)
class Side:
    """One of the two findings: its row, and its words in full where they are kept."""

    row: Finding
    full: Full | None

    @property
    def reference(self) -> str:
        """Return the name of its issue."""
        return f"SM-{self.row.issue_id}"

    @property
    def title(self) -> str:
        """Return what the tool calls it, its rule where it gives no title."""
        return (self.full.title if self.full else "") or self.row.rule.title or self.row.rule.code

    @property
    def place(self) -> str:
        """Return `path:line`, URL, resource or package."""
        return (f"{self.row.path}:{self.row.line}" if self.row.line else self.row.path) or self.row.component

    @property
    def code(self) -> CodeLocation | None:
        """Return the place in the code, where the tool shows some; never that of a secret."""
        location = self.full.location if self.full else None
        if isinstance(location, CodeLocation) and location.snippet and self.full and not self.full.secret:
            return location
        return None

    def as_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {
            "finding": self.row.pk,
            "issue": self.reference,
            "tool": self.row.stream.tool,
            "rule": self.row.rule.code,
            "title": self.title,
            "severity": Severity(self.row.severity).word,
            "place": self.place,
            "ref": self.row.stream.ref or None,
            "snippet": self.code.snippet if self.code else "",
        }


@dataclass(frozen=True)
class Suggestion:
    """A pair that waits for somebody."""

    match: Match
    left: Side
    right: Side

    @property
    def confidence(self) -> float:
        """Return how sure the matcher is, 0 to 1."""
        return self.match.confidence / 1000

    def as_json(self) -> dict[str, Any]:
        """Return it as plain values. The match's application has to be loaded with it."""
        return {
            "id": self.match.pk,
            "application": self.match.application.name,
            "confidence": self.confidence,
            "reasons": [(str(words), float(weight)) for words, weight in self.match.reasons],
            "left": self.left.as_json(),
            "right": self.right.as_json(),
            "at": self.match.at.isoformat(),
        }


def pending(seen: Visible) -> QuerySet[Match]:
    """Return the pairs that wait for somebody. One whose findings are not both reported now has nothing to decide."""
    return seen.matches().filter(pending=True, left__closed_in=None, right__closed_in=None)


def suggestions(rows: Sequence[Match]) -> list[Suggestion]:
    """Return pairs with the words of both findings: a few statements for all."""
    numbers = {number for row in rows for number in (row.left_id, row.right_id)}
    found = {one.pk: one for one in Finding.objects.filter(pk__in=numbers).select_related("stream", "rule")}
    full = evidence.read(found.values())
    sides = {number: Side(row, full.get(number)) for number, row in found.items()}
    return [
        Suggestion(row, sides[row.left_id], sides[row.right_id])
        for row in rows
        if row.left_id in sides and row.right_id in sides
    ]
