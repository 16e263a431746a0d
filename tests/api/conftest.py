"""People, findings and a caller whose every answer is checked against the API's description."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from seamark.pipeline.people import SCOPES, make_token
from seamark.store.models import Application, Issue, User
from seamark.store.models.people import Role
from tests.api.described import check
from tests.factories import make_person, make_world

ROOT = "/api/v1"
Call = Callable[..., HttpResponse]


@pytest.fixture
def world(db: None) -> dict[str, Application]:
    return make_world()


@pytest.fixture
def issue(world: dict[str, Application]) -> Issue:
    """The riskiest issue of the shop."""
    return Issue.objects.filter(application=world["shop"]).order_by("-risk", "-id")[0]


class Caller:
    """Calls the API with a token, or without one."""

    def __init__(self, token: str = "") -> None:
        self.client = Client(
            raise_request_exception=False, headers={"Authorization": f"Bearer {token}"} if token else {}
        )

    def __call__(self, method: str, path: str, body: Any = None, **more: Any) -> HttpResponse:
        if body is not None:
            more |= {"data": body, "content_type": "application/json"}
        answer = (
            self.client.generic(method, ROOT + path, **more)
            if body is None and "data" not in more
            else getattr(self.client, method.lower())(ROOT + path, **more)
        )
        check(method, ROOT + path, answer)
        return answer


@pytest.fixture
def caller(db: None) -> Callable[..., Caller]:
    """Make a caller for a person, with a token of all scopes or of these."""

    def make(person: User, *scopes: str) -> Caller:
        return Caller(make_token(person, "tests", scopes=scopes or SCOPES))

    return make


@pytest.fixture
def analyst(db: None) -> User:
    return make_person("ada", Role.ANALYST)


@pytest.fixture
def lone(analyst: User, caller: Callable[..., Caller]) -> Caller:
    """A caller who may triage everything, where there is nothing: for what is refused anyway."""
    return caller(analyst)


@pytest.fixture
def call(world: dict[str, Application], lone: Caller) -> Caller:
    """A caller who may triage everything."""
    return lone
