"""`fields=` on every list: only the chosen fields of each row."""

from __future__ import annotations

import functools
import typing
from collections.abc import Callable
from typing import Any, Final

import msgspec
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from ninja.operation import Operation
from pydantic import BaseModel

from seamark.interfaces.api.problems import refused_field

PARAMETER: Final = {
    "in": "query",
    "name": "fields",
    "required": False,
    "schema": {"type": "string", "maxLength": 500, "default": "", "title": "Fields"},
    "description": "Only these fields of each row, separated by commas.",
}
Run = Callable[..., HttpResponseBase]


def row_of(operation: Operation) -> type[BaseModel] | None:
    """Return the shape of a list's rows, None for what is no list."""
    model = operation.response_models.get(200) if "GET" in operation.methods else None
    page = _model(model.model_fields["response"].annotation) if _is_model(model) else None
    items = page.model_fields.get("items") if page is not None else None
    arguments = typing.get_args(items.annotation) if items is not None else ()
    return _model(arguments[0]) if arguments else None


def narrows(operation: Operation) -> bool:
    """Tell whether a list's `fields` are seen to here, and not by the endpoint itself."""
    return row_of(operation) is not None and "fields" not in _query_names(operation)


def narrowed(run: Run) -> Run:
    """Return an operation's `run` that leaves out of a list's rows what was not asked for."""
    operation: Operation = run.__self__  # type: ignore[attr-defined] # ninja hands over the bound method
    row = row_of(operation)
    if row is None or not narrows(operation):
        return run
    known = tuple(row.model_fields)

    @functools.wraps(run)
    def answered(request: HttpRequest, **values: Any) -> HttpResponseBase:
        text = request.GET.get("fields", "")[:500]
        names = list(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
        response = run(request, **values)
        if not names or response.status_code != 200 or not isinstance(response, HttpResponse):
            return response
        if unknown := next((name for name in names if name not in known), None):
            error = refused_field("query.fields", f"there is no field {unknown!r}; there are {', '.join(known)}")
            return operation.api.on_exception(request, error)
        page = msgspec.json.decode(response.content)
        page["items"] = [{name: one[name] for name in names if name in one} for one in page["items"]]
        response.content = msgspec.json.encode(page)
        if "ETag" in response:
            del response["ETag"]
        return response

    return answered


def _query_names(operation: Operation) -> set[str]:
    return {
        name
        for model in operation.models
        if getattr(model, "__ninja_param_source__", "") == "query"
        for name in getattr(model, "__ninja_flatten_map__", {})
    }


def _is_model(value: Any) -> typing.TypeGuard[type[BaseModel]]:
    return isinstance(value, type) and issubclass(value, BaseModel)


def _model(annotation: Any) -> type[BaseModel] | None:
    return annotation if _is_model(annotation) else None
