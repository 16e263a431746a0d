"""The inventory: the list of assets with its facets, and one asset with everything that is known of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop
from msgspec.structs import replace

from seamark.analysis.graph.answers import Node
from seamark.analysis.graph.estate import coverage
from seamark.analysis.graph.nodes import described
from seamark.core.assets import AssetKind
from seamark.core.errors import InvalidQuery, NotAllowed
from seamark.governance.triage import owners as ownership
from seamark.insight.analytics import inventory
from seamark.insight.analytics.inventory import Burden, Filter
from seamark.insight.analytics.riskiest import told
from seamark.interfaces.web.frame import person, visible, wants_part
from seamark.interfaces.web.issues import address as issues_of
from seamark.interfaces.web.values import known_words
from seamark.pipeline.scoring import reason_of
from seamark.store.access import IMPORTS, Visible
from seamark.store.models import Application, Asset, Issue
from seamark.store.permissions import Permission
from seamark.store.query import Count, Query, Term, page

PAGE: Final = 50
_TITLES: Final = {
    "kind": "Kind",
    "application": "Application",
    "exposure": gettext_noop("Exposure"),
    "environment": gettext_noop("Environment"),
}
_PARAMETERS: Final = {
    "kind": "kind",
    "application": "application",
    "exposure": "exposure",
    "environment": "environment",
    "words": "q",
}
ASKED_OF: Final = ("blast", "exposure", "line", "origins")
"""Questions that lead from an asset's page to the graph."""


@dataclass(frozen=True)
class Row:
    """An asset as the list shows it."""

    node: Node
    burden: Burden | None
    issues: str
    """The address of its open issues."""
    top: Issue | None = None
    """The riskiest of them."""

    @property
    def reason(self) -> str:
        """Return why the riskiest stands where it does."""
        return reason_of(self.top) if self.top is not None else ""


def address(asked: Filter, **more: str) -> str:
    """Return the address of the list of assets for a filter."""
    values = {name: getattr(asked, field) for field, name in _PARAMETERS.items()}
    values |= {"owner": "none" if asked.unowned else "", "gone": "1" if asked.gone else "", **more}
    kept = {name: value for name, value in values.items() if value}
    return reverse("assets") + (f"?{urlencode(kept)}" if kept else "")


def _row(node: Node, burden: Burden | None, tops: Mapping[int, Issue]) -> Row:
    return Row(node, burden, issues_at(node.id), tops.get(burden.issue) if burden is not None else None)


def listed(request: HttpRequest) -> HttpResponse:
    """Show the assets that a filter asks for, or the changed part of the list."""
    seen = visible(request)
    given = {field: request.GET.get(name, "").replace("\0", "")[:500] for field, name in _PARAMETERS.items()}
    asked = Filter(**given, unowned=request.GET.get("owner") == "none", gone=bool(request.GET.get("gone")))
    try:
        found = page(
            inventory.assets(seen, asked),
            "id",
            descending=False,
            size=PAGE,
            after=request.GET.get("after", ""),
            before=request.GET.get("before", ""),
        )
    except InvalidQuery as error:
        raise Http404 from error
    nodes = described([row.pk for row in found.rows])
    burdens = inventory.burdens(seen, nodes)
    tops = told(seen.issues(), [one.issue for one in burdens.values()])
    counted = inventory.facets(seen, asked)
    context = {
        "asked": asked,
        "rows": [_row(node, burdens.get(node.id), tops) for node in nodes],
        "total": counted.total,
        "facets": _facets(seen, asked, counted),
        "narrowed": asked != Filter(),
        "may_send": seen.may_anywhere(IMPORTS),
        "next": address(asked, after=found.after) if found.after else "",
        "previous": address(asked, before=found.before) if found.before else "",
    }
    part = wants_part(request, "list")
    return render(request, "web/assets/_results.html" if part else "web/assets/list.html", context)


def issues_at(number: int) -> str:
    """Return the list of the open issues at an asset."""
    return issues_of(Query((Term("asset", (str(number),)),)))


