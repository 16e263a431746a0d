"""The addresses of the web UI."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpResponseBase
from django.urls import URLPattern, path
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django.views.generic import RedirectView

from seamark.interfaces.web import (
    account,
    applications,
    assets,
    completion,
    fixes,
    graph,
    imports,
    issue,
    issues,
    merging,
    software,
    suggestions,
    triage,
)
from seamark.interfaces.web.frame import screen

View = Callable[..., HttpResponseBase]


def _get(route: str, view: View, name: str) -> URLPattern:
    return path(route, screen(require_GET(view)), name=name)


def _post(route: str, view: View, name: str) -> URLPattern:
    return path(route, screen(require_POST(view)), name=name)


def _form(route: str, view: View, name: str) -> URLPattern:
    return path(route, screen(require_http_methods(["GET", "POST"])(view)), name=name)


urlpatterns: list[Any] = [
    path("login/", LoginView.as_view(template_name="web/login.html", redirect_authenticated_user=True), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("", RedirectView.as_view(pattern_name="issues"), name="home"),
    _get("issues/", issues.show, "issues"),
    _get("issues/words.json", completion.words, "words"),
    _post("issues/triage/", triage.change, "triage"),
    _post("issues/undo/", triage.take_back, "undo"),
    _get("issues/SM-<int:number>/", issue.show, "issue"),
    _post("issues/SM-<int:number>/comment/", triage.say, "comment"),
    _post("issues/SM-<int:number>/assign/", triage.hand_over, "assign"),
    _post("issues/SM-<int:number>/join/", merging.join, "join"),
    _post("issues/SM-<int:number>/split/", merging.split, "split"),
    _post("decisions/<int:number>/revoke/", merging.revoke, "revoke"),
    _get("suggestions/", suggestions.show, "suggestions"),
    _post("suggestions/<int:number>/", suggestions.decide, "decide"),
    _get("fixes/", fixes.show, "fixes"),
    _get("fixes/<int:number>/", fixes.detail, "fix"),
    _get("applications/", applications.listed, "applications"),
    _get("applications/<slug:slug>/estate/", applications.estate, "application-estate"),
    _form("applications/<slug:slug>/", applications.show, "application"),
    _get("assets/", assets.listed, "assets"),
    _get("assets/<int:number>/", assets.show, "asset"),
    _post("assets/<int:number>/owners/", assets.decide, "asset-owners"),
    _get("assets/<int:number>/software/<int:sbom>/", software.show, "inventory"),
    _get("graph/", graph.show, "graph"),
    _get("graph/near/<int:number>.json", graph.expand, "graph-near"),
    _form("imports/", imports.show, "imports"),
    _get("imports/<int:number>/", imports.detail, "import"),
    _form("account/", account.show, "account"),
    _post("account/theme/", account.set_theme, "theme"),
    _post("account/tokens/", account.make_token, "make-token"),
    _post("account/tokens/<int:number>/revoke/", account.revoke_token, "revoke-token"),
]
