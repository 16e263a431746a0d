"""The addresses of the administration."""

from __future__ import annotations

from typing import Any

from django.urls import path
from django.views.decorators.http import require_GET, require_http_methods

from seamark.interfaces.web.admin import audit, grants, groups, people, roles, tokens
from seamark.interfaces.web.frame import screen

_form = require_http_methods(["GET", "POST"])

urlpatterns: list[Any] = [
    path("administration/people/", screen(_form(people.listed)), name="people"),
    path("administration/people/<int:number>/", screen(_form(people.show)), name="person"),
    path("administration/groups/", screen(_form(groups.listed)), name="groups"),
    path("administration/groups/<int:number>/", screen(_form(groups.show)), name="group"),
    path("administration/grants/", screen(_form(grants.listed)), name="grants"),
    path("administration/roles/", screen(_form(roles.listed)), name="roles"),
    path("administration/tokens/", screen(_form(tokens.listed)), name="tokens"),
    path("administration/audit/", screen(require_GET(audit.listed)), name="audit"),
]
