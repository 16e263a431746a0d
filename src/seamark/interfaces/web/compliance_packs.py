"""Evidence packs to take away, a day's changes, and where payments and health data go."""

from __future__ import annotations

from datetime import date
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from seamark.core.errors import NotAllowed, NotFound, SeamarkError
from seamark.governance.compliance.kept import frameworks
from seamark.governance.ledger.checkpoints import signer
from seamark.insight.exports.pack.period import quarters
from seamark.insight.exports.pack.shapes import word
from seamark.interfaces.web.frame import person, visible
from seamark.pipeline import packing
from seamark.pipeline.compliance.pack_delta import delta_of, yesterday
from seamark.pipeline.compliance.pack_flows import KINDS, flow_view
from seamark.pipeline.compliance.scope import Scope, scope_of
from seamark.store.access import READS

PERIODS = 8
"""Quarters that are offered; any other period is written out."""


def packs(request: HttpRequest) -> HttpResponse:
    """Show the form for a pack, and those that somebody asked for; sent, have one made."""
    seen = visible(request)
    if not seen.may_anywhere(READS):
        raise Http404
    asked = {name: _text(request, name) for name in ("framework", "application", "unit", "period")}
    error = ""
    if request.method == "POST":
        try:
            packing.ask_evidence(person(request), seen, asked["framework"], _scope(request, asked), asked["period"])
        except SeamarkError as failure:
            error = str(failure)
        else:
            messages.success(request, _("The pack is being made."))
            return redirect("compliance-packs")
    key = signer()
    context = {
        "asked": asked,
        "error": error,
        "frameworks": sorted(frameworks().values(), key=lambda one: one.title.casefold()),
        "periods": quarters(timezone.now().date(), PERIODS),
        "verifier": str(key.verifier) if key is not None else "",
        "made": packing.asked_for(person(request), packing.EVIDENCE),
    }
    return render(request, "web/compliance_packs/packs.html", context, status=400 if error else 200)


def changes(request: HttpRequest) -> HttpResponse:
    """Show what changed in a framework on a day."""
    seen = visible(request)
    if not seen.may_anywhere(READS):
        raise Http404
    asked = {name: _text(request, name) for name in ("framework", "application", "unit", "day")}
    asked["framework"] = asked["framework"] or "pci-dss-4"
    error, told = "", None
    try:
        day = date.fromisoformat(asked["day"]) if asked["day"] else yesterday()
        asked["day"] = day.isoformat()
        told = delta_of(seen, asked["framework"], _scope(request, asked), day)
    except ValueError:
        error = _("A day is written as 2026-11-22")
    except (NotFound, NotAllowed) as failure:
        error = str(failure)
    counts = [(name.replace("_", " "), told.before.get(name, 0), count) for name, count in told.after.items()] if told else []  # fmt: skip
    changed = [] if told is None else [
        (_("Controls that changed"), [_words(one.id, one.title, word(one.before), word(one.after)) for one in told.controls]),
        (_("Checks that changed"), [_words("", one.title, word(one.before), word(one.after)) for one in told.checks]),
    ]  # fmt: skip
    gaps = [] if told is None else [
        (_("New in the plan of action"), told.opened), (_("Done"), told.closed), (_("Overdue from that day"), told.overdue),
    ]  # fmt: skip
    context = {
        "asked": asked, "error": error, "told": told, "counts": counts, "changed": changed, "gaps": gaps,
        "frameworks": sorted(frameworks().values(), key=lambda one: one.title.casefold()),
    }  # fmt: skip
    return render(request, "web/compliance_packs/changes.html", context, status=400 if error else 200)


def flows(request: HttpRequest) -> HttpResponse:
    """Show what handles payments or health data, and how somebody gets there."""
    if not visible(request).may_anywhere(READS):
        raise Http404
    asked = {name: _text(request, name) for name in ("data", "application", "unit")}
    name = asked["data"] if asked["data"] in KINDS else "payments"
    error, view = "", None
    try:
        view = flow_view(visible(request), name, _scope(request, asked))
    except NotFound as failure:
        error = str(failure)
    place = {key: asked[key] for key in ("application", "unit") if asked[key]}
    titles = {"payments": _("Payment flows"), "health": _("Protected health information")}
    tabs = [(titles[one], f"?{urlencode({'data': one, **place})}", one == name) for one in KINDS]
    context = {"view": view, "error": error, "tabs": tabs, "asked": asked, "title": titles[name]}
    return render(request, "web/compliance_packs/flows.html", context, status=404 if error else 200)


def _words(number: str, title: str, before: str, after: str) -> dict[str, str]:
    return {"number": number, "title": title, "before": before, "after": after}


def _scope(request: HttpRequest, asked: dict[str, str]) -> Scope:
    return scope_of(visible(request), application=asked["application"], unit=asked["unit"])


def _text(request: HttpRequest, name: str) -> str:
    given = request.POST if request.method == "POST" else request.GET
    return given.get(name, "").replace("\0", "").strip()[:200]
