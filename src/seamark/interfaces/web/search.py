"""The search over everything: what it finds, and where each of it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext

from seamark.insight.analytics.search import LONGEST, Hit, find
from seamark.interfaces.web.frame import visible
from seamark.interfaces.web.issues import address
from seamark.store.access import IMPORTS, READS, REQUESTS_WAIVERS, Visible
from seamark.store.permissions import Permission
from seamark.store.query import Query, Term

COMMANDS: Final = (
    ("Today", "home", "", "what to do first"),
    ("Issues", "issues", "", "the prioritised list"),
    ("Overdue issues", "issues", "due:overdue", ""),
    ("Known exploited issues", "issues", "kev:true", ""),
    ("New this week", "issues", "age:<7d", ""),
    ("Dismissed issues", "issues", "state:dismissed", ""),
    ("Fixes", "fixes", "", "ranked by the risk that they remove"),
    ("Vulnerabilities", "vulnerabilities", "", "are we affected?"),
    ("Suggestions", "suggestions", "", "findings that may be one issue"),
    ("Applications", "applications", "", ""),
    ("Assets", "assets", "", ""),
    ("Graph", "graph", "", "ask how things hang together"),
    ("Policies", "policies", "", ""),
    ("Violations", "violations", "", "what breaks a policy now"),
    ("Waivers", "waivers", "", ""),
    ("Ask for a waiver", "waiver-new", "", ""),
    ("Import a report", "imports", "", "history of imports"),
    ("Risk profile", "risk-profile", "", "what makes the score"),
    ("Ledger", "ledger", "", "who decided what, with proof"),
    ("Account", "account", "", "password, theme, tokens"),
)
"""What can be done or opened: words, name of the page, query of the list of issues, hint."""
RIGHTS: Final[dict[str, Permission]] = {
    "imports": IMPORTS,
    "waiver-new": REQUESTS_WAIVERS,
    "ledger": Permission.LEDGER_READ,
    "policies": READS,
    "violations": READS,
}
"""What somebody must hold for a page to be offered."""
MOST_COMMANDS: Final = 6
TITLES: Final = {
    "command": "Go to", "issue": "Issues", "vulnerability": "Vulnerabilities", "component": "Components",
    "application": "Applications", "person": "People", "policy": "Policies",
}  # fmt: skip
_PLACES: Final[dict[str, Callable[[str], str]]] = {
    "issue": lambda key: reverse("issue", args=[int(key.removeprefix("SM-"))]),
    "vulnerability": lambda key: reverse("vulnerability", args=[key]),
    "component": lambda key: address(Query((Term("component", (key,)),))),
    "application": lambda key: reverse("application", args=[key]),
    "person": lambda key: address(Query((Term(key.partition(":")[0], (key.partition(":")[2],)),))),
    "policy": lambda key: _page("policy", key) or _page("policies"),
}


def show(request: HttpRequest) -> HttpResponse:
    """Return what is found, as JSON: `{"groups": [{"title", "hits": [{"label", "hint", "address"}]}]}`."""
    text = request.GET.get("q", "").replace("\0", "").strip()[:LONGEST]
    seen = visible(request)
    groups: dict[str, list[dict[str, str]]] = {}
    for sort, shown in (*_commands(seen, text), *((hit.sort, _shown(hit)) for hit in find(seen, text))):
        if shown["address"]:
            groups.setdefault(TITLES[sort], []).append(shown)
    if text:
        everywhere = {
            "label": gettext("Issues with “%(text)s”") % {"text": text},
            "hint": "",
            "address": address(str(Query((Term("", (text,)),)))),
        }
        groups.setdefault(TITLES["issue"], []).append(everywhere)
    return JsonResponse({"groups": [{"title": gettext(title), "hits": hits} for title, hits in groups.items()]})


def _shown(hit: Hit) -> dict[str, str]:
    return {"label": hit.label, "hint": hit.hint, "address": _PLACES[hit.sort](hit.key)}


def _commands(seen: Visible, text: str) -> Iterator[tuple[str, dict[str, str]]]:
    words = text.lower().split()
    number = 0
    for name, page, query, about in COMMANDS:
        if number == MOST_COMMANDS:
            return
        if page in RIGHTS and not seen.may_anywhere(RIGHTS[page]):
            continue
        # Each is found by its words in the language of the page.
        label, hint = (gettext(one) if one else "" for one in (name, about))
        if all(word in f"{label} {hint}".lower() for word in words) and (place := _page(page)):
            number += 1
            yield (
                "command",
                {"label": label, "hint": hint, "address": place + (f"?{urlencode({'q': query})}" if query else "")},
            )


def _page(name: str, *values: str) -> str:
    """Return where a page is, nothing where this version has none of that name."""
    try:
        return reverse(name, args=values)
    except NoReverseMatch:
        return ""
