"""The page of one issue: what the tools say, why it stands where it does, what happened, what to do with it."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from seamark.analysis.graph.answers import Node
from seamark.analysis.graph.asked import Asked
from seamark.analysis.graph.places import starts_of
from seamark.analysis.risk import Part, Receipt
from seamark.core.kind import KINDS_BY_CODE
from seamark.governance.triage import lifecycle, people
from seamark.interfaces.web.evidence import evidence_of
from seamark.interfaces.web.frame import visible
from seamark.interfaces.web.history import history_of
from seamark.interfaces.web.merging import about_merging
from seamark.pipeline.scoring import receipt_of
from seamark.store.access import TRIAGES, Visible
from seamark.store.models import Issue
from seamark.store.models.issues import State
from seamark.store.models.people import Role
from seamark.store.query import NEEDS_WORK


@dataclass(frozen=True)
class Bar:
    """A line of the receipt with its bar, in tenths of the whole width of 1000."""

    part: Part
    start: int
    width: int

    @property
    def strokes(self) -> list[int]:
        """Return where the hatching of a lowering factor starts."""
        return list(range(self.start - 96, self.start + self.width, 40)) if self.part.points < 0 else []


@dataclass(frozen=True)
class Move:
    """A state to which the person may move the issue."""

    value: str
    label: str
    needs_reason: bool


_VERBS = {
    State.OPEN: "Reopen",
    State.CONFIRMED: "Confirm",
    State.IN_PROGRESS: "Start work",
    State.DISMISSED: "Dismiss",
}


def show(request: HttpRequest, number: int) -> HttpResponse:
    """Show one issue."""
    seen = visible(request)
    related = ("application", "asset", "vulnerability", "fix", "assignee", "profile")
    issue = get_object_or_404(seen.issues().select_related(*related), pk=number)
    evidence = evidence_of(seen, issue)
    receipt = receipt_of(issue)
    works = seen.may(lifecycle.WORKS, issue.application)
    context = {
        "issue": issue,
        "kind": KINDS_BY_CODE[issue.kind],
        "names": list(issue.vulnerability.names.values_list("name", flat=True)) if issue.vulnerability else [],
        "evidence": evidence,
        "receipt": receipt,
        "bars": bars(receipt),
        "history": history_of(seen, issue, evidence),
        "moves": _moves(seen, issue, works=works),
        "resolutions": lifecycle.RESOLUTIONS,
        "resolution_words": lifecycle.RESOLUTIONS.get(issue.resolution, issue.resolution.replace("_", " ")),
        "works": works,
        "people": people.assignable(issue.application_id) if works else [],
        "here": request.get_full_path(),
        "siblings": _siblings(seen, issue),
        "cloud": _cloud(seen, issue),
        "everything": seen.everything,
        **about_merging(seen, issue, evidence),
    }
    return render(request, "web/issue/page.html", context)


def bars(receipt: Receipt) -> list[Bar]:
    """Return the receipt as a waterfall: each bar starts where the one before it ended."""
    found, at = [], 0
    for part in receipt.parts:
        after = at + part.points
        found.append(Bar(part, min(at, after), abs(part.points)))
        at = after
    return found


def _moves(seen: Visible, issue: Issue, *, works: bool) -> list[Move]:
    if not works or issue.merged_into_id is not None:
        return []
    held = TRIAGES if seen.may(TRIAGES, issue.application) else frozenset({Role.DEVELOPER})
    return [
        Move(state.name.lower(), _VERBS[state], state == State.DISMISSED)
        for state in lifecycle.moves_of(State(issue.state), held)
        if state != issue.state
    ]


def _cloud(seen: Visible, issue: Issue) -> list[Node]:
    """Return the line from the issue's code to cloud and data; nothing where only the asset itself is known."""
    line = Asked(seen).code_to_cloud(starts_of([issue])[issue.pk])
    return line if len(line) > 1 else []


def _siblings(seen: Visible, issue: Issue) -> int:
    """Return how many other open issues the same fix clears, up to a hundred."""
    if issue.fix_id is None:
        return 0
    return seen.issues().filter(NEEDS_WORK, fix=issue.fix_id).exclude(pk=issue.pk).order_by()[:100].count()
