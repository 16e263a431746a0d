"""What holds for all endpoints: no redirects to a login page, problems for every failure, and an exact description."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.urls import URLPattern, URLResolver, re_path
from django.utils.cache import patch_cache_control, patch_vary_headers
from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation

from seamark.interfaces.api.problems import MEDIA_TYPE, not_found, problem

View = Callable[..., HttpResponseBase]


class Api(NinjaAPI):
    """An API that does its own authentication and answers everything below its root."""

    def _get_urls(self) -> list[URLResolver | URLPattern]:
        patterns = [*super()._get_urls(), re_path(r"", not_found)]
        for pattern in patterns:
            if isinstance(pattern, URLPattern):
                pattern.callback = _framed(pattern.callback)
        return patterns

    def get_openapi_schema(
        self, *, path_prefix: str | None = None, path_params: dict[str, Any] | None = None
    ) -> OpenAPISchema:
        """Return the description of the API."""
        prefix = self.get_root_path(path_params or {}) if path_prefix is None else path_prefix
        return Description(self, prefix)

    def get_openapi_operation_id(self, operation: Operation) -> str:
        """Return the name of an operation in generated clients: the function's."""
        return operation.view_func.__name__


class Description(OpenAPISchema):
    """The OpenAPI document: failures with their media type, security with the scopes."""

    def responses(self, operation: Operation) -> dict[int, dict[str, Any]]:
        """Return what an operation answers."""
        found: dict[int, dict[str, Any]] = super().responses(operation)
        for status, details in found.items():
            if status >= 400 and "content" in details:
                details["content"] = {MEDIA_TYPE: next(iter(details["content"].values()))}
        return found

    def operation_security(self, operation: Operation) -> list[dict[str, Any]] | None:
        """Return how an operation is authenticated: a token has one of the scopes, a session all."""
        super().operation_security(operation)
        found: list[dict[str, Any]] = []
        for way in operation.auth_callbacks:
            name, scopes = type(way).__name__, getattr(way, "scopes", ())
            found.extend({name: [scope]} for scope in scopes) if name == "Token" else found.append({name: []})
        return found or None


def _framed(view: View) -> View:
    """Return a view that login pages, caches and plain-text failures stay away from."""

    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            response = view(request, *args, **kwargs)
        except Http404:
            response = not_found(request)
        if response.status_code == 405:
            allowed = response.get("Allow", "")
            response = problem(405, f"Only {allowed} work here", headers={"Allow": allowed})
        patch_vary_headers(response, ["Authorization", "Cookie"])
        patch_cache_control(response, private=True, no_cache=True)
        return response

    attributes: Sequence[str] = [] if isinstance(view, functools.partial) else functools.WRAPPER_ASSIGNMENTS
    framed = functools.wraps(view, assigned=attributes)(answer)
    framed.login_required = False  # type: ignore[attr-defined] # what Django's `login_not_required` sets
    framed.csrf_exempt = True  # type: ignore[attr-defined] # sessions are checked by `authentication.Session`
    return framed
