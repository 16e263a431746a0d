"""Whether the server can work, for load balancers: the one endpoint without authentication."""

from __future__ import annotations

from typing import Literal

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse
from ninja import Router

from seamark import __version__
from seamark.interfaces.api.answers import Answer, answer
from seamark.interfaces.api.problems import Problem, problem

router = Router()


class Health(Answer):
    """The server works."""

    status: Literal["ok"]
    version: str


@router.get("/health", auth=None, response={200: Health, 503: Problem}, summary="Ask whether the server works")
def show_health(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - ninja's signature
    """Say whether the server works and its database answers."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.fetchone()
    except DatabaseError:
        return problem(503, "The database does not answer", type="store", headers={"Retry-After": "5"})
    return answer({"status": "ok", "version": __version__})
