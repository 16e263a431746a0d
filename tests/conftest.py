"""Options that every test may ask for."""

import pytest
from hypothesis import HealthCheck, settings

# How long an example takes says more of the machine than of the code: speed is a benchmark's business.
settings.register_profile("seamark", suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("seamark")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--golden", action="store_true", help="write the golden files instead of comparing with them")
