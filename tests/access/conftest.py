"""People, a provider and a mail server for the tests of getting in."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client

from seamark.pipeline.signon import providers
from seamark.pipeline.signon.model import Provider
from seamark.store.models import Event, User
from seamark.store.models.people import Role
from tests.factories import PASSWORD, make_person
from tests.support import oidc, smtp


@pytest.fixture
def ada(db: None) -> User:
    return make_person("ada", Role.ANALYST)


@pytest.fixture
def boss(db: None) -> User:
    return make_person("boss", Role.ADMIN)


@pytest.fixture
def idp() -> Iterator[oidc.Provider]:
    with oidc.provider() as server:
        yield server


@pytest.fixture
def okta(db: None, idp: oidc.Provider) -> Provider:
    """The provider as Seamark knows it: trusted with nothing."""
    return providers.add(known(idp))


@pytest.fixture
def mail() -> Iterator[smtp.Server]:
    with smtp.smtp() as server:
        yield server


@pytest.fixture(autouse=True)
def _nobody_is_locked() -> Iterator[None]:
    from django.core.cache import cache

    cache.clear()
    yield
    cache.clear()


def known(idp: oidc.Provider, **more: object) -> Provider:
    told = {
        "slug": "okta",
        "kind": "oidc",
        "name": "Okta",
        "address": idp.issuer,
        "client_id": oidc.CLIENT,
        "secret": oidc.SECRET,
    }
    return Provider(**{**told, **more})  # type: ignore[arg-type]


def log_in(name: str = "ada", password: str = PASSWORD) -> Client:
    client = Client()
    client.post("/login/", {"username": name, "password": password})
    return client


def is_in(client: Client) -> bool:
    return client.get("/account/").status_code == 200


def events(kind: str) -> list[dict[str, object]]:
    return list(Event.objects.filter(kind=kind).order_by("id").values_list("details", flat=True))