def _facets(seen: Visible, asked: Filter, counted: inventory.Facets) -> list[dict[str, Any]]:
    named = dict(seen.applications().filter(slug__in=counted.values["application"]).values_list("slug", "name"))
    found = []
    for field, title in _TITLES.items():
        values = counted.values[field]
        chosen = getattr(asked, field)
        if chosen and chosen not in values:
            values = {**values, chosen: Count(0)}
        choices = [
            {
                "label": named.get(value, value) if field == "application" else gettext(value.replace("_", " ")), "count": count, "on": value == chosen,
                "address": address(replace(asked, **{field: "" if value == chosen else value})),
            }
            for value, count in values.items()
        ]  # fmt: skip
        if choices:
            found.append({"title": title, "choices": choices})
    state: list[dict[str, Any]] = [
        {"label": gettext("No owner"), "count": counted.unowned, "on": asked.unowned, "address": address(replace(asked, unowned=not asked.unowned))},
        {"label": gettext("Gone"), "count": counted.gone, "on": asked.gone, "address": address(replace(asked, gone=not asked.gone))},
    ]  # fmt: skip
    return [
        *found,
        {"title": gettext_noop("State"), "choices": [one for one in state if one["count"].number or one["on"]]},
    ]


def show(request: HttpRequest, number: int) -> HttpResponse:
    """Show one asset."""
    seen = visible(request)
    asset = get_object_or_404(seen.assets().select_related("application"), pk=number)
    account = inventory.account_of(seen, asset)
    context = {
        "asset": asset,
        "account": account,
        "facts": _facts(account.facts),
        "severities": [
            {"word": word, "count": count, "address": _of_severity(number, word)}
            for word, count in account.open_issues.items()
        ],
        "issues": issues_at(number),
        "everything": seen.everything,
        "current": [one for one in account.inventories if one.until is None],
        "earlier": [one for one in account.inventories if one.until is not None],
        "gaps": coverage(seen, timezone.now(), among=Q(pk=number)),
        "questions": _questions(asset),
        "triages": seen.may(Permission.ASSET_EDIT, asset.application),
        "decided": ", ".join(owner_words(one.owner) for one in account.owners if one.by_person),
    }
    return render(request, "web/assets/page.html", context)


def _of_severity(number: int, word: str) -> str:
    return issues_of(Query((Term("asset", (str(number),)), Term("severity", (word,)))))


def owner_words(node: Node) -> str:
    """Write an owner as the form reads it."""
    return node.key if node.kind == AssetKind.PERSON or "/" in node.key else f"team:{node.key}"


@dataclass(frozen=True)
class Known:
    """A fact by its name: what it comes to, and who says what."""

    name: str
    value: str
    said: list[inventory.Fact]

    @property
    def disputed(self) -> bool:
        """Tell whether somebody says otherwise."""
        return any(not one.holds for one in self.said)


def _facts(facts: list[inventory.Fact]) -> list[Known]:
    by_name: dict[str, list[inventory.Fact]] = {}
    for fact in facts:
        by_name.setdefault(fact.name, []).append(fact)
    return [Known(name, known_words(said[0].value, 140), said) for name, said in by_name.items()]


def _questions(asset: Asset) -> list[tuple[str, str]]:
    thing = f"{asset.kind}:{asset.key}"
    return [(name, f"{reverse('graph')}?{urlencode({'question': name, 'thing': thing})}") for name in ASKED_OF]


def decide(request: HttpRequest, number: int) -> HttpResponse:
    """Take somebody's word on who answers for an asset."""
    asset = get_object_or_404(visible(request).assets().select_related("application"), pk=number)
    names = [name for name in request.POST.get("owners", "").replace("\0", "").split(",") if name.strip()]
    try:
        refs = [ownership.owner_ref(name) for name in names]
        changed = ownership.decide(
            person(request), asset, refs, request.POST.get("reason", "").replace("\0", "")[:1000]
        )
    except NotAllowed as error:
        messages.error(request, str(error))
        return redirect("asset", number=number)
    if changed:
        messages.success(
            request,
            gettext("Saved: this wins over what files and histories say.")
            if refs
            else gettext("The decision is taken back."),
        )
    return redirect("asset", number=number)


def of_application(seen: Visible, application: Application) -> dict[str, Any]:
    """Return what an application's page says of its assets: kinds, exposure, owners, and where each list is."""
    asked = Filter(application=application.slug)
    counted = inventory.facets(seen, asked)
    return {
        "kinds": [
            {"word": kind.value, "count": counted.values["kind"][kind.value], "address": address(replace(asked, kind=kind.value))}
            for kind in AssetKind if kind.value in counted.values["kind"]
        ],
        "exposures": [
            {"word": word, "count": count, "address": address(replace(asked, exposure=word))} for word, count in counted.values["exposure"].items()
        ],
        "unowned": {"count": counted.unowned, "address": address(replace(asked, unowned=True))},
        "total": counted.total,
        "all": address(asked),
    }  # fmt: skip
