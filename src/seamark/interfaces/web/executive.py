"""The executive dashboard: what happened in three sentences, the numbers with the lists behind them, what they mean, what they cost."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from seamark.core.errors import InvalidQuery
from seamark.insight.metrics import costs, saved
from seamark.insight.metrics.board import Board, Tile, board
from seamark.insight.metrics.charts import chart
from seamark.insight.metrics.decisions import Wanted, wanted
from seamark.insight.metrics.definitions import BY_NAME, DEFINITIONS
from seamark.insight.metrics.lists import listed as list_behind
from seamark.insight.metrics.scope import SPANS, Scope, recorded, scope
from seamark.insight.metrics.sentences import sentences, told
from seamark.interfaces.web.admin.frame import asked, refusing, text
from seamark.interfaces.web.frame import person, visible
from seamark.pipeline import packing
from seamark.pipeline.metrics.packs import TYPES, kept_pack, kept_packs
from seamark.store.access import READS, Visible

PAGE: Final = 100
HEADLINES: Final = ("risk", "open", "urgent", "overdue", "sla", "half_life", "arrived", "fixed")
"""What stands on top, in this order."""
ROWS: Final = 12
"""Lines of a trend's table."""
_FILTERS: Final = ("unit", "application", "period")


@dataclass(frozen=True)
class Shown:
    """A tile with its words and addresses."""

    tile: Tile
    value: str
    before: str
    address: str
    help: str


