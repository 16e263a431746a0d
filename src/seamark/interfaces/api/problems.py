"""Failures as problem objects (RFC 9457): one shape for all, and a sentence in each."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

import msgspec
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from ninja import NinjaAPI, Schema
from ninja.errors import AuthenticationError, HttpError, ValidationError
from pydantic import ConfigDict, Field

from seamark.core.errors import (
    ImportRefused,
    InvalidQuery,
    NotAllowed,
    NotFound,
    SeamarkError,
    StoreUnavailable,
    UnknownFormat,
    UnreadableReport,
)

MEDIA_TYPE = "application/problem+json"
TYPE = "urn:seamark:problem:"
_logger = logging.getLogger("seamark.api")


class FieldError(Schema):
    """What is wrong with one field."""

    model_config = ConfigDict(extra="forbid")
    field: str = Field(description="Where it stands: `query.limit`, `form.application`, `body.state`.")
    message: str


class Problem(Schema):
    """Why a request failed."""

    model_config = ConfigDict(extra="forbid")
    type: str = Field(description="`urn:seamark:problem:…`, or `about:blank` where the status says it all.")
    title: str
    status: int
    detail: str = Field("", description="What to do about it, in a sentence.")
    fields: list[FieldError] = Field(default_factory=list, description="For 422: what is wrong where.")
    position: int = Field(0, description="For a query that is not understood: offset of the first wrong character.")


class Refusal(Exception):
    """A request that ends here with a problem."""

    def __init__(
        self, status: int, detail: str, *, type: str = "", headers: dict[str, str] | None = None, **more: Any
    ) -> None:
        super().__init__(detail)
        self.status, self.detail, self.type, self.headers, self.more = status, detail, type, headers or {}, more


def problem(
    status: int, detail: str = "", *, type: str = "", headers: dict[str, str] | None = None, **more: Any
) -> HttpResponse:
    """Return a failure as a response."""
    body = {
        "type": TYPE + type if type else "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        **({"detail": detail} if detail else {}),
        **more,
    }
    return HttpResponse(msgspec.json.encode(body), status=status, content_type=MEDIA_TYPE, headers=headers)


def refused_field(field: str, message: str) -> Refusal:
    """Return the refusal of a value that no schema could have seen to be wrong."""
    return Refusal(422, f"{field}: {message}", type="invalid-request", fields=[{"field": field, "message": message}])


@contextmanager
def existing() -> Iterator[None]:
    """Refuse what names something that is not there, in the words of `NotFound`."""
    try:
        yield
    except NotFound as error:
        raise Refusal(404, str(error), type="not-found") from None


@contextmanager
def possible(*, held: bool = True) -> Iterator[None]:
    """Refuse what is not allowed as a conflict: whoever holds the right to it may not now, or not this."""
    try:
        yield
    except NotAllowed as error:
        raise Refusal(409 if held else 403, str(error), type="not-allowed") from None


def declared(*statuses: int) -> dict[int, type[Problem]]:
    """Return the failures of an endpoint, for its declaration."""
    return dict.fromkeys(sorted({401, 403, 422, 503, *statuses}), Problem)


def handle(api: NinjaAPI) -> None:
    """Let an API answer every failure with a problem."""
    for sort, handler in _HANDLERS.items():
        api.add_exception_handler(sort, handler)


def not_found(_: HttpRequest, *__: object, **___: object) -> HttpResponse:
    """Say that there is nothing: the same words for what is not there and for what one may not see."""
    return problem(404, "There is nothing of that name that you may see")


def _refusal(_: HttpRequest, error: Refusal) -> HttpResponse:
    return problem(error.status, error.detail, type=error.type, headers=error.headers, **error.more)


def _unauthenticated(_: HttpRequest, __: AuthenticationError) -> HttpResponse:
    detail = "Send a token of your account page: Authorization: Bearer smk_…"
    return problem(401, detail, headers={"WWW-Authenticate": 'Bearer realm="Seamark"'})


def _invalid(_: HttpRequest, error: ValidationError) -> HttpResponse:
    fields = [{"field": ".".join(map(str, one["loc"])), "message": one["msg"]} for one in error.errors]
    detail = "; ".join(f"{one['field']}: {one['message']}" for one in fields[:3])
    return problem(422, detail, type="invalid-request", fields=fields)


def _invalid_query(_: HttpRequest, error: InvalidQuery) -> HttpResponse:
    return problem(422, str(error), type="invalid-query", position=error.position)


def _foreseen(status: int, type: str) -> Callable[[HttpRequest, Exception], HttpResponse]:
    return lambda _, error: problem(status, str(error), type=type)


def _http_error(_: HttpRequest, error: HttpError) -> HttpResponse:
    return problem(error.status_code, error.message)


def _too_large(_: HttpRequest, __: Exception) -> HttpResponse:
    return problem(413, "The request is larger than this endpoint takes")


def _malformed(_: HttpRequest, __: Exception) -> HttpResponse:
    return problem(400, "The request is not well formed")


def _unavailable(request: HttpRequest, error: Exception) -> HttpResponse:
    if not isinstance(error, StoreUnavailable):
        _logger.error("%s %s: the database failed", request.method, request.path, exc_info=error)
    detail = str(error) if isinstance(error, StoreUnavailable) else "The database does not answer; try again"
    return problem(503, detail, type="store", headers={"Retry-After": "2"})


def _unforeseen(request: HttpRequest, error: Exception) -> HttpResponse:
    _logger.error("%s %s failed", request.method, request.path, exc_info=error)
    return problem(500, "Something went wrong on our side; the server's log has the details")


_HANDLERS: dict[type[Exception], Callable[[HttpRequest, Any], HttpResponse]] = {
    Refusal: _refusal,
    AuthenticationError: _unauthenticated,
    ValidationError: _invalid,
    HttpError: _http_error,
    Http404: not_found,
    InvalidQuery: _invalid_query,
    NotAllowed: _foreseen(403, "not-allowed"),
    UnknownFormat: _foreseen(422, "unknown-format"),
    UnreadableReport: _foreseen(422, "unreadable-report"),
    ImportRefused: _foreseen(422, "refused"),
    StoreUnavailable: _unavailable,
    SeamarkError: _foreseen(422, "refused"),
    OperationalError: _unavailable,
    InterfaceError: _unavailable,
    RequestDataTooBig: _too_large,
    MultiPartParserError: _malformed,
    UnreadablePostError: _malformed,
    SuspiciousOperation: _malformed,
    Exception: _unforeseen,
}
