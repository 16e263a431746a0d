"""The page of one issue: what the tools say, why it stands where it does, what happened, what to do with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from seamark.analysis.graph.answers import Node
from seamark.analysis.graph.asked import Asked
from seamark.analysis.graph.places import starts_of
from seamark.analysis.risk import Part, Receipt
from seamark.analysis.risk.account import write_account
from seamark.analysis.risk.ssvc import decide, tree_named
from seamark.core.kind import KINDS_BY_CODE
from seamark.governance.triage import lifecycle, people
from seamark.insight.analytics.intelligence import intelligence_of
from seamark.insight.analytics.options import options_of
from seamark.insight.analytics.vendors import vendors_of_issue
from seamark.interfaces.web.evidence import Evidence, evidence_of
from seamark.interfaces.web.frame import visible, wants_part
from seamark.interfaces.web.history import events_of, history_of, scores_of
from seamark.interfaces.web.merging import about_merging
from seamark.interfaces.web.vulnerability import drawn
from seamark.interfaces.web.waivers import about_waivers
from seamark.pipeline.feeds import standing
from seamark.pipeline.model_patches import configured
from seamark.pipeline.scoring import document_of
from seamark.pipeline.shielding import SHIELDED
from seamark.store.access import REQUESTS_WAIVERS, Visible
from seamark.store.models import Issue
from seamark.store.models.issues import State
from seamark.store.query import NEEDS_WORK
from seamark.store.query.layers import base_image_of, layer_of

TREE = "deployer"
"""SSVC's tree for those who run the software."""
LIMITS = frozenset({"floor", "ceiling"})
"""Parts that are no factor: the least or the most that the profile allows."""
_FLAW = frozenset({"cvss", "exploited", "epss", "epss_trend", "exploit", "impact", "automatable"})
_TOLD = frozenset({"severity", "kind", "weakness", "verified", "confidence", "reach", "development", "depth", "corroboration", "secret"})  # fmt: skip
_FIX = frozenset({"fixable", "effort"})
_BUSINESS = frozenset({"exposure", "data", "criticality", "controls", "sla_tier", "revenue", "environment"})
_PLACE = frozenset({"deployed", "privileges", "blast"})
EVIDENCED = _FLAW | _TOLD | _FIX | _BUSINESS | _PLACE | {"corroborated", "age"}
"""Factors whose evidence has a place."""


@dataclass(frozen=True)
class Bar:
    """A line of the receipt with its bar, in tenths of the whole width of 1000."""

    part: Part
    start: int
    width: int
    after: int = 0
    """Where the score stands behind it."""
    link: str = ""
    """Where its evidence is, empty where there is no page for it. A source that is an address leads there itself."""

    @property
    def strokes(self) -> list[int]:
        """Return where the hatching of a lowering factor starts."""
        return list(range(self.start - 96, self.start + self.width, 40)) if self.part.points < 0 else []

    @property
    def sort(self) -> str:
        """Return its class: where it starts from, a limit of the profile, or a factor."""
        return "start" if self.part.factor == "start" else "limit" if self.part.factor in LIMITS else ""


@dataclass(frozen=True)
class Otherwise:
    """What the score would be if something were otherwise, in tenths."""

    sentence: str
    score: int
    change: int


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
    placed = seen.issues().annotate(layer=layer_of(), base_image=base_image_of())
    issue = get_object_or_404(placed.select_related(*related), pk=number)
    evidence = evidence_of(seen, issue)
    document = document_of(issue)
    receipt = document.receipt
    events = events_of(seen, issue)
    names = list(issue.vulnerability.names.values_list("name", flat=True)) if issue.vulnerability else []
    works = seen.may(lifecycle.WORKS, issue.application)
    context = {
        "issue": issue,
        "kind": KINDS_BY_CODE[issue.kind],
        "names": sorted(names),
        "evidence": evidence,
        "receipt": receipt,
        "bars": bars(receipt, lambda part: _evidence_at(seen, issue, names, part)),
        "ssvc": decide(document.facts, tree_named(TREE)),
        "otherwise": [Otherwise(words, score, score - receipt.score) for words, score in receipt.counterfactuals],
        "scores": scores_of(issue, events),
        "history": history_of(issue, evidence, events),
        "moves": _moves(seen, issue, works=works),
        "resolutions": lifecycle.RESOLUTIONS,
        "justifications": lifecycle.JUSTIFICATIONS,
        "verifiable": works and issue.state == State.RESOLVED and issue.resolution != lifecycle.VERIFIED,
        "resolution_words": lifecycle.RESOLUTION_WORDS.get(issue.resolution, issue.resolution.replace("_", " ")),
        "works": works,
        "people": people.assignable(issue.application_id) if works else [],
        "here": request.get_full_path(),
        "siblings": _siblings(seen, issue),
        "cloud": _cloud(seen, issue),
        "everything": seen.everything,
        "suggests": configured.is_on(),
        "shields": issue.open and issue.kind in SHIELDED,
        **about_merging(seen, issue, evidence),
        **about_waivers(seen, issue),
    }
    return render(request, "web/issue/page.html", context)


