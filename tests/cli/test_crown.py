"""`seamark crown`: naming crown jewels, and listing them."""

from __future__ import annotations

import pytest

from seamark.store.models import Asset

from .conftest import Command


@pytest.mark.django_db
def test_the_command_line(seamark: Command) -> None:
    assert "Nothing is a crown jewel" in seamark("crown", "list").out
    Asset.objects.create(kind="data_store", key="patients", attributes={"data_classes": ["PHI"]})
    Asset.objects.create(kind="service", key="orders")
    assert seamark("crown", "add", "orders", "--reason", "takes the orders").out == "orders is a crown jewel\n"
    assert seamark("crown", "add", "pkg:npm/lodash@4").out == "pkg:npm/lodash is a crown jewel\n"
    shown = seamark("crown", "list").out
    assert [line.split()[:2] for line in shown.splitlines()[-3:]] == [
        ["service", "orders"],
        ["package", "pkg:npm/lodash"],
        ["data_store", "patients"],
    ]
    assert '"reason":"somebody says so: takes the orders","origin":"person"' in seamark("crown", "list", "--json").out
    assert seamark("crown", "remove", "orders").out == "orders is named a crown jewel no more\n"
    for words in (("remove", "orders"), ("add", "nothing")):
        assert seamark("crown", *words).code == 1
