"""The addresses of the administration."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpResponseBase
from django.urls import URLPattern, path
from django.views.decorators.http import require_GET, require_http_methods

from seamark.interfaces.web.admin import (
    audit,
    connections,
    coverage,
    feeds,
    grants,
    groups,
    health,
    jobs,
    people,
    roles,
    tokens,
)
from seamark.interfaces.web.admin.frame import fresh_forms
from seamark.interfaces.web.frame import screen

View = Callable[..., HttpResponseBase]


def _get(route: str, view: View, name: str) -> URLPattern:
    return path(f"administration/{route}", screen(require_GET(view)), name=name)


def _form(route: str, view: View, name: str) -> URLPattern:
    return path(f"administration/{route}", screen(require_http_methods(["GET", "POST"])(view)), name=name)


def _fresh(route: str, view: View, name: str) -> URLPattern:
    """Return a page whose forms say who may do what: they ask again who is there."""
    return _form(route, fresh_forms(view), name)


urlpatterns: list[Any] = [
    _get("", health.overview, "administration"),
    _fresh("people/", people.listed, "people"),
    _fresh("people/<int:number>/", people.show, "person"),
    _fresh("groups/", groups.listed, "groups"),
    _fresh("groups/<int:number>/", groups.show, "group"),
    _fresh("grants/", grants.listed, "grants"),
    _fresh("roles/", roles.listed, "roles"),
    _fresh("tokens/", tokens.listed, "tokens"),
    _fresh("connections/", connections.listed, "connections"),
    _form("deliveries/", connections.deliveries, "deliveries"),
    _get("health/", health.show, "health"),
    _form("jobs/", jobs.listed, "jobs"),
    _form("feeds/", feeds.listed, "feeds"),
    _get("coverage/", coverage.listed, "coverage"),
    _get("audit/", audit.listed, "audit"),
    _get("audit/export.<slug:form>", audit.export, "export-audit"),
]
