"""People, a business with two units, and callers."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from seamark.store.models import Application, BusinessUnit, User
from seamark.store.models.people import Role
from tests.api.conftest import Caller, caller
from tests.factories import make_person

__all__ = ["Caller", "caller"]


@pytest.fixture
def shop(db: None) -> Application:
    """An application in the unit Checkout, which is below Commerce."""
    commerce = BusinessUnit.objects.create(name="Commerce")
    checkout = BusinessUnit.objects.create(name="Checkout", parent=commerce)
    return Application.objects.create(name="Shop", slug="shop", unit=checkout)


@pytest.fixture
def payroll(db: None) -> Application:
    """An application of no unit."""
    return Application.objects.create(name="Payroll", slug="payroll")


@pytest.fixture
def admin(db: None) -> User:
    """Somebody who administers everything."""
    return make_person("root", Role.ADMIN)


Call = Callable[..., Caller]
