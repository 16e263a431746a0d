"""What endpoints answer: JSON by msgspec, pages with cursors, and tags for what is fetched again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from typing import Annotated, Any

import msgspec
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.http import parse_etags
from ninja import Query, Schema
from pydantic import AfterValidator, ConfigDict, Field

from seamark.interfaces.api.problems import refused_field
from seamark.store.query import Count, bounded_count, page

MOST = 500


def _one_line(text: str) -> str:
    if not text.isprintable():
        raise ValueError("has characters that cannot be printed")
    return text


Line = Annotated[str, AfterValidator(_one_line)]
"""Text without control characters."""


class Answer(Schema):
    """The shape of an answer: exactly these fields."""

    model_config = ConfigDict(extra="forbid")


class Number(Answer):
    """How many there are: exact, or `more` than the number."""

    number: int
    more: bool


class Turn(Schema):
    """Which page of a list is asked for."""

    limit: int = Field(50, ge=1, le=MOST, description="Rows on a page.")
    after: str = Field("", max_length=500, description="`next` of the page before.")
    before: str = Field("", max_length=500, description="`previous` of the page after.")


Turned = Annotated[Turn, Query()]


def turned_page(
    rows: QuerySet[Any],
    turn: Turn,
    shown: Callable[[Sequence[Any]], Iterable[object]],
    *,
    column: str = "id",
    descending: bool = True,
) -> dict[str, Any]:
    """Return a page of rows, with cursors and count. Raises `InvalidQuery` for a cursor that is none of ours."""
    if turn.after and turn.before:
        raise refused_field("query.before", "a page is after a cursor or before one, not both")
    found = page(rows, column, descending=descending, size=turn.limit, after=turn.after, before=turn.before)
    return {
        "items": list(shown(found.rows)),
        "next": found.after or None,
        "previous": found.before or None,
        "count": number(bounded_count(rows)),
    }


def number(count: Count) -> dict[str, object]:
    """Return a bounded count as plain values."""
    return {"number": count.number, "more": count.more}


def answer(value: object, *, status: int = 200, headers: dict[str, str] | None = None) -> HttpResponse:
    """Return plain values as a response."""
    return HttpResponse(msgspec.json.encode(value), status=status, content_type="application/json", headers=headers)


def tagged(request: HttpRequest, value: object) -> HttpResponse:
    """Return an object, or 304 where the client has it in this very form."""
    response = answer(value)
    response["ETag"] = tag(response)
    return unless_known(request, response)


def tag(response: HttpResponse) -> str:
    """Return what tells an answer from every other one of the same address."""
    return f'"{sha256(response.content).hexdigest()[:32]}"'


def unless_known(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Return the response, or 304 where the client's `If-None-Match` names its tag."""
    known = parse_etags(request.headers.get("If-None-Match", ""))
    tag = response["ETag"]
    if tag in {one.removeprefix("W/") for one in known} or "*" in known:
        return HttpResponse(status=304, headers={"ETag": tag})
    return response
