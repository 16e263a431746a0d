"""People and findings for the tests of the pages."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from seamark.store.models import Application, User
from seamark.store.models.people import Role
from tests.factories import make_person, make_world
from tests.support.access import prove


@pytest.fixture
def world(db: None) -> dict[str, Application]:
    return make_world()


@pytest.fixture
def analyst(world: dict[str, Application]) -> User:
    return make_person("ada", Role.ANALYST)


@pytest.fixture
def logged_in() -> Callable[[User], Client]:
    """Log somebody in and return their browser."""

    def log_in(person: User) -> Client:
        client = Client()
        client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
        prove(client, person)
        return client

    return log_in


@pytest.fixture
def client(analyst: User, logged_in: Callable[[User], Client]) -> Client:
    """The browser of somebody who triages everything."""
    return logged_in(analyst)
