"""Connections to services that take tickets and messages, where tickets go, and the log of what went out."""

from __future__ import annotations

from typing import Any

import msgspec
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from seamark.core.errors import InvalidQuery, NotAllowed
from seamark.interfaces.web.admin.frame import MOST, asked, listing, number, refusing, shown, text
from seamark.interfaces.web.frame import person, visible
from seamark.pipeline.outbox import connections, log
from seamark.pipeline.outbox.channels import channel_named, every_channel
from seamark.pipeline.tickets import mapping
from seamark.pipeline.tickets.texts import VARIABLES
from seamark.store.access import Visible
from seamark.store.models import ChannelConnection

STATES = ("queued", "failed", "done", "dropped")


def listed(request: HttpRequest) -> HttpResponse:
    """List connections and where tickets go, or change something about them."""
    seen = _manager(request)
    if request.method == "POST":
        with refusing(request):
            messages.success(request, _act(request, seen))
        return redirect("connections")
    chosen = every_channel().get(asked(request, "channel"))
    try:
        found = listing(request, connections.all_of(seen), reverse("connections"), {})
    except InvalidQuery:
        return redirect("connections")
    context: dict[str, Any] = {
        **found, "now": timezone.now(), "channels": sorted(every_channel().values(), key=lambda one: one.title.lower()), "chosen": chosen,
        "fields": connections.fields_of(chosen) if chosen is not None else [], "standing": log.standing(),
        "owned": [(name, owner) for name, owner in connections.FIELDS.items()], "owners": connections.OWNERS,
        "mappings": list(mapping.mappings(seen).order_by("application__name", "team")[:MOST]), "variables": VARIABLES.items(),
        "takers": list(connections.all_of(seen).filter(role="ticket").order_by("name")[:MOST]),
        "applications": list(seen.applications().order_by("name")[:MOST]),
    }  # fmt: skip
    return shown(request, "web/connections/list.html", context)


def deliveries(request: HttpRequest) -> HttpResponse:
    """List what went out, or send again what was given up."""
    seen = _manager(request)
    state = asked(request, "state")
    state = state if state in STATES else ""
    if request.method == "POST":
        with refusing(request):
            wanted = [number(one) for one in request.POST.getlist("act")][: log.MOST]
            sent = log.replay(person(request), log.acts(seen).filter(pk__in=wanted))
            messages.success(request, _("Sent again: %(number)s") % {"number": sent})
        return redirect(f"{reverse('deliveries')}?state={state}")
    rows = log.acts(seen)
    rows = rows.filter(state=state) if state else rows
    try:
        found = listing(request, rows, reverse("deliveries"), {"state": state})
    except InvalidQuery:
        return redirect("deliveries")
    return shown(request, "web/connections/deliveries.html", {**found, "state": state, "states": STATES})


def _manager(request: HttpRequest) -> Visible:
    seen = visible(request)
    if not connections.manages(seen):
        raise PermissionDenied
    return seen


def _act(request: HttpRequest, seen: Visible) -> str:
    """Do what a form asks, and return the sentence for it."""
    actor = person(request)
    match request.POST.get("action", ""):
        case "add":
            made = connections.add(
                actor, text(request, "name"), text(request, "channel"), _settings(request), commands="commands" in request.POST,
                rate=number(text(request, "rate")), owns={name: text(request, f"owner-{name}") for name in connections.FIELDS},
            )  # fmt: skip
            return _("%(name)s is kept. Try it before you rely on it.") % {"name": made.name}
        case "check":
            return connections.check(_row(request, seen))[:500]
        case "resume":
            connections.resume(actor, _row(request, seen))
            return _("What waits is sent now.")
        case "switch":
            row = _row(request, seen)
            connections.change(actor, row, active=not row.active)
            return (
                _("%(name)s is switched on.") % {"name": row.name}
                if row.active
                else _("%(name)s is switched off.") % {"name": row.name}
            )
        case "remove":
            connections.remove(actor, _row(request, seen))
            return _("The connection is removed.")
        case "map":
            application = seen.applications().filter(pk=number(text(request, "application"))).first()
            mapping.put(
                actor, _row(request, seen), application=application, team=text(request, "team"), fields=_pairs(request.POST.get("fields", "")),
                labels=[one.strip() for one in text(request, "labels", 2_000).split(",") if one.strip()],
                title=text(request, "title", 2_000), text=request.POST.get("text", "").replace("\0", "").replace("\r", "").strip(),
            )  # fmt: skip
            return _("Tickets go there from now on.")
        case "unmap":
            mapping.remove(actor, get_object_or_404(mapping.mappings(seen), pk=number(request.POST.get("mapping", ""))))
            return _("The mapping is removed.")
    raise NotAllowed(_("Choose what to do"))


def _row(request: HttpRequest, seen: Visible) -> ChannelConnection:
    return get_object_or_404(connections.all_of(seen), pk=number(request.POST.get("connection", "")))


def _settings(request: HttpRequest) -> dict[str, Any]:
    """Return what the form says of a channel's fields; empty ones are left to the channel. Lists and tables are written as JSON."""
    told: dict[str, Any] = {}
    for name, _needed, _secret in connections.fields_of(channel_named(text(request, "channel"))):
        value = request.POST.get(f"field-{name}", "").replace("\0", "").strip()
        if value:
            told[name] = _json(value) if value[0] in "[{" else value
    return told


def _json(value: str) -> Any:
    try:
        return msgspec.json.decode(value)
    except msgspec.DecodeError:
        return value


def _pairs(given: str) -> dict[str, Any]:
    """Return fields, a line each: `project = PAY`."""
    lines = [line.partition("=") for line in given.replace("\0", "").splitlines() if line.strip()]
    if any(not sign for _name, sign, _value in lines):
        raise NotAllowed(_("Write a field a line: project = PAY"))
    return {
        name.strip(): _json(value.strip())
        if value.strip()[:1] in {"[", "{"} and value.strip()[:2] != "{{"
        else value.strip()
        for name, _sign, value in lines
    }
