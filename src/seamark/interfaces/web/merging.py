"""Saying on the issue page what is one issue: join, split, keep apart, and all of it taken back."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext, ngettext

from seamark.core.errors import NotAllowed
from seamark.interfaces.web.evidence import Evidence, Said
from seamark.interfaces.web.frame import go_back, person, visible
from seamark.pipeline import merging
from seamark.pipeline.why import Link, merge_of
from seamark.store.access import Visible
from seamark.store.models import Issue
from seamark.store.permissions import Permission

REVOKE = "revoke"
"""First word of the tags of a message whose decision can be taken back; the decision's number follows."""
MOST = 100
"""Issues that are joined, and findings that are split off, at once."""


@dataclass(frozen=True)
class Shown:
    """A link with the two findings that it speaks of."""

    link: Link
    one: Said
    other: Said | None


def about_merging(seen: Visible, issue: Issue, evidence: Evidence) -> dict[str, object]:
    """Return what the page needs to tell why the findings are one issue, and to let people decide otherwise."""
    said = {one.row.pk: one for one in evidence.said}
    links = [
        Shown(link, said[link.finding], said.get(link.other or 0))
        for link in evidence.why.links
        if link.finding in said
    ]
    triages = seen.may(Permission.ISSUE_MERGE, issue.application)
    why = evidence.why
    return {
        "links": links if len(said) > 1 or any(one.link.decision for one in links) else [],
        "why": why,
        "triages": triages,
        "splits": triages and len(said) > 1,
        "told": bool(len(said) > 1 or why.joined or why.apart or why.suggestions),
        "part_of": merge_of(seen, issue),
        "part_of_reference": f"SM-{issue.merged_into_id}" if issue.merged_into_id else "",
        "reason_limit": merging.REASON_LIMIT,
    }


def join(request: HttpRequest, number: int) -> HttpResponse:
    """Make the issues that are named one with this one, or keep the one that is named apart from it."""
    seen = visible(request)
    issue = get_object_or_404(seen.issues(), pk=number)
    reason = request.POST.get("reason", "")
    try:
        others = _named(seen, issue, request.POST.get("with", ""))
        if request.POST.get("verdict") == "apart":
            if len(others) > 1:
                raise NotAllowed(gettext("Name one issue to keep this one apart from"))
            decision = merging.keep_apart(person(request), issue, others[0], reason)
            tell(
                request,
                gettext("%(one)s and %(other)s stay two.") % {"one": issue.reference, "other": others[0].reference},
                decision.pk,
            )
            return redirect("issue", number=number)
        kept = merging.join_issues(person(request), [issue, *others], reason)
    except NotAllowed as error:
        messages.error(request, str(error))
        return redirect("issue", number=number)
    gone = [one for one in (issue, *others) if one.pk != kept.pk]
    say_joined(request, seen, kept, gone)
    return redirect("issue", number=kept.pk)


def split(request: HttpRequest, number: int) -> HttpResponse:
    """Take the chosen findings out of an issue."""
    seen = visible(request)
    issue = get_object_or_404(seen.issues(), pk=number)
    chosen = [
        int(one) for one in request.POST.getlist("finding")[:MOST] if one.isascii() and one.isdigit() and len(one) < 19
    ]
    try:
        other = merging.split_issue(person(request), issue, chosen, request.POST.get("reason", ""))
    except NotAllowed as error:
        messages.error(request, str(error))
        return redirect("issue", number=number)
    rows = seen.decisions().filter(verdict="split", left=issue, right=other, revoked_at=None).order_by("-id")
    decision = rows.values_list("pk", flat=True).first()
    tell(request, gettext("Split off %(other)s.") % {"other": other.reference}, decision)
    return redirect("issue", number=number)


def revoke(request: HttpRequest, number: int) -> HttpResponse:
    """Take a decision back."""
    decision = get_object_or_404(visible(request).decisions().select_related("left", "right"), pk=number)
    try:
        merging.take_back(person(request), decision)
        words = {
            "join": gettext("%(one)s and %(other)s are two issues again, each with its history."),
            "split": gettext("%(one)s and %(other)s are one issue again."),
            "never": gettext("%(one)s and %(other)s are no longer kept apart."),
        }
        both = {"one": decision.left.reference, "other": decision.right.reference}
        messages.info(request, words[decision.verdict] % both)
    except NotAllowed as error:
        messages.error(request, str(error))
    return go_back(request, "issues")


def say_joined(request: HttpRequest, seen: Visible, kept: Issue, gone: list[Issue]) -> None:
    """Tell that issues became part of another one, with a way back where it was a single one."""
    rows = seen.decisions().filter(verdict="join", left=kept, right__in=gone, revoked_at=None).order_by("-id")
    decisions = list(rows.values_list("pk", flat=True)[:2])
    names = ", ".join(one.reference for one in gone)
    words = ngettext("%(names)s is part of %(kept)s now.", "%(names)s are part of %(kept)s now.", len(gone))
    words %= {"names": names, "kept": kept.reference}
    tell(request, words, decisions[0] if len(decisions) == 1 else None)


def tell(request: HttpRequest, words: str, decision: int | None) -> None:
    """Tell what was decided, with a button that takes it back."""
    messages.success(request, words, extra_tags=f"{REVOKE} {decision}" if decision else "")


def _named(seen: Visible, issue: Issue, text: str) -> list[Issue]:
    """Return the other issues that a person has written. Raises `NotAllowed` for what is none."""
    numbers: list[int] = []
    for word in [word for word in re.split(r"[\s,;]+", text) if word]:
        found = re.fullmatch(r"(?:SM-)?([0-9]{1,18})", word, re.IGNORECASE)
        if found is None:
            raise NotAllowed(gettext("%(word)s is no issue; write SM-12") % {"word": repr(word[:40])})
        if int(found[1]) not in {issue.pk, *numbers}:
            numbers.append(int(found[1]))
    if not numbers:
        raise NotAllowed(gettext("Name another issue, such as SM-12"))
    if len(numbers) > MOST:
        raise NotAllowed(gettext("At most %(most)s issues at once") % {"most": MOST})
    known = seen.issues().in_bulk(numbers)
    if missing := next((number for number in numbers if number not in known), None):
        raise NotAllowed(gettext("There is no issue SM-%(number)s that you may see") % {"number": missing})
    return [known[number] for number in numbers]
