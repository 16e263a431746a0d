"""A service with its own small database for every test."""

import os

import pytest

from harbour_orders import create_app, db

SEEDS = os.path.join(os.path.dirname(__file__), "..", "seeds", "demo.sql")


@pytest.fixture
def client(tmp_path):
    """A test client over the demo data."""
    path = str(tmp_path / "orders.db")
    db.create(path, SEEDS)
    return create_app(path).test_client()
