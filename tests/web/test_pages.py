"""Every page renders, for everybody who may see it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from seamark.store.models import Application, Issue, User
from seamark.store.models.people import Role
from tests.factories import make_person

PAGES = ("/issues/", "/fixes/", "/applications/", "/applications/storefront/", "/imports/", "/account/")


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("page", [*PAGES, "issue"])
def test_every_page_renders_for_every_role(
    world: dict[str, Application], logged_in: Callable[[User], Client], role: Role, page: str
) -> None:
    client = logged_in(make_person("somebody", role))
    address = f"/issues/{Issue.objects.order_by('-risk')[0].reference}/" if page == "issue" else page
    answer = client.get(address)
    assert answer.status_code == 200
    assert "somebody" in answer.content.decode()