def show(request: HttpRequest) -> HttpResponse:
    """Show the dashboard."""
    seen, now = _reader(request), timezone.now()
    if asked(request, "saved").isdigit():
        return _saved(request, int(asked(request, "saved")[:9]))
    try:
        where = _scope(request, seen, now)
    except InvalidQuery as error:
        messages.error(request, str(error))
        return redirect("analytics")
    one = board(where)
    tiles = [shown(one, tile) for tile in one.tiles]
    by_name = {each.tile.about.name: each for each in tiles}
    context = {
        "one": one, "sentences": sentences(one), "headlines": [by_name[name] for name in HEADLINES],
        "tiles": [each for each in tiles if each.tile.about.name not in HEADLINES], "chart": chart(one.points),
        "rows": one.points[:: -max(1, len(one.points) // ROWS)], "decisions": [(each, _address(each)) for each in wanted(where)],
        "movers": [(each, _here(where, application=each.slug)) for each in one.movers], "recorded": recorded(),
        "groups": [
            (each, _here(where, **({"application": each.slug} if each.slug else {"unit": each.name})) if each.slug or each.name else "")
            for each in one.groups
        ],
        "saved": saved.listed(person(request)), "query": urlencode(where.query()), "packs": kept_packs(seen),
        "made": packing.asked_for(person(request), packing.BOARD), **_filters(seen, where),
    }  # fmt: skip
    return render(request, "web/executive/page.html", context)


def listed(request: HttpRequest, name: str) -> HttpResponse:
    """Show the list behind a number."""
    seen, now = _reader(request), timezone.now()
    first = asked(request, "first")
    at = int(first) if first.isascii() and first.isdigit() and len(first) < 9 else 0
    try:
        where = _scope(request, seen, now)
        found = list_behind(where, name, first=at, most=PAGE)
    except InvalidQuery as error:
        raise Http404 from error
    here = reverse("analytics-list", args=[name])
    query = where.query()
    context = {
        "found": found, "name": name, "about": [one for one in DEFINITIONS if one.members == name], "back": _here(where), "where": where,
        "next": f"{here}?{urlencode({**query, 'first': str(at + PAGE)})}" if at + PAGE < found.total else "",
        "previous": f"{here}?{urlencode({**query, 'first': str(max(0, at - PAGE))})}" if at else "", "last": at + len(found.lines),
    }  # fmt: skip
    return render(request, "web/executive/list.html", context)


def definitions(request: HttpRequest) -> HttpResponse:
    """Say what each measure is and how it is worked out."""
    _reader(request)
    return render(request, "web/executive/definitions.html", {"definitions": DEFINITIONS})


def model(request: HttpRequest) -> HttpResponse:
    """Show the inputs of the model of costs, and change them."""
    _reader(request)
    if request.method == "POST":
        given = {name: text(request, name) for name in costs.Inputs.__struct_fields__ if name in request.POST}
        with refusing(request):
            costs.keep(person(request), given)
            messages.success(request, _("The model of costs is changed."))
        return redirect("analytics-costs")
    inputs = costs.inputs_now()
    fields = [(name, getattr(inputs, name), _INPUTS[name]()) for name in costs.Inputs.__struct_fields__]
    context = {"fields": fields, "edits": costs.may_edit(person(request)), "delay": BY_NAME["delay"]}
    return render(request, "web/executive/costs.html", context)


_INPUTS: Final[dict[str, Any]] = {
    "currency": lambda: _("Currency"),
    "chance": lambda: _("Chance of an incident in a year by an issue of risk 100 (0 to 1)"),
    "hours": lambda: _("Hours that an application stands still in an incident"),
    "fixed": lambda: _("What an incident costs besides"),
    "revenue": lambda: _("Revenue per hour of applications that tell none"),
    "penalty": lambda: _("Penalty for each overdue issue and day"),
    "triage_minutes": lambda: _("Minutes to judge one finding"),
    "hourly_rate": lambda: _("What an hour of that work costs"),
    "breach": lambda: _("What a breach is said to cost"),
    "breach_source": lambda: _("Who says so"),
}


def save(request: HttpRequest) -> HttpResponse:
    """Keep the filters under a name."""
    query = _only_filters(request.POST.get("query", ""))
    with refusing(request):
        row = saved.save(person(request), text(request, "name"), query, shared=bool(request.POST.get("shared")))
        messages.success(request, _("The dashboard %(name)s is saved.") % {"name": row.name})
    return redirect(f"{reverse('analytics')}?{query}")


def forget(request: HttpRequest, number: int) -> HttpResponse:
    """Remove a dashboard of one's own."""
    with refusing(request):
        messages.info(
            request, _("The dashboard %(name)s is removed.") % {"name": saved.forget(person(request), number)}
        )
    return redirect("analytics")


def pack(request: HttpRequest, form: str) -> HttpResponse:
    """Hand out the pack of a quarter that ended, as it was kept."""
    seen = _reader(request)
    name = asked(request, "kept")
    data = kept_pack(seen, name, form) if form in TYPES else None
    if data is None:
        raise Http404
    response = HttpResponse(data, content_type=TYPES[form])
    response["Content-Disposition"] = f'attachment; filename="seamark-pack-{name}.{form}"'
    return response


def make(request: HttpRequest) -> HttpResponse:
    """Have a pack made of what the filters say, as PDF or PPTX."""
    seen = _reader(request)
    form, kind = text(request, "pack").partition(" ")[::2]
    query = QueryDict(_only_filters(request.POST.get("query", "")))
    with refusing(request):
        where = scope(
            seen, timezone.now(), unit=query.get("unit", ""), application=query.get("application", ""), span=query.get("period", "90")
        )  # fmt: skip
        packing.ask_board(person(request), where, form, baseline=kind == "baseline")
        messages.success(request, _("The pack is being made."))
    return redirect(f"{reverse('analytics')}?{query.urlencode()}#packs")


def shown(one: Board, tile: Tile) -> Shown:
    """Return a tile with its words and the address of its list."""
    currency = one.inputs.currency
    where = f"{reverse('analytics-list', args=[tile.list])}?{urlencode(one.asked.query())}" if tile.list else ""
    before = "" if tile.before is None else told(tile.before, tile.about, currency)
    return Shown(tile, told(tile.value, tile.about, currency), before, where, str(tile.about.words))


def _reader(request: HttpRequest) -> Visible:
    seen = visible(request)
    if not seen.may_anywhere(READS):
        raise PermissionDenied
    return seen


def _scope(request: HttpRequest, seen: Visible, now: datetime) -> Scope:
    return scope(
        seen, now, unit=asked(request, "unit"), application=asked(request, "application"), span=asked(request, "period") or "90"
    )  # fmt: skip


def _filters(seen: Visible, where: Scope) -> dict[str, Any]:
    every = seen.applications().order_by("name", "pk")
    units = sorted({name for name in every.values_list("unit__name", flat=True) if name})
    quarters = [f"{year}-Q{number}" for year, number in _quarters(timezone.now())]
    return {
        "units": units, "applications": list(every.values_list("slug", "name")), "where": where,
        "spans": [(str(days), _("%(days)s days") % {"days": days}) for days in SPANS] + [(one, one) for one in quarters],
    }  # fmt: skip


def _quarters(now: datetime) -> list[tuple[int, int]]:
    """Return the quarter that runs and the eight before it, newest first."""
    at = now.year * 4 + (now.month - 1) // 3
    return [(number // 4, number % 4 + 1) for number in range(at, at - 9, -1)]


def _here(where: Scope, **other: str) -> str:
    return f"{reverse('analytics')}?{urlencode(where.query(**other))}"


def _address(one: Wanted) -> str:
    return f"{reverse(one.page)}?{urlencode(one.query)}" if one.query else reverse(one.page)


def _only_filters(query: str) -> str:
    given = QueryDict(query.replace("\0", "")[:2_000])
    return urlencode({name: given[name][:200] for name in _FILTERS if given.get(name)})


def _saved(request: HttpRequest, number: int) -> HttpResponse:
    row = next((one for one in saved.listed(person(request)) if one.pk == number), None)
    if row is None:
        raise Http404
    return redirect(f"{reverse('analytics')}?{row.query}")
