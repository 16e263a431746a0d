"""What the pages of the administration share: who gets in, forms that are refused in a sentence, pages of lists."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest

from seamark.core.errors import SeamarkError
from seamark.governance.access import reading
from seamark.interfaces.web.frame import visible
from seamark.store.access import Visible
from seamark.store.permissions import Permission
from seamark.store.query import bounded_count, page

PAGE: Final = 50
MOST: Final = 500
"""Choices of a list in a form."""


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
    request: HttpRequest, rows: QuerySet[Any], address: str, kept: Mapping[str, str], *, shown: Callable[[Any], Any] = lambda row: row
) -> dict[str, Any]:  # fmt: skip
    """Return a page of rows, newest first, with the addresses of the pages beside it. `kept` are the filters. Raises `InvalidQuery`."""
    turn = {name: request.GET.get(name, "").replace("\0", "")[:500] for name in ("after", "before")}
    found = page(rows, "id", descending=True, size=PAGE, **turn)
    filters = {name: value for name, value in kept.items() if value}

    def beside(name: str, cursor: str | None) -> str:
        return f"{address}?{urlencode({**filters, name: cursor})}" if cursor else ""

    return {
        "rows": [shown(row) for row in found.rows], "total": bounded_count(rows), "next": beside("after", found.after),
        "previous": beside("before", found.before),
    }  # fmt: skip
