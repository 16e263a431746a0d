"""The folder of real reports. It is no part of the project; where it is not there these tests are left out, but not in CI."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

CORPUS = Path(os.environ.get("SEAMARK_TEST_CORPUS") or Path(__file__).resolve().parents[3] / "shared" / "corpus")


@pytest.fixture(scope="session")
def corpus() -> Path:
    """Return the folder of real reports."""
    if not CORPUS.is_dir():
        if os.environ.get("CI"):
            pytest.fail(f"there is no folder of real reports at {CORPUS}, and CI must have it")
        pytest.skip("there is no folder of real reports")
    return CORPUS
