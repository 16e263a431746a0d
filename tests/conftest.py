"""Options that every test may ask for."""

from collections.abc import Iterator

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.test import TransactionTestCase
from hypothesis import HealthCheck, settings
from whitenoise.middleware import WhiteNoiseMiddleware

# How long an example takes says more of the machine than of the code: speed is a benchmark's business.
settings.register_profile("seamark", suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("seamark")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--golden", action="store_true", help="write the golden files instead of comparing with them")


@pytest.fixture(scope="session", autouse=True)
def _ledger_is_emptied_too() -> Iterator[None]:
    """Tests with transactions of their own empty the tables afterwards, which the ledger's triggers forbid."""
    from seamark.store.guards import install_guards, lift_guards

    empty = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined]

    def emptied(self: TransactionTestCase) -> None:
        lift_guards()
        try:
            empty(self)
        finally:
            install_guards()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", emptied)
        yield


@pytest.fixture(scope="session", autouse=True)
def _passwords_cost_little() -> Iterator[None]:
    """A tenth of a second for each person that a test makes would be half of what the suite takes."""
    with pytest.MonkeyPatch.context() as patch:
        for cost in ("time_cost", "memory_cost", "parallelism"):
            patch.setattr(Argon2PasswordHasher, cost, 8 if cost == "memory_cost" else 1)
        yield


@pytest.fixture(scope="session", autouse=True)
def _files_are_looked_for_once() -> Iterator[None]:
    """Every client of a test starts the web server's layers anew, which look at a hundred files each time."""
    look, found = WhiteNoiseMiddleware.add_files_from_finders, {}

    def once(self: WhiteNoiseMiddleware) -> None:
        if not found:
            look(self)
            found.update(self.files)
        self.files.update(found)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WhiteNoiseMiddleware, "add_files_from_finders", once)
        yield
