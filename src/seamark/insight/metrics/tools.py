"""What the tools are worth: how much only one of them sees, how much they share, how often they are wrong."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Final

from django.db.models import Max
from msgspec import Struct

from seamark.store.models import ToolFact

ALL: Final = ""
"""The name under which all tools together are kept."""


class Tool(Struct, frozen=True, kw_only=True):
    """One tool over some applications."""

    name: str
    findings: int
    issues: int
    unique: int
    judged: int
    false_positives: int
    shared: dict[str, int]

    @property
    def unique_share(self) -> float | None:
        """Return the share of its issues that no other tool reports."""
        return self.unique / self.issues if self.issues else None

    @property
    def wrong_share(self) -> float | None:
        """Return the share of its judged issues that were false positives."""
        return self.false_positives / self.judged if self.judged else None


class Told(Struct, frozen=True, kw_only=True):
    """All tools together."""

    tools: list[Tool]
    """The one with most issues first."""
    findings: int
    """Open findings of all tools."""
    issues: int
    """Open issues that tools report."""
    unique: int
    """Of those, the ones that one tool alone reports."""

    @property
    def overlap(self) -> float | None:
        """Return the share of open issues that more than one tool reports."""
        return 1 - self.unique / self.issues if self.issues else None


def tools(applications: Iterable[int], day: date) -> Told:
    """Return what tools said of applications by the end of a day."""
    newest = ToolFact.objects.filter(application__in=list(applications), day__lte=day).order_by()
    latest = newest.values("application", "tool").annotate(last=Max("id")).values("last")
    sums: dict[str, list[int]] = defaultdict(lambda: [0] * 5)
    shared: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in ToolFact.objects.filter(pk__in=latest):
        numbers = (row.findings, row.issues, row.unique, row.judged, row.false_positives)
        sums[row.tool] = [before + more for before, more in zip(sums[row.tool], numbers, strict=True)]
        for other, number in row.shared.items():
            shared[row.tool][other] += number
    all_findings, all_issues, all_unique, *_ = sums.pop(ALL, [0] * 5)
    found = [
        Tool(
            name=name, findings=findings, issues=issues, unique=unique, judged=judged, false_positives=wrong, shared=dict(shared[name])
        )
        for name, (findings, issues, unique, judged, wrong) in sums.items()
        if issues or judged
    ]  # fmt: skip
    found.sort(key=lambda one: (-one.issues, one.name))
    return Told(tools=found, findings=all_findings, issues=all_issues, unique=all_unique)
