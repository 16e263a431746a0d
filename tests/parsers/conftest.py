"""What the tests of parsers share."""

from __future__ import annotations

import pytest

from .samples import all_samples


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that takes a `sample` once for every sample."""
    if "sample" in metafunc.fixturenames:
        samples = all_samples()
        metafunc.parametrize("sample", samples, ids=[sample.id for sample in samples])


@pytest.fixture
def write_golden(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--golden"))