def exploitation(request: HttpRequest, number: int) -> HttpResponse:
    """Show what feeds say of the flaw behind an issue: a part of the page that is fetched after it."""
    seen = visible(request)
    issue = get_object_or_404(seen.issues().select_related("vulnerability"), pk=number)
    if issue.vulnerability is None:
        raise Http404
    names = list(issue.vulnerability.names.values_list("name", flat=True))
    known = intelligence_of(names, standing(timezone.now()))
    context = {
        "known": known, "chances": drawn(known), "lead_to": min(names, default=""), "vendors": vendors_of_issue(seen, issue, names),
    }  # fmt: skip
    return render(request, "web/issue/_exploitation.html", context)


def options(request: HttpRequest, number: int) -> HttpResponse:
    """Show what could be done about an issue: a part of its page that is fetched after it, or a page of its own."""
    seen = visible(request)
    issue = get_object_or_404(seen.issues().select_related("application", "vulnerability", "fix"), pk=number)
    told = options_of(seen, issue)
    evidence = Evidence() if told.package else evidence_of(seen, issue)
    context = {
        "issue": issue, "options": told, "patches": evidence.patches, "known": bool(evidence.patches or evidence.remedies),
        "asks": seen.may(REQUESTS_WAIVERS, issue.application),
    }  # fmt: skip
    return part(request, "options", gettext("How to fix"), context)


def part(request: HttpRequest, name: str, title: str, context: dict[str, object]) -> HttpResponse:
    """Answer with a part of the issue page to htmx, and with a page that holds the part alone to everybody else."""
    file = f"web/issue/_{name}.html"
    if wants_part(request, name):
        return render(request, file, context)
    return render(request, "web/issue/part.html", {**context, "title": title, "part": file})


def keep(request: HttpRequest, number: int) -> HttpResponse:
    """Hand out the account of a score, which `seamark receipt verify` checks anywhere."""
    issue = get_object_or_404(visible(request).issues().select_related("application", "profile"), pk=number)
    name = f'attachment; filename="{issue.reference}-receipt.json"'
    return HttpResponse(
        write_account(document_of(issue)), content_type="application/json", headers={"Content-Disposition": name}
    )


def bars(receipt: Receipt, link: Callable[[Part], str] = lambda _: "") -> list[Bar]:
    """Return the receipt as a waterfall: each bar starts where the one before it ended."""
    found, at = [], 0
    for part in receipt.parts:
        after = at + part.points
        found.append(Bar(part, min(at, after), abs(part.points), after, link(part)))
        at = after
    return found


def _evidence_at(seen: Visible, issue: Issue, names: list[str], part: Part) -> str:
    """Return where the evidence of a part of the receipt is shown: a page, or a place on this one."""
    factor = part.factor
    if factor in _FLAW:
        return reverse("vulnerability", args=[min(names)]) if names else "#evidence"
    if factor in _FIX:
        return (
            reverse("fix", args=[issue.fix_id])
            if issue.fix_id
            else "#fix"
            if factor != "fixable" or issue.fixable
            else ""
        )
    if factor in _BUSINESS:
        return reverse("application", args=[issue.application.slug])
    if factor in _PLACE and (seen.everything or issue.asset.application_id == issue.application_id):
        return reverse("asset", args=[issue.asset_id])
    return {"corroborated": "#why", "age": "#history"}.get(factor, "#evidence" if factor in _TOLD else "")


def _moves(seen: Visible, issue: Issue, *, works: bool) -> list[Move]:
    if not works or issue.merged_into_id is not None:
        return []
    held = [right for right in (lifecycle.WORKS, lifecycle.DISMISSES) if seen.may(right, issue.application)]
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
