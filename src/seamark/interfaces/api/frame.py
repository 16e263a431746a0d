"""What holds for all endpoints: no redirects to a login page, problems for every failure, tags, rates, and an exact description."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, URLResolver, re_path
from django.utils.cache import patch_cache_control, patch_vary_headers
from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation

from seamark.interfaces.api import limits
from seamark.interfaces.api.answers import tag, unless_known
from seamark.interfaces.api.description import Description
from seamark.interfaces.api.problems import not_found, problem
from seamark.interfaces.api.sparse import narrowed
from seamark.interfaces.api.writes import once

View = Callable[..., HttpResponseBase]
_TAGGED = ("application/json", "application/problem+json")


class Api(NinjaAPI):
    """An API that does its own authentication and answers everything below its root."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(throttle=[limits.PerToken()], **settings)
        self.add_decorator(once, mode="operation")
        self.add_decorator(narrowed, mode="view")

    def _get_urls(self) -> list[URLResolver | URLPattern]:
        patterns = [*super()._get_urls(), re_path(r"", not_found)]
        for pattern in patterns:
            if isinstance(pattern, URLPattern):
                pattern.callback = framed(pattern.callback)
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


def framed(view: View) -> View:
    """Return a view that login pages, caches and plain-text failures stay away from."""

    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            response = view(request, *args, **kwargs)
        except Http404:
            response = not_found(request)
        if response.status_code == 405:
            allowed = response.get("Allow", "")
            response = problem(405, f"Only {allowed} work here", headers={"Allow": allowed})
        response = _tagged(request, response)
        limits.told(request, response)
        patch_vary_headers(response, ["Authorization", "Cookie"])
        patch_cache_control(response, private=True, no_cache=True)
        return response

    attributes: Sequence[str] = [] if isinstance(view, functools.partial) else functools.WRAPPER_ASSIGNMENTS
    whole = functools.wraps(view, assigned=attributes)(answer)
    whole.login_required = False  # type: ignore[attr-defined] # what Django's `login_not_required` sets
    whole.csrf_exempt = True  # type: ignore[attr-defined] # sessions are checked by `authentication.Session`
    return whole


def _tagged(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Return an object that was read with its tag, or 304 where the client has it in this very form."""
    if not isinstance(response, HttpResponse) or response.status_code != 200 or "ETag" in response:
        return response
    if request.method not in {"GET", "HEAD", "PUT", "PATCH"} or response.get("Content-Type") not in _TAGGED:
        return response
    response["ETag"] = tag(response)
    return unless_known(request, response) if request.method in {"GET", "HEAD"} else response
