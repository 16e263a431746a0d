"""Who calls, and how failures are said to clients of DefectDojo: `Authorization: Token …`, and `detail` or lists by field."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

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
from seamark.interfaces.api.answers import answer
from seamark.interfaces.api.authentication import Actor, Token
from seamark.interfaces.api.problems import Refusal


class DojoToken(Token):
    """A token of the account page, under the scheme that these clients send."""

    openapi_name = "Token"
    openapi_description = "`Authorization: Token smk_…`"

    def __call__(self, request: HttpRequest) -> Actor | None:
        """Return the token's person. Raises `Refusal`."""
        scheme, _, text = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme.lower() == "token":
            request.META["HTTP_AUTHORIZATION"] = f"Bearer {text}"
            request.__dict__.pop("headers", None)
        return super().__call__(request)


_REFUSED = (SeamarkError, UnreadableReport, UnknownFormat, ImportRefused, InvalidQuery)
"""Failures that the other API answers with 422, each of its own type."""


class Wrong(Exception):
    """A request with a wrong value: what is wrong, by field."""

    def __init__(self, **fields: str) -> None:
        super().__init__("; ".join(fields.values()))
        self.fields = fields


def handle(api: NinjaAPI) -> None:
    """Let an API say its failures as these clients read them."""
    for sort, handler in _handlers().items():
        api.add_exception_handler(sort, handler)


def _handlers() -> dict[type[Exception], Callable[[HttpRequest, Any], HttpResponse]]:
    return {
        Wrong: _wrong,
        Refusal: _refused,
        ValidationError: _invalid,
        AuthenticationError: _nobody,
        HttpError: lambda _, error: _told(error.status_code, error.message),
        NotAllowed: lambda _, error: _told(403, str(error)),
        NotFound: lambda _, error: _told(404, str(error)),
        Http404: lambda _, __: _told(404, "Not found."),
        StoreUnavailable: lambda _, error: _told(503, str(error)),
        **dict.fromkeys(_REFUSED, lambda _, error: _told(400, str(error))),
    }


def _told(status: int, detail: str) -> HttpResponse:
    return answer({"detail": detail, "message": detail}, status=status)


def _refused(_: HttpRequest, error: Refusal) -> HttpResponse:
    response = _told(400 if error.status == 422 else error.status, error.detail)
    for name, value in error.headers.items():
        response[name] = value
    return response


def _wrong(_: HttpRequest, error: Wrong) -> HttpResponse:
    return answer({name: [words] for name, words in error.fields.items()}, status=400)


def _invalid(_: HttpRequest, error: ValidationError) -> HttpResponse:
    fields: dict[str, list[Any]] = {}
    for one in error.errors:
        fields.setdefault(str(one["loc"][-1]), []).append(one["msg"])
    return answer(fields, status=400)


def _nobody(_: HttpRequest, __: AuthenticationError) -> HttpResponse:
    response = _told(401, "Send a token of your account page: Authorization: Token smk_…")
    response["WWW-Authenticate"] = "Token"
    return response
