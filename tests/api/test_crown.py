"""Crown jewels through the API."""

from __future__ import annotations

import pytest

from seamark.store.models import Application, Asset, Grant, User
from tests.api.conftest import Caller


@pytest.fixture
def assets(db: None) -> tuple[Asset, Asset]:
    shop = Application.objects.create(name="Shop", slug="shop")
    store = Asset.objects.create(
        kind="data_store", key="patients", application=shop, attributes={"data_classes": ["PHI"]}
    )
    return store, Asset.objects.create(kind="service", key="orders", application=shop)


def test_listed_named_and_withdrawn(call: Caller, assets: tuple[Asset, Asset]) -> None:
    store, orders = assets
    (one,) = call("GET", "/crown-jewels").json()["items"]
    assert one == {
        "asset": store.pk,
        "kind": "data_store",
        "key": "patients",
        "name": "patients",
        "reason": "handles PHI",
        "origin": "derived",
    }
    assert call("POST", "/crown-jewels", {"what": "orders", "reason": "takes the orders"}).json() == {
        "asset": orders.pk,
        "package": "",
    }
    assert call("POST", "/crown-jewels", {"what": "pkg:npm/lodash@4"}).json() == {
        "asset": None,
        "package": "pkg:npm/lodash",
    }
    told = {item["key"]: item["reason"] for item in call("GET", "/crown-jewels").json()["items"]}
    assert told == {
        "orders": "ada says so: takes the orders",
        "pkg:npm/lodash": "ada says so",
        "patients": "handles PHI",
    }
    assert call("POST", "/crown-jewels/withdraw", {"what": "orders"}).status_code == 403
    Grant.objects.update(role="approver")
    assert call("POST", "/crown-jewels/withdraw", {"what": "orders"}).status_code == 200
    assert call("POST", "/crown-jewels/withdraw", {"what": "orders"}).status_code == 404
    assert call("POST", "/crown-jewels", {"what": "nothing"}).status_code == 404
    assert call("POST", "/crown-jewels", {"what": ""}).status_code == 422


def test_who_sees_one_application_sees_its_jewels_and_names_none(call: Caller, assets: tuple[Asset, Asset]) -> None:
    other = Application.objects.create(name="Other", slug="other")
    Asset.objects.create(kind="data_store", key="cards", application=other, attributes={"data_classes": ["PCI"]})
    ada = User.objects.get(username="ada")
    Grant.objects.filter(user=ada).delete()
    Grant.objects.create(user=ada, role="analyst", application=Application.objects.get(slug="shop"))
    assert [item["key"] for item in call("GET", "/crown-jewels").json()["items"]] == ["patients"]
    assert call("POST", "/crown-jewels", {"what": "orders"}).status_code == 403
    assert call("POST", "/crown-jewels/withdraw", {"what": "orders"}).status_code == 403
