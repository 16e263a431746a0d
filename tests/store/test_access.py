"""Who sees what."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import AnonymousUser

from seamark.pipeline.ingest import Outcome
from seamark.store.access import IMPORTS, visible_to
from seamark.store.models import Application, BusinessUnit, Grant, Group, User
from seamark.store.models.people import Role
from seamark.store.permissions import Permission
from tests.pipeline.conftest import load  # noqa: F401 - a fixture
from tests.pipeline.reports import hit, sarif

KINDS = ("applications", "issues", "findings", "assets", "streams", "scans", "events", "imports", "reports", "fixes")


@pytest.fixture
def estate(load: Callable[..., Outcome]) -> dict[str, Application]:  # noqa: F811
    for name in ("payments", "storefront", "intranet"):
        load(sarif([hit(path=f"{name}.py")]), name, repository=f"https://git.example/acme/{name}")
    commerce = BusinessUnit.objects.create(name="Commerce")
    checkout = BusinessUnit.objects.create(name="Checkout", parent=commerce)
    Application.objects.filter(name="payments").update(unit=checkout)
    Application.objects.filter(name="storefront").update(unit=commerce)
    return {one.name: one for one in Application.objects.all()}


def person(name: str = "mia") -> User:
    return User.objects.create(username=name)


def seen(user: User | AnonymousUser) -> set[str]:
    return set(visible_to(user).applications().values_list("name", flat=True))


@pytest.mark.usefixtures("estate")
def test_nobody_sees_anything_without_a_grant() -> None:
    for user in (person(), AnonymousUser()):
        visible = visible_to(user)
        assert all(getattr(visible, kind)().count() == 0 for kind in KINDS)


def test_a_grant_on_one_application_shows_that_one_of_everything(estate: dict[str, Application]) -> None:
    user = person()
    Grant.objects.create(user=user, role=Role.VIEWER, application=estate["payments"])
    visible = visible_to(user)
    assert seen(user) == {"payments"}
    counted = {kind: getattr(visible, kind)().count() for kind in KINDS}
    assert counted == {
        "applications": 1,
        "issues": 1,
        "findings": 1,
        "assets": 1,
        "streams": 1,
        "scans": 1,
        "events": 0,
        "imports": 1,
        "reports": 1,
        "fixes": 0,
    }


def test_a_grant_on_a_unit_holds_for_the_units_below(estate: dict[str, Application]) -> None:
    user = person()
    Grant.objects.create(user=user, role=Role.ANALYST, unit=BusinessUnit.objects.get(name="Commerce"))
    assert seen(user) == {"payments", "storefront"}
    assert visible_to(user).may(IMPORTS, estate["payments"])
    assert not visible_to(user).may(IMPORTS, estate["intranet"])
    assert not visible_to(user).may(IMPORTS)


@pytest.mark.usefixtures("estate")
def test_a_group_grants_to_its_members() -> None:
    user, group = person(), Group.objects.create(name="everybody")
    Grant.objects.create(group=group, role=Role.AUDITOR)
    assert seen(user) == set()
    group.members.add(user)
    assert len(seen(user)) == 3
    assert not visible_to(user).may(Permission.ISSUE_TRIAGE)


@pytest.mark.usefixtures("estate")
def test_somebody_who_left_sees_nothing() -> None:
    user = person()
    Grant.objects.create(user=user, role=Role.ADMIN)
    user.is_active = False
    assert seen(user) == set()


def test_units_in_a_circle_do_not_hang(estate: dict[str, Application]) -> None:
    one, two = BusinessUnit.objects.get(name="Commerce"), BusinessUnit.objects.get(name="Checkout")
    one.parent = two
    one.save()
    user = person()
    Grant.objects.create(user=user, role=Role.VIEWER, unit=BusinessUnit.objects.create(name="Other"))
    assert seen(user) == set()
    assert estate
