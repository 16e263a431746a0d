"""Where payments and health data go."""

from __future__ import annotations

import pytest
from django.utils import timezone

from seamark.core.assets import AssetKind, RelationKind
from seamark.core.errors import NotFound
from seamark.pipeline.compliance.pack_flows import flow_view
from seamark.pipeline.compliance.scope import WHOLE, Scope
from seamark.store.access import everything, visible_to
from seamark.store.models import Application, Asset, Issue, Relation
from seamark.store.models.people import Role
from tests.factories import make_person

pytestmark = pytest.mark.django_db


def asset(kind: AssetKind, key: str, scope: Scope | None = None, **more: object) -> Asset:
    return Asset.objects.create(
        kind=kind.value, key=key, name=key.rpartition("/")[2], application=scope.application if scope else None, **more
    )


def relate(source: Asset, kind: RelationKind, target: Asset) -> None:
    Relation.objects.create(
        kind=kind.value, source=source, target=target, origin="kubernetes", at="deploy/orders.yaml:12", since=timezone.now()
    )  # fmt: skip


@pytest.fixture
def shop(payments: Scope) -> Scope:
    """The domain leads to a service that handles cards, keeps them in a store, and calls a bank."""
    pci = asset(AssetKind.DATA_CLASS, "PCI")
    domain = asset(AssetKind.DOMAIN, "pay.example", payments, exposure="internet")
    bank = asset(AssetKind.DOMAIN, "bank.example")
    repository = Asset.objects.get(kind="repository", application=payments.application)
    service = asset(AssetKind.SERVICE, f"{repository.key}//orders", payments)
    store = asset(AssetKind.DATA_STORE, "cards", payments, attributes={"payment_flows": [{"name": "checkout"}]})
    relate(domain, RelationKind.EXPOSES, service)
    relate(service, RelationKind.HANDLES, pci)
    relate(service, RelationKind.CALLS, bank)
    relate(service, RelationKind.WRITES, store)
    relate(repository, RelationKind.CONTAINS, service)
    Issue.objects.filter(application=payments.application).update(priority=1)
    return payments


def test_payments_are_followed_from_the_internet_to_where_they_leave(shop: Scope) -> None:
    view = flow_view(everything(), "payments", shop)
    handlers = {one.asset.name: one for one in view.handlers}
    assert set(handlers) == {"orders", "cards"}
    assert [node.name for node in handlers["orders"].way_in.nodes] == ["pay.example", "orders"]
    assert [node.name for node in handlers["orders"].leaves_to] == ["bank.example"]
    assert handlers["orders"].because == "kubernetes, deploy/orders.yaml:12"
    assert [node.name for node in handlers["cards"].way_in.nodes] == ["pay.example", "orders", "cards"]
    assert (handlers["cards"].flows, handlers["cards"].because) == (["checkout"], "its own description")
    assert (view.total, view.exposed, view.data_class) == (2, 2, "PCI")


def test_severe_issues_that_lead_there_are_listed_with_the_way(shop: Scope) -> None:
    view = flow_view(everything(), "payments", shop)
    in_the_service = Issue.objects.filter(application=shop.application, place__startswith="orders/")
    assert {one.issue for one in view.issues} == {one.reference for one in in_the_service}, (
        "what is elsewhere leads elsewhere"
    )
    assert [[node.name for node in one.way.nodes] for one in view.issues] == [["orders"], ["orders"]]
    assert {one.exposed for one in view.issues} == {True}
    relate(asset(AssetKind.APPLICATION, "payments", shop), RelationKind.HANDLES, Asset.objects.get(key="PCI"))
    assert len(flow_view(everything(), "payments", shop).issues) == 2, "an application says less than its parts"
    Issue.objects.update(priority=3)
    assert flow_view(everything(), "payments", shop).issues == []


def test_health_data_is_another_matter(shop: Scope) -> None:
    assert flow_view(everything(), "health", shop).total == 0
    relate(Asset.objects.get(key="cards"), RelationKind.HANDLES, asset(AssetKind.DATA_CLASS, "PHI"))
    view = flow_view(everything(), "health", shop)
    assert [one.asset.key for one in view.handlers] == ["cards"]
    assert (view.title, view.handlers[0].flows) == ("Protected health information", [])


def test_others_see_nothing_of_it(shop: Scope) -> None:
    other = Application.objects.create(name="Other", slug="other")
    person = make_person("olga", Role.ANALYST, application=other)
    view = flow_view(visible_to(person), "payments", WHOLE)
    assert (view.total, view.handlers, view.issues) == (0, [], [])


def test_what_has_ended_is_not_shown(shop: Scope) -> None:
    Relation.objects.update(until=timezone.now())
    view = flow_view(everything(), "payments", shop)
    assert [one.asset.key for one in view.handlers] == ["cards"]
    assert view.handlers[0].way_in.nodes == []


def test_a_view_that_there_is_not_is_refused(shop: Scope) -> None:
    with pytest.raises(NotFound):
        flow_view(everything(), "weather", shop)
