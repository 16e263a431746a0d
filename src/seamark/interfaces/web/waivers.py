"""Waivers: what waits for a decision, what is in force, and the screen with all that a decision needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from seamark.analysis.risk.facts import decode
from seamark.core.errors import InvalidQuery, NotAllowed
from seamark.governance.waivers import reading, service
from seamark.governance.waivers.effective import covering
from seamark.governance.waivers.limits import last_day, last_moment, latest_day
from seamark.governance.waivers.scope import Reach, in_words
from seamark.governance.waivers.words import REASONS, Asked
from seamark.interfaces.web.frame import person, visible
from seamark.pipeline import waiving
from seamark.pipeline.scoring import receipt_of
from seamark.store.access import APPROVES_WAIVERS, REQUESTS_WAIVERS, Visible
from seamark.store.models import Application, Issue, Waiver
from seamark.store.models.issues import State
from seamark.store.models.waivers import Scope, WaiverState
from seamark.store.query import bounded_count, page

PAGE = 50
SHOWN = 10
"""Issues that are told in full beside a decision."""
WAITING = 20
EARLIER = 20


@dataclass(frozen=True)
class Line:
    """A waiver in a list."""

    waiver: Waiver
    about: str
    state: str
    last: date


@dataclass(frozen=True)
class Covered:
    """An issue beside a decision: why it scores so, who can reach it, and which gates it does not pass."""

    issue: Issue
    reason: str
    exposure: str
    stops: list[waiving.Stop]


def listed(request: HttpRequest) -> HttpResponse:
    """Show waivers, those that end first before the others; above them the requests that wait for this person."""
    seen = visible(request)
    given = {
        name: request.GET.get(name, "").replace("\0", "").strip()[:200] for name in ("state", "application", "policy")
    }
    if given["state"] not in {"", *reading.STATES}:
        raise Http404("There is no such state")
    asked = reading.Filter(given["state"], given["application"], given["policy"])
    rows = reading.listed(seen, asked)
    try:
        found = page(
            rows, "expires_at", descending=False, size=PAGE, after=request.GET.get("after", ""), before=request.GET.get("before", "")
        )  # fmt: skip
    except InvalidQuery as error:
        raise Http404 from error
    waiting = reading.waiting(seen).exclude(requester=person(request).pk).select_related(*reading.RELATED)
    context = {
        "waiting": _lines(waiting.order_by("requested_at")[:WAITING]),
        "number_waiting": bounded_count(waiting, 999),
        "lines": _lines(found.rows),
        "total": bounded_count(rows),
        "asked": asked,
        "states": reading.STATES,
        "asks": seen.may_anywhere(REQUESTS_WAIVERS),
        "next": _address(asked, after=found.after) if found.after else "",
        "previous": _address(asked, before=found.before) if found.before else "",
    }
    return render(request, "web/waivers/list.html", context)


def show(request: HttpRequest, number: int) -> HttpResponse:
    """Show one waiver with everything that a decision needs."""
    seen = visible(request)
    waiver = _named(seen, number)
    now = timezone.now()
    reach = waiving.reach(waiver)
    state = reading.stand(waiver, now)
    asked = state == WaiverState.REQUESTED
    approves = seen.may(APPROVES_WAIVERS, waiver.application)
    latest = min(latest_day(reach.priority, now), last_day(waiver.expires_at))
    context = {
        "waiver": waiver,
        "about": in_words(waiver),
        "state": state,
        "reason": REASONS.get(waiver.reason, waiver.reason),
        "last": last_day(waiver.expires_at),
        "reach": reach,
        "covered": _covered(seen, reach),
        "more": max(reach.count - SHOWN, 0),
        "counted": "violation" if waiver.scope == Scope.POLICY else "issue",
        "query": f"waiver:{waiver.reference}",
        "earlier": _lines(_earlier(seen, waiver)),
        "steps": waiver.steps.select_related("actor").order_by("pk"),
        "refusal": service.may_decide(person(request), waiver) if asked and approves else "",
        "decides": asked and approves,
        "latest": latest,
        "today": now.date(),
        "too_long": latest < last_day(waiver.expires_at),
        "revokes": (state == WaiverState.APPROVED and approves)
        or (state in {WaiverState.REQUESTED, WaiverState.APPROVED} and waiver.requester_id == person(request).pk),
        "renews": state in {WaiverState.APPROVED, WaiverState.EXPIRED} and seen.may(REQUESTS_WAIVERS, waiver.application),
        "renew_latest": latest_day(reach.priority, now),
    }  # fmt: skip
    return render(request, "web/waivers/page.html", context)


def decide(request: HttpRequest, number: int) -> HttpResponse:
    """Approve, refuse or revoke a waiver."""
    waiver = _named(visible(request), number)
    actor, comment = person(request), request.POST.get("comment", "")
    try:
        match request.POST.get("decision", ""):
            case "approve":
                end = _day(request.POST.get("expires", ""))
                shown = request.POST.get("seen", "")
                waiving.approve(
                    actor, waiver, comment, expires_at=last_moment(end) if end != last_day(waiver.expires_at) else None,
                    seen=int(shown) if shown.isascii() and shown.isdigit() and len(shown) < 10 else 0,
                )  # fmt: skip
                messages.success(
                    request,
                    gettext("%(waiver)s is approved, and counts until %(end)s.")
                    % {"waiver": waiver.reference, "end": end},
                )
            case "refuse":
                waiving.refuse(actor, waiver, comment)
                messages.success(request, gettext("%(waiver)s is refused.") % {"waiver": waiver.reference})
            case "revoke":
                waiving.revoke(actor, waiver, comment)
                messages.success(
                    request,
                    gettext("%(waiver)s is revoked: what it covered counts again.") % {"waiver": waiver.reference},
                )
            case _:
                raise NotAllowed(gettext("Choose what should become of the waiver"))
    except NotAllowed as error:
        messages.error(request, str(error))
    return redirect("waiver", number=number)


def renew(request: HttpRequest, number: int) -> HttpResponse:
    """Ask for the same once more."""
    waiver = _named(visible(request), number)
    try:
        end = last_moment(_day(request.POST.get("expires", "")))
        made = waiving.renew(person(request), waiver, request.POST.get("text", ""), end)
    except NotAllowed as error:
        messages.error(request, str(error))
        return redirect("waiver", number=number)
    messages.success(
        request,
        gettext("%(made)s is asked for, in the place of %(waiver)s.")
        % {"made": made.reference, "waiver": waiver.reference},
    )
    return redirect("waiver", number=made.pk)


def ask(request: HttpRequest) -> HttpResponse:
    """Ask for a waiver: of chosen issues, of a fix, of a policy, or of what a query finds."""
    seen = visible(request)
    if not seen.may_anywhere(REQUESTS_WAIVERS):
        raise PermissionDenied
    data = request.POST if request.method == "POST" else request.GET
    asked = _asked(seen, data)
    if request.method == "POST":
        try:
            made = waiving.request(
                person(request), asked._replace(expires_at=last_moment(_day(data.get("expires", ""))))
            )
        except NotAllowed as error:
            messages.error(request, str(error))
        else:
            messages.success(
                request,
                gettext("%(made)s is asked for. It counts once somebody else approves it.") % {"made": made.reference},
            )
            return redirect("waiver", number=made.pk)
    return render(request, "web/waivers/ask.html", _form(seen, asked, data))


def reach(request: HttpRequest) -> HttpResponse:
    """Show what a request would cover now: the part of the form that follows what is typed."""
    seen = visible(request)
    if not seen.may_anywhere(REQUESTS_WAIVERS):
        raise PermissionDenied
    return render(request, "web/waivers/_reach.html", _previewed(seen, _asked(seen, request.GET)))


def about_waivers(seen: Visible, issue: Issue) -> dict[str, Any]:
    """Return what the page of an issue says of waivers."""
    some = reading.are_there_any()
    live = covering(issue.pk) if some else []
    requested = reading.listed(seen, reading.Filter("requested", issue=issue.pk)) if some else None
    asks = seen.may(REQUESTS_WAIVERS, issue.application) and issue.merged_into_id is None
    return {
        "waivers": _lines(one for one in live if one.application_id == issue.application_id or seen.everything),
        "waived_by_others": any(one.application_id is None for one in live) and not seen.everything,
        "requested_waivers": _lines(requested[:SHOWN]) if requested is not None else [],
        "asks_waiver": asks and issue.state <= State.IN_PROGRESS,
    }


def _named(seen: Visible, number: int) -> Waiver:
    found: Waiver = get_object_or_404(seen.waivers().select_related(*reading.RELATED), pk=number)
    return found


def _lines(rows: Any) -> list[Line]:
    now = timezone.now()
    return [Line(row, in_words(row), reading.stand(row, now), last_day(row.expires_at)) for row in rows]


def _covered(seen: Visible, reach: Reach) -> list[Covered]:
    numbers = [int(ref.removeprefix("SM-")) for ref in reach.references if ref.startswith("SM-")][:SHOWN]
    rows = (
        seen.issues().filter(pk__in=numbers).select_related("application", "profile", "asset").order_by("-risk", "-pk")
    )
    stops: dict[str, list[waiving.Stop]] = {}
    for one in waiving.stops(seen, numbers, exceptions=False):
        stops.setdefault(one.ref, []).append(one)
    return [
        Covered(
            row,
            receipt_of(row).reason,
            decode(row.facts).exposure or row.application.exposure,
            stops.get(row.reference, []),
        )
        for row in rows
    ]


def _earlier(seen: Visible, waiver: Waiver) -> Sequence[Waiver]:
    """Return the waivers that were asked for before, for any of the same issues or for the very same scope."""
    rows = seen.waivers().select_related(*reading.RELATED).filter(pk__lt=waiver.pk).order_by("-pk")
    if waiver.scope == Scope.ISSUE:
        named = list(waiver.issues.values_list("issue", flat=True))
        return list(rows.filter(issues__issue__in=named).distinct()[:EARLIER])
    alike = {"scope": waiver.scope, "application": waiver.application_id, "policy": waiver.policy}
    return list(rows.filter(**alike, fix=waiver.fix_id, query=waiver.query)[:EARLIER])


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise NotAllowed(gettext("Choose the last day on which the waiver counts")) from None


def _asked(seen: Visible, data: QueryDict) -> Asked:
    """Return what a form asks for so far; its end is not looked at."""
    given = {
        name: data.get(name, "").replace("\0", "").strip()
        for name in ("scope", "policy", "query", "application", "fix", "control")
    }
    numbers = tuple(int(one) for one in data.getlist("issue") if one.isascii() and one.isdigit() and len(one) < 19)
    fix = int(given["fix"]) if given["fix"].isascii() and given["fix"].isdigit() and len(given["fix"]) < 19 else None
    scope = given["scope"] if given["scope"] in Scope.values else ""
    scope = scope or (
        Scope.ISSUE
        if numbers
        else Scope.FIX
        if fix
        else Scope.QUERY
        if given["query"] or not given["policy"]
        else Scope.POLICY
    )
    application = seen.applications().filter(slug=given["application"]).first() if given["application"] else None
    if given["application"] and application is None:
        raise Http404("There is no such application")
    where = _place(seen, Scope(scope), numbers, fix) or application
    control = where.controls.filter(name=given["control"]).first() if where is not None and given["control"] else None
    return Asked(
        Scope(scope), data.get("reason", ""), data.get("text", ""), timezone.now(), application=application, issues=numbers, fix=fix,
        policy=given["policy"], query=given["query"], control=control, control_text=given["control"], evidence=data.get("evidence", ""),
    )  # fmt: skip


def _place(seen: Visible, scope: Scope, numbers: tuple[int, ...], fix: int | None) -> Application | None:
    if scope == Scope.ISSUE and numbers:
        issue = seen.issues().filter(pk=numbers[0]).select_related("application").first()
        return issue.application if issue is not None else None
    if scope == Scope.FIX and fix:
        row = seen.fixes().filter(pk=fix).select_related("application").first()
        return row.application if row is not None else None
    return None


def _form(seen: Visible, asked: Asked, data: QueryDict) -> dict[str, Any]:
    issues = list(
        seen.issues().filter(pk__in=asked.issues).select_related("application", "fix").order_by("-risk", "-pk")
    )
    if len(issues) < len(set(asked.issues)):
        raise Http404("There is no such issue")
    fix = seen.fixes().filter(pk=asked.fix).first() if asked.fix else None
    if asked.scope == Scope.FIX and fix is None:
        raise Http404("There is no such fix")
    place = _place(seen, asked.scope, asked.issues, asked.fix) or asked.application
    return {
        **_previewed(seen, asked),
        "asked": asked,
        "issues": issues,
        "fix": fix,
        "place": place,
        "policies": waiving.policies_in_force(),
        "applications": seen.applications(REQUESTS_WAIVERS).order_by("name")[:500],
        "everywhere": seen.may(REQUESTS_WAIVERS),
        "stops": waiving.stops(seen, [one.pk for one in issues]),
        "controls": place.controls.order_by("name") if place is not None else [],
        "reasons": REASONS,
        "expires": data.get("expires", ""),
        "today": timezone.now().date(),
    }


def _previewed(seen: Visible, asked: Asked) -> dict[str, Any]:
    try:
        _, reach = waiving.preview(seen, asked)
    except NotAllowed as error:
        return {"reach": None, "why_not": str(error), "latest": latest_day(0, timezone.now()), "asked": asked}
    return {"reach": reach, "latest": latest_day(reach.priority, timezone.now()), "asked": asked}


def _address(asked: reading.Filter, **more: str) -> str:
    values = {name: value for name, value in {**asked._asdict(), **more}.items() if value}
    return f"{reverse('waivers')}?{urlencode(values)}"
