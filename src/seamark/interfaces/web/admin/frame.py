"""What the pages of the administration share: who gets in, forms that are refused in a sentence, pages of lists."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

from allauth.core.exceptions import ReauthenticationRequired
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from seamark.core.errors import SeamarkError
from seamark.governance.access import reading
from seamark.interfaces.web.access.fresh import is_fresh
from seamark.interfaces.web.frame import visible
from seamark.pipeline import operations
from seamark.store.access import Visible
from seamark.store.permissions import Permission
from seamark.store.query import bounded_count, page

PAGE: Final = 50
MOST: Final = 500
"""Choices of a list in a form."""


class Tab(NamedTuple):
    """A page of the administration, and who gets there."""

    name: str
    """Of its address."""
    label: str | Promise
    shown: Callable[[Visible], bool]
    also: tuple[str, ...] = ()
    """Names of the pages below it."""


def _tokens(seen: Visible) -> bool:
    return seen.may(Permission.TOKEN_MANAGE)


TABS: Final = (
    Tab("administration", _("Overview"), lambda seen: reading.manages(seen) or operations.may_watch(seen)),
    Tab("people", _("People"), reading.manages, ("person",)),
    Tab("groups", _("Groups"), reading.manages, ("group",)),
    Tab("grants", _("Grants"), reading.manages),
    Tab("roles", _("Roles"), reading.manages),
    Tab("tokens", _("Tokens"), _tokens),
    Tab("sign-ons", _("Single sign-on"), lambda seen: seen.may(Permission.USER_MANAGE)),
    Tab("connections", _("Connections"), _tokens, ("deliveries",)),
    Tab("health", _("Health"), operations.may_watch),
    Tab("jobs", _("Jobs"), operations.may_watch),
    Tab("feeds", _("Feeds"), operations.may_watch),
    Tab("coverage", _("Coverage"), lambda seen: seen.may_anywhere(Permission.ISSUE_READ)),
    Tab("audit", _("Audit"), reading.may_audit),
)
"""The pages, in the order in which they are shown. A line here is all that a new one needs."""


def shown(request: HttpRequest, template: str, context: Mapping[str, Any], status: int = 200) -> HttpResponse:
    """Return a page of the administration, with the way to the others that its person may see."""
    seen, here = visible(request), request.resolver_match.url_name if request.resolver_match else ""
    tabs = [(one, here == one.name or here in one.also) for one in TABS if one.shown(seen)]
    return render(request, template, {**context, "tabs": tabs}, status=status)


def fresh_forms(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Let a page be read, but its forms be sent only by somebody who proved lately to be there; see `access.fresh`."""

    @wraps(view)
    def answer(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        if request.method == "POST" and not is_fresh(request):
            raise ReauthenticationRequired
        return view(request, *args, **kwargs)

    return answer


def watcher(request: HttpRequest) -> Visible:
    """Return what somebody sees who may see how the installation does; others get no further."""
    seen = visible(request)
    if not operations.may_watch(seen):
        raise PermissionDenied
    return seen


def asked(request: HttpRequest, name: str, most: int = 200) -> str:
    """Return a field of an address, without what no text has."""
    return request.GET.get(name, "").replace("\0", "").strip()[:most]


def manager(request: HttpRequest) -> Visible:
    """Return what somebody sees who manages people anywhere; others get no further."""
    seen = visible(request)
    if not reading.manages(seen):
        raise PermissionDenied
    return seen


def places(seen: Visible) -> dict[str, Any]:
    """Return where somebody may grant, for a form."""
    return {
        "units": reading.units(seen)[:MOST], "applications": list(reading.applications(seen).order_by("name")[:MOST]),
        "everywhere": seen.may(Permission.USER_MANAGE),
    }  # fmt: skip


@contextmanager
def refusing(request: HttpRequest) -> Iterator[None]:
    """Tell of what is refused in a message."""
    try:
        yield
    except SeamarkError as error:
        messages.error(request, str(error))


def text(request: HttpRequest, name: str, most: int = 300) -> str:
    """Return a field of a form, without what no text has."""
    return request.POST.get(name, "").replace("\0", "").strip()[:most]


def number(value: str) -> int:
    """Return a number that a form or an address names; 0 for what is none."""
    return int(value) if value.isascii() and value.isdigit() and len(value) < 19 else 0


def listing(
    request: HttpRequest, rows: QuerySet[Any], address: str, kept: Mapping[str, str], *, shown: Callable[[Any], Any] = lambda row: row,
    column: str = "id", descending: bool = True,
) -> dict[str, Any]:  # fmt: skip
    """Return a page of rows, newest first, with the addresses of the pages beside it. `kept` are the filters. Raises `InvalidQuery`."""
    turn = {name: request.GET.get(name, "").replace("\0", "")[:500] for name in ("after", "before")}
    found = page(rows, column, descending=descending, size=PAGE, after=turn["after"], before=turn["before"])
    filters = {name: value for name, value in kept.items() if value}

    def beside(name: str, cursor: str | None) -> str:
        return f"{address}?{urlencode({**filters, name: cursor})}" if cursor else ""

    return {
        "rows": [shown(row) for row in found.rows], "total": bounded_count(rows), "next": beside("after", found.after),
        "previous": beside("before", found.before),
    }  # fmt: skip
