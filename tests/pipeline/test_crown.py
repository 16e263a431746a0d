"""Crown jewels: named by people and files, or by what is known; and what touches them."""

from __future__ import annotations

from typing import Any

import pytest

from seamark.analysis.graph.crown import catalogue, crown_jewels, crown_packages, touching
from seamark.core.errors import NotFound
from seamark.pipeline.crowns import declare_jewels, name_jewel, withdraw_jewel
from seamark.store.models import Application, Asset, CrownJewel, Issue, Relation, User
from tests.pipeline.estate import STORE, make_estate

pytestmark = pytest.mark.django_db


def asset(kind: str, key: str, application: Application | None = None, exposure: str = "", **attributes: Any) -> Asset:
    return Asset.objects.create(
        kind=kind,
        key=key,
        name=key.rpartition("/")[2],
        application=application,
        exposure=exposure,
        attributes=attributes,
    )


def edge(source: Asset, kind: str, target: Asset) -> None:
    from django.utils import timezone

    Relation.objects.create(source=source, kind=kind, target=target, origin="test", since=timezone.now())


def test_what_makes_a_jewel() -> None:
    first, third = (
        Application.objects.create(name=f"tier {tier}", slug=f"tier-{tier}", criticality=tier) for tier in (1, 3)
    )
    patients = asset("data_store", "patients", data_classes=["phi", "PII"])
    payments = asset("service", "shop//payments", payment_flows=["checkout"])
    front = asset("service", "shop//front", first, "internet")
    records = asset("service", "shop//records")
    edge(records, "handles", asset("data_class", "PCI"))
    others = [
        asset("service", "shop//back", first, "internal"), asset("service", "shop//blog", third, "internet"), asset("data_store", "names", data_classes=["PII"]),
        asset("service", "shop//flows", payment_flows=[]), asset("image", "shop", first, "internet"),
    ]  # fmt: skip
    gone = asset("data_store", "old patients", data_classes=["PHI"])
    Asset.objects.filter(pk=gone.pk).update(gone_at=front.first_seen)
    everything = [patients, payments, front, records, *others, gone]
    wanted = {
        patients.pk: "handles PHI", payments.pk: "takes part in the payment flow checkout", front.pk: "is of tier 1, and the internet reaches it",
        records.pk: "handles PCI",
    }  # fmt: skip
    assert crown_jewels(one.pk for one in everything) == wanted
    assert crown_jewels([]) == {}
    assert {one.asset: one.reason for one in catalogue()} == wanted
    assert len(catalogue(most=2)) == 2


def test_a_persons_word_comes_before_a_files_and_before_facts() -> None:
    store = asset("data_store", "github.com/acme/shop//orders", data_classes=["PCI"])
    assert declare_jewels([store.key, "nothing such"], "shop/seamark.yaml") == ["nothing such"]
    assert crown_jewels([store.pk]) == {store.pk: "shop/seamark.yaml says so"}
    ada = User.objects.create(username="ada")
    name_jewel(f"data_store:{store.key}", "all our orders", by=ada)
    assert crown_jewels([store.pk]) == {store.pk: "ada says so: all our orders"}
    assert [(one.asset, one.origin) for one in catalogue()] == [(store.pk, "person")]
    name_jewel(str(store.pk), "the orders", by=ada)
    assert CrownJewel.objects.filter(origin="person").count() == 1
    withdraw_jewel(store.name)
    assert declare_jewels([], "shop/seamark.yaml") == []
    assert crown_jewels([store.pk]) == {store.pk: "handles PCI"}
    with pytest.raises(NotFound, match="was not named a crown jewel"):
        withdraw_jewel(store.key)


@pytest.mark.parametrize("purl", ["pkg:npm/@acme/payments@1.2.3?arch=x#y", "pkg:npm/@acme/payments"])
def test_packages(purl: str) -> None:
    name_jewel(purl, "ours")
    assert crown_packages() == {"pkg:npm/@acme/payments": "somebody says so: ours"}
    assert [(one.asset, one.package) for one in catalogue()] == [(None, "pkg:npm/@acme/payments")]
    withdraw_jewel("pkg:npm/@acme/payments@2")
    assert crown_packages() == {}


def test_words_that_mean_nothing_or_several() -> None:
    asset("service", "a//orders"), asset("service", "b//orders")
    for words, says in (
        ("orders", "may be several assets; one of service:a//orders, service:b//orders"),
        ("none", "There is no asset 'none'"),
        ("9" * 30, "There is no asset"),
    ):
        with pytest.raises(NotFound, match=says):
            name_jewel(words)


def test_what_touches_a_jewel_is_what_it_stands_on() -> None:
    workload, image, base, service, other = (
        asset(kind, kind + name)
        for kind, name in (("workload", "w"), ("image", "i"), ("image", "base"), ("service", "s"), ("service", "o"))
    )
    edge(workload, "runs", image)
    edge(image, "based_on", base)
    edge(image, "built_from", service)
    store = asset("data_store", "d", data_classes=["PHI"])
    edge(service, "reads", store)
    assert touching([workload.pk]) == {one.pk: workload.pk for one in (workload, image, base, service)}
    assert touching([store.pk])[service.pk] == store.pk
    assert other.pk not in touching([workload.pk, store.pk])
    assert touching([workload.pk], steps=1) == {workload.pk: workload.pk, image.pk: workload.pk}
    assert touching([]) == {}


def test_what_touches_a_named_jewel_counts_as_tier_1() -> None:
    application = make_estate()
    assert set(Issue.objects.values_list("facts__criticality", flat=True)) == {None}
    low = {issue.title: issue.risk for issue in Issue.objects.all()}
    name_jewel(STORE.key, "all orders")
    sql = Issue.objects.get(title="SQL injection")
    assert sql.facts["criticality"] == 1
    assert ["criticality", "touches the crown jewel orders-db"] in sql.facts["origins"]
    assert sql.risk > low["SQL injection"]
    # The other service knows nothing of the database.
    assert Issue.objects.get(title="Command injection").risk == low["Command injection"]
    withdraw_jewel(STORE.key)
    assert {issue.title: issue.risk for issue in Issue.objects.all()} == low
    application.origins["criticality"] = "person"
    application.criticality = 4
    application.save()
    name_jewel(STORE.key)
    assert set(Issue.objects.values_list("facts__criticality", flat=True)) == {4}
