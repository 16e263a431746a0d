"""An estate with two and a half years of history, and its facts."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from seamark.insight.metrics import columns
from seamark.pipeline.metrics import recording
from tests.metrics.estate import Maker, homes

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    columns.forget()
    yield
    columns.forget()


@pytest.fixture
def estate(db: None) -> datetime:
    """Make an estate of 400 issues, recorded at the time that is returned."""
    Maker(homes(6, random.Random(3)), NOW - timedelta(minutes=1), seed=5).write(400)
    recording.record(NOW)
    return NOW
