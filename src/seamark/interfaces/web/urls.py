"""The addresses of the web UI."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpResponseBase
from django.urls import URLPattern, path
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from seamark.interfaces.web import (
    account,
    applications,
    assets,
    completion,
    exports,
    fixes,
    graph,
    imports,
    issue,
    issues,
    ledger,
    merging,
    policies,
    policy_editor,
    profiles,
    progress,
    search,
    software,
    suggestions,
    today,
    triage,
    views,
    vulnerability,
    waivers,
)
from seamark.interfaces.web.access import urls as access
from seamark.interfaces.web.admin import urls as administration
from seamark.interfaces.web.frame import screen

View = Callable[..., HttpResponseBase]


def _get(route: str, view: View, name: str) -> URLPattern:
    return path(route, screen(require_GET(view)), name=name)


def _post(route: str, view: View, name: str) -> URLPattern:
    return path(route, screen(require_POST(view)), name=name)


def _form(route: str, view: View, name: str) -> URLPattern:
    return path(route, screen(require_http_methods(["GET", "POST"])(view)), name=name)


urlpatterns: list[Any] = [
    *access.urlpatterns,
    *administration.urlpatterns,
    _get("", today.show, "home"),
    _get("today/coverage/", today.coverage, "today-coverage"),
    _get("today/<slug:what>/", today.changes, "today-changes"),
    _get("search.json", search.show, "search"),
    _post("tour/", today.end_tour, "tour"),
    _get("issues/", issues.show, "issues"),
    _get("issues/export.<slug:form>", exports.issues, "export-issues"),
    _get("fixes/export.<slug:form>", exports.fix_list, "export-fixes"),
    _get("imports/export.<slug:form>", exports.import_list, "export-imports"),
    _get("issues/words.json", completion.words, "words"),
    _post("issues/triage/", triage.change, "triage"),
    _post("issues/undo/", triage.take_back, "undo"),
    _post("issues/preview/", views.outlook, "outlook"),
    _post("issues/columns/", views.choose, "columns"),
    _post("issues/views/", views.save, "save-view"),
    _post("issues/views/<int:number>/remove/", views.remove, "remove-view"),
    _get("issues/SM-<int:number>/", issue.show, "issue"),
    _get("issues/SM-<int:number>/exploitation/", issue.exploitation, "exploitation"),
    _get("issues/SM-<int:number>/receipt.json", issue.keep, "receipt"),
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
    _get("vulnerabilities/", vulnerability.listed, "vulnerabilities"),
    _get("vulnerabilities/<str:name>/", vulnerability.show, "vulnerability"),
    _get("graph/", graph.show, "graph"),
    _get("graph/near/<int:number>.json", graph.expand, "graph-near"),
    _get("imports/events/", progress.show, "import-events"),
    _get("imports/names.json", imports.names, "import-names"),
    _form("imports/", imports.show, "imports"),
    _get("imports/<int:number>/", imports.detail, "import"),
    _get("policies/", policies.listed, "policies"),
    _get("policies/<slug:name>/", policies.show, "policy"),
    _post("policies/<slug:name>/withdraw/", policies.withdraw, "policy-withdraw"),
    _post("bundles/<int:number>/sync/", policies.synchronise, "bundle-sync"),
    _get("violations/", policies.violations, "violations"),
    _form("policy-editor/", policy_editor.write, "policy-editor"),
    _post("policy-editor/draft/", policy_editor.draft, "policy-draft"),
    _post("policy-editor/simulate/", policy_editor.simulate, "policy-simulate"),
    _post("policy-editor/replay/", policy_editor.replay, "policy-replay"),
    _post("policy-editor/patch/", policy_editor.patch, "policy-patch"),
    _get("policy-editor/facts.json", policy_editor.facts, "policy-facts"),
    _form("risk-profile/", profiles.show, "risk-profile"),
    _post("risk-profile/preview/", profiles.preview, "risk-profile-preview"),
    _get("risk-profile/<int:number>.yaml", profiles.export, "risk-profile-yaml"),
    _get("waivers/", waivers.listed, "waivers"),
    _form("waivers/new/", waivers.ask, "waiver-new"),
    _get("waivers/reach/", waivers.reach, "waiver-reach"),
    _get("waivers/W-<int:number>/", waivers.show, "waiver"),
    _post("waivers/W-<int:number>/decide/", waivers.decide, "waiver-decide"),
    _post("waivers/W-<int:number>/renew/", waivers.renew, "waiver-renew"),
    _get("ledger/", ledger.show, "ledger"),
    _get("ledger/checkpoint/", ledger.checkpoint, "ledger-checkpoint"),
    _get("ledger/<int:number>/", ledger.detail, "ledger-entry"),
    _get("ledger/<int:number>/proof/", ledger.proof, "ledger-proof"),
    _form("account/", account.show, "account"),
    _post("account/theme/", account.set_theme, "theme"),
    _post("account/tokens/", account.make_token, "make-token"),
    _post("account/tokens/<int:number>/revoke/", account.revoke_token, "revoke-token"),
]
