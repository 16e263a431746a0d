"""Surveys: intervals instead of deletions, partial looks that end nothing, facts that settle, inventories, owners."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from seamark.analysis.graph.lens import Lens
from seamark.analysis.graph.stored import Stored, whole
from seamark.analysis.graph.walk import nearest, reach
from seamark.core.assets import (
    AssetKind,
    AssetRef,
    Discovery,
    Found,
    Listing,
    Relation,
    RelationKind,
    Trouble,
)
from seamark.core.component import Component, DependsOn
from seamark.pipeline.surveys import Owner, record
from seamark.store.graph import Edges
from seamark.store.models import Application, Asset, Ownership, Sbom, SbomEdge, Statement
from seamark.store.models import Relation as Row

pytestmark = pytest.mark.django_db

REPO = "github.com/acme/shop"
MAY = datetime(2026, 5, 1, tzinfo=UTC)
SOURCE = f"discovery {REPO}"
SERVICE = AssetRef(AssetKind.SERVICE, f"{REPO}//services/orders")
IMAGE = AssetRef(AssetKind.IMAGE, "registry.acme.example/orders")
WORKLOAD = AssetRef(AssetKind.WORKLOAD, f"{REPO}//default/Deployment/orders")
DATA = AssetRef(AssetKind.DATA_CLASS, "PII")
LOCK = AssetRef(AssetKind.MANIFEST, f"{REPO}//services/orders/uv.lock")
TEAM = AssetRef(AssetKind.TEAM, "acme/orders")


def edge(kind: RelationKind, source: AssetRef, target: AssetRef, at: str = "") -> Relation:
    return Relation(kind=kind, source=source, target=target, origin="test", at=at)


CHAIN = (
    edge(RelationKind.CONTAINS, SERVICE, LOCK), edge(RelationKind.BUILT_FROM, IMAGE, SERVICE), edge(RelationKind.RUNS, WORKLOAD, IMAGE),
    edge(RelationKind.HANDLES, SERVICE, DATA),
)  # fmt: skip


def found(*assets: Found, relations: tuple[Relation, ...] = CHAIN, listings: tuple[Listing, ...] = ()) -> Discovery:
    return Discovery(repository=REPO, assets=assets, relations=relations, listings=listings)


def service(**facts: object) -> Found:
    return Found(ref=SERVICE, name="orders", origin="services", at="services/orders/run.py:1", facts=dict(facts))


@pytest.fixture
def shop() -> Application:
    return Application.objects.create(name="Shop", slug="shop")


def asset(ref: AssetRef) -> Asset:
    return Asset.objects.get(kind=ref.kind.value, key=ref.key)


def test_a_survey_makes_assets_relations_and_hands_on_the_application(shop: Application) -> None:
    survey = record(found(service(language="python", exposure="internet")), SOURCE, now=MAY, application=shop)
    row = asset(SERVICE)
    assert (row.name, row.exposure, row.application, row.attributes) == (
        "orders", "internet", shop, {"language": "python", "exposure": "internet"},
    )  # fmt: skip
    assert asset(IMAGE).application == shop
    assert asset(DATA).application is None
    assert (survey.assets, survey.relations, survey.added, survey.ended) == (1, 4, 5, 0)
    assert set(Row.objects.values_list("said_in", "since")) == {(SOURCE, MAY)}


def test_the_same_survey_again_writes_nothing_but_its_row(shop: Application) -> None:
    for day in (0, 1):
        survey = record(
            found(service(language="python")), SOURCE, now=MAY + timedelta(days=day), application=shop
        )  # fmt: skip
    assert (survey.added, survey.ended) == (0, 0)
    assert (Statement.objects.count(), Row.objects.count()) == (1, 4)
    assert Statement.objects.get().since == MAY


def test_what_a_complete_survey_no_longer_tells_of_ends_and_stays_in_the_past() -> None:
    record(found(service(language="python")), SOURCE, now=MAY)
    later = MAY + timedelta(days=9)
    survey = record(found(relations=CHAIN[:2]), SOURCE, now=later)
    assert (survey.added, survey.ended) == (0, 3)
    assert asset(SERVICE).gone_at == later
    assert Row.objects.filter(until=later).count() == 2
    start, goal = asset(SERVICE).pk, asset(WORKLOAD).pk
    assert goal not in reach(Stored(Edges()), [start], Lens.IMPACT).nodes
    assert goal in reach(Stored(Edges(at=MAY + timedelta(days=8))), [start], Lens.IMPACT).nodes
    assert goal not in reach(Stored(Edges(at=MAY - timedelta(days=1))), [start], Lens.IMPACT).nodes


def test_a_partial_survey_ends_nothing(shop: Application) -> None:
    listing = Listing(manifest=LOCK, components=(Component(name="flask", version="3.0", purl="pkg:pypi/flask@3.0"),))
    record(found(service(language="python"), listings=(listing,)), SOURCE, now=MAY, application=shop)
    survey = record(found(relations=()), SOURCE, now=MAY + timedelta(days=1), complete=False)
    assert (survey.ended, survey.complete) == (0, False)
    assert not Row.objects.exclude(until=None).exists()
    assert asset(SERVICE).gone_at is None
    assert Sbom.objects.filter(replaced_at=None).count() == 1


def test_one_source_ends_nothing_that_another_one_says() -> None:
    record(found(service(language="python")), SOURCE, now=MAY)
    record(found(relations=()), "kubernetes prod", now=MAY)
    assert Row.objects.filter(until=None).count() == 4
    assert asset(SERVICE).gone_at is None


def test_an_asset_that_comes_back_is_there_again() -> None:
    record(found(service(language="python")), SOURCE, now=MAY)
    record(found(), SOURCE, now=MAY + timedelta(days=1))
    record(found(service(language="go")), SOURCE, now=MAY + timedelta(days=2))
    assert asset(SERVICE).gone_at is None
    assert asset(SERVICE).attributes == {"language": "go"}
    assert [row.facts["language"] for row in Statement.objects.order_by("id")] == ["python", "go"]


def test_the_surest_statement_wins_and_the_others_stay() -> None:
    record(found(service(exposure="internal", language="python")), SOURCE, now=MAY)
    guess = Found(ref=SERVICE, origin="guess", confidence=0.4, facts={"exposure": "internet", "port": 80})
    record(found(guess, relations=()), "kubernetes prod", now=MAY)
    assert asset(SERVICE).attributes == {"exposure": "internal", "language": "python", "port": 80}
    assert asset(SERVICE).exposure == "internal"
    record(found(relations=CHAIN), SOURCE, now=MAY + timedelta(days=1))
    assert asset(SERVICE).attributes == {"exposure": "internet", "port": 80}


def test_what_reports_brought_is_not_overwritten() -> None:
    Asset.objects.create(kind="service", key=SERVICE.key, attributes={"layers": ["sha256:1"], "language": "old"})
    record(found(service(language="python", layers="no")), SOURCE, now=MAY)
    assert asset(SERVICE).attributes == {"layers": ["sha256:1"], "language": "python"}


def test_a_line_that_moved_is_no_news() -> None:
    record(found(service(language="python")), SOURCE, now=MAY)
    moved = Found(
        ref=SERVICE, name="orders", origin="services", at="services/orders/run.py:9", facts={"language": "python"}
    )
    survey = record(
        found(moved, relations=(edge(RelationKind.RUNS, WORKLOAD, IMAGE, "k8s.yaml:3"), *CHAIN[:2], CHAIN[3])),
        SOURCE,
        now=MAY + timedelta(days=1),
    )
    assert (survey.added, survey.ended) == (0, 0)
    assert Statement.objects.get().at == "services/orders/run.py:9"
    assert Row.objects.get(kind="runs").at == "k8s.yaml:3"


def test_a_lock_file_is_an_inventory_that_changes_only_when_it_does() -> None:
    flask = Component(name="flask", version="3.0", purl="pkg:pypi/flask@3.0", ref="flask", direct=True)
    click = Component(name="click", version="8.1", purl="pkg:pypi/click@8.1", ref="click", direct=False)
    listing = Listing(
        manifest=LOCK, ecosystem="pypi", locked=True, components=(flask, click), edges=(DependsOn("flask", ("click",)),)
    )
    record(found(listings=(listing,)), SOURCE, now=MAY, commit="a" * 40)
    record(found(listings=(listing,)), SOURCE, now=MAY + timedelta(days=1), commit="b" * 40)
    first = Sbom.objects.get()
    assert (first.commit, first.created_at, first.asset.key) == ("a" * 40, MAY, LOCK.key)
    assert list(SbomEdge.objects.values_list("source", "target")) == [("flask", "click")]
    assert sorted(first.entries.values_list("component__name", "direct")) == [("click", False), ("flask", True)]
    record(found(listings=()), SOURCE, now=MAY + timedelta(days=2))
    assert Sbom.objects.get().replaced_at == MAY + timedelta(days=2)


def test_a_persons_word_on_owners_stays() -> None:
    def said(rank: int, ref: AssetRef) -> Owner:
        return Owner(asset=SERVICE, owner=ref, rank=rank, confidence=0.9, reason="CODEOWNERS says so")

    record(found(), SOURCE, now=MAY, owners=[said(1, TEAM)])
    row = Ownership.objects.get()
    row.said_in, row.reason = "", "decided"
    row.save()
    other = AssetRef(AssetKind.TEAM, "acme/platform")
    record(found(), SOURCE, now=MAY, owners=[said(1, TEAM), said(2, other)])
    assert sorted(Ownership.objects.values_list("owner__key", "reason")) == [
        ("acme/orders", "decided"), ("acme/platform", "CODEOWNERS says so"),
    ]  # fmt: skip
    record(found(), SOURCE, now=MAY)
    assert Ownership.objects.count() == 2
    record(found(), SOURCE, now=MAY, owners=[])
    assert Ownership.objects.get().reason == "decided"


def test_troubles_are_kept_with_the_survey() -> None:
    survey = record(Discovery(troubles=(Trouble("a.yaml:3", "is not valid YAML"),)), SOURCE, now=MAY)
    assert survey.troubles == [["a.yaml:3", "is not valid YAML"]]


def test_assets_of_other_applications_are_not_entered(shop: Application) -> None:
    other = Application.objects.create(name="Other", slug="other")
    record(found(), SOURCE, now=MAY, application=shop)
    lock, data, service_, image, workload = (asset(ref).pk for ref in (LOCK, DATA, SERVICE, IMAGE, WORKLOAD))
    Asset.objects.filter(pk=image).update(application=other)
    assert nearest(Stored(Edges()), [lock], {data}, Lens.IMPACT) == [lock, service_, data]
    for graph in (Stored(Edges(applications={shop.pk})), whole(Edges(applications={shop.pk}))):
        assert sorted(reach(graph, [lock], Lens.IMPACT).nodes.tolist()) == sorted([lock, service_, data])
        assert reach(graph, [workload], Lens.NEAR).nodes.tolist() == [workload]
    assert workload in reach(whole(Edges()), [lock], Lens.IMPACT).nodes
    assert reach(Stored(Edges(applications=())), [data], Lens.NEAR).nodes.tolist() == [data]
