"""The OpenAPI document: what ninja knows of each endpoint, and what holds for all of them."""

from __future__ import annotations

from typing import Any, Final

from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation

from seamark.interfaces.api import sparse
from seamark.interfaces.api.problems import MEDIA_TYPE

_PROBLEM: Final = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
_WORDS: Final = {
    304: "You have it in this very form",
    400: "The request is not well formed",
    401: "Nobody is logged in, or the token is no good",
    403: "The person, or the token, may not do that",
    409: "It cannot be done now, or is being done",
    412: "It has changed since it was read",
    413: "The request is too large",
    422: "The request is not understood",
    429: "The token has asked too often",
    503: "The database does not answer; try again",
}
_READS: Final = (401, 403, 422, 429, 503)
_WRITES: Final = (400, 401, 403, 409, 413, 422, 429, 503)
_EDITS: Final = frozenset({"PUT", "PATCH", "DELETE"})
_TAG: Final = {"ETag": {"description": "Changes with the answer.", "schema": {"type": "string"}}}
_AGAIN: Final = {"Retry-After": {"description": "Seconds.", "schema": {"type": "integer"}}}


def _header(name: str, description: str, **schema: Any) -> dict[str, Any]:
    return {
        "in": "header", "name": name, "required": False, "schema": {"type": "string", **schema}, "description": description,
    }  # fmt: skip


_IF_NONE_MATCH: Final = _header("If-None-Match", "The `ETag` of what you have: 304 where it is still the same.")
_IF_MATCH: Final = _header("If-Match", "The `ETag` of what you read: 412 where it has changed since.")
_KEY: Final = _header(
    "Idempotency-Key",
    "Your name for this request. Sent again within 24 hours it is not carried out again: it gets the first answer.",
    minLength=1,
    maxLength=255,
    pattern="^[\\x21-\\x7e]+$",
)


class Description(OpenAPISchema):
    """The OpenAPI document: failures with their media type, security with the scopes, headers, fields of lists."""

    def get_paths(self) -> dict[str, Any]:
        """Return the operations by path and method, once all shapes are known."""
        found: dict[str, Any] = super().get_paths()
        for operation in self._lists:
            self._sparse(operation)
        return found

    @property
    def _lists(self) -> list[Operation]:
        return [
            operation
            for router in self.api._get_bound_routers()  # noqa: SLF001 - as ninja's own description does
            for view in router.path_operations.values()
            for operation in view.operations
            if operation.include_in_schema and sparse.narrows(operation)
        ]

    def _sparse(self, operation: Operation) -> None:
        """Let a list's rows leave fields out, in a shape of their own: elsewhere the same object is always whole."""
        page = operation.response_models[200].model_fields["response"].annotation
        shape = self.schemas[page.__name__]
        items = shape["properties"]["items"]["items"]
        whole = items.get("$ref", "").rpartition("/")[2]
        if whole and "required" in self.schemas[whole]:
            row = {name: value for name, value in self.schemas[whole].items() if name != "required"}
            self.schemas[f"{whole}InList"] = {**row, "title": f"{whole}InList"}
            shape["properties"]["items"]["items"] = {"$ref": f"#/components/schemas/{whole}InList"}

    def operation_parameters(self, operation: Operation) -> list[dict[str, Any]]:
        """Return what an operation takes beside its body."""
        found: list[dict[str, Any]] = list(super().operation_parameters(operation))
        names = {one["name"] for one in found}
        more = [sparse.PARAMETER] if sparse.narrows(operation) else []
        if "GET" in operation.methods:
            more.append(_IF_NONE_MATCH)
        elif operation.auth_callbacks:
            more.append(_KEY)
        if _EDITS & set(operation.methods):
            more.append(_IF_MATCH)
        return found + [one for one in more if one["name"] not in names]

    def responses(self, operation: Operation) -> dict[int, dict[str, Any]]:
        """Return what an operation answers, with what the frame around all operations may answer in its place."""
        found: dict[int, dict[str, Any]] = super().responses(operation)
        reads = "GET" in operation.methods
        more: list[int] = list(_READS if reads else _WRITES) if operation.auth_callbacks else []
        if _EDITS & set(operation.methods):
            more.append(412)
        for status in more:
            found.setdefault(status, {"description": _WORDS[status], "content": dict(_PROBLEM)})
        if reads:
            found.setdefault(304, {"description": _WORDS[304]})
            found.get(200, {}).setdefault("headers", _TAG)
        for status, details in found.items():
            if status >= 400 and "content" in details:
                details["content"] = {MEDIA_TYPE: next(iter(details["content"].values()))}
            if status in {429, 503}:
                details["headers"] = _AGAIN
        return dict(sorted(found.items()))

    def operation_security(self, operation: Operation) -> list[dict[str, Any]] | None:
        """Return how an operation is authenticated: a token has one of the scopes, a session all."""
        super().operation_security(operation)
        found: list[dict[str, Any]] = []
        for way in operation.auth_callbacks:
            name, scopes = type(way).__name__, getattr(way, "scopes", ())
            found.extend({name: [scope]} for scope in scopes) if name == "Token" else found.append({name: []})
        return found or None
